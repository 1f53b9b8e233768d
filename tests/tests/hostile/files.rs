//! Files of a repository that nobody should trust: project files, links, globs, bytes that are no text.

use std::os::unix::fs::symlink;
use std::process::Command;

use imagelock_testkit::{Image, Registry};

use crate::harness::{Case, Ran, Stage};

fn app(registry: &Registry) {
    registry.push("app:1", &Image::linux(["amd64"]));
}

/// A repository whose images.lock is right.
fn locked(name: &'static str) -> Case {
    Case::new(name).serves(app).runs("lock")
}

/// A link in the repository, to a path that is as it is written.
fn link(path: &'static str, to: &'static str) -> impl FnOnce(&Stage) + Send + 'static {
    move |stage| {
        let path = stage.repo.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        drop(std::fs::remove_file(&path));
        symlink(to, path).unwrap();
    }
}

fn pipe(path: &'static str) -> impl FnOnce(&Stage) + Send + 'static {
    move |stage| {
        let path = stage.repo.path(path);
        drop(std::fs::remove_file(&path));
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }
}

/// A file that is larger than it looks on the disk.
fn large(path: &'static str, bytes: u64) -> impl FnOnce(&Stage) + Send + 'static {
    move |stage| std::fs::File::create(stage.repo.path(path)).unwrap().set_len(bytes).unwrap()
}

/// What was outside of the folder that is filled, or of the repository, is as it was.
fn untouched(path: &'static str) -> impl FnOnce(&Stage, &Ran) + Send + 'static {
    move |stage, _| assert_eq!(stage.repo.read(path), "theirs", "{path} was written")
}

/// Nothing that turns the direction of text or steers a terminal stands raw in what is printed.
fn steers_nothing(_: &Stage, ran: &Ran) {
    for (what, text) in [("standard error", &ran.stderr), ("standard output", &ran.stdout)] {
        let raw =
            text.chars().find(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{feff}'));
        assert_eq!(raw, None, "raw in {what}: {text}");
    }
}

/// The digest of the one blob of the platform's layers, in the place of which a link stands.
fn blob_link(stage: &Stage) {
    let image = Image::linux(["amd64"]);
    let digest = image.digests().last().unwrap().trim_start_matches("sha256:").to_owned();
    let path = stage.repo.path(format!("out/blobs/sha256/{digest}"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink("../../../../home/file", path).unwrap();
}

fn distdir_links(stage: &Stage) {
    std::fs::create_dir_all(stage.repo.path("out")).unwrap();
    for digest in Image::linux(["amd64"]).digests() {
        symlink("../../home/file", stage.repo.path(format!("out/{digest}"))).unwrap();
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = found();
    cases.extend(programs());
    cases.extend(links());
    cases.extend(pulled());
    cases.extend(no_files());
    cases.extend(bounds());
    cases.extend(no_text());
    cases.extend(terminal());
    cases.extend(outputs());
    cases.extend(no_lock());
    cases
}

fn found() -> Vec<Case> {
    vec![
        Case::new("a project file that ends in a string is refused with its place")
            .toml("[images]\napp = \"{host}/app:1\n")
            .exits(2)
            .says("--> images.toml:2:")
            .no_file("images.lock"),
        Case::new("an output does not leave the repository")
            .toml("[images]\napp = \"{host}/app:1\"\n[[buildkit]]\noutput = \"../policy.json\"\n")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]))))
            .runs("lock")
            .runs("render")
            .exits(2)
            .says("../policy.json")
            .no_file("../policy.json"),
        Case::new("an unknown key is told with the one that was meant")
            .toml("[images.app]\nrepositry = \"{host}/app\"\n")
            .exits(2)
            .says("did you mean `repository`?"),
    ]
}

const WORKSPACE: &str =
    "[workspace]\nmembers = [\"web\"]\n[workspace.metadata.images.images]\napp = \"{host}/app:1\"\n";
const MEMBER: &str = "[package]\nname = \"web\"\n[package.metadata.images]\nuses = [\"app\"]\n";

/// Programs that a repository brings are not run.
fn programs() -> Vec<Case> {
    let workspace = |name| {
        Case::new(name)
            .program("rustc", "touch {root}/ran")
            .program("rustup", "touch {root}/ran")
            .file("Cargo.toml", WORKSPACE)
            .file("web/Cargo.toml", MEMBER)
            .file("rust-toolchain.toml", "[toolchain]\npath = \"{home}\"\n")
            .file(
                ".cargo/config.toml",
                "[build]\nrustc = \"{home}/bin/rustc\"\nrustc-wrapper = \"{home}/bin/rustc\"\n[alias]\nmetadata = \"x\"\n",
            )
            .serves(app)
    };
    vec![
        Case::new("no Cargo is started in a repository with a Cargo.toml and an images.toml")
            .program("cargo", "touch {root}/ran")
            .file("Cargo.toml", "[package]\nname = \"web\"\n")
            .serves(app)
            .runs("lock")
            .runs("list")
            .no_file("ran")
            .prints("app"),
        workspace("no program is started that a repository names where the manifests hold the images")
            .then(|stage| std::fs::remove_file(stage.repo.path("images.toml")).unwrap())
            .runs("lock")
            .no_file("ran")
            .runs("list")
            .prints("cargo web")
            .no_file("ran"),
        Case::new("a manifest that is broken is told where it is about images")
            .file("Cargo.toml", "[workspace.metadata.images]\nimages = {\n")
            .then(|stage| std::fs::remove_file(stage.repo.path("images.toml")).unwrap())
            .exits(2)
            .says("--> Cargo.toml:2:11"),
        Case::new("a member that is broken is Cargo's to tell")
            .file("Cargo.toml", "[workspace]\nmembers = [\"*\"]\n")
            .file("web/Cargo.toml", "[package\n")
            .serves(app)
            .runs("lock"),
    ]
}

/// Links that a repository brings lead nowhere.
fn links() -> Vec<Case> {
    let secret = "[default]\naws_secret_access_key = hunter2hunter2\n";
    vec![
        Case::new("a lock that is a link out of the repository is not written")
            .home("file", "theirs")
            .serves(app)
            .then(link("images.lock", "../home/file"))
            .exits(2)
            .more(untouched("../home/file")),
        Case::new("a lock that is a link to what is not there is not written")
            .serves(app)
            .then(link("images.lock", "../home/new"))
            .exits(2)
            .says("cannot write `images.lock`: it is a link that leads nowhere")
            .no_file("../home/new"),
        locked("a lock in a sandbox, where it is a link, is read and not written")
            .then(|stage| {
                std::fs::rename(stage.repo.path("images.lock"), stage.repo.home().join("real")).unwrap();
                symlink("../home/real", stage.repo.path("images.lock")).unwrap();
            })
            .runs("lock --locked")
            .then(|stage| drop(stage.registry.push("app:1", &Image::linux(["amd64"]).seed("new"))))
            .runs("update")
            .exits(2)
            .says("cannot write `images.lock`: it is a link that leads out of the repository"),
        Case::new("a project file that is a link out of the repository is not edited")
            .serves(app)
            .then(|stage| std::fs::write(stage.repo.home().join("file"), "[images]\n").unwrap())
            .then(link("images.toml", "../home/file"))
            .runs("add {host}/app:1")
            .exits(2)
            .says("cannot write `images.toml`: it is a link that leads out of the repository")
            .file_has("../home/file", "[images]\n")
            .no_file("images.lock"),
        Case::new("the lines of a file that a project file is a link to are not shown")
            .secret("hunter2hunter2")
            .home(".aws/credentials", secret)
            .then(link("images.toml", "../home/.aws/credentials"))
            .runs("list")
            .exits(2)
            .says("--> images.toml:2:"),
        Case::new("the lines of a file that a lock is a link to are not shown")
            .secret("aHVudGVyMjpodW50ZXIy")
            .home(".docker/config.json", "{\"auths\":{\"x\":{\"auth\":\"aHVudGVyMjpodW50ZXIy\"}}}")
            .then(link("images.lock", "../home/.docker/config.json"))
            .runs("list --format json")
            .exits(2)
            .says("--> images.lock:1:"),
        locked("a second name of a file elsewhere keeps its bytes")
            .then(|stage| {
                let real = stage.repo.home().join("real");
                std::fs::rename(stage.repo.path("images.lock"), &real).unwrap();
                std::fs::hard_link(&real, stage.repo.path("images.lock")).unwrap();
                stage.registry.push("app:1", &Image::linux(["amd64"]).seed("new"));
            })
            .runs("update")
            .more(|stage, _| assert_ne!(stage.repo.read("../home/real"), stage.repo.read("images.lock"))),
    ]
}

/// A folder that `pull` fills may have been filled by somebody else before.
fn pulled() -> Vec<Case> {
    let pull = |name| locked(name).home("file", "theirs");
    let refused = "is a link, which is not followed here";
    vec![
        pull("pull replaces a link in the place of index.json")
            .then(link("out/index.json", "../../home/file"))
            .runs("pull out")
            .more(untouched("../home/file"))
            .file_has("out/index.json", "sha256:"),
        pull("pull replaces a link in the place of oci-layout")
            .then(link("out/oci-layout", "../../home/file"))
            .runs("pull out")
            .more(untouched("../home/file"))
            .file_has("out/oci-layout", "1.0.0"),
        pull("pull replaces a link to what is not there")
            .then(link("out/oci-layout", "../../home/new"))
            .runs("pull out")
            .no_file("../home/new")
            .file_has("out/oci-layout", "1.0.0"),
        pull("pull replaces a link in the place of a blob")
            .then(blob_link)
            .runs("pull out")
            .more(untouched("../home/file")),
        pull("a folder that pull cannot write to because a file is there is for the person to move")
            .file("out", "theirs")
            .runs("pull out")
            .exits(2)
            .says("out` is a file, not a folder")
            .file_has("out", "theirs"),
        pull("pull replaces links in a directory of Bazel's")
            .then(distdir_links)
            .runs("pull --distdir out")
            .more(untouched("../home/file")),
        pull("pull does not go through a folder that is a link")
            .then(link("out/blobs", "../../home"))
            .runs("pull out")
            .exits(2)
            .says(refused)
            .no_file("../home/sha256"),
        pull("pull does not go through a folder of a cache of Bazel's that is a link")
            .then(link("out/content_addressable/sha256", "../../../home"))
            .runs("pull --bazel-cache out")
            .exits(2)
            .says(refused),
        pull("the folder that a person names may be a link")
            .then(link("out", "../home"))
            .runs("pull out")
            .file_has("../home/index.json", "sha256:"),
        pull("what a killed run left in a directory of Bazel's goes with the next")
            .file("out/.imagelock-killed.tmp", "")
            .runs("pull --distdir out")
            .no_file("out/.imagelock-killed.tmp"),
    ]
}

/// What is no file is not waited for.
fn no_files() -> Vec<Case> {
    vec![
        Case::new("a lock that is a pipe is not waited for")
            .then(pipe("images.lock"))
            .exits(2)
            .says("cannot read `images.lock`: it is a pipe, not a file"),
        Case::new("a project file that is a pipe is not waited for")
            .then(pipe("images.toml"))
            .runs("list")
            .exits(2)
            .says("cannot read `images.toml`: it is a pipe, not a file"),
        Case::new("a project file that is named and a pipe is not waited for")
            .then(pipe("pipe"))
            .runs("--project pipe list")
            .exits(2)
            .says("cannot read `pipe`: it is a pipe, not a file"),
        locked("an edited file that is a pipe is not waited for")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \"pipe\"\n")
            .then(pipe("pipe"))
            .runs("render")
            .exits(2)
            .says("it is a pipe, not a file"),
        locked("a .gitignore that is a pipe is not waited for")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \"**/*.txt\"\n")
            .file("a/b/c.txt", "image = \"app:1\" # imagelock: app\n")
            .then(pipe("a/b/.gitignore"))
            .runs("render")
            .exits(2)
            .says("cannot read `a/b/.gitignore`: it is a pipe, not a file")
            .file_has("a/b/c.txt", "\"app:1\""),
        locked("a .gitignore above all that is a pipe is not waited for")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \"*.txt\"\n")
            .file("c.txt", "image = \"app:1\" # imagelock: app\n")
            .then(pipe(".gitignore"))
            .runs("render")
            .exits(2)
            .says("cannot read `.gitignore`: it is a pipe, not a file"),
        locked("an output that is a pipe is not waited for")
            .toml("[images]\napp = \"{host}/app:1\"\n[[buildkit]]\noutput = \"pipe.json\"\n")
            .then(pipe("pipe.json"))
            .runs("render --force")
            .exits(2)
            .says("it is a pipe, not a file"),
        Case::new("certificates that are a pipe are not waited for")
            .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nca = \"pipe\"\n")
            .then(pipe("pipe"))
            .exits(2)
            .says("cannot read `pipe`: it is a pipe, not a file"),
        Case::new("a folder in the place of the lock is told")
            .file("images.lock/file", "")
            .exits(2)
            .says("cannot read `images.lock`: it is a folder, not a file"),
    ]
}

