//! Hostile text through every adapter: another parser reads back exactly what went in, or imagelock refused it.
//!
//! An adapter that is not known here fails the test: add how its language is read.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]
#![allow(clippy::format_collect, reason = "a test builds texts of lines")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use camino::Utf8Path;
use imagelock::ADAPTERS;
use imagelock_adapter::{Adapter, Output};
use imagelock_core::{LockedImage, Lockfile, Tag};
use imagelock_edit::testing;
use imagelock_tests::{Monorepo, need, target_of_every_image};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What publishers may write into a label.
const TEXTS: &[&str] = &[
    "\"",
    "'",
    "`",
    "\\",
    "{",
    "}",
    "${path.module}",
    "$${x}",
    "%{ if true }",
    "{{ .Values.x }}",
    "{% raw %}",
    "{# x #}",
    "\n",
    "\r\n- x: y",
    "\u{2028}",
    "\u{85}",
    "#",
    " # x",
    "*/",
    "-->",
    "no",
    "0o7",
    "1e3",
    "1_000",
    "~",
    "null",
    "@x",
    "*x",
    "&x",
    "!x",
    "? x",
    "- x",
    ": ",
    "a: b",
    "---",
    "...",
    "<<",
    "\u{202e}gnp.exe\u{202c}",
    "\u{2066}",
    "\u{e0067}",
    "\u{feff}",
    "\u{0}",
    "\u{7f}",
    "\u{1b}[31m",
    "😀",
    "]]>",
    "$(id)",
    "`id`",
    "%s",
    "",
];

/// Names and tags that YAML, HCL, Starlark and shells have ideas of.
const WORDS: &[&str] =
    &["no", "on", "y", "null", "true", "0o7", "1e3", "16", "1.10", "0x1f", "2024-01-01", "for", "web"];

/// A lock whose every text is one of those.
fn locks() -> impl Strategy<Value = Lockfile> {
    let text = || prop_oneof![3 => prop::sample::select(TEXTS).prop_map(str::to_owned), 1 => "\\PC{0,12}"];
    let word = || prop::sample::select(WORDS);
    let said = (prop::option::of(text()), prop::option::of(text()), prop::option::of(text()));
    let image = (word(), prop::option::of(word()), said);
    prop::collection::btree_map(word(), image, 1..4).prop_map(|images| {
        let images = images.into_iter().map(|(name, (path, tag, (version, revision, source)))| {
            // Every image has a repository of its own: kustomize refuses two tags of one.
            let of = (name, format!("ghcr.io/{path}/{name}"), tag);
            (name.parse().unwrap(), LockedImage { version, revision, source, ..locked(of) })
        });
        Lockfile { images: images.collect(), ..Lockfile::default() }
    })
}

fn locked((name, reference, tag): (&str, String, Option<&str>)) -> LockedImage {
    let reference = tag.map_or_else(|| reference.clone(), |tag| format!("{reference}:{tag}"));
    let mut lock = testing::lock(&[(name, &reference, 'a')]);
    let mut image = lock.images.remove(name).unwrap();
    image.tag = tag.map(|tag| tag.parse().unwrap());
    image
}

fn rendered(adapter: &dyn Adapter, lock: &Lockfile) -> Result<Output, String> {
    let (table, tree) = target_of_every_image(adapter.id(), lock);
    let outputs = testing::render(adapter, &format!("[[{}]]\n{table}\n", adapter.id()), lock, &tree)?;
    Ok(outputs.into_iter().next().expect("it writes a file"))
}

