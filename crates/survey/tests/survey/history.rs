//! What files were before, beside what Git says.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_survey::{Base, HistoryError};

/// A repository that Git itself makes.
struct Repository {
    _folder: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Repository {
    /// Nothing where there is no Git.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        let repository = Self { _folder: folder, root };
        Command::new("git").arg("--version").output().ok()?;
        repository.git("init --quiet --initial-branch main .");
        Some(repository)
    }

    fn git(&self, arguments: &str) -> String {
        let mut command = Command::new("git");
        command.current_dir(&self.root).args(arguments.split(' '));
        for (name, value) in [("NAME", "a"), ("EMAIL", "a@example.com"), ("DATE", "1700000000 +0000")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        fs_err::create_dir_all(self.root.join(path).parent().unwrap()).unwrap();
        fs_err::write(self.root.join(path), text).unwrap();
    }

    fn commit(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.git("add --all");
        self.git("commit --quiet --message x");
        self.git("rev-parse HEAD")
    }

    /// The merge base, as it is read here and as Git finds it.
    fn agrees(&self, revision: &str) {
        let base = Base::of(&self.root, revision).unwrap();
        assert_eq!(base.commit(), self.git(&format!("merge-base HEAD {revision}")), "{revision}");
        let names = self.git(&format!("ls-tree -r --name-only {}", base.commit()));
        let mut base = base;
        for name in names.lines() {
            let held = String::from_utf8(base.file(Utf8Path::new(name)).unwrap().unwrap()).unwrap();
            assert_eq!(held.trim(), self.git(&format!("cat-file blob {}:{name}", base.commit())), "{name}");
        }
    }
}

/// A branch, a merge, tags, and a file that grows.
fn history() -> Option<Repository> {
    let repository = Repository::new()?;
    let lines: Vec<String> = (0..400).map(|line| format!("line {line} of a file that is long enough")).collect();
    repository.commit("deep/er/long.txt", &lines.join("\n"));
    for number in 1..12 {
        repository.commit("deep/er/long.txt", &format!("{number}\n{}", lines[number..].join("\n")));
    }
    repository.git("tag light");
    repository.git("tag --annotate --message x heavy");
    repository.git("switch --quiet --create feature");
    repository.commit("feature.txt", "one");
    repository.git("switch --quiet main");
    repository.commit("main.txt", "two");
    repository.git("switch --quiet feature");
    repository.git("merge --quiet --no-edit main");
    repository.commit("feature.txt", "three");
    repository.git("switch --quiet main");
    repository.commit("main.txt", "four");
    repository.git("switch --quiet feature");
    repository.git("update-ref refs/remotes/origin/main main");
    Some(repository)
}

const NAMES: &[&str] =
    &["main", "origin/main", "light", "heavy", "refs/heads/main", "HEAD", "HEAD~2", "HEAD^", "HEAD~1^2", "main~3"];

#[test]
fn the_merge_base_and_its_files_are_those_that_git_finds() {
    let Some(repository) = history() else { return };
    for name in NAMES {
        repository.agrees(name);
    }
    let whole = repository.git("rev-parse main~4");
    repository.agrees(&whole);
    // Once more in packs, with differences, and names in one file.
    repository.git("gc --quiet --aggressive --prune=now");
    assert!(!repository.root.join(".git/refs/heads/main").exists());
    for name in NAMES {
        repository.agrees(name);
    }
    repository.commit("behind.txt", "in a file of its own, beside packs");
    repository.agrees("main");
    repository.agrees("HEAD");
}

#[test]
fn a_commit_itself_is_read_as_well() {
    let Some(repository) = history() else { return };
    for name in NAMES {
        let commit = Base::at(&repository.root, name).unwrap().commit();
        assert_eq!(commit, repository.git(&format!("rev-parse {name}^0")), "{name}");
    }
    assert!(matches!(Base::at(&repository.root, "absent"), Err(HistoryError::NoCommit { .. })));
}

#[test]
fn a_project_below_the_top_and_another_working_tree_are_read() {
    let Some(repository) = history() else { return };
    let mut base = Base::of(&repository.root.join("deep"), "main").unwrap();
    assert!(base.file(Utf8Path::new("er/long.txt")).unwrap().is_some());
    for absent in ["long.txt", "er", "er/long.txt/x", "absent", ""] {
        assert_eq!(base.file(Utf8Path::new(absent)).unwrap(), None, "{absent}");
    }
    repository.git("worktree add --quiet beside light");
    let beside = Base::of(&repository.root.join("beside"), "main").unwrap();
    assert_eq!(beside.commit(), repository.git("rev-parse light"));
}

#[test]
fn what_names_no_commit_and_what_is_not_there_is_an_error() {
    let Some(repository) = history() else { return };
    let error = |name: &str| Base::of(&repository.root, name).err().unwrap();
    for name in [
        "absent",
        "",
        "../x",
        "a..b",
        "HEAD~999",
        "HEAD^3",
        "HEAD~é",
        "main:x",
        "HEAD^{tree}",
        "config",
        "a\nb",
        "-x",
        &"0".repeat(40),
    ] {
        assert!(matches!(error(name), HistoryError::NoCommit { .. }), "{name:?}: {:?}", error(name));
    }
    let blob = repository.git("rev-parse HEAD:feature.txt");
    assert!(error(&blob).to_string().contains("it is no commit"));
    fs_err::write(repository.root.join(".git/refs/heads/loop"), "ref: refs/heads/loop\n").unwrap();
    assert!(error("loop").to_string().contains("does not end"));
    fs_err::write(repository.root.join(".git/refs/heads/out"), "ref: ../../secret\n").unwrap();
    assert!(error("out").to_string().contains("leads to"));
    repository.git("checkout --quiet --orphan other");
    repository.commit("other.txt", "x");
    assert_eq!(error("main"), HistoryError::NoBase("main".to_owned()));
    let nowhere = tempfile::tempdir().unwrap();
    let nowhere = Utf8Path::from_path(nowhere.path()).unwrap().canonicalize_utf8().unwrap();
    assert!(matches!(Base::of(&nowhere, "main"), Err(HistoryError::NoRepository(_))));
}

#[test]
fn a_clone_without_the_history_says_so_and_one_that_borrows_objects_is_read() {
    let Some(repository) = history() else { return };
    let clone = |arguments: &str| {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        repository.git(&format!("clone --quiet {arguments} {root}/clone"));
        let root = root.join("clone");
        Repository { _folder: folder, root }
    };
    let borrowing = clone(&format!("--shared {}", repository.root));
    assert!(borrowing.root.join(".git/objects/info/alternates").exists());
    borrowing.agrees("origin/main");
    let shallow = clone(&format!("--depth 1 --no-single-branch file://{}", repository.root));
    assert_eq!(Base::of(&shallow.root, "origin/main").err(), Some(HistoryError::NoBase("origin/main".to_owned())));
    shallow.agrees("HEAD");
}

#[test]
fn broken_objects_are_errors_and_nothing_worse() {
    let Some(repository) = history() else { return };
    repository.git("gc --quiet --prune=now");
    let packs = repository.root.join(".git/objects/pack");
    let files: Vec<_> = packs.read_dir_utf8().unwrap().map(|entry| entry.unwrap().into_path()).collect();
    for file in files.iter().filter(|file| matches!(file.extension(), Some("idx" | "pack"))) {
        let whole = fs_err::read(file).unwrap();
        fs_err::remove_file(file).unwrap();
        for cut in (0..whole.len()).step_by(whole.len() / 40 + 1) {
            let mut changed = whole.clone();
            changed[cut] ^= 0x55;
            for bytes in [&whole[..cut], &changed] {
                fs_err::write(file, bytes).unwrap();
                // Whatever comes of it, it ends, and no panic.
                if let Ok(mut base) = Base::of(&repository.root, "main") {
                    drop(base.file(Utf8Path::new("deep/er/long.txt")));
                }
            }
        }
        fs_err::write(file, whole).unwrap();
    }
    repository.agrees("main");
}
