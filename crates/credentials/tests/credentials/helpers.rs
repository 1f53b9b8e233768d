//! Real helpers: shell scripts in a scratch folder.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use imagelock_credentials::{Credential, Found, Secret, Store};

use crate::home::{Home, basic};

/// Answers with the address that it was asked about as the password.
const FOUND: &str = r#"read -r address
echo "$address" >> "$CALLS"
echo "{\"ServerURL\":\"$address\",\"Username\":\"robot\",\"Secret\":\"for $1 $address\"}""#;

const NOT_FOUND: &str = r#"echo "$0" >> "$CALLS"; echo "credentials not found in native keychain"; exit 1"#;

/// Returns a home folder whose `docker-credential-test` is this script and whose Docker configuration is this text.
fn home(script: &str, config: &str) -> Home {
    let home = Home::new().docker(config).file("calls", "").variable_path("CALLS", "calls");
    let folder = home.path("bin");
    fs_err::create_dir(&folder).unwrap();
    // The script is written by another process: were this one to hold it open for writing at the moment when another
    // test starts a program, that program would inherit the handle and the script could not be run ("text file busy").
    let mut writer = Command::new("sh")
        .args(["-c", r#"cat > "$0" && chmod +x "$0""#])
        .arg(folder.join("docker-credential-test"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = writer.stdin.take().unwrap();
    stdin.write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    drop(stdin);
    assert!(writer.wait().unwrap().success());
    let path = std::env::var("PATH").unwrap_or_default();
    home.variable("PATH", format!("{folder}:{path}"))
}

fn calls(home: &Home) -> Vec<String> {
    let text = fs_err::read_to_string(home.path("calls")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_helper_is_asked_for_the_host() {
    for config in [
        r#"{"credHelpers": {"ghcr.io": "test"}}"#,
        r#"{"credHelpers": {"https://ghcr.io": "test"}}"#,
        r#"{"credHelpers": {"ghcr.io": "test"}, "credsStore": "not-installed"}"#,
        r#"{"credHelpers": {"quay.io": "not-installed"}, "credsStore": "test"}"#,
        r#"{"credsStore": "test", "auths": {"ghcr.io": {"auth": "dXNlcjpwYXNz"}}}"#,
    ] {
        let home = home(FOUND, config);
        let found = home.lookup("ghcr.io", "acme/web").await;
        assert_eq!(found.for_host("ghcr.io"), &basic("robot", "for get ghcr.io"), "{config}");
        assert_eq!(
            found.origin().to_string(),
            "the credentials of docker-credential-test (named in ~/.docker/config.json)"
        );
        assert_eq!(calls(&home), ["ghcr.io"]);
    }
}

#[tokio::test]
async fn docker_hub_has_its_own_address() {
    for config in [
        r#"{"credsStore": "test"}"#,
        r#"{"credHelpers": {"docker.io": "test"}}"#,
        r#"{"credHelpers": {"https://index.docker.io/v1/": "test"}}"#,
    ] {
        let home = home(FOUND, config);
        let found = home.credential("docker.io", "library/nginx").await;
        assert_eq!(found, basic("robot", "for get https://index.docker.io/v1/"), "{config}");
    }
}

#[tokio::test]
async fn an_empty_helper_name_opts_out_of_the_store() {
    let home = home(
        FOUND,
        r#"{"credsStore": "test", "credHelpers": {"ghcr.io": ""}, "auths": {"ghcr.io": {"auth": "dXNlcjpwYXNz"}}}"#,
    );
    assert_eq!(home.credential("ghcr.io", "acme/web").await, basic("user", "pass"));
    assert!(calls(&home).is_empty());
}

#[tokio::test]
async fn a_helper_that_knows_nothing_leaves_the_file_and_the_next_file() {
    let own =
        home(NOT_FOUND, r#"{"credsStore": "test", "auths": {"ghcr.io": {"auth": "dXNlcjpwYXNz"}, "quay.io": {}}}"#)
            .file(".dockercfg", r#"{"quay.io": {"auth": "bmV4dDpmaWxl"}}"#);
    assert_eq!(own.credential("ghcr.io", "acme/web").await, basic("user", "pass"));
    assert_eq!(own.credential("quay.io", "acme/web").await, basic("next", "file"));
    assert!(own.credential("docker.io", "library/nginx").await.is_anonymous());

    let empty = home(r#"echo '{"Username": "", "Secret": ""}'"#, r#"{"credsStore": "test"}"#);
    assert!(empty.credential("ghcr.io", "acme/web").await.is_anonymous());
}

#[tokio::test]
async fn a_helper_may_hold_an_identity_token() {
    let home =
        home(r#"echo '{"ServerURL": "x", "Username": "<token>", "Secret": "refresh"}'"#, r#"{"credsStore": "test"}"#);
    let expected = Credential::IdentityToken(Secret::new("refresh"));
    assert_eq!(home.credential("acme.azurecr.io", "web").await, expected);
}

#[tokio::test]
async fn a_helper_is_called_once_for_a_host() {
    for script in [FOUND, NOT_FOUND, "echo failed >> \"$CALLS\"; exit 7"] {
        let home = home(script, r#"{"credsStore": "test"}"#);
        let store = home.store();
        let (one, two) =
            tokio::join!(store.lookup("docker.io", "library/nginx"), store.lookup("index.docker.io", "library/redis"));
        let three = store.lookup("docker.io", "library/nginx").await;
        let one = one.unwrap();
        let same =
            |found: &Found| found.for_host("docker.io") == one.for_host("docker.io") && found.origin() == one.origin();
        assert!(same(&two.unwrap()) && same(&three.unwrap()), "{script}");
        assert_eq!(calls(&home).len(), 1, "{script}");
        drop(store.lookup("ghcr.io", "acme/web").await);
        assert_eq!(calls(&home).len(), 2, "{script}");
    }
}

#[tokio::test]
async fn failures_say_which_helper_and_repeat_nothing_it_printed() {
    let long = "while :; do echo hunter2hunter2hunter2hunter2hunter2hunter2; done";
    for (script, problem) in [
        (
            "echo hunter2; echo hunter2 >&2; exit 7",
            "failed (exit status: 7); run it by hand with `get` to see its message",
        ),
        ("echo hunter2", "gave an answer that is not JSON with `Username` and `Secret`"),
        (r#"echo '{"Username": "hunter2"}'"#, "gave an answer that is not JSON with `Username` and `Secret`"),
        (
            r#"echo '{"Username": ["hunter2"], "Secret": "x"}'"#,
            "gave an answer that is not JSON with `Username` and `Secret`",
        ),
        (":", "gave an answer that is not JSON with `Username` and `Secret`"),
        (long, "answered with more than 65536 bytes"),
    ] {
        let home = home(script, r#"{"credsStore": "test"}"#);
        let found = home.lookup("ghcr.io", "acme/web").await;
        assert!(found.for_host("ghcr.io").is_anonymous());
        assert_eq!(
            found.origin().to_string(),
            format!("no credentials (docker-credential-test, named in ~/.docker/config.json, {problem})")
        );
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    }
}

#[tokio::test]
async fn an_answer_of_the_longest_length_is_read_whole() {
    // `{"Username":"robot","Secret":"…"}` has 32 bytes beside the secret.
    let script = r#"printf '{"Username":"robot","Secret":"%065504d"}' 0"#;
    let found = home(script, r#"{"credsStore": "test"}"#).lookup("ghcr.io", "acme/web").await;
    assert_eq!(found.for_host("ghcr.io"), &basic("robot", &"0".repeat(65_504)), "{}", found.origin());
}

#[tokio::test]
async fn a_helper_that_hangs_is_given_up() {
    // The pipe never gets a writer, so the helper waits for ever; no time at all is already too long.
    let home = home(r#"mkfifo "$HOME/pipe"; exec cat "$HOME/pipe""#, r#"{"credsStore": "test"}"#);
    let store = home.store().helper_timeout(Duration::ZERO);
    for _ in 0..2 {
        let origin = store.lookup("ghcr.io", "acme/web").await.unwrap().origin().to_string();
        assert!(origin.contains("gave no answer within 0ns; IMAGELOCK_HELPER_TIMEOUT=60 "), "{origin}");
    }
}

#[tokio::test]
async fn a_helper_that_gives_no_answer_leaves_the_file_and_the_next_file() {
    let config = r#"{"credsStore": "test", "auths": {"ghcr.io": {"auth": "dXNlcjpwYXNz"}, "quay.io": {}}}"#;
    for script in ["echo 'Cannot autolaunch D-Bus without X11 $DISPLAY'; exit 1", "echo '{}'", "kill $$"] {
        let own = home(script, config).file(".dockercfg", r#"{"quay.io": {"auth": "bmV4dDpmaWxl"}}"#);
        assert_eq!(own.credential("ghcr.io", "acme/web").await, basic("user", "pass"), "{script}");
        assert_eq!(own.credential("quay.io", "acme/web").await, basic("next", "file"), "{script}");
        let missed = own.lookup("docker.io", "library/nginx").await.origin().to_string();
        assert!(missed.starts_with("no credentials (docker-credential-test, named in "), "{missed}");
    }
}

#[tokio::test]
async fn the_time_that_a_helper_may_take_is_a_number_of_seconds() {
    for (text, is_right) in [("60", true), ("1", true), ("3600", true), ("", true)].into_iter().chain([
        ("0", false),
        ("3601", false),
        ("1.5", false),
        ("-1", false),
        ("10s", false),
        ("soon", false),
    ]) {
        let home = home(FOUND, r#"{"credsStore": "test"}"#).variable("IMAGELOCK_HELPER_TIMEOUT", text);
        match Store::load(home.environment()) {
            Ok(store) => assert!(is_right && store.lookup("ghcr.io", "a").await.is_ok(), "{text}"),
            Err(error) => {
                let expected =
                    "the environment variable `IMAGELOCK_HELPER_TIMEOUT` must be a number of seconds from 1 to 3600";
                assert_eq!((is_right, error.to_string().as_str()), (false, expected), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_hostile_helper_name_starts_nothing() {
    for name in ["../x", "../bin/docker-credential-test", "/bin/sh", "a b", "a\\b", "a;b", "ä", "a\u{1b}[2J"] {
        let config = serde_json::json!({ "credHelpers": { "ghcr.io": name } }).to_string();
        let home = home(FOUND, &config);
        assert_eq!(
            home.lookup("ghcr.io", "acme/web").await.origin().to_string(),
            format!(
                "no credentials (docker-credential-{}, named in ~/.docker/config.json, has a name with other characters \
                 than letters, digits, `.`, `_` and `-`)",
                name.escape_debug()
            )
        );
        assert!(calls(&home).is_empty(), "{name}");
        assert!(home.credential("quay.io", "acme/web").await.is_anonymous());
    }
}

#[tokio::test]
async fn a_helper_that_is_not_installed_leaves_public_images_readable_and_is_named_when_one_is_not() {
    let home = home(FOUND, r#"{"credsStore": "not-installed"}"#);
    let found = home.lookup("ghcr.io", "acme/web").await;
    assert!(found.for_host("ghcr.io").is_anonymous());
    assert_eq!(
        found.origin().to_string(),
        "no credentials (docker-credential-not-installed, named in ~/.docker/config.json, is not installed)"
    );
}

#[tokio::test]
async fn relative_folders_of_the_path_are_not_searched() {
    let home = home(FOUND, r#"{"credsStore": "test"}"#);
    // The way from the folder that the test runs in to the helper's folder, which really leads there.
    let up = "../".repeat(std::env::current_dir().unwrap().components().count() - 1);
    let folder = format!("{up}{}", home.path("bin").strip_prefix("/").unwrap());
    assert!(std::path::Path::new(&folder).join("docker-credential-test").is_file());

    let home = home.variable("PATH", folder);
    let origin = home.lookup("ghcr.io", "acme/web").await.origin().to_string();
    assert!(origin.contains("is not installed"), "{origin}");
}

#[tokio::test]
async fn a_helper_sees_the_environment_but_for_other_credentials() {
    let script = r#"echo "{\"Username\":\"$PROFILE\",\"Secret\":\"[$IMAGELOCK_AUTH_QUAY_IO$DOCKER_AUTH_CONFIG]\"}""#;
    let home = home(script, r#"{"credsStore": "test"}"#)
        .variable("PROFILE", "work")
        .variable("IMAGELOCK_AUTH_QUAY_IO", "user:pass")
        .variable("DOCKER_AUTH_CONFIG", r#"{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}"#);
    assert_eq!(home.credential("ghcr.io", "acme/web").await, basic("work", "[]"));
}
