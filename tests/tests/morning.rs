//! What a scheduled run finds at real registries of both generations: long lists, cool-downs, tags that were pushed again,
//! and the pull request that tells of it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_testkit::Image;
use imagelock_tests::{GENERATIONS, Monorepo, RealRegistry, need};
use insta::assert_snapshot;
use serde_json::Value;

struct World {
    registry: RealRegistry,
    /// Whether it gives long lists in pages: the older generation gives them whole.
    pages: bool,
    repo: Monorepo,
}

impl World {
    /// Pushes what was built on a day of November 2026 and says which version it is.
    fn push(&self, repository: &str, tag: &str, day: u32) {
        self.push_as(repository, tag, tag, day);
    }

    fn push_as(&self, repository: &str, tag: &str, version: &str, day: u32) {
        let image = Image::linux(["amd64"])
            .seed(&format!("{version} {day}"))
            .created(&format!("2026-11-{day:02}T06:00:00Z"))
            .label("org.opencontainers.image.version", version)
            .label("org.opencontainers.image.source", "https://github.com/acme/app")
            .label("org.opencontainers.image.revision", &format!("{day:02}").repeat(20));
        image.push_to(&self.registry.url(), repository, tag, None).unwrap();
    }

    /// Runs a command on a day; `{host}` in what it says is the registry's host.
    #[track_caller]
    fn run(&self, command: &str, day: u32, exit: i32) -> String {
        let as_of = format!("2026-11-{day:02}T07:00:00Z");
        let output = self.repo.imagelock(command.split(' ').chain(["--as-of", &as_of])).exit(exit);
        output.stderr.replace(self.registry.host(), "{host}")
    }

    /// What `explain app` prints on a day.
    #[track_caller]
    fn explained(&self, day: u32) -> String {
        let as_of = format!("2026-11-{day:02}T07:00:00Z");
        let output = self.repo.imagelock(["explain", "app", "--as-of", &as_of]).success();
        output.stdout.replace(self.registry.host(), "{host}")
    }

    /// The tag that an image is locked to.
    fn locked(&self, name: &str) -> String {
        let lock: Value = serde_json::from_str(&self.repo.read("images.lock")).unwrap();
        lock["images"][name]["tag"].as_str().unwrap().to_owned()
    }
}

/// Runs a story against each registry.
fn against_both(toml: &str, story: impl Fn(&World)) {
    for generation in GENERATIONS {
        let program = need!(generation);
        let registry = RealRegistry::new(&program).small_files().start();
        let toml = toml.replace("{host}", registry.host());
        let world = World {
            pages: generation == "registry3",
            repo: Monorepo::builder().file("images.toml", toml).build(),
            registry,
        };
        insta::allow_duplicates! { story(&world) }
    }
}

#[test]
fn ten_thousand_tags_come_page_by_page() {
    let toml = "[images.app]\nrepository = \"{host}/acme/app\"\nversion = \"1\"\nupdates = \"minor\"\n";
    against_both(toml, |world| {
        world.push("acme/app", "1.0.0", 1);
        world.run("lock", 1, 0);
        let tags = (0..10_000).map(|n| format!("{}.{}.{}", 1 + n % 2, n / 100, n % 100));
        world.registry.copy_tag("acme/app", "1.0.0", tags);
        world.push("acme/app", "1.99.97", 2);
        let asked = [("GET", "/tags/list"), ("HEAD", "/manifests/")];
        let counted = || asked.map(|(method, path)| world.registry.count(method, path));
        let before = counted();
        let told = world.run("update", 2, 0);
        assert!(told.contains("Updating app  1.0.0 -> 1.99.98"), "{told}");
        assert_eq!(world.locked("app"), "1.99.98");
        let after = counted();
        let pages = if world.pages { 11 } else { 1 };
        assert_eq!([after[0] - before[0], after[1] - before[1]], [pages, 1]);
    });
}

