//! Credentials: where they come from, and where they never go.

use camino::Utf8Path;
use imagelock_testkit::{Auth, Credentials, Fault, Image, Layer, On, Redirect, Registry};
use imagelock_tests::{PASSWORD as REAL_PASSWORD, RealRegistry, USER, binary};
use serde_json::{Value, json};

use super::{Suite, assert_layout, entry, reads, served};

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

    log_in(suite, &json!({ "auths": { (registry.host()): { "auth": ENCODED } } }));
    registry.fault(On::blob("acme/file").first_host(), Fault::redirect(Redirect::SecondHost));
    let built = suite.build(&["--platforms=//:amd64", "@images//file"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");
    let redirected: Vec<_> = registry.log().take().into_iter().filter(|entry| entry.second_host).collect();
    assert_eq!(redirected.len(), 2, "the config and the layer are behind a redirect");
    assert!(redirected.iter().all(|entry| entry.authorization.is_none()), "{redirected:#?}");
    registry.heal();

    log_out(suite);
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
    log_in(suite, &json!({ "credHelpers": helpers }));

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

/// A helper that fails is named where the registry then refuses, with what it failed for.
pub(crate) fn a_failing_helper_is_noted(suite: &Suite, registry: &Registry) {
    let image = docker("noted");
    suite.lock([("noted", served(&image, registry, "acme/noted"))]);
    Suite::script(&suite.repo.home().join("bin/docker-credential-broken"), "#!/bin/sh\necho s3cr3t-token\nexit 1\n");
    log_in(suite, &json!({ "credHelpers": { (registry.host()): "broken" } }));
    let said = suite.fails(&["--platforms=//:amd64", "@images//noted"]);
    assert!(
        said.contains("imagelock: image `noted` (linux/amd64, //:images.lock): cannot fetch the manifest"),
        "{said}"
    );
    assert!(said.contains(&format!("note: docker-credential-broken has nothing for {}", registry.host())), "{said}");
    assert!(said.contains(&format!("`docker login {}`", registry.host())), "{said}");
    assert!(!said.contains("s3cr3t-token"), "what a helper says is not for a message: {said}");
    log_out(suite);
}

/// Each source is sent its own login, and a public one none.
pub(crate) fn each_source_has_its_own(suite: &Suite, private: &Registry, public: &Registry) {
    let image = docker("mirrored");
    let locked = served(&image, public, "acme/mirrored");
    private.push("acme/mirrored:1", &image);
    suite.lock([("mirrored", locked)]);
    suite.set_up(&format!(", sources = {{\"{}\": [\"{}\"]}}", public.host(), private.host()));
    log_in(suite, &json!({ "auths": { (private.host()): { "auth": ENCODED } } }));
    // The mirror has the manifest and not the layer, so that both are asked.
    let layer = &image.layers_of("linux/amd64")[0].digest;
    private.fault(On::blob("acme/mirrored").reference(layer), Fault::status(404));
    private.log().take();
    public.log().take();
    let built = suite.build(&["--platforms=//:amd64", "@images//mirrored"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");
    let (of_private, of_public) = (private.log().take(), public.log().take());
    assert_eq!((of_private.len(), of_public.len()), (3, 1), "{of_private:#?} {of_public:#?}");
    assert!(of_private.iter().all(|entry| entry.authorization.is_some()), "{of_private:#?}");
    assert!(of_public.iter().all(|entry| entry.authorization.is_none()), "{of_public:#?}");
    private.heal();
    suite.set_up("");
    log_out(suite);
}

/// The distribution registry with a password file, and what `docker login` writes.
pub(crate) fn of_a_real_registry(suite: &Suite, registry: &RealRegistry) {
    let image = docker("real");
    let user = Credentials { user: USER, password: REAL_PASSWORD };
    image.push_to(&registry.url(), "acme/real", "1", Some(user)).expect("the registry takes the image");
    suite.lock([("real", entry(&image, registry.host(), "acme/real", &["linux/amd64", "linux/arm64"]))]);
    log_in(suite, &json!({ "auths": { (registry.host()): { "username": USER, "password": REAL_PASSWORD } } }));
    let before = registry.requests().len();
    let built = suite.build(&["--platforms=//:amd64", "@images//real"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");
    let asked = reads(&registry.requests()[before..]);
    assert_eq!(asked.len(), 3, "no request goes without the login and comes back: {asked:#?}");
    assert!(asked.iter().all(|line| line.ends_with(" 200")), "{asked:#?}");
    log_out(suite);
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

/// `imagelock credential-helper` does the challenge of a registry with tokens: one token for a whole pull, none for a
/// warm build, and nothing for the host that a registry redirects to.
pub(crate) fn from_imagelocks_helper(suite: &Suite) {
    let auth = Auth::token().user("bazel", PASSWORD).no_anonymous().expires_in(Some(300));
    let registry = Registry::builder().auth(auth).start().expect("a registry starts");
    let image = Image::linux(["amd64", "arm64"]).seed("token").layer(Layer::files([("etc/seed", "token")]));
    suite.lock([("token", served(&image, &registry, "acme/token"))]);
    log_in(suite, &json!({ "auths": { (registry.host()): { "auth": ENCODED } } }));
    let link = suite.repo.path("tools/imagelock-credential-helper");
    fs_err::create_dir_all(link.parent().expect("it is in a folder")).expect("the folder can be made");
    fs_err::os::unix::fs::symlink(binary(), &link).expect("a link can be made");
    suite.repo.write(
        ".bazelrc",
        "common --credential_helper=%workspace%/tools/imagelock-credential-helper\n\
         common --repo_env=IMAGELOCK_AUTH=bazel\n",
    );
    registry.fault(On::blob("acme/token").first_host(), Fault::redirect(Redirect::SecondHost));
    let built = suite.build(&["--platforms=//:amd64", "@images//token"]).success();
    assert_layout(&suite.result(&built), &image, "linux/amd64");
    let entries = registry.log().take();
    let count = |of: &dyn Fn(&str) -> bool| entries.iter().filter(|entry| of(&entry.path)).count();
    assert_eq!(count(&|path| path.starts_with("/token")), 1, "{entries:#?}");
    assert_eq!(count(&|path| path.contains("/manifests/")), 1, "{entries:#?}");
    assert_eq!(count(&|path| path.contains("/blobs/")), 4, "each blob here and where it is redirected: {entries:#?}");
    assert!(
        entries.iter().filter(|entry| entry.second_host).all(|entry| entry.authorization.is_none()),
        "{entries:#?}"
    );
    let sent: Vec<&String> = entries.iter().filter_map(|entry| entry.authorization.as_ref()).collect();
    assert!(sent.iter().any(|header| header.starts_with("Bearer ")), "{entries:#?}");
    registry.heal();

    suite.expunge();
    drop(suite.build(&["--platforms=//:amd64", "@images//token"]).success());
    assert!(registry.log().is_empty(), "a warm build asks nobody: {:#?}", registry.log().lines());
    assert_nowhere(suite);

    // Without a login, the message of the helper is Bazel's, and names what helps.
    log_out(suite);
    let other = Image::linux(["amd64", "arm64"]).seed("other token");
    suite.lock([("other", served(&other, &registry, "acme/other"))]);
    let said = suite.fails(&["--platforms=//:amd64", "@images//other"]);
    assert!(said.contains("imagelock: image `other` (linux/amd64, //:images.lock): cannot fetch"), "{said}");
    fs_err::remove_file(suite.repo.path(".bazelrc")).expect("the file is there");
}

/// Writes what `docker login` would.
fn log_in(suite: &Suite, config: &Value) {
    let file = suite.repo.home().join(".docker/config.json");
    fs_err::create_dir_all(file.parent().expect("it is in a folder")).expect("the folder can be made");
    fs_err::write(file, config.to_string()).expect("the file can be written");
}

fn log_out(suite: &Suite) {
    fs_err::remove_file(suite.repo.home().join(".docker/config.json")).expect("somebody has logged in");
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
