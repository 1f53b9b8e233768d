//! Locks that Git merges: what it leaves between markers, and what the merge driver makes of it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::Utf8PathBuf;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, Output, binary, need};
use insta::assert_snapshot;

/// A repository under Git whose main branch has locked `app` and `job`.
struct Branches {
    git: Utf8PathBuf,
    registry: Registry,
    repo: Monorepo,
}

impl Branches {
    fn new(git: Utf8PathBuf) -> Self {
        let registry = Registry::start().unwrap();
        for reference in ["acme/app:1", "acme/job:1", "acme/cron:1", "acme/kube:1", "acme/web:1"] {
            registry.push(reference, &image(reference));
        }
        let repo = Monorepo::builder()
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "a")
            .env("GIT_AUTHOR_EMAIL", "a@example.com")
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a@example.com")
            .env("GIT_EDITOR", "true")
            .build();
        let this = Self { git, registry, repo };
        this.git(&["init", "--quiet", "--initial-branch", "main"]).success();
        this.toml("app = \"HOST/acme/app:1\"\njob = \"HOST/acme/job:1\"\n");
        this.commit("base");
        this
    }

    fn git(&self, arguments: &[&str]) -> Output {
        self.repo.run(&self.git, arguments)
    }

    /// Declares images; the lines that Git would have to merge are not what these tests are about.
    fn toml(&self, images: &str) {
        self.repo.write("images.toml", format!("[images]\n{images}").replace("HOST", self.registry.host()));
    }

    fn commit(&self, message: &str) {
        self.repo.imagelock(["lock"]).success();
        self.git(&["add", "--all"]).success();
        self.git(&["commit", "--quiet", "--message", message]).success();
    }

    /// A branch off main, with a commit of what `change` does.
    fn branch(&self, name: &str, change: impl FnOnce()) {
        self.git(&["switch", "--quiet", "--create", name, "main"]).success();
        change();
        self.commit(name);
    }

    /// Moves a tag to another image, and locks that.
    fn update(&self, name: &str, seed: &str) {
        self.registry.push(&format!("acme/{name}:1"), &image(seed));
        self.repo.imagelock(["update", name]).success();
    }

    /// Has the driver merge locks from here on.
    fn with_driver(&self) {
        let driver = format!("{} merge-driver %O %A %B %P", binary());
        self.git(&["config", "merge.imagelock.driver", &driver]).success();
        self.repo.write(".git/info/attributes", "images.lock merge=imagelock\n");
    }
}

fn image(seed: &str) -> Image {
    Image::linux(["amd64"]).seed(seed).created("2026-11-20T06:00:00Z").label("org.opencontainers.image.version", seed)
}

const BOTH: &str =
    "app = \"HOST/acme/app:1\"\njob = \"HOST/acme/job:1\"\nkube = \"HOST/acme/kube:1\"\nweb = \"HOST/acme/web:1\"\n";

/// Both branches add an image at the end of the lock.
fn two_additions(git: Utf8PathBuf) -> Branches {
    let branches = Branches::new(git);
    branches.branch("kube", || branches.toml(&BOTH.replace("web = \"HOST/acme/web:1\"\n", "")));
    branches.branch("web", || branches.toml(&BOTH.replace("kube = \"HOST/acme/kube:1\"\n", "")));
    branches
}

