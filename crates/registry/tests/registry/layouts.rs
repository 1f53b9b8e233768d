//! OCI image layout directories: offline, verified, and never outside.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::policy::LIMIT;
use imagelock_core::{LockedImage, Request, Wanted};
use imagelock_registry::{Error, ErrorKind, LayoutError, Resolver, Step, Take};
use imagelock_testkit::{Image, sha256};

use crate::common::{client, name, run};

struct Setup {
    directory: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn with(image: &Image, name: &str) -> Self {
        let setup = Self::new();
        image.write_layout(setup.layout(), name).unwrap();
        setup
    }

    fn layout(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.directory.path()).unwrap().join("third_party/tools")
    }

    fn lock(&self, tag: Option<&str>) -> Result<LockedImage, Error> {
        let wanted = Wanted::Layout { path: "third_party/tools".into(), tag: tag.map(|tag| tag.parse().unwrap()) };
        let request = Request { wanted, platforms: None };
        let root = Utf8Path::from_path(self.directory.path()).unwrap();
        let step = [Step {
            name: &name("tools"),
            request: &request,
            known: None,
            take: Take::Newest,
            limit: LIMIT,
            gate: None,
        }];
        let answer = run(Resolver::new(client()).root(root).resolve(&step));
        answer.map(|mut resolved| resolved.images.remove("tools").unwrap()).map_err(|mut failures| failures.remove(0).1)
    }

    fn refused(&self, tag: Option<&str>) -> LayoutError {
        match self.lock(tag).unwrap_err().kind {
            ErrorKind::Layout(error) => error,
            other => panic!("{other}"),
        }
    }

    fn blob(&self, digest: &str) -> Utf8PathBuf {
        self.layout().join("blobs").join(digest.replace(':', "/"))
    }
}

fn image() -> Image {
    Image::linux(["amd64", "arm64"]).label("org.opencontainers.image.version", "1.4")
}

#[test]
fn the_only_image_and_a_named_one_are_locked() {
    let setup = Setup::with(&image(), "1.4");
    let locked = setup.lock(None).unwrap();
    assert_eq!(locked.digest.as_str(), image().digest());
    assert_eq!(locked.layout(), Some(Utf8Path::new("third_party/tools")));
    assert_eq!((locked.platforms.len(), locked.version.as_deref(), locked.tag), (2, Some("1.4"), None));
    Image::linux(["amd64"]).seed("other").write_layout(setup.layout(), "docker.io/acme/tools:2.0").unwrap();
    assert!(matches!(setup.refused(None), LayoutError::Several { count: 2, .. }));
    assert_eq!(setup.lock(Some("1.4")).unwrap().digest.as_str(), image().digest());
    assert_eq!(setup.lock(Some("2.0")).unwrap().platforms.len(), 1);
    let error = setup.refused(Some("3"));
    assert!(
        error.to_string().ends_with("index.json` has no image called `3`: it has 1.4, docker.io/acme/tools:2.0"),
        "{error}"
    );
}

