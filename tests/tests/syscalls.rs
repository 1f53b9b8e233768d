//! Every system call that writes, killed before it and failing: what is on the disk is the old or the new, never anything
//! between, and the next run clears up. The calls are told by strace, and named by their number in the run.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_signature::testing::Hand;
use imagelock_testkit::{Image, Layer, Registry};
use imagelock_tests::{Monorepo, binary, bundle, files_below, need, push_bundles};
use regex::Regex;
use serde_json::Value;
use walkdir::WalkDir;

/// Whatever may change a file or a folder, and what goes to the network.
const CALLS: &str = "openat,write,writev,pwrite64,sendto,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,\
                     unlinkat,mkdir,mkdirat,symlink,fchmod,flock";

type Files = BTreeMap<String, Vec<u8>>;

/// How often a call is waited for that another thread may have made.
const TRIES: usize = 10;

/// A repository in which a command has something to do.
struct Scene {
    registry: Registry,
    target: Registry,
    repo: Monorepo,
    arguments: Vec<String>,
    before: Files,
}

fn image(seed: &str) -> Image {
    Image::linux(["amd64"]).seed(seed).layer(Layer::files([("file", seed.repeat(4000))]))
}

/// Puts the image under its tag; signed, where there is a hand for that.
fn push(registry: &Registry, hand: Option<&Hand>, seed: &str) {
    let digest = registry.push("acme/web:1", &image(seed));
    if let Some(hand) = hand {
        push_bundles(registry, "acme/web", &digest, &[bundle(hand, None, &digest)]);
    }
}

impl Scene {
    /// The files `more` are there, `ready` has been run, the tag has moved where it is to, and then comes the command.
    fn new(arguments: &[&str], toml: &str, more: &[(&str, &str)], ready: &[&[&str]]) -> Self {
        Self::by(None, arguments, toml, more, ready)
    }

    /// Likewise, with an image that has to be signed.
    fn signed(arguments: &[&str], ready: &[&[&str]]) -> Self {
        let (hand, toml) =
            (Hand::with_key(), format!("{TOML}\n[defaults]\nverify = {{ key = \"a.pub\" }}\ntlog = false\n"));
        Self::by(Some(&hand), arguments, &toml, &[("a.pub", &hand.pem())], ready)
    }

    fn by(hand: Option<&Hand>, arguments: &[&str], toml: &str, more: &[(&str, &str)], ready: &[&[&str]]) -> Self {
        let (registry, target) = (Registry::start().unwrap(), Registry::start().unwrap());
        push(&registry, hand, "old");
        let host = registry.host().to_owned();
        let mut repo = Monorepo::builder().file(".git/HEAD", "ref: refs/heads/main\n");
        if !toml.is_empty() {
            repo = repo.file("images.toml", toml.replace("HOST", &host));
        }
        for (path, text) in more {
            repo = repo.file(*path, text.replace("HOST", &host));
        }
        let repo = repo.build();
        for arguments in ready {
            repo.imagelock(*arguments).success();
        }
        if arguments[0] == "update" {
            push(&registry, hand, "new");
        }
        let to = format!("{}/corp", target.host());
        let arguments = arguments.iter().map(|argument| argument.replace("TARGET", &to)).collect();
        let before = files_below(repo.root());
        Self { registry, target, repo, arguments, before }
    }

    fn reset(&self) {
        self.target.clear();
        for name in files_below(self.repo.root()).into_keys().filter(|name| !self.before.contains_key(name)) {
            std::fs::remove_file(self.repo.path(name)).unwrap();
        }
        for (name, bytes) in &self.before {
            self.repo.write(name, bytes);
        }
        // A folder that the run has made is made again. Those with a file in them stay.
        for folder in WalkDir::new(self.repo.root()).min_depth(1).contents_first(true) {
            drop(std::fs::remove_dir(folder.unwrap().path()));
        }
    }

    fn run(&self) {
        self.repo.imagelock(&self.arguments).success();
    }

