//! How old an image has to be before `update` takes it, and what was seen when.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::{Fault, Image, On, Registry};
use imagelock_tests::{Monorepo, Output};
use serde_json::Value;

const RULE: &str = "[images.postgres]\nrepository = \"HOST/library/postgres\"\nversion = \"16\"\n\
                    tags = '^(?<version>[0-9.]+)-alpine$'\n";

struct Project {
    registry: Registry,
    repo: Monorepo,
}

impl Project {
    /// A project with a cool-down of three days that has locked what is there.
    fn new(images: &str, pushed: &[(&str, &str)]) -> Self {
        let registry = Registry::start().unwrap();
        let toml = format!("[defaults]\ncooldown = \"3d\"\n{images}").replace("HOST", registry.host());
        let this = Self { registry, repo: Monorepo::builder().file("images.toml", toml).build() };
        for (tag, day) in pushed {
            this.push(tag, day);
        }
        this.repo.imagelock(["lock"]).success();
        this
    }

    fn push(&self, reference: &str, day: &str) -> String {
        let image = Image::linux(["amd64"]).seed(&format!("{reference}{day}")).created(&format!("{day}T06:00:00Z"));
        self.registry.push(reference, &image)
    }

    fn update(&self, as_of: &str, more: &[&str]) -> Output {
        self.repo.imagelock([&["update", "--as-of", as_of], more].concat())
    }

    /// `name:tag` of all that is locked.
    fn locked(&self) -> Vec<String> {
        let lock: Value = serde_json::from_str(&self.repo.read("images.lock")).unwrap();
        let images = lock["images"].as_object().unwrap().iter();
        images.map(|(name, image)| format!("{name}:{}", image["tag"].as_str().unwrap())).collect()
    }

    /// `tag day` of the lines of `images.seen`.
    fn seen(&self) -> Vec<String> {
        let lines = self.repo.read("images.seen");
        let lines = lines.lines().filter(|line| !line.starts_with('#'));
        let words = lines.map(|line| line.split(' ').collect::<Vec<_>>());
        words.map(|words| format!("{} {}", words[1], &words[3][..10])).collect()
    }
}

fn postgres() -> Project {
    Project::new(RULE, &[("library/postgres:16.8-alpine", "2026-10-01")])
}

#[test]
fn the_newest_that_is_old_enough_is_taken_and_the_newer_one_waits_until_a_day() {
    let project = postgres();
    project.push("library/postgres:16.9-alpine", "2026-11-09");
    project.push("library/postgres:16.10-alpine", "2026-11-22");
    let first = project.update("2026-11-23T06:00:00Z", &[]).success();
    assert!(first.stderr.contains("Updating postgres  16.8-alpine -> 16.9-alpine"), "{}", first.stderr);
    let waits = "16.10-alpine  built 22 Nov 2026, cool-down 3 days, eligible 25 Nov 2026";
    assert!(first.stderr.contains(waits) && first.stderr.contains("Wrote images.seen"), "{}", first.stderr);
    assert!(!first.stderr.contains("take it"), "{}", first.stderr);
    assert_eq!(project.seen(), ["16.10-alpine 2026-11-23", "16.9-alpine 2026-11-23"]);
    // What came later is as old as it has been seen, whatever it says.
    project.push("library/postgres:16.11-alpine", "2020-01-01");
    let second = project.update("2026-11-24T06:00:00Z", &[]).success();
    let waits = "16.11-alpine  first seen 24 Nov 2026, cool-down 3 days, eligible 27 Nov 2026";
    assert!(second.stderr.contains(waits), "{}", second.stderr);
    assert_eq!(project.locked(), ["postgres:16.9-alpine"]);
    project.update("2026-11-25", &[]).success();
    assert_eq!(project.locked(), ["postgres:16.10-alpine"]);
    project.update("2026-11-27", &[]).success();
    assert_eq!(project.locked(), ["postgres:16.11-alpine"]);
    // The same again finds nothing to do, and writes nothing.
    let before = [project.repo.read("images.lock"), project.repo.read("images.seen")];
    project.update("2026-11-27", &["--dry-run", "--exit-code"]).success();
    project.update("2026-11-27", &[]).success();
    assert_eq!([project.repo.read("images.lock"), project.repo.read("images.seen")], before);
}

#[test]
fn all_that_is_looked_at_is_noted_and_not_the_best_alone() {
    let project = postgres();
    project.update("2026-11-01", &[]).success();
    for tag in ["16.9", "16.10", "16.11"] {
        project.push(&format!("library/postgres:{tag}-alpine"), "2026-11-20");
    }
    project.update("2026-11-22T06:00:00Z", &[]).success();
    let noted =
        ["16.10-alpine 2026-11-22", "16.11-alpine 2026-11-22", "16.8-alpine 2026-11-01", "16.9-alpine 2026-11-22"];
    assert_eq!(project.seen(), noted);
    // The best one is taken back: the next has waited as long.
    project.registry.delete_tag("library/postgres", "16.11-alpine");
    project.update("2026-11-25T06:00:00Z", &[]).success();
    assert_eq!(project.locked(), ["postgres:16.10-alpine"]);
}

