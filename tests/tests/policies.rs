//! How far an update goes, what waits, and who approves it: against real registries of both generations.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::Image;
use imagelock_tests::{GENERATIONS, Monorepo, RealRegistry, need};
use serde_json::Value;

struct World {
    registry: RealRegistry,
    repo: Monorepo,
}

impl World {
    fn push(&self, tag: &str, image: &Image) {
        image.push_to(&self.registry.url(), "acme/app", tag, None).unwrap();
    }

    /// Writes the project file, with the registry's host in the place of `{host}`.
    fn project(&self, toml: &str) {
        self.repo.write("images.toml", toml.replace("{host}", self.registry.host()));
    }

    /// What `app` is locked to: its tag, and what it says is its version.
    fn locked(&self) -> (String, String) {
        let lock: Value = serde_json::from_str(&self.repo.read("images.lock")).unwrap();
        let text = |key: &str| lock["images"]["app"][key].as_str().unwrap_or_default().to_owned();
        (text("tag"), text("version"))
    }

    #[track_caller]
    fn run(&self, command: &str, exit: i32) -> String {
        self.repo.imagelock(command.split(' ')).exit(exit).stderr
    }

    #[track_caller]
    fn document(&self, command: &str, exit: i32) -> Value {
        let output = self.repo.imagelock(command.split(' ').chain(["--format", "json"])).exit(exit);
        serde_json::from_str(&output.stdout).unwrap()
    }
}

fn image(version: &str) -> Image {
    Image::linux(["amd64", "arm64"]).seed(version).label("org.opencontainers.image.version", version)
}

fn locked(tag: &str, version: &str) -> (String, String) {
    (tag.to_owned(), version.to_owned())
}

/// Runs a story against each registry.
fn against_both(story: impl Fn(&World)) {
    for generation in GENERATIONS {
        let program = need!(generation);
        let world = World { registry: RealRegistry::new(&program).start(), repo: Monorepo::builder().build() };
        story(&world);
    }
}

const RULE: &str = "[images.app]\nrepository = \"{host}/acme/app\"\nversion = \"*\"\n";
const FOLLOWED: &str = "[images.app]\nrepository = \"{host}/acme/app\"\n";

#[test]
fn the_best_version_within_the_appetite_is_taken_and_the_best_of_all_waits_for_approval() {
    against_both(|world| {
        world.push("16.8", &image("16.8"));
        world.project(&format!("{RULE}updates = \"minor\"\n"));
        world.run("lock", 0);
        world.push("16.9", &image("16.9"));
        world.push("17.1", &image("17.1"));

        let told = world.run("update --dry-run --exit-code", 1);
        assert!(told.contains("1 image would change, 1 image waits for approval"), "{told}");
        let told = world.run("update", 0);
        assert!(told.contains("Updating app  16.8 -> 16.9"), "{told}");
        assert!(
            told.contains("Waiting app  16.9 -> 17.1  major, and `updates` is `minor`")
                || told.contains("16.8 -> 17.1"),
            "{told}"
        );
        assert!(told.contains("take it: `imagelock update app --allow major`"), "{told}");
        assert_eq!(world.locked(), locked("16.9", "16.9"));

        let waiting = &world.document("update", 0)["waiting"][0];
        assert_eq!(waiting["name"], "app");
        assert_eq!(waiting["from"]["tag"], "16.9");
        assert_eq!(waiting["to"]["tag"], "17.1");
        assert_eq!(waiting["level"], "major");
        assert_eq!(waiting["reasons"][0]["kind"], "level");
        assert_eq!(waiting["reasons"][0]["allowed"], "minor");
        assert_eq!(waiting["reasons"][0]["words"], "major, and `updates` is `minor`");
        let told = world.run("update --dry-run --exit-code", 1);
        assert!(told.contains("1 image waits for approval") && !told.contains("would change"), "{told}");

        let command = waiting["approve"].as_str().unwrap().strip_prefix("imagelock ").unwrap();
        world.run(command, 0);
        assert_eq!(world.locked(), locked("17.1", "17.1"));
        let told = world.run("update --dry-run --exit-code", 0);
        assert!(told.contains("nothing moved"), "{told}");
        world.run("lock --locked", 0);
    });
}