    /// Runs the command under strace; returns what it said, and whether it ended well.
    fn traced(&self, strace: &Utf8Path, options: &[&str]) -> (bool, String) {
        let mut command = self.repo.command(strace);
        command.args(["-f", "-qq", "-y", "-s", "0"]).args(options).arg(binary());
        let output = command.args(&self.arguments).stdin(Stdio::null()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// One call of a run: its name, and its number among those of that name in its thread.
type Call = (String, usize);

/// Which calls of a run write to where `is_inside` says that they do, or to the network.
fn writing(scene: &Scene, strace: &Utf8Path, network: bool, is_inside: impl Fn(&str) -> bool) -> Vec<Call> {
    let trace = scene.repo.home().join("trace");
    let (done, said) = scene.traced(strace, &["-e", &format!("trace={CALLS}"), "-o", trace.as_str()]);
    assert!(done, "{said}");
    let text = std::fs::read_to_string(&trace).unwrap();
    let line = Regex::new(r"^(\d+) +(\w+)\((.*)").unwrap();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut calls = BTreeSet::new();
    for found in text.lines().filter_map(|text| line.captures(text)) {
        let (thread, name, rest) = (found[1].to_owned(), found[2].to_owned(), &found[3]);
        let count = counts.entry((thread, name.clone())).or_default();
        *count += 1;
        let inside = is_inside(rest);
        let writes = match name.as_str() {
            "openat" => inside && rest.contains("O_CREAT"),
            "write" | "writev" | "sendto" => inside || network && (rest.contains("<socket:") || rest.contains("<TCP:")),
            _ => inside,
        };
        if writes {
            calls.insert((name, *count));
        }
    }
    calls.into_iter().collect()
}

/// Kills the command at each call that writes, and lets each fail in each way; then the next run has to end as one alone does.
fn check(scene: &Scene, network: bool) {
    let strace = need!("strace");
    // What is kept in the cache is there in every run.
    scene.run();
    let after = files_below(scene.repo.root());
    scene.reset();
    let calls = writing(scene, &strace, network, |rest| rest.contains(scene.repo.root().as_str()));
    scene.reset();
    assert!(calls.len() > 3, "{calls:?}");
    for (call, number) in &calls {
        let kill = format!("inject={call}:signal=KILL:when={number}");
        let trace = format!("trace={call}");
        // Which thread does what differs between runs, and what goes to the network is not cut in the same pieces.
        let is_killed = (0..if network { 1 } else { TRIES }).any(|_| {
            scene.reset();
            !scene.traced(&strace, &["-o", "/dev/null", "-e", &trace, "-e", &kill]).0
        });
        assert!(is_killed || network, "{kill}: it was not killed");
        old_or_new(scene, &after, &kill);
        scene.run();
        new(scene, &after, &kill);
        if network {
            continue;
        }
        for error in ["ENOSPC", "EROFS"] {
            let fault = format!("inject={call}:error={error}:when={number}");
            let (done, said) = scene.traced(&strace, &["-o", "/dev/null", "-e", &trace, "-e", &fault]);
            // What only tidies up, or only holds others off, may fail without a word.
            if !done {
                let names =
                    said.contains(scene.repo.root().as_str()) || after.keys().any(|name| said.contains(name.as_str()));
                assert!(names, "{fault}: {said}");
                assert!(said.contains("error: "), "{fault}: {said}");
            }
            old_or_new(scene, &after, &fault);
            scene.run();
            new(scene, &after, &fault);
        }
    }
}

/// Every file is as it was or as it is to be; what is neither is a temporary one.
fn old_or_new(scene: &Scene, after: &Files, fault: &str) {
    for (name, bytes) in files_below(scene.repo.root()) {
        let is = |files: &Files| files.get(&name).is_some_and(|known| *known == bytes);
        assert!(is(&scene.before) || is(after) || is_temporary(&name), "{fault}: `{name}` is neither");
    }
    let gone = scene.before.keys().find(|name| after.contains_key(*name) && !scene.repo.path(name).exists());
    assert_eq!(gone, None, "{fault}");
    let lost = proofs(scene).into_iter().find(|name| !scene.repo.path(name).exists());
    assert_eq!(lost, None, "{fault}");
}

/// The files that the lock names, if there is a lock.
fn proofs(scene: &Scene) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(scene.repo.path("images.lock")) else { return Vec::new() };
    let lock: Value = serde_json::from_str(&text).unwrap();
    let images = lock["images"].as_object().unwrap().values();
    let signatures = images.filter_map(|image| image["signatures"].as_array()).flatten();
    signatures
        .map(|signature| format!("images.trust/{}.json", signature["bundle"].as_str().unwrap().replace(':', "-")))
        .collect()
}

/// Every file is as it is to be, and there is no other.
fn new(scene: &Scene, after: &Files, fault: &str) {
    let now = files_below(scene.repo.root());
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&now), names(after), "{fault}");
    assert!(now == *after, "{fault}");
    scene.reset();
}

