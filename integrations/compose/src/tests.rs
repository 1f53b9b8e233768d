use std::collections::BTreeMap;

use imagelock_adapter::MemoryTree;
use imagelock_core::{Lockfile, arbitrary};
use imagelock_edit::testing::{lock, only, render};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

const PROJECT: &str = "[[compose]]\nfile = \"compose.yaml\"\noutput = \"compose.images.yaml\"\n";

fn locked() -> Lockfile {
    lock(&[("postgres", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1", 'b')])
}

fn outputs(project: &str, compose: &str) -> Result<Output, String> {
    let tree = MemoryTree::default().file("compose.yaml", compose);
    render(&Compose, project, &locked(), &tree).map(|mut outputs| outputs.remove(0))
}

fn services(output: &Output) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct File {
        services: BTreeMap<String, BTreeMap<String, String>>,
    }
    let file: File = serde_saphyr::from_str(std::str::from_utf8(&output.content).unwrap()).unwrap();
    file.services.into_iter().map(|(name, mut service)| (name, service.remove("image").unwrap())).collect()
}

fn pins(compose: &str) -> (Vec<String>, Vec<String>) {
    let output = outputs(PROJECT, compose).unwrap();
    (services(&output).into_keys().collect(), output.warnings)
}

#[test]
fn services_are_matched_by_their_references() {
    let compose = "services:\n  db:\n    image: postgres:16.9 # why\n  web: {image: 'ghcr.io/acme/web:1'}\n";
    let output = outputs(PROJECT, compose).unwrap();
    let text = String::from_utf8(output.content).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    assert_eq!(
        body,
        "# Use it after the Compose file: docker compose -f compose.yaml -f compose.images.yaml
services:
  # postgres: 16.9, 12 Nov 2026
  \"db\":
    image: \"docker.io/library/postgres:16.9@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"
  # web: 1, 12 Nov 2026
  \"web\":
    image: \"ghcr.io/acme/web:1@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"
"
    );
}

#[test]
fn anchors_merges_and_compose_tags_are_read() {
    let compose = "x-db: &db\n  image: postgres:16.9\nservices:\n  a: *db\n  b:\n    <<: *db\n    ports: !override []\n  c:\n    image: >-\n      postgres:16.9\n";
    assert_eq!(pins(compose), (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], vec![]));
}

#[test]
fn a_service_that_is_built_is_left_to_its_build() {
    assert_eq!(pins("services:\n  web:\n    build: .\n    image: ghcr.io/acme/web:1\n"), (vec![], vec![]));
}

#[test]
fn defaults_of_variables_are_pinned_with_a_warning() {
    let (services, warnings) = pins("services:\n  db:\n    image: ${IMAGE:-postgres:${TAG:-16.9}}\n");
    assert_eq!(services, ["db"]);
    assert_eq!(
        warnings,
        ["service `db` takes its image from variables: the override pins their defaults, whatever they are set to"]
    );
}

#[test]
fn what_cannot_be_pinned_is_told() {
    let compose = "services:\n  a:\n    image: redis\n  b:\n    image: postgres:$TAG\n  c:\n    image: postgres:15\n  d:\n    extends: {file: x.yaml, service: y}\n  e:\n    image: '{{x}}'\n";
    let (services, warnings) = pins(compose);
    assert_eq!(services, Vec::<String>::new());
    assert_eq!(warnings[0], "service `a` is not pinned: `redis` is not in images.lock");
    assert_eq!(warnings[1], "service `b` is not pinned: its image is decided by the variable `TAG`");
    assert_eq!(
        warnings[2],
        "service `c` is not pinned: `postgres:15` is not in images.lock, which has `postgres` (16.9)"
    );
    assert_eq!(warnings[3], "service `d` is not pinned: its image is written in another file");
    assert!(warnings[4].starts_with("service `e` is not pinned: "), "{warnings:?}");
    let error = outputs(&format!("{PROJECT}strict = true\n"), compose).unwrap_err();
    assert_eq!(
        error,
        "service `a` is not pinned: `redis` is not in images.lock
compose.yaml:3:12 \"redis\"
images.toml:1:1 \"[[compose]]\" `strict` asks for every service
help: name its image: `services = { a = \"…\" }`
"
    );
}

#[test]
fn a_named_service_takes_the_image_it_is_given() {
    let project = format!("{PROJECT}services = {{ db = \"postgres\" }}\n");
    let output = outputs(&project, "services:\n  db:\n    image: my/postgres:$TAG\n").unwrap();
    assert!(services(&output)["db"].starts_with("docker.io/library/postgres:16.9@"));
    assert_eq!(output.warnings, Vec::<String>::new());
    let alone = "[[compose]]\noutput = \"x.yaml\"\nservices = { db = \"postgres\" }\n";
    assert_eq!(services(&outputs(alone, "").unwrap()).len(), 1);
}

#[test]
fn a_service_that_cannot_take_an_image_shows_its_place() {
    let project = format!("{PROJECT}services = {{ bd = \"postgres\" }}\n");
    let error = outputs(&project, "services:\n  db:\n    image: x\n").unwrap_err();
    assert_eq!(error, "`compose.yaml` has no service `bd`\nimages.toml:4:14 \"bd\" did you mean `db`?\n");
    let error = outputs(&project, "services:\n  bd:\n    build: .\n").unwrap_err();
    assert!(error.starts_with("service `bd` is built: "), "{error}");
    assert!(error.contains("compose.yaml:3:5"), "{error}");
    let included = outputs(&project, "include: [other.yaml]\nservices: {}\n").unwrap();
    assert_eq!(services(&included).len(), 1);
}

#[test]
fn a_file_that_is_not_there_or_no_compose_file_shows_its_place() {
    let error = render(&Compose, PROJECT, &locked(), &MemoryTree::default()).unwrap_err();
    assert_eq!(error, "there is no file `compose.yaml`\nimages.toml:2:9 \"compose.yaml\"\n");
    let error = outputs(PROJECT, "services:\n  db: [\n").unwrap_err();
    assert!(error.starts_with("`compose.yaml` is not a Compose file: "), "{error}");
    assert!(error.contains("\ncompose.yaml:"), "{error}");
}

#[test]
fn a_table_that_says_too_little_is_refused() {
    let error = outputs("[[compose]]\noutput = \"x\"\n", "").unwrap_err();
    assert!(error.contains("needs `file`, the Compose file, or `services`"), "{error}");
    let error = outputs("[[compose]]\noutput = \"x\"\nservices = { a = 1, b = \"B\" }\n", "").unwrap_err();
    assert!(error.contains("`services` is a table of services") && error.contains("try `b`"), "{error}");
}

proptest! {
    #[test]
    fn a_parser_reads_back_what_was_locked(
        service in "[a-zA-Z0-9._-]{1,9}|no|1e3|0o7|~|null|\\PC{1,6}", name in arbitrary::image_name(), image in arbitrary::locked_image(),
    ) {
        let key = toml_key(&service);
        let project = format!("[[compose]]\noutput = \"o.yaml\"\nservices = {{ {key} = \"{name}\" }}\n");
        let lock = Lockfile { images: [(name, image.clone())].into() };
        match only(&Compose, &project, &lock, &MemoryTree::default()) {
            Err(_) => prop_assert!(image.repository().is_none()),
            Ok(text) => {
                let output = Output::edited("o", text.into_bytes(), &no_place());
                let read = services(&output);
                prop_assert_eq!(read.get(&service).cloned(), image.tagged().map(|reference| reference.to_string()));
                prop_assert!(!read[&service].contains('$'));
            }
        }
    }

    #[test]
    fn no_compose_file_stops_the_reader(text in "(services:\n  a:\n    image: )?\\PC{0,40}") {
        drop(outputs(PROJECT, &text));
    }
}

fn no_place() -> Location {
    Location::new(&imagelock_core::source::SourceFile::new("", ""), 0..0)
}

fn toml_key(text: &str) -> String {
    let escaped = text.chars().map(|c| format!("\\U{:08x}", u32::from(c)));
    format!("\"{}\"", escaped.collect::<String>())
}