#[test]
fn a_followed_tag_that_moves_to_another_major_waits_like_one() {
    against_both(|world| {
        world.push("latest", &image("1.24.3"));
        world.project(&format!("{FOLLOWED}\n[defaults]\nupdates = \"minor\"\n"));
        world.run("lock", 0);
        world.push("latest", &image("2.0.0"));
        let told = world.run("update", 0);
        assert!(told.contains("Waiting app  1.24.3 -> 2.0.0  major, and `updates` is `minor`"), "{told}");
        assert_eq!(world.locked(), locked("latest", "1.24.3"));
        world.push("latest", &image("1.25.0"));
        world.run("update", 0);
        assert_eq!(world.locked(), locked("latest", "1.25.0"));
        // Moved back.
        world.push("latest", &image("1.24.3"));
        let told = world.run("update", 0);
        assert!(told.contains("it is older than what is locked"), "{told}");
        world.run("update app --allow down", 0);
        assert_eq!(world.locked(), locked("latest", "1.24.3"));
    });
}

#[test]
fn without_an_appetite_everything_that_the_request_admits_is_taken() {
    against_both(|world| {
        world.push("latest", &image("1.24.3"));
        world.project(FOLLOWED);
        world.run("lock", 0);
        for version in ["2.0.0", "1.24.3"] {
            world.push("latest", &image(version));
            let told = world.run("update", 0);
            assert!(!told.contains("Waiting"), "{told}");
            assert_eq!(world.locked(), locked("latest", version));
        }
    });
}

#[test]
fn who_goes_back_holds_the_image_until_the_hold_is_taken_out() {
    against_both(|world| {
        world.push("16.8", &image("16.8"));
        world.push("16.9", &image("16.9"));
        let toml = format!("# Ours\n{RULE}# The end\n");
        world.project(&toml);
        world.run("lock", 0);
        let told = world.run("update app --precise 16.8 --dry-run", 0);
        assert!(told.contains("images.toml would hold app: back from 16.9"), "{told}");
        let told = world.run("update app --precise 16.8", 0);
        assert!(told.contains("Holding app in images.toml: back from 16.9"), "{told}");
        assert!(told.contains("Downgrading app  16.9 -> 16.8"), "{told}");
        let held = world.repo.read("images.toml");
        assert!(held.contains("version = \"*\"\nhold = \"back from 16.9\"\n"), "{held}");
        assert!(held.starts_with("# Ours\n") && held.ends_with("# The end\n"), "{held}");

        world.push("16.10", &image("16.10"));
        let told = world.run("update", 0);
        assert!(told.contains("Waiting app  16.8 -> 16.10  held: back from 16.9"), "{told}");
        assert_eq!(world.locked(), locked("16.8", "16.8"));
        // A hold is a decision, and waits for nobody.
        world.run("update --dry-run --exit-code", 0);
        world.run("lock --locked", 0);

        world.project(&toml);
        world.run("update", 0);
        assert_eq!(world.locked(), locked("16.10", "16.10"));
    });
}

#[test]
fn a_hold_says_until_when_and_ends_then() {
    against_both(|world| {
        world.push("16.8", &image("16.8"));
        world.project(&format!("{RULE}hold = \"plugins\"\nuntil = 9999-12-31\n"));
        world.run("lock", 0);
        world.push("16.9", &image("16.9"));
        let told = world.run("update", 0);
        assert!(told.contains("held until 31 Dec 9999: plugins"), "{told}");
        assert!(told.contains("take it: `imagelock update app --allow hold`"), "{told}");
        world.project(&format!("{RULE}hold = \"plugins\"\nuntil = \"2020-01-01\"\n"));
        world.run("update", 0);
        assert_eq!(world.locked(), locked("16.9", "16.9"));
    });
}

