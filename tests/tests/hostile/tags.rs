//! Tags: lists, pages, links, requests by `HEAD` and by `GET`.

use imagelock_testkit::{Fault, Image, On, Registry};

use crate::harness::Case;

const VERSION_1: &str = "[images.app]\nrepository = \"{host}/app\"\nversion = \"1\"\n";

fn push(registry: &Registry) {
    registry.push_tags("app", ["1.0.0", "1.0.1", "1.2.0", "latest"], &Image::linux(["amd64"]));
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("the newest tag that fits is chosen over all pages")
            .registry(Registry::builder().page_size(2))
            .toml(VERSION_1)
            .serves(push)
            .lock_has("/images/app/tag", "1.2.0")
            .asks("GET", "/v2/app/tags/list", 2),
        Case::new("half a list is no list")
            .registry(Registry::builder().page_size(2))
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app").page(2), Fault::status(403)))
            .exits(3)
            .says("cannot list the tags of {host}/app"),
        Case::new("a tag that is not there is told with the newest that are")
            .toml("[images]\napp = \"{host}/app:9\"\n")
            .serves(push)
            .exits(3)
            .says("no such tag; the newest are 1.2.0, 1.0.1, 1.0.0"),
        Case::new("a `HEAD` that is not supported is followed by one `GET`")
            .toml("[images]\napp = \"{host}/app:1.2.0\"\n")
            .serves(push)
            .serves(|registry| registry.fault(On::manifest("app").method("HEAD"), Fault::status(405)))
            .lock_has("/images/app/tag", "1.2.0"),
    ]
}
