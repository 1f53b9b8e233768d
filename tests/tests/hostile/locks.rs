//! Locks: damaged, newer, not answering, contradicting themselves.

use imagelock_testkit::{Image, Registry};
use serde_json::{Value, json};

use crate::harness::Case;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = damaged();
    cases.extend(of_what_is_locked());
    cases.extend(of_origins_and_digests());
    cases.extend(of_tags_and_platforms());
    cases
}

fn damaged() -> Vec<Case> {
    vec![
        Case::new("a newer version of the lock is refused with what to do")
            .file("images.lock", "{\n  \"images\": {},\n  \"version\": 9\n}\n")
            .exits(2)
            .says("images.lock")
            .requests(0),
        Case::new("a lock that git left in conflict is refused")
            .file("images.lock", "<<<<<<< HEAD\n{\"images\": {}, \"version\": 1}\n=======\n>>>>>>> other\n")
            .exits(2)
            .says("images.lock")
            .requests(0),
        Case::new("a gate fails for what is not locked, without the network")
            .runs("lock --locked")
            .exits(1)
            .says("not in images.lock")
            .requests(0),
        Case::new("a lock that holds passes the gate, without the network")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]))))
            .runs("lock")
            .runs("lock --locked")
            .requests(0),
        Case::new("a lock with keys of a later imagelock holds, and says nothing of them")
            .serves(serve)
            .runs("lock")
            .then(|stage| {
                let lock = stage.repo.read("images.lock");
                stage.repo.write("images.lock", lock.replacen("\"digest\"", "\"signedBy\": [1],\n      \"digest\"", 1));
            })
            .runs("lock --locked")
            .requests(0)
            .runs("list"),
        Case::new("a key that is another but for its case is refused")
            .serves(serve)
            .runs("lock")
            .then(|stage| {
                let lock = stage.repo.read("images.lock");
                stage.repo.write("images.lock", lock.replacen("\"digest\"", "\"Digest\": \"x\",\n      \"digest\"", 1));
            })
            .runs("lock --locked")
            .exits(2)
            .says("the key `Digest` differs from `digest` in nothing but case")
            .says("images.lock:4:"),
        Case::new("an image that stands twice in the lock is refused")
            .serves(serve)
            .runs("lock")
            .then(|stage| {
                let lock = stage.repo.read("images.lock");
                let (head, rest) = lock.split_once("    \"app\": ").unwrap();
                let (image, _) = rest.split_once("\n  },\n  \"version\"").unwrap();
                let twice = format!("{head}    \"app\": {image},\n    \"app\": {image}\n  }},\n  \"version\": 1\n}}\n");
                stage.repo.write("images.lock", twice);
            })
            .runs("lock --locked")
            .exits(2)
            .says("image `app` is there twice"),
        Case::new("a version rule takes no day and no short hash for a version")
            .toml("[images.app]\nrepository = \"{host}/app\"\nversion = \">=1.2\"\n")
            .serves(|registry| {
                for tag in ["1.2.0", "1.3.1", "20230101", "1234567"] {
                    registry.push(&format!("app:{tag}"), &Image::linux(["amd64"]));
                }
            })
            .runs("lock")
            .lock_has("/images/app/tag", "1.3.1"),
        Case::new("tags that a rule drops are counted with the reasons")
            .toml("[images.app]\nrepository = \"{host}/app\"\nversion = \">=2\"\n")
            .serves(|registry| {
                for tag in ["1.2.0", "20230101", "3.0.0-01", "latest"] {
                    registry.push(&format!("app:{tag}"), &Image::linux(["amd64"]));
                }
            })
            .runs("lock")
            .exits(3)
            .says("no tag fits version >=2: 1 tag is not >=2")
            .says("1 is a number alone (20230101), which `tags` would have to ask for")
            .says("1 has a pre-release with leading zeros (3.0.0-01), which SemVer does not order")
            .says("1 is no version (latest)"),
    ]
}