/// More than anybody needs is not read.
fn bounds() -> Vec<Case> {
    vec![
        Case::new("a project file above its bound is refused with the bound")
            .then(large("images.toml", (16 << 20) + 1))
            .exits(2)
            .says("cannot read `images.toml`: it is larger than 16 MiB"),
        Case::new("a Cargo manifest above its bound is refused with the bound")
            .then(large("Cargo.toml", (16 << 20) + 1))
            .exits(2)
            .says("cannot read `Cargo.toml`: it is larger than 16 MiB"),
        locked("a file with pins above its bound is refused with the bound")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \"large\"\n")
            .then(large("large", (64 << 20) + 1))
            .runs("render")
            .exits(2)
            .says("it is larger than 64 MiB"),
        locked("a template above its bound is refused with the bound")
            .toml("[images]\napp = \"{host}/app:1\"\n[[buildkit]]\noutput = \"a.json\"\n")
            .file("templates/a.tera", "")
            .then(large("templates/a.tera", (1 << 20) + 1))
            .runs("render --templates templates")
            .exits(2)
            .says("it is larger than 1 MiB"),
        Case::new("certificates above their bound are refused with the bound")
            .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nca = \"large\"\n")
            .then(large("large", (1 << 20) + 1))
            .exits(2)
            .says("cannot read `large`: it is larger than 1 MiB"),
    ]
}

