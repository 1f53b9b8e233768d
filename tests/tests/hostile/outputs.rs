//! Publishers' words in what is written for other programs, and the files that are written to.

use std::os::unix::fs::symlink;

use imagelock_testkit::Image;

use crate::harness::Case;

const ODD: &str =
    "1\"}],\"evil\":[{\"'`$(touch ran)\\n\n# x: {{ x }} ${x} %{ if true } <b>&\u{1b}\u{7f}\u{2028}\u{202e}";

/// `app` is locked with odd labels, and a target is rendered.
fn rendered(name: &'static str, target: &str, path: &'static str) -> Case {
    let image = Image::linux(["amd64"])
        .label("org.opencontainers.image.version", ODD)
        .label("org.opencontainers.image.source", ODD)
        .label("org.opencontainers.image.revision", ODD);
    Case::new(name)
        .toml(&format!("[images]\napp = \"{{host}}/app:1\"\n\n{target}\n"))
        .serves(move |registry| drop(registry.push("app:1", &image)))
        .runs("lock")
        .runs("render")
        .no_file("ran")
        .more(move |stage, _| {
            let text = stage.repo.read(path);
            let raw = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
            assert!(!text.contains(raw), "{text:?}");
            if std::path::Path::new(path).extension().is_some_and(|extension| extension == "json") {
                let document: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert!(document.pointer("/evil").is_none());
            }
        })
        .runs("render --check")
}

/// `app` is locked, and `policy.json` is rendered after something happened to the repository.
fn written(name: &'static str, output: &str, change: impl FnOnce(&crate::harness::Stage) + Send + 'static) -> Case {
    Case::new(name)
        .toml(&format!("[images]\napp = \"{{host}}/app:1\"\n[[buildkit]]\noutput = \"{output}\"\n"))
        .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]))))
        .runs("lock")
        .then(change)
        .runs("render")
        .exits(2)
}

/// A file that Git, CI or imagelock itself acts on is nobody's to write whole, not by force and not through a link.
fn reserved(name: &'static str, output: &str) -> Case {
    written(name, output, |_| {}).runs("render --force").exits(2)
}

fn reserved_cases() -> Vec<Case> {
    vec![
        reserved("a file that says what CI runs is not written", "sub/.gitlab-ci.json").no_file("sub"),
        reserved("a file of Git's attributes is not written", ".gitattributes")
            .says("`.gitattributes` is a file that Git acts on")
            .no_file(".gitattributes"),
        reserved("an action of a forge is not written", ".github/actions/a/action.json").no_file(".github"),
        reserved("a hook that Git is told of is not written", ".husky/pre-commit.json").no_file(".husky"),
        reserved("Git's folder by its short name is not written", "git~1/x.json").no_file("git~1"),
        reserved("Git's folder with a letter that nobody sees is not written", ".g\u{200d}it/x.json")
            .no_file(".g\u{200d}it"),
        reserved("the lock in other letters is not written", "IMAGES.LOCK")
            .says("is what targets are rendered from")
            .no_file("IMAGES.LOCK"),
        written("a workflow is not written through a link", "out/x.json", |stage| {
            std::fs::create_dir_all(stage.repo.path(".github/workflows")).unwrap();
            symlink(".github/workflows", stage.repo.path("out")).unwrap();
        })
        .says("`out/x.json` is what CI or a hook runs")
        .no_file(".github/workflows/x.json"),
    ]
}