fn of_what_is_locked() -> Vec<Case> {
    vec![
        Case::new("a tag that is not chosen for its leading zeros is told")
            .toml("[images.app]\nrepository = \"{host}/app\"\ntags = '^(?<version>.+)$'\n")
            .serves(|registry| {
                for tag in ["1.0.0-alpha.1", "1.0.0-alpha.02"] {
                    registry.push(&format!("app:{tag}"), &Image::linux(["amd64"]));
                }
            })
            .runs("lock")
            .lock_has("/images/app/tag", "1.0.0-alpha.1")
            .says("1 tag has a pre-release with leading zeros (1.0.0-alpha.02), which SemVer does not order")
            .says("without the zeros, it would be newer than 1.0.0-alpha.1"),
        Case::new("an index that is locked for no platform answers nobody")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64", "arm64"]))))
            .runs("lock")
            .then(|stage| {
                let mut lock: serde_json::Value = serde_json::from_str(&stage.repo.read("images.lock")).unwrap();
                lock["images"]["app"]["platforms"] = serde_json::json!({});
                stage.repo.write("images.lock", serde_json::to_string_pretty(&lock).unwrap() + "\n");
            })
            .runs("list")
            .exits(2)
            .says("image `app` is locked for no platform")
            .runs("lock --locked")
            .exits(1)
            .requests(0),
        Case::new("what steers a terminal or a diff stands escaped in the lock")
            .serves(|registry| {
                let label = "org.opencontainers.image.version";
                let text = "1\u{202e}gnp\u{9b}31m\u{7f}\u{feff}\u{2028}";
                registry.push("app:1", &Image::linux(["amd64"]).label(label, text));
            })
            .runs("lock")
            .lock_has("/images/app/version", "1\u{202e}gnp\u{9b}31m\u{7f}\u{feff}\u{2028}")
            .file_has("images.lock", "\"1\\u202egnp\\u009b31m\\u007f\\ufeff\\u2028\"")
            .runs("lock --locked")
            .requests(0),
    ]
}

fn serve(registry: &Registry) {
    for tag in ["1", "1.1.0", "1.2.0", "2.0.0"] {
        registry.push(&format!("app:{tag}"), &Image::linux(["amd64", "arm64"]).seed(tag));
    }
    // One manifest without an index.
    registry.push("single:1", &Image::linux(["amd64"]));
}

/// Commands that read the lock, and how they end where it contradicts itself.
const COMMANDS: [(&str, i32); 14] = [
    ("lock --locked", 1),
    ("lock --frozen", 1),
    ("lock", 2),
    ("update", 2),
    ("update app", 2),
    ("update --dry-run", 2),
    ("list", 2),
    ("why app", 2),
    ("render", 2),
    ("render --check", 2),
    ("post-render", 2),
    ("verify", 2),
    ("pull out", 2),
    ("remove app", 2),
];

/// A lock is made, one of its values is changed, and commands refuse it with both values and the place. All read it in one
/// way, so that each case takes the gate and one other, and one case all.
fn contradicts(name: &'static str, toml: &'static str, change: fn(&mut Value), says: &'static [&'static str]) -> Case {
    contradicts_all(&[("lock --locked", 1), ("render", 2)], name, toml, change, says)
}

fn contradicts_all(
    commands: &[(&str, i32)],
    name: &'static str,
    toml: &'static str,
    change: fn(&mut Value),
    says: &'static [&'static str],
) -> Case {
    let mut case = Case::new(name).toml(toml).serves(serve).runs("lock").then(move |stage| {
        let mut lock: Value = serde_json::from_str(&stage.repo.read("images.lock")).unwrap();
        change(&mut lock["images"]["app"]);
        stage.repo.write("images.lock", format!("{lock:#}\n"));
    });
    for (command, code) in commands {
        case = case.runs(command).exits(*code).requests(0).says("images.lock contradicts itself: image `app`");
        case = case.says("restore the file from version control");
        for text in says {
            case = case.says(text);
        }
    }
    case
}

const FOLLOWED: &str = "[images]\napp = \"{host}/app:1\"\n";
const PLATFORM: &str = "[images.app]\nrepository = \"{host}/app\"\ntag = \"1\"\nplatforms = [\"linux/amd64\"]\n";
const RULED: &str = "[images.app]\nrepository = \"{host}/app\"\nversion = \"1\"\n";
const SINGLE: &str = "[images]\napp = \"{host}/single:1\"\n";

