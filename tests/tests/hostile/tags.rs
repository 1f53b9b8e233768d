//! Tags: lists, pages, links, requests by `HEAD` and by `GET`.

use imagelock_testkit::{Fault, Image, On, Redirect, Registry};

use crate::harness::Case;

const VERSION_1: &str = "[images.app]\nrepository = \"{host}/app\"\nversion = \"1\"\n";
const TAG: &str = "[images]\napp = \"{host}/app:1.2.0\"\n";

fn image() -> Image {
    Image::linux(["amd64"])
}

fn push(registry: &Registry) {
    registry.push_tags("app", ["1.0.0", "1.0.1", "1.2.0", "latest"], &image());
}

/// A registry of pages of two, whose first page has this link to the next one.
fn linked(name: &'static str, link: &'static str) -> Case {
    let links = move |registry: &Registry| {
        let link = link.replace("{host}", registry.host()).replace("{second}", registry.second_host());
        registry.fault(On::tags("app").page(1), Fault::set_header("link", &link));
    };
    Case::new(name).registry(Registry::builder().page_size(2)).toml(VERSION_1).serves(push).serves(links)
}

/// A `HEAD` that is answered with this status, while a `GET` would do.
fn head(name: &'static str, status: u16) -> Case {
    let refuses = move |registry: &Registry| registry.fault(On::manifest("app").method("HEAD"), Fault::status(status));
    Case::new(name).toml(TAG).serves(push).serves(refuses)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = lists();
    cases.extend(links());
    cases.extend(heads());
    cases
}

fn lists() -> Vec<Case> {
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
        Case::new("a later page that is missing is no missing repository")
            .registry(Registry::builder().page_size(2))
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| {
                let unknown = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"unknown"}]}"#;
                registry.fault(On::tags("app").page(2), Fault::status(404).body(unknown));
            })
            .exits(3)
            .says("/v2/app/tags/list`, which answers with status 404")
            .never_says("no such repository"),
        Case::new("a list whose key is in upper case is one")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::bytes(r#"{"Tags":["1.0.0"]}"#)))
            .lock_has("/images/app/tag", "1.0.0"),
        Case::new("names of a list that are no tags are counted where nothing fits")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::bytes(r#"{"tags":["a b","2.0.0",""]}"#)))
            .exits(3)
            .says("no tag fits version 1: 1 tag is not ^1, 2 names are no tags"),
        Case::new("a page that is cut is no page")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::bytes(r#"{"tags":["1.0.0","1.0.1""#)))
            .exits(3)
            .says("not a list of tags"),
        Case::new("a registry that does not page and tells of every manifest is read")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::bytes(googles())))
            .lock_has("/images/app/tag", "1.2.0")
            .asks("GET", "/v2/app/tags/list", 1),
        Case::new("names that are no tags do not compete")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| {
                let page = r#"{"tags":["1.9.0/../../x","1.9.1\u001b[31m","1.9.2 ","\u202e1.9.3",null,"","1.2.0"]}"#;
                registry.fault(On::tags("app"), Fault::bytes(page));
            })
            .lock_has("/images/app/tag", "1.2.0"),
        Case::new("a tag that is not there is told with the newest that are")
            .toml("[images]\napp = \"{host}/app:9\"\n")
            .serves(push)
            .exits(3)
            .says("no such tag; the newest are 1.2.0, 1.0.1, 1.0.0"),
        Case::new("a tag of a registry without lists may be absent, or its repository")
            .toml("[images]\napp = \"{host}/app:9\"\n")
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::status(404).body("<html>404</html>")))
            .exits(3)
            .says("no such tag or repository")
            .requests(3),
        Case::new("a repository of a registry without lists may be there")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::status(404).body("<html>404</html>")))
            .exits(3)
            .says("no such repository, or no list of its tags"),
    ]
}

