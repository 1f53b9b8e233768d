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
    (services(&output).into_keys().collect(), told(output))
}

/// What people are told, without the places.
fn told(output: Output) -> Vec<String> {
    output.kept.into_iter().map(|left| left.reason).chain(output.warnings).collect()
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
    assert_eq!(error.lines().next(), Some(warnings.join("; ").as_str()), "all that a warning would tell of");
    let first = "\ncompose.yaml:3:12 \"redis\"\nimages.toml:1:1 \"[[compose]]\" `strict` asks for every service\n";
    assert!(error.contains(first), "{error}");
    assert!(error.contains("\nhelp: name its image: `services = { a = \"…\" }`\n"), "{error}");
}

#[test]
fn a_named_service_takes_the_image_it_is_given() {
    let project = format!("{PROJECT}services = {{ db = \"postgres\" }}\n");
    let output = outputs(&project, "services:\n  db:\n    image: my/postgres:$TAG\n").unwrap();
    assert!(services(&output)["db"].starts_with("docker.io/library/postgres:16.9@"));
    assert_eq!(told(output), Vec::<String>::new());
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
    assert!(error.contains("`a` is the name of an image") && error.contains("try `b`"), "{error}");
}

/// What becomes of a Compose file among others: the services that are pinned, and the warnings or the error.
fn among(files: &[(&str, &str)], strict: bool) -> Result<(Vec<String>, Vec<String>), String> {
    let tree = files.iter().fold(MemoryTree::default(), |tree, (path, text)| tree.file(*path, *text));
    let project = if strict { format!("{PROJECT}strict = true\n") } else { PROJECT.to_owned() };
    let output = render(&Compose, &project, &locked(), &tree)?.remove(0);
    Ok((services(&output).into_keys().collect(), told(output)))
}

fn pinned_services(files: &[(&str, &str)]) -> Vec<String> {
    let (services, warnings) = among(files, true).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    services
}

#[test]
fn included_files_are_read() {
    let include = "include:\n- a/other.yaml\n- path: [third.yaml]\nservices: {db: {image: 'postgres:16.9'}}\n";
    let files = [
        ("compose.yaml", include),
        ("a/other.yaml", "include: [../compose.yaml, ../fourth.yaml]\nservices: {z: {image: 'ghcr.io/acme/web:1'}}\n"),
        ("third.yaml", "services: {y: {image: 'postgres:16.9'}}\n"),
        ("fourth.yaml", "services: {x: {image: 'postgres:16.9'}}\n"),
    ];
    assert_eq!(pinned_services(&files), ["db", "x", "y", "z"]);
    let unknown = ("a/other.yaml", "services: {z: {image: 'redis:7'}}\n");
    assert!(among(&[files[0], unknown, files[2]], true).unwrap_err().contains("a/other.yaml:1:23 \"'redis:7'\""));
    for absent in ["${X}/o.yaml", "missing.yaml", "https://example.com/c.yaml", "../../up.yaml"] {
        let text = format!("include: ['{absent}']\nservices: {{}}\n");
        let (_, warnings) = among(&[("compose.yaml", &text)], false).unwrap();
        assert!(warnings[0].contains("the file is not in the repository"), "{warnings:?}");
        assert!(among(&[("compose.yaml", &text)], true).unwrap_err().contains("compose.yaml:1:11"));
    }
}

#[test]
fn services_that_extend_others_take_their_images() {
    let compose = "services:\n  base: {image: 'postgres:16.9'}\n  a: {extends: base}\n  b: {extends: {service: a}}\n  c: {extends: {file: d/o.yaml, service: x}}\n  d: {extends: base, image: 'ghcr.io/acme/web:1'}\n  e: {extends: {service: built}}\n  built: {build: .}\n";
    let other = ("d/o.yaml", "services: {x: {extends: {file: p.yaml, service: x}}}\n");
    let third = ("d/p.yaml", "services: {x: {image: 'postgres:16.9'}}\n");
    assert_eq!(pinned_services(&[("compose.yaml", compose), other, third]), ["a", "b", "base", "c", "d"]);
    for circle in ["services: {a: {extends: b}, b: {extends: a}}\n", "services: {a: {extends: nobody}}\n"] {
        assert!(among(&[("compose.yaml", circle)], true).unwrap_err().contains("its image is written in another file"));
    }
}

