//! Which files of a repository are looked at, and why the others are not.

use std::process::Command;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_survey::{Seen, Walk};

/// A repository of these files, `.gitignore` and the like among them, each with its text.
fn repository(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
    for (path, text) in files {
        fs_err::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs_err::write(root.join(path), text).unwrap();
    }
    (folder, root)
}

/// What a walk sees, a line each: `+` for files, the reason for the rest.
fn seen(walk: Walk<'_>) -> Vec<String> {
    let lines = Mutex::new(Vec::new());
    walk.run(|seen| {
        let line = match seen {
            Seen::File(path) => format!("{path} +"),
            Seen::LeftOut { path, why, reason } => format!("{path} {why:?} {reason}"),
            Seen::Nameless(name) => format!("{name} nameless"),
            Seen::Wrong { path, reason } => format!("{path} wrong: {reason}"),
        };
        lines.lock().unwrap().push(line);
    });
    let mut lines = lines.into_inner().unwrap();
    lines.sort();
    lines
}

fn walk<'a>(root: &'a Utf8Path, starts: &'a [Utf8PathBuf]) -> Walk<'a> {
    let is_vendored = |name: &str| name == "vendor";
    Walk { root, starts, below: Utf8Path::new(""), own: true, exclude: &[], is_vendored, nested_apart: true }
}

fn whole(root: &Utf8Path) -> Vec<String> {
    seen(walk(root, &[Utf8PathBuf::new()]))
}

#[test]
fn what_is_left_out_is_told_with_its_reason() {
    let (_folder, root) = repository(&[
        (".gitignore", "made/\n*.log\n!kept.log\n"),
        (".imagelockignore", "fixtures\n"),
        ("a.log", ""),
        ("kept.log", ""),
        ("made/a", ""),
        ("fixtures/a", ""),
        ("vendor/a", ""),
        ("inner/images.toml", ""),
        (".git/config", ""),
        ("x/.gitignore", "!b.log\n"),
        ("x/b.log", ""),
        (".github/c.yml", ""),
    ]);
    assert_eq!(
        whole(&root),
        [
            ".github/c.yml +",
            ".gitignore +",
            ".imagelockignore +",
            "a.log Git `*.log` in .gitignore",
            "fixtures Own `fixtures` in .imagelockignore",
            "inner Project it has an images.toml of its own",
            "kept.log +",
            "made Git `made/` in .gitignore",
            "vendor Vendored folders called `vendor` hold what others wrote",
            "x/.gitignore +",
            "x/b.log +",
        ]
    );
}

#[test]
fn imagelockignore_brings_back_what_others_leave_out() {
    let (_folder, root) = repository(&[
        (".gitignore", "made/\n"),
        (".imagelockignore", "!vendor\n!made\nmade/b\n"),
        ("vendor/a", ""),
        ("made/a", ""),
        ("made/b", ""),
    ]);
    assert_eq!(
        whole(&root),
        [".gitignore +", ".imagelockignore +", "made/a +", "made/b Own `made/b` in .imagelockignore", "vendor/a +"]
    );
}

#[test]
fn what_git_ignores_and_tracks_is_looked_at() {
    let (_folder, root) = repository(&[
        (".gitignore", "made/\n*.log\n"),
        ("a.log", ""),
        ("b.log", ""),
        ("made/deep/a", ""),
        ("made/deep/b", ""),
        ("made/other/c", ""),
    ]);
    let git =
        |arguments: &[&str]| Command::new("git").args(arguments).current_dir(&root).status().is_ok_and(|s| s.success());
    if !git(&["init", "--quiet"]) {
        return;
    }
    assert!(git(&["add", "--force", "a.log", "made/deep/a", ".gitignore"]));
    for version in ["2", "4"] {
        assert!(git(&["update-index", "--index-version", version]));
        assert_eq!(
            whole(&root),
            [
                ".gitignore +",
                "a.log +",
                "b.log Git `*.log` in .gitignore",
                "made/deep/a +",
                "made/deep/b Git `made/` in .gitignore",
                "made/other Git `made/` in .gitignore",
            ]
        );
    }
    fs_err::write(root.join(".git/index"), "junk").unwrap();
    let lines = whole(&root);
    assert!(lines[0].starts_with(".git/index wrong: it is no index of Git's"), "{lines:?}");
}

#[test]
fn what_is_named_in_full_is_looked_at_whatever_ignores_it() {
    let (_folder, root) = repository(&[(".gitignore", "made/\n"), ("made/a", ""), ("made/vendor/b", ""), ("c", "")]);
    let vendored = "made/vendor Vendored folders called `vendor` hold what others wrote";
    assert_eq!(seen(walk(&root, &["made".into()])), ["made/a +", vendored]);
    assert_eq!(seen(walk(&root, &["made/vendor/b".into(), "c".into()])), ["c +", "made/vendor/b +"]);
    assert_eq!(seen(Walk { below: Utf8Path::new("made"), ..walk(&root, &[Utf8PathBuf::new()]) }).len(), 1);
}

#[test]
fn what_stands_above_the_root_counts_up_to_the_top_of_git_s_repository() {
    let (_folder, top) = repository(&[(".gitignore", "*.log\n"), ("sub/a.log", ""), ("sub/deep/b.log", "")]);
    let root = top.join("sub");
    assert_eq!(whole(&root), ["a.log +", "deep/b.log +"], "no repository of Git's is round it");
    fs_err::create_dir(top.join(".git")).unwrap();
    assert_eq!(whole(&root).iter().filter(|line| line.ends_with('+')).count(), 0);
    fs_err::create_dir(root.join("deep/.git")).unwrap();
    assert_eq!(whole(&root)[1], "deep/b.log +", "a repository in another has rules of its own");
}

#[cfg(unix)]
#[test]
fn links_pipes_and_names_that_are_no_text_stop_nothing() {
    use std::os::unix::ffi::OsStrExt as _;
    let (_folder, root) = repository(&[("a", ""), ("x/b", "")]);
    std::os::unix::fs::symlink("..", root.join("x/loop")).unwrap();
    std::os::unix::fs::symlink("a", root.join("link")).unwrap();
    for pipe in ["pipe", "x/.gitignore"] {
        assert!(Command::new("mkfifo").arg(root.join(pipe)).status().unwrap().success());
    }
    let name = std::ffi::OsStr::from_bytes(b"na\xffme");
    fs_err::write(root.as_std_path().join(name), "").unwrap();
    assert_eq!(whole(&root), ["a +", "na\u{fffd}me nameless", "x/.gitignore wrong: it is a pipe, not a file", "x/b +"]);
}