/// What Google's registry answers, of five megabytes.
fn googles() -> String {
    let manifest = |image: usize| {
        format!(r#""sha256:{image:064}":{{"imageSizeBytes":"1","layerId":"","tag":["x"],"timeCreatedMs":"1"}}"#)
    };
    let manifests: Vec<String> = (0..40_000).map(manifest).collect();
    format!(r#"{{"child":[],"manifest":{{{}}},"name":"app","tags":["1.0.0","1.2.0"]}}"#, manifests.join(","))
}

fn links() -> Vec<Case> {
    vec![
        linked("a link without the virtual repository is followed", "</v2/tags/list?n=2&last=1.0.1>; rel=\"next\"")
            .lock_has("/images/app/tag", "1.2.0")
            .asks("GET", "/v2/app/tags/list", 2),
        linked("a link with another scheme is followed", "<https://{host}/v2/app/tags/list?n=2&last=1.0.1>; rel=next")
            .lock_has("/images/app/tag", "1.2.0"),
        linked(
            "a link to a host that only a gateway reaches is followed on the registry itself",
            "<http://registry.internal:8081/v2/app/tags/list?n=2&last=1.0.1>; rel=\"next\"",
        )
        .lock_has("/images/app/tag", "1.2.0")
        .requests(5),
        linked(
            "a link to another host that answers is not sent there",
            "<http://{second}/v2/app/tags/list?n=2&last=1.0.1>; rel=next",
        )
        .lock_has("/images/app/tag", "1.2.0")
        .more(|_, ran| assert!(ran.asked.iter().all(|entry| !entry.second_host))),
        linked("a link out of the interface is refused", "<https://evil.example/steal?last=1.0.1>; rel=next")
            .exits(3)
            .says("the list goes on at `https://evil.example/steal`, which is another host"),
        linked("a link in a circle is refused", "</v2/app/tags/list?n=1000>; rel=next")
            .exits(3)
            .says("which was read already")
            .requests(1),
        linked("a link without a page is refused", "</v2/app/tags/list>; rel=next")
            .exits(3)
            .says("which does not say which page it is"),
        linked("a link that is no address is refused", "<http://[>; rel=next").exits(3).says("which is not an address"),
        linked(
            "a link whose `next` stands in single quotes is followed",
            "</v2/app/tags/list?n=2&last=1.0.1>; rel='next'",
        )
        .lock_has("/images/app/tag", "1.2.0"),
        linked("a link without brackets is no end of a list", "/v2/app/tags/list?last=1.0.1&n=2; rel=\"next\"")
            .exits(3)
            .says("the list goes on at `/v2/app/tags/list`, which is not a `Link` that can be read"),
        linked("a link whose `rel` stands behind a comma is no end", "</v2/app/tags/list?last=1.0.1>, rel=\"next\"")
            .exits(3)
            .says("which is not a `Link` that can be read"),
        linked("a link that does not say what it is is no end", "</v2/app/tags/list?last=1.0.1>")
            .exits(3)
            .says("which is not a `Link` that can be read"),
        linked("a link beyond ASCII is followed", "</v2/app/tags/list?n=2&last=1.0.1&x=\u{e9}>; rel=\"next\"")
            .lock_has("/images/app/tag", "1.2.0"),
        linked(
            "links to other things end a list",
            "</style.css>; rel=preload; as=style, </docs>; title='\u{e9}'; rel=help",
        )
        .lock_has("/images/app/tag", "1.0.1"),
        linked("a link to the page before is none", "</v2/app/tags/list?n=2&last=x>; rel=\"prev\"")
            .lock_has("/images/app/tag", "1.0.1"),
        Case::new("pages that repeat for ever end")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| {
                for page in 0..100 {
                    let link = format!("</v2/app/tags/list?page={page}>; rel=next");
                    registry.fault(On::tags("app"), Fault::set_header("link", &link).after(page).times(1));
                }
            })
            .exits(3)
            .says("its pages repeat what was read already"),
    ]
}

fn heads() -> Vec<Case> {
    let settled = |case: Case| case.lock_has("/images/app/tag", "1.2.0").asks("GET", "/v2/app/manifests/1.2.0", 1);
    vec![
        settled(head("a `HEAD` that is not supported is followed by one `GET`", 405)),
        settled(head("a `HEAD` that is not implemented is followed by one `GET`", 501)),
        settled(head("a `HEAD` that a gateway calls bad is followed by one `GET`", 400)),
        settled(head("a `HEAD` that is not acceptable is followed by one `GET`", 406)),
        settled(head("a `HEAD` of an unsupported type is followed by one `GET`", 415)),
        settled(head("a tag that only `HEAD` does not find is found by the list and one `GET`", 404)).asks(
            "GET",
            "/v2/app/tags/list",
            1,
        ),
        Case::new("a `GET` that took the place of a `HEAD` is not sent again")
            .toml(TAG)
            .serves(push)
            .serves(|registry| {
                registry.fault(On::manifest("app").method("HEAD"), Fault::status(405));
                registry.fault(On::manifest("app").method("GET"), Fault::status(404));
            })
            .exits(3)
            .says("no such manifest, although the list of tags has this tag")
            .asks("GET", "/v2/app/manifests/1.2.0", 1),
        head("a `HEAD` that is forbidden is believed", 403).exits(3).asks("GET", "/", 0),
        head("a `HEAD` that fails is no reason for a `GET`", 500).exits(3).asks("GET", "/", 0),
        Case::new("a store whose signature is for `GET` alone is asked with one")
            .toml("[images]\napp = \"{host}/app:1.2.0\"\n[registries.\"{host}\"]\nredirect-hosts = [\"{second}\"]\n")
            .serves(push)
            .serves(|registry| {
                registry.fault(On::manifest("app").first_host(), Fault::redirect(Redirect::SecondHost));
                registry.fault(On::manifest("app").second_host().method("HEAD"), Fault::status(403));
            })
            .lock_has("/images/app/tag", "1.2.0"),
        Case::new("a cache that knows the tag and not its digest is read by tag")
            .toml(TAG)
            .serves(push)
            .serves(|registry| {
                registry.fault(On::manifest("app").reference(image().digest()), Fault::status(404));
            })
            .lock_has("/images/app/digest", image().digest())
            .asks("GET", "/v2/app/manifests/", 2)
            .runs("verify")
            .asks("GET", "/v2/app/manifests/1.2.0", 1)
            .runs("pull vendor --no-cache")
            .asks("GET", "/v2/app/manifests/1.2.0", 1),
        Case::new("a cache that does not know the digest is asked for the tag beside it")
            .toml(&format!("[images]\napp = \"{{host}}/app:1.2.0@{}\"\n", image().digest()))
            .serves(push)
            .serves(|registry| {
                registry.fault(On::manifest("app").reference(image().digest()), Fault::status(404));
            })
            .lock_has("/images/app/digest", image().digest())
            .asks("GET", "/v2/app/manifests/1.2.0", 1),
        Case::new("a cache that has other bytes under the tag by then is not believed")
            .toml(TAG)
            .serves(push)
            .serves(|registry| {
                registry.fault(On::manifest("app").reference(image().digest()), Fault::status(404));
                registry.fault(On::manifest("app").method("GET").reference("1.2.0"), Fault::bytes("{}"));
            })
            .exits(3)
            .says("no such manifest"),
        Case::new("bytes that came in place of a digest are not fetched again")
            .toml(TAG)
            .serves(push)
            .serves(|registry| registry.fault(On::manifest("app"), Fault::no_digest_header()))
            .runs("lock --no-cache")
            .lock_has("/images/app/digest", image().digest())
            .asks("GET", "/v2/app/manifests/", 1),
    ]
}
