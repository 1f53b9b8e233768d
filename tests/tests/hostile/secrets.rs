//! Secrets: no peer gets them printed, written or sent elsewhere.

use imagelock_testkit::{Auth, Fault, Image, On, Redirect, Registry};

use crate::harness::Case;

fn private() -> imagelock_testkit::RegistryBuilder {
    Registry::builder().auth(Auth::basic("anna", "hunter-2"))
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a redirect of a manifest to another host takes no login along")
            .registry(private())
            .login("{host}", "anna", "hunter-2")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]));
                registry.fault(On::manifest("app"), Fault::redirect(Redirect::SecondHost));
            })
            .exits(3),
        Case::new("a redirect of a configuration to another host takes no login along")
            .registry(private())
            .login("{host}", "anna", "hunter-2")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]));
                registry.fault(On::blob("app"), Fault::redirect(Redirect::SecondHost));
            }),
        Case::new("a list of tags that goes on at another host is not followed there")
            .registry(private())
            .toml("[images.app]\nrepository = \"{host}/app\"\nversion = \"1\"\n")
            .login("{host}", "anna", "hunter-2")
            .then(|stage| {
                stage.registry.push_tags("app", ["1.0.0", "1.0.1"], &Image::linux(["amd64"]));
                let link = format!("<http://{}/v2/app/tags/list?last=1>; rel=\"next\"", stage.other.host());
                stage.registry.fault(On::tags("app"), Fault::set_header("link", &link));
            })
            .exits(3)
            .asks_other(0),
    ]
}
