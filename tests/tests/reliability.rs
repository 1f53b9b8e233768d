//! What is left when runs are killed, or run at once.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::process::{Child, Stdio};
use std::time::Duration;

use camino::Utf8Path;
use imagelock_testkit::{Fault, Gate, Image, On, Registry};
use imagelock_tests::{Monorepo, binary};

fn project(host: &str, tag: &str) -> String {
    let images: Vec<String> = (0..12).map(|n| format!("image{n} = \"{host}/acme/image{n}:{tag}\"\n")).collect();
    format!("[images]\n{}", images.concat())
}

fn fill(registry: &Registry) {
    for tag in ["a", "b"] {
        for n in 0..12 {
            let image = Image::linux(["amd64"]).seed(&format!("{tag}{n}"));
            registry.push(&format!("acme/image{n}:{tag}"), &image);
        }
    }
}

/// A small generator of moments: a fixed sequence, so that a failure can be run again.
struct Moments(u64);

impl Moments {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn a_run_that_is_killed_leaves_the_old_or_the_new_lock() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let repo = Monorepo::builder().build();
    let mut locks = Vec::new();
    for tag in ["a", "b"] {
        repo.write("images.toml", project(registry.host(), tag));
        repo.imagelock(["lock"]).success();
        locks.push(repo.read("images.lock"));
    }
    let whole = {
        let start = std::time::Instant::now();
        repo.write("images.toml", project(registry.host(), "a"));
        repo.imagelock(["lock"]).success();
        start.elapsed()
    };

    let mut moments = Moments(20);
    let (mut kept, mut written) = (0, 0);
    for round in 0..200 {
        let (old, new) = (round % 2, (round + 1) % 2);
        std::fs::write(repo.path("images.lock"), &locks[old]).unwrap();
        repo.write("images.toml", project(registry.host(), ["a", "b"][new]));
        let mut command = repo.command(binary());
        command.arg("lock").stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = command.spawn().unwrap();
        // A moment within a whole run, and a little after it, is what is meant: nothing waits for it.
        let moment = whole.mul_f64(f64::from(u32::try_from(moments.next(1200)).unwrap()) / 1000.0);
        std::thread::sleep(moment.min(Duration::from_secs(2)));
        run.kill().unwrap();
        run.wait().unwrap();
        let lock = repo.read("images.lock");
        assert!(lock == locks[old] || lock == locks[new], "round {round}, killed after {moment:?}:\n{lock}");
        if lock == locks[old] { kept += 1 } else { written += 1 }
    }
    assert!(kept > 0 && written > 0, "the moments cover both sides: {kept} kept, {written} written");
    repo.imagelock(["lock"]).success();
    repo.imagelock(["lock", "--locked"]).success();
    let left: Vec<_> = std::fs::read_dir(repo.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "nothing but the two files is left: {left:?}");
}

