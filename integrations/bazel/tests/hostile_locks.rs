//! The module's Starlark over locks that nobody would write, but somebody might.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod starlark;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

/// Calls the extension as Bazel does, with the input as the content of the lock.
const EXTENSION: &str = r#"
load("//:extensions.bzl", "images")

def _label(name):
    return struct(name = name, same_package_label = lambda other: "//:" + other)

def _module(name, is_root, tags):
    return struct(name = name, is_root = is_root, tags = struct(lock = tags))

def _tag(**kwargs):
    attributes = dict(file = _label("images.lock"), name = "", sources = {}, vendor = None, any_platform = False, insecure = [])
    attributes.update(kwargs)
    return struct(**attributes)

def _result(**kwargs):
    emit(json.encode({"metadata": kwargs}))

def _evaluate(modules):
    images(struct(
        modules = modules,
        path = lambda file: struct(exists = True),
        read = lambda file: INPUT,
        is_dev_dependency = lambda tag: tag.name == "dev",
        extension_metadata = _result,
    ))

"#;

/// Renders every file of the hub.
const FILES: &str = r#"
load("//:lock.bzl", "parse_lock")
load("//private:hub.bzl", "build_file", "check_names", "entry", "images_file")

images = parse_lock(INPUT, "images.lock")
check_names(images, "images.lock")
emit(images_file(images))
[emit(build_file(**entry(name, image, "images.lock", "img_", False))) for name, image in images.items()]
"#;

fn none() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn evaluate(modules: &str, lock: &Value) -> Result<Vec<Value>, String> {
    let script = format!("{EXTENSION}\n_evaluate([{modules}])\n");
    let emitted = starlark::run(&script, &lock.to_string(), &none())?;
    Ok(emitted.iter().map(|text| serde_json::from_str(text).unwrap()).collect())
}

const ROOT: &str = r#"_module("app", True, [_tag()])"#;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn digest(of: u8) -> String {
    format!("sha256:{}", format!("{of:02x}").repeat(32))
}

fn image(repository: &str, first: u8) -> Value {
    let platform = |of: u8| json!({ "config": digest(of), "digest": digest(of + 1), "mediaType": MANIFEST, "size": 1 });
    json!({
        "digest": digest(first),
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "platforms": { "linux/amd64": platform(first + 1), "linux/arm64": platform(first + 3) },
        "registry": "docker.io",
        "repository": repository,
        "request": { "repository": format!("docker.io/{repository}"), "tag": "1" },
        "size": 2,
        "tag": "1",
    })
}

fn lock(images: &Value) -> Value {
    json!({ "images": images, "version": 1 })
}

/// What the generated files are to Bazel: they must parse, and call nothing but what they load.
fn generated(lock: &Value) -> Result<Vec<String>, String> {
    starlark::run(FILES, &lock.to_string(), &none())
}

#[test]
fn the_extension_gives_a_hub_and_a_repository_for_each_platform() {
    let said = evaluate(ROOT, &lock(&json!({ "web": image("library/web", 1) }))).unwrap();
    let names: Vec<_> = said.iter().filter_map(|call| call["name"].as_str()).collect();
    let (amd64, arm64) = ("img_0303030303030303", "img_0505050505050505");
    assert_eq!(names, ["images", "images.strings", "images.image.web", amd64, arm64]);
    assert_eq!(said[3]["sources"], json!(["https://registry-1.docker.io/v2/library/web"]));
    assert_eq!(
        said.last().unwrap()["metadata"],
        json!({ "reproducible": true, "root_module_direct_deps": ["images"], "root_module_direct_dev_deps": [] })
    );
}

#[test]
fn one_manifest_in_two_repositories_has_the_sources_of_both() {
    let mut again = image("mirror/web", 1);
    again["registry"] = json!("ghcr.io");
    again["request"]["repository"] = json!("ghcr.io/mirror/web");
    let said = evaluate(ROOT, &lock(&json!({ "again": again, "web": image("library/web", 1) }))).unwrap();
    let shared = said.iter().find(|call| call["name"] == "img_0303030303030303").unwrap();
    assert_eq!(shared["images"], json!(["again", "web"]));
    assert_eq!(
        shared["sources"],
        json!(["https://ghcr.io/v2/mirror/web", "https://registry-1.docker.io/v2/library/web"])
    );
}

