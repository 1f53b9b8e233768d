//! One lock that an organisation publishes, and projects that take images over from it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{GENERATIONS, Monorepo, RealRegistry, tool_or_skip};
use serde_json::{Value, json};

fn image(seed: &str) -> Image {
    Image::linux(["amd64", "arm64"]).seed(seed)
}

/// The organisation's project: it publishes `redis` and `static`.
fn organisation(host: &str) -> Monorepo {
    let toml = format!("[images]\nredis = '{host}/redis:8'\nstatic = '{host}/static:1'\n");
    let repo = Monorepo::builder().file("images.toml", toml).build();
    repo.imagelock(["lock"]).success();
    repo
}

fn published(repo: &Monorepo, host: &str) -> String {
    let output = repo.imagelock(["publish", &format!("{host}/acme/images:stable")]).success();
    output.stdout.trim().to_owned()
}

fn product(extends: &str, images: &str) -> Monorepo {
    Monorepo::builder().file("images.toml", format!("{extends}\n[images]\n{images}")).build()
}

fn lock_of(repo: &Monorepo) -> Value {
    serde_json::from_str(&repo.read("images.lock")).unwrap()
}

const TAKEN: &str = "redis = { inherit = true }\nstatic = { inherit = true, platforms = ['linux/amd64'] }\n";

/// What holds with any registry: `push` puts an image there.
fn is_taken_over(host: &str, push: &dyn Fn(&str, &Image)) {
    push("redis:8", &image("redis"));
    push("static:1", &image("static"));
    let theirs = organisation(host);
    let extends = published(&theirs, host);
    assert_eq!(published(&theirs, host), extends, "the same lock has the same digest");
    let ours = product(&format!("extends = 'oci://{host}/acme/images:stable'"), TAKEN);
    push("redis:8", &image("moved"));
    ours.imagelock(["lock"]).success();
    assert_eq!(ours.read("images.extends.lock"), theirs.read("images.lock"));
    let (lock, published) = (lock_of(&ours), lock_of(&theirs));
    assert_eq!(lock["images"]["redis"], published["images"]["redis"], "as they have it, wherever the tag points");
    assert_eq!(lock["images"]["static"]["digest"], published["images"]["static"]["digest"]);
    assert_eq!(lock["images"]["static"]["request"]["platforms"], json!(["linux/amd64"]));
    assert!(extends.ends_with(&format!("@{}\"", lock["extends"]["digest"].as_str().unwrap())), "{extends}");
    assert_eq!(lock["extends"]["tag"], "stable");
    ours.imagelock(["lock", "--locked"]).success();
    ours.imagelock(["check"]).success();
    let before = ours.read("images.lock");
    ours.imagelock(["lock"]).success();
    ours.imagelock(["update"]).success();
    assert_eq!(ours.read("images.lock"), before, "nothing has moved that is extended");

    theirs.imagelock(["update"]).success();
    self::published(&theirs, host);
    ours.imagelock(["lock"]).success();
    assert_eq!(ours.read("images.lock"), before, "`lock` keeps what still holds");
    ours.imagelock(["update"]).success();
    assert_eq!(lock_of(&ours)["images"]["redis"], lock_of(&theirs)["images"]["redis"]);
    assert_eq!(ours.read("images.extends.lock"), theirs.read("images.lock"));
    // The copy is what the digest says, or nobody goes on.
    ours.write("images.extends.lock", lock_text(&published));
    for command in [&["lock", "--locked"][..], &["check"], &["render"]] {
        let output = ours.imagelock(command).exit(1);
        assert!(output.stderr.contains("`images.extends.lock`, the copy of"), "{output}");
    }
    ours.imagelock(["lock"]).success();
    assert_eq!(ours.read("images.extends.lock"), theirs.read("images.lock"), "and it is had again");
}

fn lock_text(lock: &Value) -> String {
    serde_json::to_string_pretty(lock).unwrap() + "\n"
}

#[test]
fn a_published_lock_is_taken_over_from_real_registries() {
    for program in GENERATIONS {
        let Some(program) = tool_or_skip(program) else { continue };
        let registry = RealRegistry::new(&program).start();
        is_taken_over(registry.host(), &|name, image| {
            let (repository, tag) = name.split_once(':').unwrap();
            image.push_to(&registry.url(), repository, tag, None).unwrap();
        });
    }
}