#[test]
fn a_pin_that_is_killed_leaves_each_file_old_or_new_and_no_digest_that_is_not_locked() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let repo = Monorepo::builder().file(".git/HEAD", "ref: refs/heads/main\n").build();
    let file = |n: usize| format!("service{n}/Dockerfile");
    let old = |n: usize| format!("FROM {}/acme/image{n}:a\n", registry.host());
    let reset = || {
        (0..12).for_each(|n| repo.write(file(n), old(n)));
        for name in ["images.toml", "images.lock"] {
            drop(std::fs::remove_file(repo.path(name)));
        }
    };
    reset();
    let start = std::time::Instant::now();
    repo.imagelock(["pin", "--no-cache"]).success();
    let whole = start.elapsed();
    let [toml, lock] = ["images.toml", "images.lock"].map(|name| repo.read(name));
    let new: Vec<String> = (0..12).map(|n| repo.read(file(n))).collect();

    let mut moments = Moments(21);
    let (mut before, mut after) = (0, 0);
    for round in 0..60 {
        reset();
        let mut command = repo.command(binary());
        command.args(["pin", "--no-cache"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = command.spawn().unwrap();
        // As above: a moment within a whole run, and a little after it.
        let moment = whole.mul_f64(f64::from(u32::try_from(moments.next(1200)).unwrap()) / 1000.0);
        std::thread::sleep(moment.min(Duration::from_secs(2)));
        run.kill().unwrap();
        run.wait().unwrap();
        let left = |name: &str| std::fs::read_to_string(repo.path(name)).ok();
        let is_declared = left("images.toml").inspect(|text| assert_eq!(*text, toml)).is_some();
        let is_locked = left("images.lock").inspect(|text| assert_eq!(*text, lock)).is_some();
        assert!(is_declared || !is_locked, "round {round}");
        for (n, new) in new.iter().enumerate() {
            let text = repo.read(file(n));
            assert!(text == old(n) || text == *new && is_locked, "round {round}: {text}");
        }
        if is_locked { after += 1 } else { before += 1 }
    }
    assert!(before > 0 && after > 0, "the moments cover both sides: {before} before, {after} after");
    repo.imagelock(["pin"]).success();
    assert!((0..12).all(|n| repo.read(file(n)) == new[n]));
}

#[test]
fn two_runs_at_once_wait_for_each_other_and_both_are_done() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let host = registry.host().to_owned();
    let repo = Monorepo::builder().file("images.toml", "[images]\n").build();
    repo.imagelock(["lock"]).success();

    let gate = Gate::new();
    registry.fault(On::manifest("acme/image0"), Fault::hold(&gate));
    let mut first = repo.command(binary());
    let mut first = first.args(["add", &format!("{host}/acme/image0:a")]).stderr(Stdio::null()).spawn().unwrap();
    gate.wait_for(1);
    let mut second = repo.command(binary());
    let second = second.args(["add", &format!("{host}/acme/image1:a")]).stderr(Stdio::piped()).spawn().unwrap();
    gate.open();
    assert!(first.wait().unwrap().success());
    let second = second.wait_with_output().unwrap();
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));

    let lock = repo.read("images.lock");
    assert!(lock.contains("\"image0\"") && lock.contains("\"image1\""), "{lock}");
    repo.imagelock(["lock", "--locked"]).success();
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_so_and_writes_nothing() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let repo = Monorepo::builder().file("images.toml", project(registry.host(), "a")).build();
    let gate = Gate::new();
    registry.fault(On::manifest("acme/image3"), Fault::hold(&gate));
    let mut command = repo.command(binary());
    let run = command.arg("lock").stderr(Stdio::piped()).spawn().unwrap();
    gate.wait_for(1);
    let interrupted = std::process::Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = run.wait_with_output().unwrap();
    gate.open();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("interrupted; nothing was written"), "{said}");
    assert!(!repo.path("images.lock").exists());
}

/// The temporary files below a folder.
fn temporaries(folder: &Utf8Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().path().display().to_string());
    files.filter(|path| path.contains(".imagelock-")).collect()
}

/// A `pull` that waits for a blob, and the gate that lets it go on.
fn pull_that_waits(registry: &Registry, repo: &Monorepo, place: &[&str]) -> (Child, Gate) {
    // Whoever runs the tests may have begun with signals that are ignored, as `nohup` does.
    pull_with_signals(registry, repo, place, "--default-signal=HUP,QUIT")
}

/// The same, with an option of `env` about signals, where there is one.
fn pull_with_signals(registry: &Registry, repo: &Monorepo, place: &[&str], signals: &str) -> (Child, Gate) {
    let gate = Gate::new();
    registry.fault(On::blob("acme/image3"), Fault::hold(&gate));
    let mut command = if cfg!(target_os = "linux") {
        let mut command = repo.command("/usr/bin/env".into());
        command.args([signals, binary().as_str()]);
        command
    } else {
        repo.command(binary())
    };
    let run = command.arg("pull").args(place).stderr(Stdio::piped()).spawn().unwrap();
    gate.wait_for(1);
    (run, gate)
}

/// What ends a run. A terminal that goes away ends it where it is known that nobody wants it to live on.
const SIGNALS: &[&str] =
    if cfg!(target_os = "linux") { &["-TERM", "-INT", "-HUP", "-QUIT", "-KILL"] } else { &["-TERM", "-INT", "-KILL"] };

const PLACES: [&[&str]; 3] = [&["vendor"], &["--bazel-cache", "vendor"], &["--distdir", "vendor"]];

