//! The rule of `docs/places.md` at every door: the same text means the same image, whatever file it stands in.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_adapter::{Adapter, MemoryTree};
use imagelock_all_files::AllFiles;
use imagelock_compose::Compose;
use imagelock_core::source::SourceFile;
use imagelock_core::{Lockfile, Reference};
use imagelock_dockerfile::Dockerfile;
use imagelock_earthly::Earthly;
use imagelock_edit::testing::{digest, lock, only, render, rule, with_context};
use imagelock_kubernetes::{Kubernetes, post_render};
use imagelock_marker::Markers;
use imagelock_terraform::Terraform;

fn locked() -> Lockfile {
    let lock = lock(&[
        ("db", "postgres:16.9-alpine", 'a'),
        ("edge", "nginx:latest", 'b'),
        ("old", "redis:7", 'c'),
        ("new", "redis:8", 'd'),
    ]);
    rule(lock, "db", Some("16"), Some(r"^(?<version>\d+\.\d+)-alpine$"))
}

/// A way of a reference into a file and out of it.
struct Door {
    name: &'static str,
    /// What the reference becomes; the second is whether `imagelock: db` is said of it.
    answer: fn(&str, bool) -> String,
    /// Whether only markers make a place one here.
    marked: bool,
}

const DOORS: &[Door] = &[
    Door { name: "Dockerfile", answer: dockerfile, marked: false },
    Door { name: "Earthfile", answer: earthfile, marked: false },
    Door { name: "kubernetes", answer: kubernetes, marked: false },
    Door { name: "post-render", answer: post_rendered, marked: false },
    Door { name: "compose", answer: compose, marked: false },
    Door { name: "files", answer: files, marked: false },
    Door { name: "marker", answer: marker, marked: true },
    Door { name: "terraform", answer: terraform, marked: true },
];

/// The file with pins, or as it was where the adapter has nothing to do in it.
fn edited(adapter: &dyn Adapter, path: &str, table: &str, text: &str) -> String {
    let project = format!("built = ['ghcr.io/acme/own-*']\n[[{}]]\nedit = '{path}'\n{table}", adapter.id());
    match only(adapter, &project, &locked(), &MemoryTree::default().file(path, text)) {
        Ok(edited) => edited,
        Err(error) => {
            assert!(error.starts_with("no file here has a marker"), "{error}");
            text.to_owned()
        }
    }
}

/// What stands between two texts.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_once(after).unwrap().0
}

/// A marker alone on a line, or nothing.
fn above(marked: bool) -> &'static str {
    if marked { "# imagelock: db\n" } else { "" }
}

fn dockerfile(image: &str, marked: bool) -> String {
    let text = format!("{}FROM {image} AS x\n", above(marked));
    between(&edited(&Dockerfile, "Dockerfile", "", &text), "FROM ", " AS").to_owned()
}

fn earthfile(image: &str, marked: bool) -> String {
    let text = format!("VERSION 0.8\n{}FROM {image}\n", above(marked));
    between(&edited(&Earthly, "Earthfile", "", &text), "FROM ", "\n").to_owned()
}

fn pod(image: &str, marked: bool) -> String {
    format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{}  - image: \"{image}\"\n", above(marked))
}

fn kubernetes(image: &str, marked: bool) -> String {
    between(&edited(&Kubernetes, "p.yaml", "", &pod(image, marked)), "image: \"", "\"").to_owned()
}

fn post_rendered(image: &str, marked: bool) -> String {
    let manifests = SourceFile::new("standard input", pod(image, marked));
    let built = imagelock_core::project::Built::new(["ghcr.io/acme/own-*".parse().unwrap()]);
    let edited = with_context(&locked(), |context| {
        let context = imagelock_adapter::Context { built: &built, ..*context };
        post_render(&manifests, &context, &[]).unwrap()
    });
    between(&edited.text, "image: \"", "\"").to_owned()
}