#[test]
fn architectures_that_are_pushed_one_after_another_are_waited_for_and_the_others_are_updated() {
    against_both(|world| {
        world.push("1", &image("1.0"));
        world.push("2", &image("2.0"));
        world.project(
            "[defaults]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n\n[images]\napp = \"{host}/acme/app:1\"\nother = \"{host}/acme/app:2\"\n",
        );
        world.run("lock", 0);
        world.push("1", &Image::linux(["amd64"]).index().seed("1.1"));
        world.push("2", &image("2.1"));
        let told = world.run("update", 0);
        assert!(told.contains("it has no linux/arm64 yet"), "{told}");
        assert!(told.contains("Updating other") && !told.contains("take it:"), "{told}");
        assert_eq!(world.locked(), locked("1", "1.0"));
        let waiting = &world.document("update", 0)["waiting"][0];
        assert_eq!(waiting["reasons"][0]["missing"][0], "linux/arm64");
        assert_eq!(waiting["approve"], Value::Null);
        world.run("update --dry-run --exit-code", 0);

        world.push("1", &image("1.1"));
        world.run("update", 0);
        assert_eq!(world.locked(), locked("1", "1.1"));
        // What was never locked has nothing to stay at.
        world.push("3", &Image::linux(["amd64"]).index().seed("3.0"));
        let toml = world.repo.read("images.toml");
        world.project(&format!("{toml}new = \"{{host}}/acme/app:3\"\n"));
        world.run("lock", 2);
    });
}

#[test]
fn an_image_that_only_builds_has_its_own_appetite() {
    against_both(|world| {
        world.push("16.8", &image("16.8"));
        let defaults = "\n[defaults]\nupdates = \"patch\"\n\n[defaults.build]\nupdates = \"major\"\n";
        world.project(&format!("{RULE}{defaults}"));
        world.run("lock", 0);
        world.push("17.1", &image("17.1"));
        world.run("update", 0);
        assert_eq!(world.locked(), locked("16.8", "16.8"));
        world.project(&format!("{RULE}role = \"build\"\n{defaults}"));
        world.run("update", 0);
        assert_eq!(world.locked(), locked("17.1", "17.1"));
    });
}

/// A repository in which one image may move, one waits, one is held, and one is what it could be.
fn behind(world: &World) {
    let made = |version: &str, day: &str| image(version).created(&format!("2020-01-{day}T00:00:00Z"));
    for tag in ["1.0", "held", "fresh"] {
        world.push(tag, &made("1.0", "10"));
    }
    let image = |name: &str, more: &str| format!("[images.{name}]\nrepository = \"{{host}}/acme/app\"\n{more}\n");
    world.project(
        &[
            image("app", "version = \"*\""),
            image("fresh", "tag = \"fresh\""),
            image("held", "tag = \"held\"\nhold = \"a | b\""),
            "[defaults]\nupdates = \"minor\"\n".to_owned(),
        ]
        .concat(),
    );
    world.run("lock", 0);
    world.push("1.1", &made("1.1", "20"));
    world.push("2.0", &made("2.0", "30"));
    world.push("held", &made("1.0.1", "30"));
}