#[test]
fn lock_merges_what_two_branches_have_added_without_a_registry() {
    let git = need!("git");
    for style in ["merge", "diff3", "zdiff3"] {
        let branches = two_additions(git.clone());
        branches.git(&["-c", &format!("merge.conflictStyle={style}"), "merge", "kube"]).exit(1);
        branches.toml(BOTH);
        assert!(branches.repo.read("images.lock").contains("<<<<<<< HEAD\n"), "{style}");
        let Branches { registry, repo, .. } = &branches;
        registry.log().take();
        insta::allow_duplicates! {
            assert_snapshot!(repo.imagelock(["lock", "--no-cache"]), @"
            exit: 0
            ----- stderr -----
                  Merged images.lock: 2 images from both sides
                   Wrote images.lock
            ");
        }
        assert_eq!(registry.log().len(), 0, "{style}");
        repo.imagelock(["lock", "--locked"]).success();
        let merged = repo.read("images.lock");
        repo.run(camino::Utf8Path::new("/bin/rm"), ["images.lock"]).success();
        repo.imagelock(["lock"]).success();
        assert_eq!(repo.read("images.lock"), merged, "{style}");
    }
}

#[test]
fn a_gate_only_tells_of_a_conflict_and_other_commands_do_too() {
    let branches = two_additions(need!("git"));
    branches.git(&["merge", "kube"]).exit(1);
    branches.toml(BOTH);
    let conflicted = branches.repo.read("images.lock");
    for command in [&["lock", "--locked"][..], &["lock", "--frozen"], &["list"], &["render"], &["add", "redis"]] {
        let told = branches.repo.imagelock(command).exit(2);
        assert!(told.stderr.contains("error: images.lock has conflict markers"), "{}", told.stderr);
        assert!(told.stderr.contains("= help: run `imagelock lock`, which merges both sides"), "{}", told.stderr);
    }
    assert_eq!(branches.repo.read("images.lock"), conflicted);
}

#[test]
fn an_image_whose_lines_git_has_mixed_is_read_again_by_its_digest() {
    let branches = Branches::new(need!("git"));
    branches.branch("update", || branches.update("job", "newer"));
    branches.branch("web", || {
        branches.toml("app = \"HOST/acme/app:1\"\njob = \"HOST/acme/job:1\"\nweb = \"HOST/acme/web:1\"\n");
    });
    // The tag has moved on: what the branch has locked is what counts.
    branches.registry.push("acme/job:1", &image("newest"));
    let locked = branches.git(&["show", "update:images.lock"]).success().stdout;
    let locked: serde_json::Value = serde_json::from_str(&locked).unwrap();
    for style in ["merge", "diff3"] {
        branches.git(&["-c", &format!("merge.conflictStyle={style}"), "merge", "update"]).exit(1);
        branches.repo.imagelock(["lock", "--no-cache"]).success();
        let merged = branches.repo.read("images.lock");
        let merged: serde_json::Value = serde_json::from_str(&merged).unwrap();
        assert_eq!(merged["images"]["job"], locked["images"]["job"], "{style}");
        branches.repo.imagelock(["verify"]).success();
        branches.git(&["merge", "--abort"]).success();
    }
}

/// Both branches lock another digest for `app`.
fn two_answers(git: Utf8PathBuf) -> Branches {
    let branches = Branches::new(git);
    branches.branch("one", || branches.update("app", "one"));
    branches.branch("other", || branches.update("app", "other"));
    branches
}

#[test]
fn two_answers_to_one_request_are_for_a_person_to_choose_from() {
    let branches = two_answers(need!("git"));
    branches.git(&["merge", "one"]).exit(1);
    let conflicted = branches.repo.read("images.lock");
    assert_snapshot!(branches.repo.imagelock(["lock"]), @"
    exit: 2
    ----- stderr -----
    error: images.lock: both sides have locked `app` differently
      app
        HEAD  1  sha256:[1]
        one   1  sha256:[2]
       = help: take the newest: `imagelock update app`
       = help: or one of the two, as in `imagelock update app --precise sha256:[1]`
    ");
    assert_eq!(branches.repo.read("images.lock"), conflicted);
    branches.repo.imagelock(["update", "job"]).exit(2);
    branches.repo.imagelock(["update", "app"]).success();
    assert!(branches.repo.read("images.lock").contains("\"version\": \"other\""));
    branches.repo.imagelock(["lock", "--locked"]).success();

    branches.repo.write("images.lock", conflicted);
    let digest = branches.git(&["show", "one:images.lock"]).success().stdout;
    let digest = digest.split('"').find(|text| text.starts_with("sha256:")).unwrap().to_owned();
    branches.repo.imagelock(["update", "app", "--precise", &digest]).success();
    let merged = branches.repo.read("images.lock");
    assert!(merged.contains("\"version\": \"one\"") && merged.contains(&digest), "{merged}");
}

#[test]
fn markers_in_images_toml_are_named() {
    let repo = Monorepo::builder()
        .file("images.toml", "[images]\n<<<<<<< HEAD\nweb = \"a\"\n=======\nweb = \"b\"\n>>>>>>> feature\n")
        .build();
    assert_snapshot!(repo.imagelock(["lock"]), @"
    exit: 2
    ----- stderr -----
    error: images.toml has conflict markers
     --> images.toml:2:1
      |
    2 | <<<<<<< HEAD
      | ^^^^^^^^^^^^
      |
      = help: take what you want of both sides; then `imagelock lock` merges images.lock by itself
    ");
}

#[test]
fn the_driver_merges_in_a_merge_and_in_a_rebase_to_the_same_bytes() {
    let branches = two_additions(need!("git"));
    branches.with_driver();
    // Only the lock is merged by the driver; the project file is resolved by hand.
    let lock_of = |command: &[&str]| {
        branches.git(command).exit(1);
        branches.toml(BOTH);
        branches.git(&["add", "images.toml"]).success();
        assert_eq!(branches.git(&["diff", "--name-only", "--diff-filter=U"]).success().stdout, "");
        branches.repo.imagelock(["lock", "--locked"]).success();
        branches.repo.read("images.lock")
    };
    let merged = lock_of(&["merge", "kube"]);
    branches.git(&["merge", "--abort"]).success();
    assert_eq!(lock_of(&["rebase", "kube"]), merged);
    branches.git(&["rebase", "--abort"]).success();
    branches.git(&["switch", "--quiet", "kube"]).success();
    assert_eq!(lock_of(&["cherry-pick", "web"]), merged);
}

#[test]
fn the_driver_takes_an_update_and_an_addition_beside_it_whole() {
    let branches = Branches::new(need!("git"));
    branches.with_driver();
    branches.branch("update", || branches.update("job", "newer"));
    branches.branch("web", || {
        branches.toml("app = \"HOST/acme/app:1\"\njob = \"HOST/acme/job:1\"\nweb = \"HOST/acme/web:1\"\n");
    });
    let merge = branches.git(&["merge", "--no-edit", "update"]).success();
    assert!(merge.stderr.contains("Merged images.lock: 2 images from both sides"), "{}", merge.stderr);
    branches.repo.imagelock(["lock", "--locked"]).success();
    branches.repo.imagelock(["verify"]).success();
}

#[test]
fn the_driver_leaves_two_answers_between_markers_and_nothing_is_lost() {
    let branches = two_answers(need!("git"));
    branches.with_driver();
    for (command, abort) in [("merge", "merge"), ("rebase", "rebase")] {
        let conflict = branches.git(&[command, "one"]).exit(1);
        let said = format!("{}{}", conflict.stdout, conflict.stderr);
        assert!(said.contains("error: images.lock: both sides have locked `app` differently"), "{said}");
        assert!(said.contains("CONFLICT (content): Merge conflict in images.lock"), "{said}");
        let text = branches.repo.read("images.lock");
        assert!(
            text.contains("<<<<<<< ours\n    \"app\": {\n") && text.contains(">>>>>>> theirs\n    \"job\": {\n"),
            "{text}"
        );
        let clash = branches.repo.imagelock(["lock"]).exit(2);
        assert!(clash.stderr.contains("both sides have locked `app` differently"), "{}", clash.stderr);
        branches.git(&[abort, "--abort"]).success();
    }
    branches.git(&["merge", "one"]).exit(1);
    branches.repo.imagelock(["update", "app"]).success();
    branches.repo.imagelock(["lock", "--locked"]).success();
}

#[test]
fn the_driver_leaves_locks_that_it_cannot_read_whole() {
    let branches = two_answers(need!("git"));
    branches.with_driver();
    let newer = "{\"images\": {}, \"version\": 99}\n";
    branches.repo.write("images.lock", newer);
    branches.git(&["commit", "--quiet", "--all", "--message", "newer"]).success();
    let conflict = branches.git(&["merge", "one"]).exit(1);
    let said = format!("{}{}", conflict.stdout, conflict.stderr);
    assert!(said.contains("error: images.lock has version 99"), "{said}");
    let one = branches.git(&["show", "one:images.lock"]).success().stdout;
    assert_eq!(branches.repo.read("images.lock"), format!("<<<<<<< ours\n{newer}=======\n{one}>>>>>>> theirs\n"));
}

#[test]
fn the_driver_merges_locks_that_have_no_common_base() {
    let branches = Branches::new(need!("git"));
    branches.with_driver();
    branches.git(&["switch", "--quiet", "--orphan", "alone"]).success();
    branches.toml("web = \"HOST/acme/web:1\"\n");
    branches.commit("alone");
    branches.git(&["merge", "--allow-unrelated-histories", "main"]).exit(1);
    let lock = branches.repo.read("images.lock");
    for image in ["app", "job", "web"] {
        assert!(lock.contains(&format!("    \"{image}\": {{\n")), "{lock}");
    }
    assert!(!lock.contains("<<<<<<<"), "{lock}");
}

#[test]
fn a_driver_that_is_called_wrongly_says_so() {
    let repo = Monorepo::builder().file("a", "").file("b", "").build();
    repo.imagelock(["merge-driver", "a", "b"]).exit(2);
    let absent = repo.imagelock(["merge-driver", "a", "b", "c"]).exit(2);
    assert!(absent.stderr.contains("there is no file `c`"), "{}", absent.stderr);
    repo.imagelock(["merge-driver", "a", "a", "b"]).success();
    assert_eq!(repo.read("a"), "{\n  \"images\": {},\n  \"version\": 1\n}\n");
}

#[test]
fn the_driver_keeps_what_both_sides_have_seen() {
    let line = |tag: &str, day: &str| format!("a.example/app {tag} sha256:{:064} 2026-11-{day}T06:00:00Z\n", 1);
    let repo = Monorepo::builder()
        .file("base", line("1", "09"))
        .file("ours", line("2", "12") + &line("1", "09"))
        .file("theirs", line("1", "08") + &line("3", "12"))
        .file("broken", "a.example/app 1\n")
        .build();
    let merged = repo.imagelock(["merge-driver", "base", "ours", "theirs", "deploy/images.seen"]).success();
    assert!(merged.stderr.contains("Merged images.seen: the lines of both sides"), "{}", merged.stderr);
    let text = repo.read("ours");
    assert!(text.starts_with("# images.seen, version 1"), "{text}");
    assert!(text.ends_with(&(line("1", "08") + &line("2", "12") + &line("3", "12"))), "{text}");
    let told = repo.imagelock(["merge-driver", "base", "ours", "broken", "images.seen"]).exit(1);
    assert!(told.stderr.contains("images.seen is not a ledger of what was seen"), "{}", told.stderr);
    assert_eq!(repo.read("ours"), format!("<<<<<<< ours\n{text}=======\na.example/app 1\n>>>>>>> theirs\n"));
}