#[cfg(unix)]
#[test]
fn a_pull_that_is_asked_to_end_leaves_no_temporary_file_and_a_killed_one_leaves_them_to_the_next() {
    for place in PLACES {
        for signal in SIGNALS {
            let registry = Registry::start().unwrap();
            fill(&registry);
            let repo = Monorepo::builder().file("images.toml", project(registry.host(), "a")).build();
            repo.imagelock(["lock"]).success();
            let (run, gate) = pull_that_waits(&registry, &repo, place);
            assert!(!temporaries(&repo.path("vendor")).is_empty(), "{place:?}: a blob is on its way");
            let sent = std::process::Command::new("kill").args([*signal, &run.id().to_string()]).status().unwrap();
            assert!(sent.success());
            let output = run.wait_with_output().unwrap();
            gate.open();
            registry.heal();
            if *signal != "-KILL" {
                assert_eq!(output.status.code(), Some(3));
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(said.contains("interrupted; what is there already is not fetched again"), "{said}");
                assert_eq!(temporaries(&repo.path("vendor")), [""; 0], "{place:?} {signal}");
            }
            repo.imagelock([&["pull"], place].concat()).success();
            assert_eq!(temporaries(&repo.path("vendor")), [""; 0], "{place:?} {signal}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_pull_that_is_to_outlive_its_terminal_does() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let repo = Monorepo::builder().file("images.toml", project(registry.host(), "a")).build();
    repo.imagelock(["lock"]).success();
    let (run, gate) = pull_with_signals(&registry, &repo, &["vendor"], "--ignore-signal=HUP");
    let sent = std::process::Command::new("kill").args(["-HUP", &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
    gate.open();
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_pull_does_not_remove_what_another_is_fetching() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let repo = Monorepo::builder().file("images.toml", project(registry.host(), "a")).build();
    repo.imagelock(["lock"]).success();
    let (run, gate) = pull_that_waits(&registry, &repo, &["vendor"]);
    repo.imagelock(["pull", "vendor", "--image", "image5"]).success();
    gate.open();
    // What was removed could not be put in its place.
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(temporaries(&repo.path("vendor")), [""; 0]);
}

#[test]
fn an_add_that_is_killed_leaves_what_the_next_command_tells() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let image = format!("{}/acme/image0:a", registry.host());
    let repo = Monorepo::builder().file("images.toml", "[images]\n").build();
    repo.imagelock(["lock"]).success();
    let (old_toml, old_lock) = (repo.read("images.toml"), repo.read("images.lock"));
    let start = std::time::Instant::now();
    repo.imagelock(["add", &image]).success();
    let whole = start.elapsed();
    let (new_toml, new_lock) = (repo.read("images.toml"), repo.read("images.lock"));

    let mut moments = Moments(7);
    let (mut kept, mut written) = (0, 0);
    for round in 0..60 {
        repo.write("images.toml", &old_toml);
        repo.write("images.lock", &old_lock);
        let mut command = repo.command(binary());
        let mut run = command.args(["add", &image]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // A moment within a whole run, and a little after it, is what is meant: nothing waits for it.
        let moment = whole.mul_f64(f64::from(u32::try_from(moments.next(1200)).unwrap()) / 1000.0);
        std::thread::sleep(moment.min(Duration::from_secs(2)));
        run.kill().unwrap();
        run.wait().unwrap();
        let (toml, lock) = (repo.read("images.toml"), repo.read("images.lock"));
        assert!(toml == old_toml || toml == new_toml, "round {round}, killed after {moment:?}:\n{toml}");
        assert!(lock == old_lock || lock == new_lock, "round {round}, killed after {moment:?}:\n{lock}");
        // Never a lock whose request nobody made: the next `lock` would drop it, and with it what was asked for.
        assert!(lock == old_lock || toml == new_toml, "round {round}, killed after {moment:?}");
        if toml == old_toml { kept += 1 } else { written += 1 }
    }
    assert!(kept > 0 && written > 0, "the moments cover both sides: {kept} kept, {written} written");

    // The moment between the two files.
    repo.write("images.toml", &new_toml);
    repo.write("images.lock", &old_lock);
    let told = repo.imagelock(["lock", "--locked"]).exit(1);
    assert!(told.stderr.contains("not in images.lock"), "{}", told.stderr);
    repo.imagelock(["lock"]).success();
    assert_eq!(repo.read("images.lock"), new_lock);
    assert_eq!(temporaries(repo.root()), [""; 0]);
}

#[test]
fn a_lock_that_holds_can_be_checked_in_a_tree_that_cannot_be_written() {
    let registry = Registry::start().unwrap();
    fill(&registry);
    let repo = Monorepo::builder().file("images.toml", project(registry.host(), "a")).build();
    repo.imagelock(["lock"]).success();
    drop(registry);
    let before = std::fs::metadata(repo.path("images.lock")).unwrap().modified().unwrap();
    repo.imagelock(["lock", "--locked"]).success();
    repo.imagelock(["lock"]).success();
    let after = std::fs::metadata(repo.path("images.lock")).unwrap().modified().unwrap();
    assert_eq!(before, after, "a lock that holds is not written again");
}