/// Each image as the file has it, by its name: what a parser of the language read.
fn read(adapter: &str, lock: &Lockfile, file: &Value) -> BTreeMap<String, Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let said = |text: &Value| text.as_str().unwrap_or_default().to_owned();
    match adapter {
        "carvel" => list(&file["images"])
            .iter()
            .map(|image| (said(&image["annotations"]["imagelock/name"]), image.clone()))
            .collect(),
        "compose" | "files" => {
            map(&file["services"]).into_iter().map(|(name, service)| (name, service["image"].clone())).collect()
        }
        "cyclonedx" => list(&file["components"]).iter().map(|one| (said(&one["bom-ref"]), one.clone())).collect(),
        "helm" | "marker" => map(file).into_iter().collect(),
        "kubernetes" => {
            list(&file["spec"]["containers"]).iter().map(|one| (said(&one["name"]), one["image"].clone())).collect()
        }
        "terraform" => map(&file["images"]).into_iter().collect(),
        // These know images by their repositories.
        "kustomize" => {
            let entries = list(&file["images"]);
            let of = |repository: String| entries.iter().find(|entry| entry["newName"] == repository.as_str()).cloned();
            named(lock, |image| of(image.repository().unwrap().to_string()))
        }
        // These know images by their references.
        "hauler" => {
            let entries = list(&file["spec"]["images"]);
            let of = |reference: String| entries.iter().find(|entry| entry["name"] == reference.as_str()).cloned();
            named(lock, |image| of(image.pinned().unwrap().to_string()).map(|entry| entry["name"].clone()))
        }
        "zarf" => {
            let entries = list(&file["components"][0]["images"]);
            named(lock, |image| entries.iter().find(|entry| **entry == image.tagged().unwrap().to_string()).cloned())
        }
        "buildkit" => {
            let rules = list(&file["rules"]);
            let to = |image: &LockedImage| format!("docker-image://{}", image.tagged().unwrap());
            let has = |text: &str| rules.iter().any(|rule| rule["updates"]["identifier"] == text);
            let allowed = |image: &LockedImage| {
                let pinned = format!("docker-image://{}", image.pinned().unwrap());
                rules.iter().any(|rule| rule["action"] == "ALLOW" && rule["selector"]["identifier"] == pinned.as_str())
            };
            named(lock, |image| (has(&to(image)) || allowed(image)).then(|| Value::from(image.digest.to_string())))
        }
        other => panic!("how is what `{other}` writes read? Say it here"),
    }
}

fn named(lock: &Lockfile, read: impl Fn(&LockedImage) -> Option<Value>) -> BTreeMap<String, Value> {
    lock.images.iter().filter_map(|(name, image)| Some((name.to_string(), read(image)?))).collect()
}

/// What the adapter should have written for an image.
fn expected(adapter: &str, name: &str, image: &LockedImage) -> Value {
    let (tagged, pinned) = (image.tagged().unwrap().to_string(), image.pinned().unwrap().to_string());
    match adapter {
        "compose" | "files" | "kubernetes" | "marker" | "zarf" => Value::from(tagged),
        "terraform" | "hauler" => Value::from(pinned),
        "buildkit" => Value::from(image.digest.to_string()),
        "helm" => match &image.tag {
            Some(tag) => json!({ "digest": image.digest.to_string(), "tag": tag.as_str() }),
            None => json!({ "digest": image.digest.to_string() }),
        },
        "carvel" | "cyclonedx" => json!({ "name": name, "said": publishers(image) }),
        _ => json!({ "digest": image.digest.to_string(), "repository": image.repository().unwrap().to_string() }),
    }
}

/// What the publisher wrote, by the annotations' names.
fn publishers(image: &LockedImage) -> BTreeMap<String, String> {
    let said = [("revision", &image.revision), ("source", &image.source), ("version", &image.version)];
    let said =
        said.into_iter().filter_map(|(key, value)| Some((format!("org.opencontainers.image.{key}"), value.clone()?)));
    said.collect()
}

/// What was read, in the form of what was expected.
fn comparable(adapter: &str, read: &Value) -> Value {
    let prefix = "org.opencontainers.image.";
    let keep = |(key, _): &(String, Value)| key.starts_with(prefix) && !key.ends_with(".created");
    match adapter {
        "carvel" => {
            let annotations = read["annotations"].as_object().unwrap().clone().into_iter();
            let said: BTreeMap<String, Value> = annotations.filter(keep).collect();
            json!({ "name": read["annotations"]["imagelock/name"], "said": said })
        }
        "cyclonedx" => {
            let properties = read["properties"].as_array().unwrap().iter();
            let pairs =
                properties.map(|property| (property["name"].as_str().unwrap().to_owned(), property["value"].clone()));
            json!({ "name": read["bom-ref"], "said": pairs.filter(keep).collect::<BTreeMap<_, _>>() })
        }
        "kustomize" => json!({ "digest": read["digest"], "repository": read["newName"] }),
        _ => read.clone(),
    }
}