/// A service's image, said by `services` where a marker says it elsewhere.
fn compose(image: &str, marked: bool) -> String {
    let services = if marked { "services = { x = 'db' }\n" } else { "" };
    let table = format!("file = 'compose.yaml'\noutput = 'o.yaml'\n{services}");
    let project = format!("built = ['ghcr.io/acme/own-*']\n[[compose]]\n{table}");
    let tree = MemoryTree::default().file("compose.yaml", format!("services:\n  x:\n    image: \"{image}\"\n"));
    let text = only(&Compose, &project, &locked(), &tree).unwrap();
    match text.split_once("image: \"") {
        Some((_, rest)) => rest.split_once('"').unwrap().0.to_owned(),
        // The override does not name the service: it runs as the file says.
        None => image.to_owned(),
    }
}

/// A file without a word to say is none of the outputs: it stays.
fn files(image: &str, marked: bool) -> String {
    let text = pod(image, marked);
    let project = "built = ['ghcr.io/acme/own-*']\n[[files]]\nedit = '**'\n";
    let outputs =
        render(&AllFiles, project, &locked(), &MemoryTree::default().file("pod.yaml", text.as_str())).unwrap();
    let edited = outputs.first().map_or(text, |output| String::from_utf8(output.content.clone()).unwrap());
    between(&edited, "image: \"", "\"").to_owned()
}

fn marker(image: &str, marked: bool) -> String {
    let text = format!("{}image=\"{image}\"\n", above(marked));
    between(&edited(&Markers, "a.sh", "", &text), "image=\"", "\"").to_owned()
}

fn terraform(image: &str, marked: bool) -> String {
    let text = format!("{}image = \"{image}\"\n", above(marked));
    between(&edited(&Terraform, "a.tf", "refs = 'tagged'\n", &text), "image = \"", "\"").to_owned()
}

/// What a reference becomes: whose tag and digest it has then, or nothing where it is kept.
const KEPT: Option<(&str, char)> = None;
const DB: Option<(&str, char)> = Some(("postgres:16.9-alpine", 'a'));

#[test]
fn every_door_gives_the_same_answer() {
    let at = |reference: &str, digit: char| format!("{reference}@{}", digest(digit));
    let rows = [
        ("the locked tag", "postgres:16.9-alpine".to_owned(), DB),
        ("in full", "docker.io/library/postgres:16.9-alpine".to_owned(), DB),
        ("the locked tag with an old digest", at("postgres:16.9-alpine", 'f'), DB),
        ("a tag that the rule admits", "postgres:16.8-alpine".to_owned(), DB),
        ("a pin of before", at("postgres:16.8-alpine", 'f'), DB),
        ("an old digest alone", at("postgres", 'f'), DB),
        ("the locked digest under another tag", at("postgres:15", 'a'), DB),
        ("no tag where another is locked", "postgres".to_owned(), KEPT),
        ("a tag that the rule does not admit", "postgres:15.8-alpine".to_owned(), KEPT),
        ("a pin that the rule does not admit", at("postgres:15.8-alpine", 'f'), KEPT),
        ("no tag where `latest` is locked", "nginx".to_owned(), Some(("nginx:latest", 'b'))),
        ("a tag where `latest` is locked", "nginx:1.29".to_owned(), KEPT),
        ("one of two locked tags", "redis:7".to_owned(), Some(("redis:7", 'c'))),
        ("none of two locked tags", at("redis:6.2", 'f'), KEPT),
        ("one of two locked digests", at("redis", 'd'), Some(("redis:8", 'd'))),
        ("none of two locked digests", at("redis", 'f'), KEPT),
        ("another repository", "mysql:8".to_owned(), KEPT),
        ("what is built here", "ghcr.io/acme/own-web:1".to_owned(), KEPT),
    ];
    for Door { name, answer, marked } in DOORS {
        for (row, written, expected) in &rows {
            let expected = expected.filter(|_| !marked).map_or(written.clone(), |(image, digit)| at(image, digit));
            let parsed = |text: &str| text.parse::<Reference>().unwrap();
            assert_eq!(parsed(&answer(written, false)), parsed(&expected), "{name}: {row}");
            let marked = parsed(&answer(written, true));
            assert_eq!(marked, parsed(&at("postgres:16.9-alpine", 'a')), "{name}: {row}, with a marker");
        }
    }
}
