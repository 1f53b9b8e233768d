//! Credential files and helpers: broken, foreign, talkative.

use imagelock_testkit::{Auth, Image, Registry, RegistryBuilder};

use crate::harness::Case;

fn push(registry: &Registry) {
    registry.push("app:1", &Image::linux(["amd64"]));
}

fn private() -> RegistryBuilder {
    Registry::builder().auth(Auth::basic("anna", "hunter-2"))
}

/// A private image, and `~/.docker/config.json` with a text.
fn configured(name: &'static str, config: &str) -> Case {
    Case::new(name).registry(private()).serves(push).secret("hunter-2").home(".docker/config.json", config)
}

/// A private image, and the helper `x` for its registry with a script.
fn helped(name: &'static str, script: &str) -> Case {
    configured(name, "{\"credHelpers\":{\"{host}\":\"x\"}}").program("docker-credential-x", script)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        configured("a credential file that is no JSON is told with its path", "{\"auths\":")
            .exits(2)
            .says("config.json"),
        configured("a login that is no base64 is told without it", "{\"auths\":{\"{host}\":{\"auth\":\"hunter-2!\"}}}")
            .never_says("hunter-2!")
            .exits(3)
            .says("`auth` is not base64"),
        configured(
            "a login of another port is not shown",
            "{\"auths\":{\"127.0.0.1:1\":{\"auth\":\"YW5uYTpodW50ZXItMg==\"}}}",
        )
        .exits(3)
        .says("no credentials for {host}"),
        configured(
            "a login of another host is not shown",
            "{\"auths\":{\"{second}\":{\"auth\":\"YW5uYTpodW50ZXItMg==\"}}}",
        )
        .exits(3)
        .says("no credentials for {host}"),
        helped("a helper's login opens a private image", "echo '{\"Username\":\"anna\",\"Secret\":\"hunter-2\"}'"),
        helped("a helper that gives no JSON is told without what it said", "echo 'hunter-2'").exits(3),
        helped("what a helper says on its way out is not repeated", "echo 'hunter-2' >&2; exit 1").exits(3),
        helped("a helper that gives without end is bounded", "yes hunter-2").exits(3),
        configured("a helper that is a path is not run", "{\"credHelpers\":{\"{host}\":\"../../bin/evil\"}}")
            .program("evil", "touch \"$HOME/ran\"")
            .more(|stage, _| assert!(!stage.repo.home().join("ran").exists(), "it was run"))
            .exits(3),
        configured("a helper that is a command is not run", "{\"credsStore\":\"x; touch ran\"}")
            .program("docker-credential-x", "touch \"$HOME/ran\"")
            .no_file("ran")
            .more(|stage, _| assert!(!stage.repo.home().join("ran").exists(), "it was run"))
            .exits(3),
        configured("a helper for another host is not asked", "{\"credHelpers\":{\"{second}\":\"x\"}}")
            .program("docker-credential-x", "touch \"$HOME/ran\"")
            .more(|stage, _| assert!(!stage.repo.home().join("ran").exists(), "it was run"))
            .exits(3),
        Case::new("a public image asks no helper")
            .serves(push)
            .home(".docker/config.json", "{\"credsStore\":\"x\"}")
            .program("docker-credential-x", "touch \"$HOME/ran\"; exit 1")
            .more(|stage, _| assert!(!stage.repo.home().join("ran").exists(), "it was run")),
        Case::new("a variable without a password is told by its name and not by its value")
            .registry(private())
            .serves(push)
            .env("IMAGELOCK_AUTH_{HOST}", "hunter-2")
            .secret("hunter-2")
            .exits(3)
            .says("IMAGELOCK_AUTH_{HOST}"),
        Case::new("a wrong password is told with where it was found")
            .registry(private())
            .login("{host}", "anna", "wrong-password-1")
            .serves(push)
            .exits(3)
            .says("config.json"),
    ]
}
