//! Credentials: where they come from, and where they never go.

use camino::Utf8Path;
use imagelock_testkit::{Auth, Fault, Image, Layer, On, Redirect, Registry};
use serde_json::json;

use super::{Suite, assert_layout, served};

/// What must be nowhere but in a header. In base64, `bazel:open sesame`.
const PASSWORD: &str = "open sesame";
const ENCODED: &str = "YmF6ZWw6b3BlbiBzZXNhbWU=";

pub(crate) fn private_registry() -> Registry {
    Registry::builder().auth(Auth::basic("bazel", PASSWORD)).start().expect("a registry starts")
}

fn docker(seed: &str) -> Image {
    // Older Bazel fetches these itself, so that credentials work there too.
    Image::linux(["amd64", "arm64"]).docker().seed(seed).layer(Layer::files([("etc/seed", seed)]))
}

/// Docker's file is enough, the CDN behind a redirect gets nothing, and a warm build needs no credentials.
pub(crate) fn from_a_file(suite: &Suite, registry: &Registry) {
    let image = docker("file");
    suite.lock([("file", served(&image, registry, "acme/file"))]);
    let said = suite.fails(&["--platforms=//:amd64", "@images//file"]);
    assert!(said.contains(&format!("no credentials for {} are in the files", registry.host())), "{said}");
    assert!(said.contains("401"), "{said}");

    let config = suite.repo.home().join(".docker/config.json");
    fs_err::create_dir_all(config.parent().expect("it is in a folder")).expect("the folder can be made");
    let text = json!({ "auths": { (registry.host()): { "auth": ENCODED } } }).to_string();
    fs_err::write(&config, text).expect("the file can be written");
    registry.fault(On::blob("acme/file").first_host(), Fault::redirect(Redirect::SecondHost));
    let built = suite.build(&["--platforms=//:amd64", "@images//file"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");
    let redirected: Vec<_> = registry.log().take().into_iter().filter(|entry| entry.second_host).collect();
    assert_eq!(redirected.len(), 2, "the config and the layer are behind a redirect");
    assert!(redirected.iter().all(|entry| entry.authorization.is_none()), "{redirected:#?}");
    registry.heal();

    fs_err::remove_file(config).expect("the file is there");
    suite.expunge();
    drop(suite.build(&["--platforms=//:amd64", "@images//file"]).success());
    assert_eq!(registry.log().entries().len(), 0, "a warm build asks nobody and needs no credentials");
    assert_nowhere(suite);
}

/// Docker's helpers are run, only when a registry is asked; one that fails is no obstacle to what is public.
pub(crate) fn from_a_helper(suite: &Suite, registry: &Registry, public: &Registry) {
    let (image, open) = (docker("helper"), docker("open"));
    suite.lock([("helper", served(&image, registry, "acme/helper")), ("open", served(&open, public, "acme/open"))]);
    let calls = suite.repo.home().join("calls");
    Suite::script(
        &suite.repo.home().join("bin/docker-credential-sesame"),
        &format!(
            "#!/bin/sh\nread -r host || [ \"$host\" ]\necho \"$1 $host $*\" >>{calls}\n\
             printf '{{\"ServerURL\":\"%s\",\"Username\":\"bazel\",\"Secret\":\"{PASSWORD}\"}}' \"$host\"\n"
        ),
    );
    Suite::script(&suite.repo.home().join("bin/docker-credential-broken"), "#!/bin/sh\nexit 1\n");
    let helpers = json!({ (registry.host()): "sesame", (public.host()): "broken" });
    let config = suite.repo.home().join(".docker/config.json");
    fs_err::create_dir_all(config.parent().expect("it is in a folder")).expect("the folder can be made");
    fs_err::write(config, json!({ "credHelpers": helpers }).to_string()).expect("the file can be written");

    drop(suite.build(&["--platforms=//:amd64", "@images//open"]).success());
    let built = suite.build(&["--platforms=//:amd64", "@images//helper"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");
    let called = fs_err::read_to_string(&calls).expect("the helper was called");
    assert_eq!(called, format!("get {} get\n", registry.host()), "once, and the host is all that it is told");
    suite.expunge();
    drop(suite.build(&["--platforms=//:amd64", "@images//helper"]).success());
    assert_eq!(fs_err::read_to_string(&calls).expect("it is there"), called, "a warm build asks no helper");
    fs_err::remove_file(suite.repo.home().join("bin/docker-credential-sesame")).expect("the helper is there");
    assert_nowhere(suite);
}

/// Bazel's own credential helper needs nothing of the module.
pub(crate) fn from_bazels_helper(suite: &Suite, registry: &Registry) {
    let image = Image::linux(["amd64", "arm64"]).seed("own").layer(Layer::files([("etc/seed", "own")]));
    suite.lock([("own", served(&image, registry, "acme/own"))]);
    let helper = suite.repo.home().join("bin/bazels-helper");
    let answer = format!("{{\"headers\":{{\"Authorization\":[\"Basic {ENCODED}\"]}}}}");
    Suite::script(&helper, &format!("#!/bin/sh\ncat >/dev/null\necho '{answer}'\n"));
    let flag = format!("--credential_helper={helper}");
    let built =
        suite.build(&[&flag, "--repo_env=IMAGELOCK_AUTH=bazel", "--platforms=//:amd64", "@images//own"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");
}

/// No file that Bazel or the module wrote holds the secret.
fn assert_nowhere(suite: &Suite) {
    let mut folders = vec![suite.repo.home().join(".cache"), suite.beside("cache")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for item in folder.read_dir_utf8().expect("the folder can be read") {
            let item = item.expect("the folder can be read");
            let kind = item.file_type().expect("it has a type");
            if kind.is_dir() && !is_bazels_own(item.path()) {
                folders.push(item.path().to_owned());
            } else if kind.is_file() {
                let text = fs_err::read(item.path()).expect("the file can be read");
                let holds = |secret: &str| text.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!holds(PASSWORD) && !holds(ENCODED), "{} holds the secret", item.path());
                read += 1;
            }
        }
    }
    assert!(read > 10, "there was something to read");
}

/// The unpacked Bazel itself, which is large and knows no registry.
fn is_bazels_own(path: &Utf8Path) -> bool {
    path.file_name() == Some("install")
}
