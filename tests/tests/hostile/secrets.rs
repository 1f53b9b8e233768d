//! Secrets: no peer gets them printed, written or sent elsewhere.

use imagelock_testkit::{Auth, Fault, Image, On, Redirect, Registry};

use crate::harness::Case;

fn private() -> imagelock_testkit::RegistryBuilder {
    Registry::builder().auth(Auth::basic("anna", "hunter-2"))
}

fn logged_in(name: &'static str) -> Case {
    let push = |registry: &Registry| drop(registry.push("app:1", &Image::linux(["amd64"])));
    Case::new(name).registry(private()).login("{host}", "anna", "hunter-2").serves(push)
}

/// A registry that refuses a blob with a message.
fn echo(name: &'static str, message: &'static str) -> Case {
    let refuses = move |registry: &Registry| {
        let body = serde_json::json!({ "errors": [{ "code": "DENIED", "message": message }] });
        registry.fault(On::blob("app"), Fault::status(403).body(body.to_string()));
    };
    logged_in(name).serves(refuses).exits(3).says("[redacted]")
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
        Case::new("a snapshot of advisories is fetched without a login")
            .registry(private())
            .login("{host}", "anna", "hunter-2")
            .toml("[advisories]\nx = { file = \"x.json\", url = \"http://{host}/v2/app/blobs/x?key=hunter-2\" }\n")
            .runs("advisories update")
            .exits(3)
            .says("status 401")
            .asks("GET", "/v2/app/blobs/", 1)
            .no_file("x.json"),
        echo("a message that repeats the header is cut", "you sent Basic YW5uYTpodW50ZXItMg=="),
        echo("a message that repeats the header in an address is cut", "/?a=Basic%20YW5uYTpodW50ZXItMg%3D%3D"),
        echo("a message that repeats the password is cut", "anna's password is hunter-2."),
        echo("a message that repeats the password in an address is cut", "hunter%2D2 %68unter-2"),
        echo("a message that repeats the password in base64 is cut", "aHVudGVyLTI="),
        echo("a message that repeats the password in capitals is cut", "HUNTER-2"),
        echo("a message that repeats the password in JSON is cut", "hunter\\u002d2"),
        echo("a message in JSON that repeats the password is cut", "anna:hunter-2")
            .runs("lock --format json")
            .exits(3)
            .never_prints("hunter-2")
            .prints("[redacted]"),
        logged_in("a digest in a header that is the password is cut")
            .serves(|registry| registry.fault(On::manifest("app"), Fault::digest_header("hunter-2")))
            .exits(3)
            .says("`[redacted]`"),
        logged_in("a redirect to a host that is called like the password is cut")
            .serves(|registry| {
                let to = Redirect::To("https://hunter-2.invalid/".to_owned());
                registry.fault(On::manifest("app"), Fault::redirect(to));
            })
            .exits(3)
            .says("a redirect to [redacted].invalid is not followed"),
        logged_in("a document's type that is the login is cut")
            .serves(|registry| drop(registry.push("app:1", &Image::artifact("application/YW5uYTpodW50ZXItMg"))))
            .exits(3)
            .says("[redacted]"),
        logged_in("a tag that is the login is not told")
            .toml("[images]\napp = \"{host}/app:9\"\n")
            .serves(|registry| registry.push_tags("app", ["2", "YW5uYTpodW50ZXItMg"], &Image::linux(["amd64"])))
            .exits(3)
            .says("the newest are 2"),
        Case::new("a token that a registry repeats is cut")
            .registry(Registry::builder().auth(Auth::token()))
            .secret("testkit-token-1")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]));
                let body = r#"{"errors":[{"code":"DENIED","message":"you sent Bearer testkit-token-1"}]}"#;
                registry.fault(On::blob("app"), Fault::status(403).body(body));
            })
            .exits(3)
            .says("you sent Bearer [redacted]"),
        Case::new("a token service that repeats the password is cut")
            .registry(Registry::builder().auth(Auth::token().user("anna", "hunter-2")))
            .login("{host}", "anna", "hunter-2")
            .serves(|registry| {
                registry.push("app:1", &Image::linux(["amd64"]));
                let body = r#"{"errors":[{"code":"DENIED","message":"hunter-2 is wrong"}]}"#;
                registry.fault(On::token(), Fault::status(403).body(body));
            })
            .exits(3)
            .says("[redacted] is wrong"),
    ]
}
