//! Registries that send their readers on to other hosts: who is logged in to there, and who is told to have refused.

use imagelock_testkit::{Auth, Fault, Image, On, Redirect, Registry};

use crate::harness::Case;

const DENIED: &str = r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#;
/// The other host is one that the registry may lead to.
const NAMED: &str = "[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nredirect-hosts = [\"{other}\"]\n";

fn push(registry: &Registry) {
    registry.push("app:1", &Image::linux(["amd64"]));
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = registries();
    cases.extend(stores());
    cases
}

/// Registries behind another.
fn registries() -> Vec<Case> {
    let gateway = |name, auth: Auth| {
        Case::new(name).other(Registry::builder().auth(auth)).toml(NAMED).then(|stage| {
            let image = Image::linux(["amd64"]);
            stage.other.push("app:1", &image);
            let config = &image.config_of("linux/amd64").expect("there is one").digest;
            for (on, path) in [
                (On::manifest("app").reference("1"), "manifests/1"),
                (On::manifest("app"), &*format!("manifests/{}", image.digest())),
                (On::blob("app"), &*format!("blobs/{config}")),
            ] {
                let to = Redirect::To(format!("{}/v2/app/{path}", stage.other.url()));
                stage.registry.fault(on, Fault::redirect(to));
            }
        })
    };
    vec![
        gateway("a gateway to a registry with tokens is read with its anonymous token", Auth::token().into()),
        gateway("a gateway to a private registry is read with that one's login", {
            Auth::token().user("anna", "hunter-2").no_anonymous().into()
        })
        .login("{other}", "anna", "hunter-2")
        .trusts_other(),
        gateway("a gateway's own login is not shown to the registry behind it", Auth::basic("anna", "hunter-2"))
            .login("{host}", "anna", "hunter-2")
            .exits(3)
            .says("401 Unauthorized from {other}, to which {host} redirects, no credentials for {other}")
            .says("docker login {other}"),
        gateway("a registry behind a gateway that refuses without a challenge is shown its login", {
            Auth::basic("anna", "hunter-2")
        })
        .login("{other}", "anna", "hunter-2")
        .trusts_other()
        .then(|stage| {
            stage.other.fault(On::manifest("app").before_auth(), Fault::status(401).times(1));
            stage.other.fault(On::base().before_auth(), Fault::status(401));
        }),
        gateway("a registry behind a gateway that refuses without a challenge is told with no key that is there", {
            Auth::None
        })
        .then(|stage| stage.other.fault(On::any(), Fault::status(401)))
        .exits(3)
        .says("401 Unauthorized from {other}, to which {host} redirects, no credentials for {other}")
        .says("docker login {other}")
        .never_says("write `redirect-hosts"),
        gateway("a registry behind a gateway that forbids without a challenge is told with the login", Auth::None)
            .login("{other}", "anna", "hunter-2")
            .then(|stage| stage.other.fault(On::manifest("app"), Fault::status(403).body(DENIED)))
            .exits(3)
            .says("403 Forbidden from {other}, to which {host} redirects, without the credentials of")
            .says("does not say how to log in: denied"),
        gateway("what is hidden behind a 403 behind a gateway is found with the login", {
            Auth::token().user("anna", "hunter-2").no_anonymous().into()
        })
        .login("{other}", "anna", "hunter-2")
        .trusts_other()
        .then(|stage| stage.other.fault(On::manifest("app").before_auth(), Fault::status(403).times(2))),
    ]
}

/// Stores that a registry leads to.
fn stores() -> Vec<Case> {
    vec![
        Case::new("a store that refuses an address of its own is told with no key that is there")
            .login("{other}", "anna", "hunter-2")
            .toml(NAMED)
            .serves(push)
            .then(|stage| {
                let to = Redirect::To(format!("{}/store/x", stage.other.url()));
                stage.registry.fault(On::manifest("app"), Fault::redirect(to));
                stage.other.fault(On::any().method("HEAD"), Fault::status(400));
                stage.other.fault(On::any(), Fault::status(401));
            })
            .exits(3)
            .says("401 Unauthorized from {other}, to which {host} redirects, without the credentials of")
            .says("since the redirect leads to no address of a registry")
            .never_says("write `redirect-hosts"),
        Case::new("a store that refuses an address of its own where nobody is logged in is told alone")
            .toml(NAMED)
            .serves(push)
            .then(|stage| {
                let to = Redirect::To(format!("{}/store/x", stage.other.url()));
                stage.registry.fault(On::manifest("app"), Fault::redirect(to));
                stage.other.fault(On::any(), Fault::status(401));
            })
            .exits(3)
            .says("401 Unauthorized from {other}, to which {host} redirects")
            .never_says("docker login")
            .never_says("write `redirect-hosts"),
        Case::new("a blob's host that refuses is told, and not the registry")
            .serves(push)
            .then(|stage| {
                let to = Redirect::To(format!("{}/v2/app/blobs/x", stage.other.url()));
                stage.registry.fault(On::blob("app"), Fault::redirect(to));
                stage.other.fault(On::any(), Fault::status(403).body(DENIED));
            })
            .exits(3)
            .says("403 Forbidden from {other}, to which {host} redirects: denied")
            .never_says("docker login"),
        Case::new("a blob's host that wants a login is told with the key that allows it")
            .other(Registry::builder().auth(Auth::basic("anna", "hunter-2")))
            .serves(push)
            .then(|stage| {
                let to = Redirect::To(format!("{}/v2/app/blobs/x", stage.other.url()));
                stage.registry.fault(On::blob("app"), Fault::redirect(to));
            })
            .exits(3)
            .says("401 Unauthorized from {other}, to which {host} redirects")
            .says("write `redirect-hosts = [\"{other}\"]` under `[registries.\"{host}\"]`"),
        Case::new("a blob's host that fails is told, and not the registry")
            .serves(push)
            .then(|stage| {
                let to = Redirect::To(format!("{}/v2/app/blobs/x", stage.other.url()));
                stage.registry.fault(On::blob("app"), Fault::redirect(to));
                stage.other.fault(On::any(), Fault::status(418));
            })
            .exits(3)
            .says("status 418 from {other}"),
    ]
}