/// A page of a repository whose publishers wrote odd labels; what is not like a page is not written over.
fn page_cases() -> Vec<Case> {
    let image = Image::linux(["amd64"])
        .label("org.opencontainers.image.version", ODD)
        .label("org.opencontainers.image.source", "javascript:alert(1)")
        .label("org.opencontainers.image.base.name", ODD);
    let page = |name| {
        let image = image.clone();
        Case::new(name).serves(move |registry| drop(registry.push("app:1", &image))).runs("lock")
    };
    vec![
        page("a publisher's words stay words in a page").runs("report page.html").no_file("ran").more(|stage, _| {
            let text = stage.repo.read("page.html");
            let raw = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
            assert!(!text.contains(raw) && !text.contains("<b>") && !text.contains("javascript:"), "{text:?}");
            assert_eq!(text.matches("<script").count(), 1);
        }),
        page("a page behind a link that leads elsewhere is not written")
            .then(|stage| {
                stage.repo.write("../elsewhere.html", "mine\n");
                symlink(stage.repo.path("../elsewhere.html"), stage.repo.path("page.html")).unwrap();
            })
            .runs("report page.html")
            .exits(2)
            .file_has("../elsewhere.html", "mine\n"),
        page("a page in a folder that leads elsewhere is not written")
            .then(|stage| {
                std::fs::create_dir_all(stage.repo.path("../elsewhere")).unwrap();
                symlink(stage.repo.path("../elsewhere"), stage.repo.path("out")).unwrap();
            })
            .runs("report out/page.html")
            .exits(2)
            .no_file("../elsewhere/page.html"),
        page("a pipe in the place of a page is not waited for")
            .then(|stage| {
                let made = std::process::Command::new("mkfifo").arg(stage.repo.path("page.html")).status();
                assert!(made.unwrap().success());
            })
            .runs("report page.html")
            .exits(2),
        page("a document for a page that is too deep ends the run alone")
            .file("deep.json", "[".repeat(100_000))
            .runs("report page.html --outdated deep.json")
            .exits(2)
            .no_file("page.html"),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = reserved_cases();
    cases.extend(page_cases());
    cases.extend(others());
    cases
}

fn others() -> Vec<Case> {
    vec![
        rendered("a publisher's words stay words in a policy", "[[buildkit]]\noutput = \"policy.json\"", "policy.json"),
        rendered(
            "a publisher's words stay words in a bill of materials",
            "[[cyclonedx]]\noutput = \"bom.json\"",
            "bom.json",
        ),
        rendered(
            "a publisher's words stay words in Terraform's variables",
            "[[terraform]]\noutput = \"i.auto.tfvars.json\"",
            "i.auto.tfvars.json",
        ),
        rendered("a publisher's words stay words in a component", "[[kustomize]]\noutput = \"c\"", "c"),
        rendered(
            "a publisher's words stay words in an Earthfile",
            "[[earthly]]\noutput = \"i/Earthfile\"",
            "i/Earthfile",
        ),
        rendered("a publisher's words stay words for Hauler", "[[hauler]]\noutput = \"hauler.yaml\"", "hauler.yaml"),
        rendered("a publisher's words stay words for Zarf", "[[zarf]]\noutput = \"i/zarf.yaml\"", "i/zarf.yaml"),
        rendered("a publisher's words stay words for Carvel", "[[carvel]]\noutput = \"images.yml\"", "images.yml"),
        written("an output behind a link that leads elsewhere is not written", "policy.json", |stage| {
            stage.repo.write("../elsewhere.json", "{}");
            symlink(stage.repo.path("../elsewhere.json"), stage.repo.path("policy.json")).unwrap();
        })
        .file_has("../elsewhere.json", "{}"),
        written("an output in a folder that leads elsewhere is not written", "out/policy.json", |stage| {
            std::fs::create_dir_all(stage.repo.path("../elsewhere")).unwrap();
            symlink(stage.repo.path("../elsewhere"), stage.repo.path("out")).unwrap();
        })
        .no_file("../elsewhere/policy.json"),
        written("a file that a person wrote is not overwritten", "policy.json", |stage| {
            stage.repo.write("policy.json", "mine\n");
        })
        .file_has("policy.json", "mine\n"),
        written("a folder is not overwritten", "policy.json", |stage| {
            std::fs::create_dir_all(stage.repo.path("policy.json/x")).unwrap();
        }),
        written("an output in git's own folder is refused", ".git/policy.json", |_| {}),
        written("a pipe in the place of an output is not waited for", "policy.json", |stage| {
            let made = std::process::Command::new("mkfifo").arg(stage.repo.path("policy.json")).status();
            assert!(made.unwrap().success());
        }),
        written("the lock is no output", "images.lock", |_| {}),
        written("the project file is no output", "images.toml", |_| {}).file_has("images.toml", "[images]"),
        written("an output at a path of the machine is refused", "/tmp/policy.json", |_| {}),
    ]
}