#[test]
fn a_cool_down_takes_the_newest_that_is_old_enough_and_says_when_the_next_one_is() {
    let rule = "[images.app]\nrepository = \"{host}/acme/app\"\nversion = \"16\"\ncooldown = \"3d\"\n";
    against_both(rule, |world| {
        world.push("acme/app", "16.8.0", 1);
        world.run("lock", 1, 0);
        world.push("acme/app", "16.9.0", 9);
        world.push("acme/app", "16.10.0", 22);
        let told = world.run("update", 23, 0);
        assert!(told.contains("Updating app  16.8.0 -> 16.9.0"), "{told}");
        let waits = "16.10.0  built 22 Nov 2026, cool-down 3 days, eligible 25 Nov 2026";
        assert!(told.contains(waits), "{told}");
        assert_snapshot!(world.explained(24), @r"
        app: {host}/acme/app, version 16
          16.10.0  waits   built 22 Nov 2026, cool-down 3 days, eligible 25 Nov 2026
          16.9.0   chosen  the highest that may be taken; locked
          16.8.0   older
          take it: `imagelock update app --allow cooldown`
        ");
        let seen = world.repo.read("images.seen");
        assert!(seen.contains("acme/app 16.10.0 sha256:"), "{seen}");
        world.run("update", 26, 0);
        assert_eq!(world.locked("app"), "16.10.0");

        // What was locked is pushed again: nobody takes it unasked before its time, and everybody is told.
        world.push_as("acme/app", "16.10.0", "16.10.1", 27);
        let told = world.run("update", 27, 0);
        assert!(told.contains("acme/app:16.10.0 was pushed again"), "{told}");
        let lock = world.repo.read("images.lock");
        world.run("update", 28, 0);
        assert_eq!(world.repo.read("images.lock"), lock);
        world.run("update", 30, 0);
        assert_ne!(world.repo.read("images.lock"), lock);
    });
}

#[test]
fn the_newest_build_is_found_by_what_the_images_say() {
    let rule = "[images.app]\nrepository = \"{host}/acme/app\"\ntags = '^build-'\nselect = \"newest\"\nlimit = 3\n";
    against_both(rule, |world| {
        world.push("acme/app", "build-ff", 1);
        world.push("acme/app", "build-aa", 2);
        world.run("lock", 3, 0);
        assert_eq!(world.locked("app"), "build-aa");
        world.push("acme/app", "build-0c", 3);
        world.run("update", 3, 0);
        assert_eq!(world.locked("app"), "build-0c");
        assert_snapshot!(world.explained(3), @r"
        app: {host}/acme/app, tags ^build-, select newest
          build-0c  chosen  the newest of 3; locked
          build-aa  older
          build-ff  older
        ");
        world.run("lock --locked", 3, 0);
        world.push("acme/app", "build-11", 4);
        let told = world.run("update", 4, 2);
        assert!(told.contains("4 tags compete, and at most 3 are read to find the newest"), "{told}");
        assert_eq!(world.locked("app"), "build-0c");
    });
}

#[test]
fn the_pull_request_of_a_morning_is_the_same_whichever_registry_answers() {
    let toml = "[images]\nweb = \"{host}/acme/web:1\"\n\n[images.db]\nrepository = \"{host}/acme/db\"\nversion = \"*\"\n\
                updates = \"minor\"\n";
    against_both(toml, |world| {
        world.push_as("acme/web", "1", "1.4.0", 1);
        world.push("acme/db", "16.8.0", 1);
        world.run("lock", 1, 0);
        world.push_as("acme/web", "1", "1.4.1", 20);
        world.push("acme/db", "16.9.0", 21);
        world.push("acme/db", "17.0.0", 22);
        world.run("update --summary pr.md", 26, 0);
        let body = world.repo.read("pr.md").replace(world.registry.host(), "registry.example.com");
        assert_snapshot!(body, @"
        Update 2 images, 1 waits for approval

        | image | what | from | to | level |
        |---|---|---|---|---|
        | db | version step | `16.8.0` `0bbcbd323d6a`, 1 Nov 2026 (25 days) | `16.9.0` `65a4e48c70d3`, 21 Nov 2026 (5 days) | minor |
        | web | version step | `1` `c077bb99e05f`, 1 Nov 2026 (25 days) | `1` `6ce69de6f246`, 20 Nov 2026 (6 days) | patch |

        ### db

        - asked for: `registry.example.com/acme/db version *`
        - tag: `16.8.0` → `16.9.0`, newer (by the project's rule)
        - version: `16.8.0` → `16.9.0`, newer (says the publisher)
        - built: 1 Nov 2026 (25 days) → 21 Nov 2026 (5 days), newer (says the publisher)
        - revision: `010101010101` → `212121212121` (says the publisher), [`github.com/acme/app`](https://github.com/acme/app/compare/0101010101010101010101010101010101010101...2121212121212121212121212121212121212121)

        ### web

        - asked for: `registry.example.com/acme/web:1`
        - version: `1.4.0` → `1.4.1`, newer (says the publisher)
        - built: 1 Nov 2026 (25 days) → 20 Nov 2026 (6 days), newer (says the publisher)
        - revision: `010101010101` → `202020202020` (says the publisher), [`github.com/acme/app`](https://github.com/acme/app/compare/0101010101010101010101010101010101010101...2020202020202020202020202020202020202020)

        ## Waiting

        - db `16.8.0` → `17.0.0`: major, and `updates` is `minor`. To take it: `imagelock update db --allow major`
");
    });
}