fn is_temporary(name: &str) -> bool {
    Utf8PathBuf::from(name).file_name().is_some_and(|name| name.starts_with(".imagelock-") && name.ends_with(".tmp"))
}

const TOML: &str = "[images]\nweb = \"HOST/acme/web:1\"\n";
const DOCKERFILE: (&str, &str) = ("Dockerfile", "FROM HOST/acme/web:1\n");

#[test]
fn lock() {
    check(&Scene::new(&["lock"], TOML, &[], &[]), false);
}

#[test]
fn update() {
    check(&Scene::new(&["update"], TOML, &[], &[&["lock"]]), false);
}

#[test]
fn lock_of_what_is_signed() {
    let scene = Scene::signed(&["lock"], &[]);
    check(&scene, false);
    scene.run();
    assert_eq!(proofs(&scene).len(), 1);
}

#[test]
fn update_of_what_is_signed() {
    let scene = Scene::signed(&["update"], &[&["lock"]]);
    let before = proofs(&scene);
    check(&scene, false);
    scene.run();
    assert!(proofs(&scene).len() == 1 && proofs(&scene) != before);
}

#[test]
fn render() {
    let toml = format!("{TOML}\n[[carvel]]\noutput = \"made/images.yml\"\n\n[[dockerfile]]\nedit = \"Dockerfile\"\n");
    check(&Scene::new(&["render"], &toml, &[DOCKERFILE], &[&["lock"]]), false);
}

#[test]
fn pin() {
    check(&Scene::new(&["pin"], "[images]\n", &[DOCKERFILE], &[]), false);
}

#[test]
fn init() {
    check(&Scene::new(&["init", "--yes"], "", &[DOCKERFILE], &[]), false);
}

#[test]
fn pull() {
    check(&Scene::new(&["pull", "vendor"], TOML, &[], &[&["lock"]]), false);
}

#[test]
fn mirror() {
    let scene = Scene::new(&["mirror", "TARGET"], TOML, &[], &[&["lock"]]);
    check(&scene, true);
    scene.run();
    assert!(scene.target.log().count("PUT", "/v2/") > 0 && !scene.registry.log().is_empty());
    let below = format!("corp/{}/acme/web", scene.registry.host().replace(':', "-"));
    assert_eq!(scene.target.digest_of(&below, "1"), scene.registry.digest_of("acme/web", "1"));
}

#[test]
fn a_mirror_writes_to_the_cache_alone_and_gets_on_without() {
    let strace = need!("strace");
    let scene = Scene::new(&["mirror", "TARGET"], TOML, &[], &[&["lock"]]);
    let cache = scene.repo.home().join(".cache");
    let below = format!("corp/{}/acme/web", scene.registry.host().replace(':', "-"));
    let is_whole = || scene.target.digest_of(&below, "1") == scene.registry.digest_of("acme/web", "1");
    let empty = || {
        drop(std::fs::remove_dir_all(&cache));
        scene.reset();
    };
    empty();
    // The folder that the command was started in stands in every call.
    let root = scene.repo.root();
    let here = format!("AT_FDCWD<{root}>");
    assert_eq!(writing(&scene, &strace, false, |rest| rest.replace(&here, "").contains(root.as_str())), []);
    empty();
    let calls = writing(&scene, &strace, false, |rest| rest.contains(cache.as_str()));
    assert!(calls.len() > 3, "{calls:?}");
    for (call, number) in calls {
        for error in ["ENOSPC", "EROFS"] {
            empty();
            let fault = format!("inject={call}:error={error}:when={number}");
            let trace = format!("trace={call}");
            let (done, said) = scene.traced(&strace, &["-o", "/dev/null", "-e", &trace, "-e", &fault]);
            assert!(done && is_whole(), "{fault}: {said}");
            // What lies in the cache after that is believed no more than before.
            scene.target.clear();
            scene.run();
            assert!(is_whole(), "{fault}");
        }
    }
}
