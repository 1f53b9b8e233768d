//! Logins: which is shown to whom, and what is said when one is refused.

use imagelock_testkit::{Auth, Image, Realm, Registry};

use crate::harness::Case;

fn push(registry: &Registry) {
    registry.push("app:1", &Image::linux(["amd64"]));
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a login of the configuration file opens a private image")
            .registry(Registry::builder().auth(Auth::token().user("anna", "hunter-2").no_anonymous()))
            .login("{host}", "anna", "hunter-2")
            .serves(push)
            .locks_platforms(["linux/amd64"]),
        Case::new("without a login a private image is refused with what to run")
            .registry(Registry::builder().auth(Auth::basic("anna", "hunter-2")))
            .serves(push)
            .exits(3)
            .says("401 Unauthorized, no credentials for {host}")
            .says("docker login {host}"),
        Case::new("a login from the environment opens a private image")
            .registry(Registry::builder().auth(Auth::basic("anna", "hunter-2")))
            .env("IMAGELOCK_AUTH_{HOST}", "anna:hunter-2")
            .secret("hunter-2")
            .serves(push),
        Case::new("a login is withheld from a token service on another host")
            .registry(Registry::builder().auth(Auth::token().user("anna", "hunter-2").realm(Realm::SecondHost)))
            .login("{host}", "anna", "hunter-2")
            .serves(push),
        Case::new("a token service that is named in `token-hosts` is sent the login")
            .registry(
                Registry::builder()
                    .auth(Auth::token().user("anna", "hunter-2").no_anonymous().realm(Realm::SecondHost)),
            )
            .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\ntoken-hosts = [\"{second}\"]\n")
            .login("{host}", "anna", "hunter-2")
            .trusts_second()
            .serves(push),
    ]
}