/// Bytes that are no text are wrong input, with their place.
fn no_text() -> Vec<Case> {
    vec![
        Case::new("a byte of a project file that is no text is shown at its place")
            .file("images.toml", b"[images]\n# caf\xe9\n")
            .exits(2)
            .says("`images.toml` is not text in UTF-8")
            .says("--> images.toml:2:6")
            .says("the byte 0xe9 belongs to no character"),
        Case::new("a byte of a lock that is no text is shown at its place")
            .file("images.lock", b"{\n  \"\xff\": 1}\n")
            .exits(2)
            .says("--> images.lock:2:4"),
        Case::new("a byte of a Cargo manifest that is no text is shown at its place")
            .file("Cargo.toml", b"\xc3(")
            .exits(2)
            .says("--> Cargo.toml:1:1"),
        locked("a template that is no text is refused")
            .toml("[images]\napp = \"{host}/app:1\"\n[[buildkit]]\noutput = \"a.json\"\n")
            .file("templates/a.tera", b"x\n\x80")
            .runs("render --templates templates")
            .exits(2)
            .says("a.tera:2:1`: it is not text in UTF-8: the byte 0x80 belongs to no character"),
    ]
}

/// What others wrote does not steer the terminal of whoever reads it.
fn terminal() -> Vec<Case> {
    const STEERS: &str = "x\u{9b}31m\u{202e}\u{feff}\u{2028}\u{7f}";
    let labelled = |registry: &Registry| {
        let image = Image::linux(["amd64"]).label("org.opencontainers.image.version", STEERS);
        let image =
            image.label("org.opencontainers.image.source", STEERS).label("org.opencontainers.image.revision", STEERS);
        registry.push("app:1", &image);
    };
    vec![
        Case::new("a line of a project file is shown with what steers a terminal escaped")
            .toml("[images]\n\"a\u{9b}31m\u{202e}\u{feff}\u{7f}\" = \"x\" # \u{2028}\u{85}\n")
            .exits(2)
            .says("\\u{9b}31m\\u{202e}\\u{feff}\\u{7f}")
            .says("--> images.toml:2:9")
            .more(steers_nothing),
        Case::new("an error in JSON has what steers a terminal escaped")
            .toml("[images]\napp = \"a\u{9b}\u{202e}\u{feff}\u{7f}\"\n[\"b\u{9b}\u{202e}\"]\n")
            .runs("lock --format json")
            .exits(2)
            .more(steers_nothing),
        Case::new("what a publisher wrote is listed with what steers a terminal escaped")
            .serves(labelled)
            .runs("lock")
            .more(steers_nothing)
            .runs("list")
            .prints("x\\u{9b}31m\\u{202e}\\u{feff}\\u{2028}\\u{7f}")
            .more(steers_nothing)
            .runs("why app")
            .more(steers_nothing),
        Case::new("what a publisher wrote is escaped in JSON, and reads the same")
            .serves(labelled)
            .runs("lock")
            .runs("list --format json")
            .json("/0/version", STEERS)
            .more(steers_nothing)
            .runs("why app --format json")
            .json("/locked/source", STEERS)
            .more(steers_nothing),
        Case::new("the path of a file is shown with what steers a terminal escaped")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \"*.txt\"\n")
            .file("a\u{202e}\u{9b}.txt", "nothing # imagelock: nobody\n")
            .serves(app)
            .runs("lock")
            .runs("render")
            .exits(2)
            .more(steers_nothing)
            .runs("render --format json")
            .exits(2)
            .more(steers_nothing),
    ]
}