const D2: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn of_origins_and_digests() -> Vec<Case> {
    vec![
        Case::new("a pinned digest that the lock exchanges is refused")
            .serves(serve)
            .then(|stage| {
                let digest = stage.registry.digest_of("app", "1").unwrap();
                stage.repo.write("images.toml", stage.text(&format!("[images]\napp = \"{{host}}/app@{digest}\"\n")));
            })
            .runs("lock")
            .then(|stage| {
                let lock = stage.repo.read("images.lock");
                let digest = stage.registry.digest_of("app", "1").unwrap();
                // The first is the image's, the second its request's.
                stage.repo.write("images.lock", lock.replacen(&*digest, D2, 1));
            })
            .runs("lock --locked")
            .exits(1)
            .requests(0)
            .says(&format!("is locked to `{D2}`, and its request asks for `sha256:"))
            .says("images.lock:4:17")
            .runs("render")
            .exits(2)
            .runs("verify")
            .exits(2)
            .requests(0)
            .runs("lock")
            .exits(2)
            .requests(0),
        contradicts_all(
            &COMMANDS,
            "another registry than the request's is refused by every command that reads the lock",
            FOLLOWED,
            |image| image["registry"] = json!("evil.example"),
            &["is locked in `evil.example/app`, and its request asks for `{host}/app`"],
        ),
        contradicts(
            "another repository than the request's is refused",
            FOLLOWED,
            |image| image["repository"] = json!("evil/app"),
            &["is locked in `{host}/evil/app`, and its request asks for `{host}/app`"],
        ),
        contradicts(
            "a rewrite's registry in the lock is refused",
            "[registries.\"{host}\"]\nrewrite = \"mirror.example/hub\"\n[images]\napp = \"{host}/app:1\"\n",
            |image| {
                image["registry"] = json!("mirror.example");
                image["repository"] = json!("hub/app");
            },
            &["is locked in `mirror.example/hub/app`, and its request asks for `{host}/app`"],
        ),
    ]
}

fn of_tags_and_platforms() -> Vec<Case> {
    vec![
        contradicts(
            "a lock with another tag than the followed one is refused",
            FOLLOWED,
            |image| image["tag"] = json!("1.2.0"),
            &["is locked with the tag `1.2.0`, and its request asks for the tag `1`"],
        ),
        contradicts(
            "a tag that the version rule does not admit is refused",
            RULED,
            |image| image["tag"] = json!("2.0.0"),
            &["is locked with the tag `2.0.0`, which its request does not admit: version 1"],
        ),
        contradicts(
            "a version rule that is answered without a tag is refused",
            RULED,
            |image| drop(image.as_object_mut().unwrap().remove("tag")),
            &["is locked with no tag, which its request does not admit: version 1"],
        ),
        contradicts(
            "a platform that was not asked for is refused",
            PLATFORM,
            |image| image["platforms"]["linux/s390x"] = image["platforms"]["linux/amd64"].clone(),
            &["has `linux/s390x`, which its request does not ask for"],
        ),
        contradicts(
            "a platform that is missing is refused",
            PLATFORM,
            |image| {
                let platforms = image["platforms"].as_object_mut().unwrap();
                let only = platforms.remove("linux/amd64").unwrap();
                platforms.insert("linux/arm64".to_owned(), only);
            },
            &["lacks `linux/amd64`, which its request asks for"],
        ),
        contradicts(
            "a single manifest with another digest than its platform's is refused",
            SINGLE,
            |image| image["platforms"]["linux/amd64"]["digest"] = json!(D2),
            &["is one manifest with the digest `sha256:", "and its platform `linux/amd64` has `sha256:2222"],
        ),
        contradicts(
            "a layout in the place of a registry is refused",
            FOLLOWED,
            |image| {
                let image = image.as_object_mut().unwrap();
                image.remove("registry");
                image.remove("repository");
                image.insert("layout".to_owned(), json!("out"));
            },
            &["is locked in `layout out`, and its request asks for `{host}/app`"],
        ),
        Case::new("a lock in another order of its keys, and on one line, is judged all the same")
            .serves(serve)
            .runs("lock")
            .then(|stage| {
                let mut lock: Value = serde_json::from_str(&stage.repo.read("images.lock")).unwrap();
                lock["images"]["app"]["tag"] = json!("2");
                stage.repo.write("images.lock", lock.to_string());
            })
            .runs("lock --locked")
            .exits(1)
            .says("is locked with the tag `2`, and its request asks for the tag `1`")
            .says("images.lock:1:"),
    ]
}