#[test]
fn what_is_behind_is_told_with_what_may_be_taken_and_what_keeps_the_rest() {
    against_both(|world| {
        behind(world);
        let lock = world.repo.read("images.lock");
        let output = world.repo.imagelock(["outdated"]).success();
        let lines: Vec<String> =
            output.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[0], "NAME CURRENT ALLOWED LATEST LEVEL AGE WHY");
        let without_age = |line: &str| regex::Regex::new(r"\d+ days ").unwrap().replace(line, "").into_owned();
        assert_eq!(without_age(&lines[1]), "app 1.0 1.1 2.0 major major, and `updates` is `minor`");
        assert_eq!(without_age(&lines[2]), "held 1.0 1.0.1 patch held: a | b");
        assert_eq!(lines.len(), 3, "{}", output.stdout);
        assert!(output.stderr.contains("Fresh 1 image"), "{}", output.stderr);
        assert_eq!(world.repo.read("images.lock"), lock, "nothing is written");

        let output = world.repo.imagelock(["outdated", "--format", "markdown"]).success();
        let row = output.stdout.lines().nth(2).unwrap();
        assert!(row.starts_with("| `app` | `1.0` | `1.1` | `2.0` | major |"), "{row}");
        assert!(row.ends_with("; `imagelock update app --allow major` |"), "{row}");
        assert_eq!(output.stdout.lines().nth(3).unwrap().matches('|').count(), 8, "{}", output.stdout);

        let document = world.document("outdated", 0);
        assert_eq!(document["fresh"], 1);
        let [app, held] = document["outdated"].as_array().unwrap().as_slice() else { panic!("{document}") };
        assert_eq!((&app["current"]["tag"], &app["allowed"]["tag"]), (&"1.0".into(), &"1.1".into()));
        assert_eq!(
            (&app["latest"]["tag"], &app["level"], &app["state"]),
            (&"2.0".into(), &"major".into(), &"waiting".into())
        );
        assert_eq!(app["approve"], "imagelock update app --allow major");
        assert!(app["ageDays"].as_i64().unwrap() > 2000, "{app}");
        assert_eq!((&held["state"], &held["allowed"]), (&"held".into(), &Value::Null));
        assert_eq!(held["reasons"][0]["reason"], "a | b");
    });
}

#[test]
fn outdated_fails_where_it_is_asked_to_and_something_is_to_be_done() {
    against_both(|world| {
        behind(world);
        let told = world.run("outdated --exit-code", 1);
        assert!(told.contains("1 image would change, 1 image waits for approval"), "{told}");
        world.run("outdated held fresh --exit-code", 0);
        world.run("update", 0);
        let told = world.run("outdated --exit-code", 1);
        assert!(told.contains("1 image waits for approval") && !told.contains("would change"), "{told}");
        world.run("update app --allow major", 0);
        world.run("outdated --exit-code", 0);
        world.run("outdated none", 2);
        world.run("list --format markdown", 2);
    });
}

#[test]
fn what_is_there_is_noted_where_somebody_asks_for_it() {
    against_both(|world| {
        behind(world);
        let lock = world.repo.read("images.lock");
        let seen = world.repo.root().join("images.seen");
        world.run("outdated", 0);
        assert!(!seen.exists());
        world.run("outdated --record", 0);
        let noted = world.repo.read("images.seen");
        assert!(noted.contains("acme/app 1.1 sha256:"), "{noted}");
        assert_eq!(world.repo.read("images.lock"), lock);
    });
}

#[test]
fn an_image_that_stands_only_in_stages_that_build_is_told_as_one() {
    against_both(|world| {
        world.push("go", &image("1.0"));
        world.push("run", &image("2.0"));
        let text = "FROM {host}/acme/app:go AS build\nFROM {host}/acme/app:run\nCOPY --from=build /a /a\n";
        world.repo.write("Dockerfile", text.replace("{host}", world.registry.host()));
        let scanned = world.document("scan", 0);
        assert_eq!(scanned["references"][0]["role"], "build");
        assert_eq!(scanned["references"][1]["role"], Value::Null);
        let found = world.document("init --dry-run", 0);
        let roles: Vec<(&str, &Value)> =
            found["images"].as_array().unwrap().iter().map(|it| (it["name"].as_str().unwrap(), &it["role"])).collect();
        assert_eq!(roles, [("app-go", &Value::from("build")), ("app-run", &Value::Null)]);
    });
}