/// Some folders are nobody's to write.
fn outputs() -> Vec<Case> {
    let output = |name, path: &str| {
        let toml = format!("[images]\napp = \"{{host}}/app:1\"\n[[buildkit]]\noutput = \"{path}\"\n");
        locked(name).toml(&toml)
    };
    let refused = "it is in a folder of version control";
    let run_by_ci = "is what CI or a hook runs";
    vec![
        output("no hook of Git's is written, not by force", ".git/hooks/post-checkout.json")
            .file(".git/config", "")
            .runs("render --force")
            .exits(2)
            .says(refused)
            .no_file(".git/hooks"),
        output("no hook is written where upper and lower case are the same", "sub/.GIT/x.json")
            .runs("render --force")
            .exits(2)
            .says(refused)
            .no_file("sub"),
        output("no hook is written through a link", "link/x.json")
            .file(".git/config", "")
            .then(link("link", ".git"))
            .runs("render --force")
            .exits(2)
            .says(refused)
            .no_file(".git/x.json"),
        locked("Git's settings are neither read nor shown")
            .secret("hunter2hunter2")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \".git/config\"\n")
            .file(".git/config", "extraheader = hunter2hunter2 # imagelock: app\n")
            .runs("render")
            .exits(2)
            .says(refused),
        locked("a glob does not go into Git's folder")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \"**/config\"\n")
            .file(".git/config", "image = \"app:1\" # imagelock: nobody\n")
            .file("config", "image = \"app:1\" # imagelock: app\n")
            .runs("render")
            .file_has("config", "sha256:")
            .file_has(".git/config", "nobody"),
        output("no workflow is written, not by force", ".github/workflows/ci.json")
            .runs("render --force")
            .exits(2)
            .says(run_by_ci)
            .no_file(".github"),
        output("no workflow of another forge is written", "sub/.Forgejo/workflows/deep/ci.json")
            .runs("render --force")
            .exits(2)
            .says(run_by_ci)
            .no_file("sub"),
        locked("pins in a workflow are edited")
            .toml("[images]\napp = \"{host}/app:1\"\n[[marker]]\nedit = \".github/workflows/*.yml\"\n")
            .file(".github/workflows/ci.yml", "image: \"app:1\" # imagelock: app\n")
            .runs("render")
            .file_has(".github/workflows/ci.yml", "sha256:"),
        output("what a killed run left beside an output goes with the next", "deep/er/a.json")
            .file("deep/er/.imagelock-killed.tmp", "")
            .runs("render")
            .no_file("deep/er/.imagelock-killed.tmp")
            .file_has("deep/er/a.json", "sha256:"),
    ]
}

/// A command about what is locked says when nothing is.
fn no_lock() -> Vec<Case> {
    vec![
        Case::new("pull without a lock says what to run")
            .runs("pull out")
            .exits(2)
            .says("there is no `images.lock`")
            .says("run `imagelock lock` first")
            .no_file("out")
            .requests(0),
        Case::new("verify without a lock does not say that all is well")
            .runs("verify")
            .exits(2)
            .says("there is no `images.lock`")
            .requests(0),
        locked("pull of an image that is not locked is an error")
            .toml("[images]\napp = \"{host}/app:1\"\n")
            .then(|stage| {
                let toml = stage.text("[images]\napp = \"{host}/app:1\"\nnew = \"{host}/app:1\"\n");
                stage.repo.write("images.toml", toml);
            })
            .runs("pull out --image new")
            .exits(2)
            .says("`new` is not in images.lock"),
    ]
}