fn check(adapter: &str, lock: &Lockfile, file: &Value, text: &str) {
    let read = read(adapter, lock, file);
    let names: BTreeSet<String> = lock.images.keys().map(ToString::to_string).collect();
    assert_eq!(read.keys().cloned().collect::<BTreeSet<_>>(), names, "{adapter}:\n{text}");
    for (name, image) in &lock.images {
        let found = comparable(adapter, &read[name.as_str()]);
        assert_eq!(found, expected(adapter, name.as_str(), image), "{adapter}: {name}\n{text}");
    }
}

/// An Earthfile's targets and what each is from, read by a grammar that is not ours.
fn check_earthfile(lock: &Lockfile, text: &str) {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_earthfile::language()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    assert!(!tree.root_node().has_error(), "{}\n{text}", tree.root_node().to_sexp());
    let (mut found, mut queue) = (BTreeSet::new(), vec![tree.root_node()]);
    while let Some(node) = queue.pop() {
        if node.kind() == "image_spec" {
            found.insert(text[node.byte_range()].to_owned());
        }
        let mut cursor = node.walk();
        queue.extend(node.children(&mut cursor));
    }
    let expected: BTreeSet<String> = lock.images.values().map(|image| image.tagged().unwrap().to_string()).collect();
    assert_eq!(found, expected, "{text}");
}

/// A Dockerfile's stages and what each is from, read by a parser that is not ours.
fn check_dockerfile(lock: &Lockfile, text: &str) {
    let parsed = parse_dockerfile::parse(text).unwrap();
    let found: BTreeMap<String, String> = parsed
        .stages()
        .map(|stage| (stage.from.as_.as_ref().unwrap().1.value.to_string(), stage.from.image.value.to_string()))
        .collect();
    let tagged = |(name, image): (&imagelock_core::ImageName, &LockedImage)| {
        (name.to_string(), image.tagged().unwrap().to_string())
    };
    assert_eq!(found, lock.images.iter().map(tagged).collect(), "{text}");
}

fn is_yaml(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("yaml" | "yml"))
}

proptest! {
    #[test]
    fn what_went_in_is_read_back_or_was_refused(lock in locks()) {
        for adapter in ADAPTERS {
            let output = match rendered(*adapter, &lock) {
                Ok(output) => output,
                // An Earthfile has names for targets that are taken; an image without a tag has none to write.
                Err(error) => {
                    prop_assert!(!error.is_empty());
                    prop_assert!(adapter.id() == "earthly", "{}: {error}", adapter.id());
                    continue;
                }
            };
            let text = String::from_utf8(output.content).unwrap();
            // A reader sees what is there: nothing hides, and nothing turns the text around.
            let hidden = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}'));
            prop_assert!(!text.contains(hidden), "{}: {text:?}", adapter.id());
            if adapter.id() == "earthly" {
                check_earthfile(&lock, &text);
            } else if adapter.id() == "dockerfile" {
                check_dockerfile(&lock, &text);
            } else if is_yaml(&output.path) {
                let file: Value = serde_saphyr::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
                check(adapter.id(), &lock, &file, &text);
            } else {
                check(adapter.id(), &lock, &serde_json::from_str(&text).unwrap(), &text);
            }
        }
    }
}

/// A lock in which every hostile text is in some label, and every word is a tag.
fn everything() -> Lockfile {
    let images = TEXTS.iter().enumerate().map(|(number, text)| {
        let (name, tag) = (format!("image{number}"), WORDS[number % WORDS.len()]);
        let image = locked((&name, format!("ghcr.io/acme/{name}"), Some(tag)));
        let said = || Some((*text).to_owned());
        (name.parse().unwrap(), LockedImage { version: said(), revision: said(), source: said(), ..image })
    });
    Lockfile { images: images.collect(), ..Lockfile::default() }
}