#[test]
fn what_is_taken_over_asks_nobody_and_a_copy_that_is_there_is_enough() {
    let registry = Registry::start().unwrap();
    let host = registry.host();
    registry.push("redis:8", &image("redis"));
    registry.push("static:1", &image("static"));
    let theirs = organisation(host);
    // By a path, nothing is asked at all.
    let ours = product("extends = 'platform/images.lock'", TAKEN);
    ours.write("platform/images.lock", theirs.read("images.lock"));
    let before = registry.log().len();
    ours.imagelock(["lock"]).success();
    ours.imagelock(["update"]).success();
    ours.imagelock(["check"]).success();
    let output = ours.imagelock(["update", "redis"]).success();
    assert!(output.stderr.contains("Inherited redis, which moves with what is extended"), "{output}");
    assert!(ours.imagelock(["why", "redis"]).success().stdout.contains("taken over from platform/images.lock@sha256:"));
    assert_eq!(registry.log().len(), before);
    assert_eq!(lock_of(&ours)["extends"]["path"], "platform/images.lock");

    // What is extended has moved: the lock is out of date, and says so at its line.
    registry.push("redis:8", &image("moved"));
    theirs.imagelock(["update"]).success();
    ours.write("platform/images.lock", theirs.read("images.lock"));
    let output = ours.imagelock(["lock", "--locked"]).exit(1);
    assert!(output.stderr.contains("images.lock extends platform/images.lock (sha256:"), "{output}");
    assert!(output.stderr.contains("images.lock has another answer than what is extended"), "{output}");
    let output = ours.imagelock(["check"]).exit(1);
    assert!(output.stdout.contains("error: images.toml:1:"), "{output}");
    ours.imagelock(["lock"]).success();
    ours.imagelock(["check"]).success();
    // An image that was changed in the lock alone is not what is extended.
    let mut lock = lock_of(&ours);
    let other = image("other");
    lock["images"]["redis"]["digest"] = json!(other.digest());
    ours.write("images.lock", lock_text(&lock));
    ours.imagelock(["check"]).exit(1);
    ours.imagelock(["lock"]).success();
    assert_eq!(lock_of(&ours)["images"]["redis"], lock_of(&theirs)["images"]["redis"]);
    ours.write("images.toml", "[images]\n");
    ours.imagelock(["lock"]).success();
    assert_eq!(lock_of(&ours), json!({ "images": {}, "version": 1 }));
}

#[test]
fn what_differs_from_what_is_published_says_why() {
    let registry = Registry::start().unwrap();
    let host = registry.host();
    registry.push("redis:8", &image("redis"));
    registry.push("static:1", &image("static"));
    registry.push("other:1", &image("other"));
    let theirs = organisation(host);
    let told = |images: &str| {
        let ours = product("extends = 'images.org.lock'", images);
        ours.write("images.org.lock", theirs.read("images.lock"));
        ours.imagelock(["lock"])
    };
    for (images, says) in [
        ("rediss = { inherit = true }", "images.org.lock does not publish `rediss`; did you mean `redis`?"),
        (
            "redis = { inherit = true, platforms = ['linux/s390x'] }",
            "for linux/amd64, linux/arm64, and not for linux/s390x",
        ),
        ("redis = { inherit = true, tag = '7' }", "tag"),
        ("redis = { inherit = false }", "`inherit` is `true`, or it is not there"),
        (&format!("redis = '{host}/other:1'"), "`redis` is published by images.org.lock: take it over"),
        (&format!("own = {{ repository = '{host}/other', tag = '1', widen = 'x' }}"), "does not publish it"),
        (&format!("redis = {{ repository = '{host}/other', tag = '1', widen = ' ' }}"), "`widen` says why"),
    ] {
        let output = told(images).exit(2);
        assert!(output.stderr.contains(says), "{images}: {output}");
    }
    told(&format!("own = '{host}/other:1'")).success();
    told(&format!("redis = {{ repository = '{host}/other', tag = '1', widen = 'the old clients need it' }}")).success();
    let alone = Monorepo::builder().file("images.toml", "[images]\nredis = { inherit = true }\n").build();
    assert!(alone.imagelock(["lock"]).exit(2).stderr.contains("`redis` is taken over, and nothing is extended"));
}

#[test]
fn what_is_no_published_lock_is_refused() {
    let registry = Registry::start().unwrap();
    let host = registry.host();
    registry.push("redis:8", &image("redis"));
    let ours = |extends: &str| product(&format!("extends = '{extends}'"), "redis = { inherit = true }\n");
    let output = ours(&format!("oci://{host}/redis:8")).imagelock(["lock"]).exit(2);
    assert!(output.stderr.contains("is no lock that was published with `publish`"), "{output}");
    ours(&format!("oci://{host}/absent:1")).imagelock(["lock"]).exit(3);
    for odd in ["oci://No", "/etc/passwd", "https://example.com/images.lock", ""] {
        ours(odd).imagelock(["lock"]).exit(2);
    }
    ours("absent.lock").imagelock(["lock"]).exit(2);
    let repo = Monorepo::builder().file("images.toml", format!("[images]\nredis = '{host}/redis:8'\n")).build();
    repo.imagelock(["publish", &format!("{host}/acme/images")]).exit(2);
    repo.imagelock(["lock"]).success();
    repo.imagelock(["publish", "No!"]).exit(2);
    repo.write("images.toml", format!("[images]\nredis = '{host}/redis:9'\n"));
    repo.imagelock(["publish", &format!("{host}/acme/images")]).exit(1);
}