#[test]
fn a_directory_that_is_no_layout_is_called_so() {
    let setup = Setup::new();
    assert!(matches!(setup.refused(None), LayoutError::NotALayout { .. }));
    std::fs::create_dir_all(setup.layout()).unwrap();
    assert!(matches!(setup.refused(None), LayoutError::NotALayout { .. }));
    std::fs::write(setup.layout().join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    assert!(matches!(setup.refused(None), LayoutError::Version { .. }));
    std::fs::write(setup.layout().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let error = setup.refused(None);
    assert!(error.to_string().contains("tools/index.json"), "{error}");
}

#[test]
fn a_blob_with_other_bytes_is_named() {
    let setup = Setup::with(&image(), "1.4");
    let config = image().config_of("linux/arm64").unwrap().digest.clone();
    std::fs::write(setup.blob(&config), "{}").unwrap();
    // The size is checked too; here the digest speaks first, since the file's name is the promise.
    let error = setup.refused(None);
    assert!(matches!(error, LayoutError::DigestMismatch { .. }) && error.to_string().contains(&config[7..]), "{error}");
    std::fs::remove_file(setup.blob(&config)).unwrap();
    assert!(matches!(setup.refused(None), LayoutError::Unreadable { .. }));
}

#[test]
fn a_digest_cannot_lead_out_of_the_layout() {
    let setup = Setup::with(&image(), "1.4");
    let index = r#"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:../../../secret","size":1}]}"#;
    std::fs::write(setup.layout().join("index.json"), index).unwrap();
    assert!(matches!(setup.refused(None), LayoutError::Malformed { .. }));
}

#[cfg(unix)]
#[test]
fn a_link_cannot_lead_out_of_the_layout() {
    let setup = Setup::with(&image(), "1.4");
    let blob = setup.blob(image().digest());
    let outside = setup.directory.path().join("outside");
    std::fs::rename(&blob, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &blob).unwrap();
    assert!(matches!(setup.refused(None), LayoutError::Outside { .. }));
    std::fs::remove_file(&blob).unwrap();
    std::fs::rename(&outside, setup.layout().join("inside")).unwrap();
    std::os::unix::fs::symlink(setup.layout().join("inside"), &blob).unwrap();
    assert!(setup.lock(None).is_ok());
}

#[test]
fn a_file_without_end_is_not_read_into_memory() {
    let setup = Setup::with(&image(), "1.4");
    std::fs::write(setup.layout().join("index.json"), vec![b' '; (4 << 20) + 1]).unwrap();
    assert!(matches!(setup.refused(None), LayoutError::TooLarge { .. }));
}

#[test]
fn a_layout_and_a_registry_give_the_same_platforms_and_facts() {
    let registry = imagelock_testkit::Registry::start().unwrap();
    registry.push("tools:1.4", &image());
    let pulled = crate::common::resolve(client(), &crate::common::request(&registry, "tools:1.4", &[])).unwrap();
    let local = Setup::with(&image(), "1.4").lock(None).unwrap();
    assert_eq!(local.platforms, pulled.platforms);
    assert_eq!((local.digest, local.size, local.media_type), (pulled.digest, pulled.size, pulled.media_type));
    assert_eq!(sha256(&image().bytes()), image().digest());
}

/// Writes an `index.json` of entries over that of a layout.
fn index(setup: &Setup, entries: &[serde_json::Value]) {
    let index = serde_json::json!({ "schemaVersion": 2, "manifests": entries });
    std::fs::write(setup.layout().join("index.json"), index.to_string()).unwrap();
}

fn entry(image: &Image, name: &str) -> serde_json::Value {
    let mut entry = serde_json::to_value(image.descriptor()).unwrap();
    entry["annotations"] = serde_json::json!({ "org.opencontainers.image.ref.name": name });
    entry
}

#[test]
fn a_name_that_is_there_twice_is_called_so() {
    let setup = Setup::with(&Image::linux(["amd64"]), "1");
    let other = Image::linux(["arm64"]);
    other.write_layout(setup.layout(), "2").unwrap();
    let first = Image::linux(["amd64"]);
    index(&setup, &[entry(&first, "1"), entry(&other, "docker.io/acme/tools:1")]);
    let text = setup.refused(Some("1")).to_string();
    let short = |image: &Image| image.digest()[..19].to_owned();
    assert!(
        text.ends_with(&format!(
            "index.json` calls 2 different images `1`: 1 ({}), docker.io/acme/tools:1 ({})",
            short(&first),
            short(&other)
        )),
        "{text}"
    );
    // Where no tag can say which, none is asked for; and a name that two have is none of those to choose from.
    let text = setup.refused(None).to_string();
    let names = format!("1 ({}), docker.io/acme/tools:1 ({})", short(&first), short(&other));
    assert!(
        text.ends_with(&format!("index.json` has 2 different images that no `tag` can tell apart: {names}")),
        "{text}"
    );
    let third = Image::linux(["s390x"]);
    index(&setup, &[entry(&first, "1"), entry(&other, "1"), entry(&third, "2"), entry(&third, "x:2")]);
    let text = setup.refused(None).to_string();
    assert!(text.ends_with("has 4 images, so a `tag` has to say which: it has 2, x:2"), "{text}");
    // One image under two spellings of the name is one image.
    index(&setup, &[entry(&first, "1"), entry(&first, "docker.io/acme/tools:1")]);
    assert_eq!(setup.lock(Some("1")).unwrap().digest.as_str(), first.digest());
}

#[test]
fn an_attestation_beside_an_image_is_no_second_image() {
    let setup = Setup::with(&Image::linux(["amd64"]), "1");
    let mut attestation = entry(&Image::linux(["arm64"]), "x");
    attestation["platform"] = serde_json::json!({ "os": "unknown", "architecture": "unknown" });
    let image = Image::linux(["amd64"]);
    index(&setup, &[serde_json::to_value(image.descriptor()).unwrap(), attestation]);
    assert_eq!(setup.lock(None).unwrap().digest.as_str(), image.digest());
}

#[test]
fn a_layout_without_an_image_is_called_so() {
    let setup = Setup::with(&Image::linux(["amd64"]), "1");
    index(&setup, &[]);
    assert!(matches!(setup.refused(None), LayoutError::Empty { .. }));
    assert!(matches!(setup.refused(Some("1")), LayoutError::NoSuchImage { .. }));
}

#[test]
fn entries_without_a_platform_have_their_configurations_in_a_layout_too() {
    let setup = Setup::with(&Image::linux(["amd64"]), "1");
    let amd64 = serde_json::to_value(Image::linux(["amd64"]).descriptor()).unwrap();
    let list = serde_json::json!({ "schemaVersion": 2, "manifests": [amd64] }).to_string();
    let digest = sha256(list.as_bytes());
    std::fs::write(setup.blob(&digest), &list).unwrap();
    index(&setup, &[serde_json::json!({ "mediaType": "x", "digest": digest, "size": list.len() })]);
    let locked = setup.lock(None).unwrap();
    assert_eq!(locked.platforms.keys().map(ToString::to_string).collect::<Vec<_>>(), ["linux/amd64"]);
}