#[test]
fn what_is_built_is_so_in_the_services_that_extend_it() {
    let image = "image: 'ghcr.io/acme/web:1'";
    let base = format!("services:\n  base: {{build: ., {image}}}\n");
    for (service, pinned) in [
        (format!("{{extends: base, {image}}}"), &[][..]),
        (format!("{{extends: {{service: base, file: compose.yaml}}, {image}}}"), &[]),
        ("{extends: base}".to_owned(), &[]),
        (format!("{{extends: base, build: !reset null, {image}}}"), &["a"]),
        ("{extends: base, build: !reset null}".to_owned(), &["a"]),
    ] {
        assert_eq!(pinned_services(&[("compose.yaml", &format!("{base}  a: {service}\n"))]), pinned, "{service}");
    }
}

#[test]
fn a_file_that_is_extended_and_included_adds_its_services() {
    let compose = "include: [o.yaml]\nservices: {a: {extends: {file: o.yaml, service: x}}}\n";
    let other = ("o.yaml", "services: {x: {image: 'postgres:16.9'}}\n");
    assert_eq!(pinned_services(&[("compose.yaml", compose), other]), ["a", "x"]);
}

#[test]
fn a_file_of_variables_beside_it_is_read() {
    let compose = "services: {db: {image: 'postgres:${TAG:-15}'}}\n";
    let (services, warnings) = among(&[("compose.yaml", compose), (".env", "TAG=16.9\n")], true).unwrap();
    assert_eq!((services, warnings.len()), (vec!["db".to_owned()], 1));
    assert!(among(&[("compose.yaml", compose)], true).is_err());
}

#[test]
fn a_provider_has_nothing_to_pin_and_all_documents_count() {
    assert_eq!(
        pinned_services(&[("compose.yaml", "services: {a: {provider: {type: model}}}\n")]),
        Vec::<String>::new()
    );
    let two = "services: {a: {image: 'redis:7'}}\n---\nservices: {a: {image: 'postgres:16.9'}, b: {image: 'postgres:16.9'}}\n";
    assert_eq!(pinned_services(&[("compose.yaml", two)]), ["a", "b"]);
    let over = "services: {a: {image: 'postgres:16.9'}}\n---\nservices: {a: {ports: []}}\n";
    assert_eq!(pinned_services(&[("compose.yaml", over)]), ["a"]);
    let error = outputs(PROJECT, "services:\n  a: {image: x}\n  a: {image: y}\n").unwrap_err();
    assert!(error.contains("`a` is there twice\ncompose.yaml:3:3"), "{error}");
    let error = outputs(PROJECT, "web: {image: nginx}\n").unwrap_err();
    assert!(error.starts_with("`compose.yaml` has no `services`"), "{error}");
}

#[test]
fn images_that_no_override_reaches_are_told() {
    let compose = "services:\n  a:\n    image: postgres:16.9\n    volumes: [{type: image, source: 'redis:7', target: /x}, {type: bind, source: ./y, target: /y}, 'v:/v']\n";
    let (services, warnings) = among(&[("compose.yaml", compose)], false).unwrap();
    assert_eq!(services, ["a"]);
    assert_eq!(warnings, ["`redis:7` is not pinned: no override reaches it; write its digest there"]);
    assert!(among(&[("compose.yaml", compose)], true).unwrap_err().contains("compose.yaml:4:"));
    let own = compose.replace("redis:7", "a");
    assert_eq!(pinned_services(&[("compose.yaml", &own)]), ["a"]);
    let pinned = compose.replace("redis:7", &format!("redis@sha256:{}", "a".repeat(64)));
    assert_eq!(pinned_services(&[("compose.yaml", &pinned)]), ["a"]);
}

#[test]
fn merge_keys_that_multiply_end() {
    let mut bomb = "x-0: &x0 {a: b}\n".to_owned();
    for level in 1..40 {
        bomb.push_str(&format!("x-{level}: &x{level} {{<<: [*x{0}, *x{0}, *x{0}]}}\n", level - 1));
    }
    bomb.push_str("services: {a: {<<: *x39, image: 'postgres:16.9'}}\n");
    assert_eq!(pinned_services(&[("compose.yaml", &bomb)]), ["a"]);
}

proptest! {
    #[test]
    fn a_parser_reads_back_what_was_locked(
        service in "[a-zA-Z0-9._-]{1,9}|no|1e3|0o7|~|null|\\PC{1,6}", name in arbitrary::image_name(), image in arbitrary::locked_image(),
    ) {
        let key = toml_key(&service);
        let project = format!("[[compose]]\noutput = \"o.yaml\"\nservices = {{ {key} = \"{name}\" }}\n");
        let lock = Lockfile { images: [(name, image.clone())].into(), ..Default::default() };
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