#[test]
fn what_waits_for_its_age_is_told_to_programs_and_taken_where_somebody_says_so() {
    let project = postgres();
    project.push("library/postgres:16.9-alpine", "2026-11-22");
    let told = project.update("2026-11-23", &["--format", "json", "--dry-run", "--exit-code"]).success();
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let reason = &told["waiting"][0]["reasons"][0];
    assert_eq!((&reason["kind"], &reason["cooldown"]), (&"cooldown".into(), &"3d".into()));
    assert_eq!(reason["evidence"], serde_json::json!({ "by": "built", "at": "2026-11-22T06:00:00Z" }));
    assert_eq!(reason["eligible"], "2026-11-25T06:00:00Z");
    assert_eq!(told["waiting"][0]["approve"], "imagelock update postgres --allow cooldown");
    assert!(!project.repo.path("images.seen").exists(), "a dry run writes nothing");
    project.update("2026-11-23", &["postgres", "--allow", "cooldown"]).success();
    assert_eq!(project.locked(), ["postgres:16.9-alpine"]);
}

#[test]
fn a_registry_that_says_since_when_is_believed() {
    let project = postgres();
    project.update("2026-11-20", &[]).success();
    project.push("library/postgres:16.9-alpine", "2026-11-22");
    let modified = Fault::set_header("last-modified", "Mon, 09 Nov 2026 06:00:00 GMT");
    project.registry.fault(On::manifest("library/postgres").method("HEAD"), modified);
    project.update("2026-11-23", &[]).success();
    assert_eq!(project.locked(), ["postgres:16.9-alpine"]);
}

#[test]
fn a_followed_tag_waits_too_and_what_has_the_same_content_does_not() {
    let project = Project::new("[images]\nweb = \"HOST/acme/web:1\"\n", &[("acme/web:1", "2026-10-01")]);
    let locked = project.repo.read("images.lock");
    project.update("2026-11-20", &[]).success();
    project.push("acme/web:1", "2026-11-21");
    let waits = project.update("2026-11-22T06:00:00Z", &[]).success();
    assert!(waits.stderr.contains("first seen 22 Nov 2026, cool-down 3 days"), "{}", waits.stderr);
    assert_eq!(project.repo.read("images.lock"), locked);
    project.update("2026-11-25", &[]).success();
    assert_ne!(project.repo.read("images.lock"), locked);
}

#[test]
fn what_others_have_seen_counts_and_a_ledger_that_is_not_there_is_shown() {
    let project = postgres();
    project.update("2026-11-01", &[]).success();
    let digest = project.push("library/postgres:16.9-alpine", "2026-11-22");
    let toml = project.repo.read("images.toml");
    project.repo.write("images.toml", format!("ledgers = [\"../platform/images.seen\"]\n{toml}"));
    let missing = project.update("2026-11-23", &[]).exit(2);
    assert!(missing.stderr.contains("cannot read the ledger `../platform/images.seen`"), "{}", missing.stderr);
    assert!(missing.stderr.contains("images.toml:1:13"), "{}", missing.stderr);
    let host = project.registry.host();
    let line = format!("{host}/library/postgres 16.9-alpine {digest} 2026-11-10T06:00:00Z\n");
    project.repo.write("../platform/images.seen", &line);
    project.update("2026-11-23", &[]).success();
    assert_eq!(project.locked(), ["postgres:16.9-alpine"]);
    assert_eq!(project.repo.read("../platform/images.seen"), line, "what others wrote stays");
}

#[test]
fn a_version_tag_that_was_pushed_again_is_told_whether_it_is_taken_or_not() {
    let project = postgres();
    project.update("2026-11-20", &[]).success();
    let to = project.push("library/postgres:16.8-alpine", "2026-11-21");
    let told = project.update("2026-11-22", &["--format", "json"]).success();
    let again = "library/postgres:16.8-alpine was pushed again: sha256:";
    assert!(told.stderr.contains(again) && told.stderr.contains(", first seen 20 Nov 2026, is now"), "{}", told.stderr);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let pushed = &told["pushedAgain"][0];
    assert_eq!((&pushed["name"], &pushed["tag"]), (&"postgres".into(), &"16.8-alpine".into()));
    assert_eq!((&pushed["to"], &pushed["from"]["firstSeen"]), (&to.into(), &"2026-11-20T23:59:59Z".into()));
    let taken = project.update("2026-11-26", &[]).success();
    assert!(taken.stderr.contains(again), "{}", taken.stderr);
    let fresh = project.update("2026-11-26", &[]).success();
    assert!(!fresh.stderr.contains("pushed again"), "{}", fresh.stderr);
}

#[test]
fn without_a_cool_down_nothing_is_written_and_nothing_more_is_asked() {
    let project = postgres();
    let toml = project.repo.read("images.toml").replace("cooldown = \"3d\"\n", "");
    project.repo.write("images.toml", &toml);
    project.push("library/postgres:16.9-alpine", "2026-11-22");
    project.registry.log().take();
    project.update("2026-11-22", &[]).success();
    assert_eq!(project.locked(), ["postgres:16.9-alpine"]);
    assert!(!project.repo.path("images.seen").exists());
    assert_eq!(project.registry.log().count("HEAD", "/v2/library/postgres/"), 1);
}

#[test]
fn a_file_that_is_no_ledger_is_shown_and_left() {
    let project = postgres();
    project.repo.write("images.seen", "postgres 16\n");
    let told = project.update("2026-11-23", &[]).exit(2);
    assert!(told.stderr.contains("images.seen is not a ledger of what was seen"), "{}", told.stderr);
    assert!(told.stderr.contains("images.seen:1:1"), "{}", told.stderr);
    assert_eq!(project.repo.read("images.seen"), "postgres 16\n");
}