/// What the YAML parser of the tools that are written in Go makes of a text: Helm reads it as values and prints JSON.
fn by_go(helm: &Utf8Path, text: &str) -> Value {
    let repo = Monorepo::builder()
        .file("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n")
        .file("c/templates/v.yaml", "v: {{ toJson .Values | b64enc | quote }}\n")
        .file("values.yaml", text)
        .build();
    let output =
        Command::new(helm).args(["template", "c", "-f", "values.yaml"]).current_dir(repo.root()).output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let encoded = printed.lines().find_map(|line| line.strip_prefix("v: ")).unwrap().trim_matches('"');
    serde_json::from_slice(&base64(encoded)).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    let value = |c: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|known| *known == c)
    };
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_usize, 0);
    for digit in text.bytes().filter_map(value) {
        (bits, held) = ((bits << 6 | digit) & 0xffff, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

#[test]
fn the_parser_of_kubernetes_tools_reads_every_text_back() {
    let helm = need!("helm4");
    let lock = everything();
    for adapter in ADAPTERS {
        let output = rendered(*adapter, &lock).unwrap();
        if is_yaml(&output.path) {
            let text = String::from_utf8(output.content).unwrap();
            check(adapter.id(), &lock, &by_go(&helm, &text), &text);
        }
    }
}

#[test]
fn docker_compose_reads_every_service_and_image() {
    let compose = need!("docker-compose");
    let lock = everything();
    let adapter = ADAPTERS.iter().find(|adapter| adapter.id() == "compose").unwrap();
    let repo = Monorepo::builder().file("c.yaml", rendered(*adapter, &lock).unwrap().content).build();
    let shown = repo.run(&compose, ["-f", "c.yaml", "config", "--no-normalize", "--format", "json"]).success();
    check("compose", &lock, &serde_json::from_str(&shown.stdout).unwrap(), &shown.stdout);
}

#[test]
fn kustomize_takes_every_component() {
    let kustomize = need!("kustomize");
    let lock = everything();
    let adapter = ADAPTERS.iter().find(|adapter| adapter.id() == "kustomize").unwrap();
    let containers: String = lock
        .images
        .iter()
        .map(|(name, image)| format!("  - {{name: {name}, image: \"{}\"}}\n", image.repository().unwrap()))
        .collect();
    let repo = Monorepo::builder()
        .file("images/kustomization.yaml", rendered(*adapter, &lock).unwrap().content)
        .file("kustomization.yaml", "resources: [pod.yaml]\ncomponents: [images]\n")
        .file(
            "pod.yaml",
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{containers}"),
        )
        .build();
    let built = repo.run(&kustomize, ["build", "."]).success().stdout;
    for image in lock.images.values() {
        assert!(built.contains(&format!("image: {}\n", image.pinned().unwrap())), "{built}");
    }
}

#[test]
fn tofu_reads_every_variable() {
    let tofu = need!("tofu");
    let lock = everything();
    let adapter = ADAPTERS.iter().find(|adapter| adapter.id() == "terraform").unwrap();
    let repo = Monorepo::builder()
        .file("images.auto.tfvars.json", rendered(*adapter, &lock).unwrap().content)
        .file("main.tf", "variable \"images\" { type = map(string) }\noutput \"images\" { value = var.images }\n")
        .build();
    repo.run(&tofu, ["init", "-no-color"]).success();
    repo.run(&tofu, ["plan", "-no-color", "-out=plan"]).success();
    let shown = repo.run(&tofu, ["show", "-no-color", "-json", "plan"]).success();
    let plan: Value = serde_json::from_str(&shown.stdout).unwrap();
    check(
        "terraform",
        &lock,
        &json!({ "images": plan["planned_values"]["outputs"]["images"]["value"] }),
        &shown.stdout,
    );
}

#[test]
fn what_no_reference_can_hold_is_refused_before_any_adapter_sees_it() {
    for text in TEXTS.iter().filter(|text| !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')) {
        assert!(text.parse::<Tag>().is_err(), "{text:?}");
        assert!(text.parse::<imagelock_core::ImageName>().is_err(), "{text:?}");
    }
}