#[test]
fn only_the_root_chooses_sources_and_every_other_module_names_its_hub() {
    let images = lock(&json!({ "web": image("library/web", 1) }));
    let sources = r#"sources = {"docker.io": ["mirror.example.com/hub", "127.0.0.1:5000"]}"#;
    let root = evaluate(&format!(r#"_module("app", True, [_tag({sources})])"#), &images).unwrap();
    assert_eq!(
        root[3]["sources"],
        json!([
            "https://mirror.example.com/v2/hub/library/web",
            "http://127.0.0.1:5000/v2/library/web",
            "https://registry-1.docker.io/v2/library/web"
        ])
    );
    let other = format!(r#"_module("lib", False, [_tag(name = "lib_images", {sources})])"#);
    let other = evaluate(&other, &images).unwrap();
    assert_eq!(other[3]["sources"], json!(["https://registry-1.docker.io/v2/library/web"]));
    assert_eq!(other.last().unwrap()["metadata"]["root_module_direct_deps"], json!([]));

    let unnamed = evaluate(r#"_module("lib", False, [_tag()])"#, &images).unwrap_err();
    assert!(unnamed.contains("the module `lib` is not the root: its `images.lock` tag must have a name"), "{unnamed}");
    let twice = format!(r#"{ROOT}, _module("lib", False, [_tag(name = "images")])"#);
    let twice = evaluate(&twice, &images).unwrap_err();
    assert!(twice.contains("the modules `app` and `lib` both ask for a hub `images`"), "{twice}");
    let dev = evaluate(r#"_module("app", True, [_tag(name = "dev")])"#, &images).unwrap();
    assert_eq!(dev.last().unwrap()["metadata"]["root_module_direct_dev_deps"], json!(["dev"]));
}

#[test]
fn a_source_is_a_host_with_a_prefix_and_plain_http_is_asked_for() {
    let images = lock(&json!({ "web": image("library/web", 1) }));
    for (source, reason) in [
        ("http://mirror.example.com", "is plain HTTP; add insecure"),
        ("ftp://mirror.example.com", "is not a source"),
        ("https://", "is not a source"),
        ("https://user:secret@mirror.example.com", "is not a source"),
        ("mirror.example.com/a b", "is not a source"),
        ("mirror.example.com/a?b", "is not a source"),
        ("127.example.com.evil.org:80/\n", "is not a source"),
    ] {
        let module = format!(r#"_module("app", True, [_tag(sources = {{"docker.io": [{source:?}]}})])"#);
        let said = evaluate(&module, &images).unwrap_err();
        assert!(said.contains(reason), "{source}: {said}");
    }
    let allowed = r#"_module("app", True, [_tag(
        sources = {"docker.io": ["mirror.example.com:80"]}, insecure = ["mirror.example.com:80"])])"#;
    let said = evaluate(allowed, &images).unwrap();
    assert_eq!(said[3]["sources"][0], "http://mirror.example.com:80/v2/library/web");
}

#[test]
fn what_names_the_same_thing_is_an_error_that_names_both() {
    let images = json!({ "a": image("library/a", 1), "b": image("library/b", 11) });
    let mut alike = images.clone();
    let wanted = format!("sha256:{}{}", "03".repeat(8), "ff".repeat(24));
    alike["b"]["platforms"]["linux/amd64"]["digest"] = json!(wanted);
    let said = evaluate(ROOT, &lock(&alike)).unwrap_err();
    assert!(said.contains("of image `a` and") && said.contains("of image `b` begin alike"), "{said}");
}

#[test]
fn a_thousand_images_are_evaluated_without_a_request() {
    let images: BTreeMap<String, Value> = (0..1_000_u32)
        .map(|number| {
            let mut image = image(&format!("acme/image-{number}"), 1);
            for platform in ["linux/amd64", "linux/arm64"] {
                let own =
                    format!("sha256:{:08x}{:056x}", number, platform.len() + usize::from(platform.ends_with("arm64")));
                let own =
                    own.replacen("sha256:0", if platform.ends_with("arm64") { "sha256:a" } else { "sha256:0" }, 1);
                image["platforms"][platform]["digest"] = json!(own);
            }
            (format!("image-{number}"), image)
        })
        .collect();
    let said = evaluate(ROOT, &lock(&json!(images))).unwrap();
    // A hub, its strings, an entry for each image, a repository for each platform, and the metadata.
    assert_eq!(said.len(), 2 + 1_000 + 2_000 + 1);
}

/// Evaluates a generated file with a stand-in for what it loads, and returns what it passes on.
fn read_back(file: &str) -> Vec<Value> {
    let defs = "def locked_image(**kwargs):\n    emit(json.encode(kwargs))\n".to_owned();
    let files = BTreeMap::from([("private/defs.bzl".to_owned(), defs)]);
    let emitted = starlark::run(file, "", &files).unwrap_or_else(|error| panic!("{error}\n{file}"));
    emitted.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn read_images(file: &str) -> Value {
    let script = format!("{file}\nemit(json.encode(IMAGES))\n");
    let emitted = starlark::run(&script, "", &none()).unwrap_or_else(|error| panic!("{error}\n{file}"));
    serde_json::from_str(&emitted[0]).unwrap()
}

#[test]
fn the_package_of_an_image_says_what_the_lock_says() {
    let mut locked = image("library/web", 1);
    locked["platforms"]["linux/arm64/v9"] = locked["platforms"]["linux/arm64"].clone();
    let files = generated(&lock(&json!({ "web": locked }))).unwrap();
    let calls = read_back(&files[1]);
    assert_eq!(calls.len(), 1);
    let (amd64, arm64) = ("img_0303030303030303", "img_0505050505050505");
    assert_eq!(
        calls[0]["choices"],
        json!({ "@imagelock//platforms:linux_x86_64": amd64, "@imagelock//platforms:linux_aarch64": arm64 }),
        "a variant that not every machine can run is never the default"
    );
    assert_eq!(calls[0]["targets"], json!({ "linux_amd64": amd64, "linux_arm64": arm64, "linux_arm64_v9": arm64 }));
    assert_eq!(calls[0]["reference"], format!("docker.io/library/web@{}", digest(1)));
}

/// Texts that end strings, lines and comments of the languages they pass through.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("\\".to_owned()),
        Just("\n".to_owned()),
        Just("\")\nfail(\"".to_owned()),
        Just("{name}%s%".to_owned()),
        Just("\u{1b}[31m\u{0}\u{7f}".to_owned()),
        Just("naïve".to_owned()),
        "[ -~]{0,8}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// This interpreter holds text as Unicode and Bazel as bytes, so that only what is one byte in both comes back whole.
fn as_bytes_go(text: &str) -> String {
    text.chars().map(|char| if u32::from(char) < 256 { char } else { '?' }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_of_a_publisher_comes_back_as_it_was(texts in proptest::collection::vec(hostile(), 3), other in hostile()) {
        let keys = ["revision", "source", "version"];
        let mut locked = image("library/web", 1);
        for (key, text) in keys.iter().zip(&texts) {
            locked[key] = json!(text);
        }
        // What no file shows must not disturb one.
        locked["base"] = json!({ "name": other });
        locked["request"] = json!({ "repository": "docker.io/library/web", "tags": other, "version": other });
        let files = generated(&lock(&json!({ "web": locked }))).unwrap();
        for file in &files {
            prop_assert!(file.is_ascii());
        }
        let read = read_images(&files[0]);
        for (key, text) in keys.iter().zip(&texts) {
            prop_assert_eq!(&read["web"][key], &json!(as_bytes_go(text)));
        }
        prop_assert_eq!(read_back(&files[1]).len(), 1);
    }

    #[test]
    fn a_hostile_text_where_a_name_belongs_is_refused(text in hostile(), field in 0..7_usize) {
        let mut locked = image("library/web", 1);
        let mut name = "web".to_owned();
        match field {
            0 => name.clone_from(&text),
            1 => {
                locked["registry"] = json!(text);
                locked["request"]["repository"] = json!(format!("{text}/library/web"));
            }
            2 => {
                locked["repository"] = json!(text);
                locked["request"]["repository"] = json!(format!("docker.io/{text}"));
            }
            3 => locked["digest"] = json!(text),
            4 => locked["platforms"][&text] = locked["platforms"]["linux/amd64"].clone(),
            5 => {
                locked["tag"] = json!(text);
                locked["request"]["tag"] = json!(text);
            }
            _ => locked["platforms"]["linux/amd64"]["config"] = json!(text),
        }
        match generated(&lock(&json!({ name: locked }))) {
            Err(said) => {
                prop_assert!(said.contains("imagelock: images.lock"), "{}", said);
                prop_assert!(!said.contains('\u{1b}'), "a terminal would obey it: {}", said);
            }
            // What is taken is harmless, in every place that it reaches.
            Ok(files) => for file in files {
                prop_assert!(file.is_ascii() && !file.contains("fail("));
            },
        }
    }

    #[test]
    fn any_layout_path_is_a_label_or_an_obstacle(path in hostile()) {
        let mut locked = image("library/web", 1);
        for key in ["registry", "repository", "tag"] {
            locked.as_object_mut().unwrap().remove(key);
        }
        locked["layout"] = json!(path);
        locked["request"] = json!({ "layout": path });
        let images = lock(&json!({ "web": locked }));
        // A path that is none of a lock is refused before.
        let files = match generated(&images) {
            Ok(files) => files,
            Err(said) => {
                prop_assert!(said.contains("`layout` must be a path in the lock's folder"), "{}", said);
                return Ok(());
            }
        };
        let call = &read_back(&files[1])[0];
        let obstacle = call["obstacles"]["linux_amd64"].as_str();
        prop_assert_eq!(obstacle.is_none(), call["targets"]["linux_amd64"].is_string());
        let pulled = evaluate(ROOT, &images).unwrap();
        let repository = pulled.iter().find(|call| call["name"] == "img_0303030303030303");
        prop_assert_eq!(repository.is_some(), obstacle.is_none());
        if let Some(repository) = repository {
            prop_assert_eq!(&repository["vendor"], &json!([format!("//:{path}/oci-layout")]));
            prop_assert!(!path.split('/').any(|part| part == ".."));
        }
    }
}

#[test]
fn the_module_refuses_the_names_that_this_crate_refuses() {
    let names = ["digest", "reference", "images.bzl", "build.bazel", "workspace", "web", "config.x", "linux_amd64"];
    let platforms = ["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()];
    for name in names {
        let module = generated(&lock(&json!({ name: image("library/web", 1) })));
        let crate_says = imagelock_bazel::label(&name.parse().unwrap(), &platforms);
        assert_eq!(module.is_ok(), crate_says.is_ok(), "{name}: {module:?} {crate_says:?}");
    }
}
