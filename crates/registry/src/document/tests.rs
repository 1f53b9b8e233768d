//! What documents are told to be, and that no bytes break their readers.

use proptest::prelude::*;

use super::*;

const HEX: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

fn told(text: &str) -> String {
    match read(text.replace("HEX", HEX).as_bytes()) {
        Ok((Document::Index(_), media_type)) => format!("index {media_type}"),
        Ok((Document::Image(Manifest { doubt: None, .. }), media_type)) => format!("image {media_type}"),
        Ok((Document::Image(Manifest { doubt: Some(_), .. }), media_type)) => format!("perhaps {media_type}"),
        Err(error) => error.to_string(),
    }
}

fn image(fields: &str, config: &str) -> String {
    format!(r#"{{"schemaVersion":2{fields},"config":{{"mediaType":"{config}","digest":"HEX","size":2}},"layers":[]}}"#)
}

fn typed(media_type: &str, config: &str) -> String {
    image(&format!(r#","mediaType":"{media_type}""#), config)
}

fn entries(text: &str) -> Vec<IndexEntry> {
    match read(format!(r#"{{"manifests":[{text}]}}"#).replace("HEX", HEX).as_bytes()) {
        Ok((Document::Index(index), _)) => index.entries,
        other => panic!("{other:?}"),
    }
}

fn entry(fields: &str) -> IndexEntry {
    entries(&format!(r#"{{"mediaType":"{OCI}","digest":"HEX","size":2{fields}}}"#)).remove(0)
}

#[test]
fn documents_are_told_by_their_bytes() {
    assert_eq!(told(&image("", OCI_CONFIG)), format!("image {OCI}"));
    assert_eq!(told(&image(r#","mediaType":"""#, OCI_CONFIG)), format!("image {OCI}"));
    assert_eq!(told(&image(r#","mediaType":null"#, OCI_CONFIG)), format!("image {OCI}"));
    assert_eq!(told(&typed(OCI, OCI_CONFIG)), format!("image {OCI}"));
    assert_eq!(told(&typed(DOCKER, DOCKER_CONFIG)), format!("image {DOCKER}"));
    // Each family's configuration under the other's manifest is known too.
    assert_eq!(told(&typed(OCI, DOCKER_CONFIG)), format!("image {OCI}"));
    assert_eq!(told(r#"{"schemaVersion":2,"manifests":[]}"#), format!("index {OCI_IMAGE_INDEX_MEDIA_TYPE}"));
    for index in [OCI_IMAGE_INDEX_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE] {
        for manifests in ["", r#","manifests":null"#, r#","manifests":[]"#] {
            assert_eq!(told(&format!(r#"{{"mediaType":"{index}"{manifests}}}"#)), format!("index {index}"));
        }
    }
}

#[test]
fn the_configurations_of_old_docker_images_are_images() {
    for config in ["application/octet-stream", "application/json", "text/html", ""] {
        assert_eq!(told(&typed(DOCKER, config)), format!("image {DOCKER}"));
        assert_eq!(told(&typed(OCI, config)), format!("perhaps {OCI}"));
    }
    let untyped = typed(DOCKER, "X").replace(r#""mediaType":"X","#, "");
    assert_eq!(told(&untyped), format!("image {DOCKER}"));
    let null = typed(DOCKER, "X").replace(r#""mediaType":"X""#, r#""mediaType":null"#);
    assert_eq!(told(&null), format!("image {DOCKER}"));
    for other in ["application/octet-streams", "text/plain", "application/vnd.docker.plugin.v1+json"] {
        let text = format!("this is an artifact of type `{other}`, not a container image");
        assert_eq!(told(&typed(DOCKER, other)), text);
    }
}

#[test]
fn an_image_may_have_no_layers() {
    let whole = typed(OCI, OCI_CONFIG);
    assert_eq!(told(&whole.replace(r#""layers":[]"#, r#""layers":null"#)), format!("image {OCI}"));
    assert_eq!(told(&whole.replace(r#","layers":[]"#, "")), format!("image {OCI}"));
    assert_eq!(told(&whole.replace(r#""layers":[]"#, r#""layers":[null,{}]"#)), format!("image {OCI}"));
    assert!(told(&whole.replace(r#""layers":[]"#, r#""layers":7"#)).starts_with("not a manifest: invalid type"));
}

#[test]
fn what_is_no_image_is_called_what_it_is() {
    let schema1 = r#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#;
    assert!(told(schema1).starts_with("this is a Docker manifest of schema 1"));
    let chart = "application/vnd.cncf.helm.config.v1+json";
    assert_eq!(told(&image("", chart)), format!("this is an artifact of type `{chart}`, not a container image"));
    let typed = image(r#","artifactType":"application/spdx+json""#, "application/vnd.oci.empty.v1+json");
    assert!(told(&typed).contains("`application/spdx+json`"));
    let untyped = image(r#","artifactType":"a""#, "");
    assert_eq!(told(&untyped), "this is an artifact of type `a`, not a container image");
    let odd = r#"{"mediaType":"application/x","manifests":[]}"#;
    assert_eq!(told(odd), "this is an artifact of type `application/x`, not a container image");
    assert!(told("{}").contains("a document of type `application/json`"));
    assert_eq!(told(r#"{"layers":[]}"#), "not a manifest: it names no `config`");
    assert!(told(&image("", OCI_CONFIG).replace("HEX", "sha256:1")).contains("holds `sha256:1` as a digest"));
    assert!(told(&image("", OCI_CONFIG).replace("HEX", "")).starts_with("the document holds nothing as a digest"));
    for broken in ["<html>", "null", "[]", "", "7"] {
        assert!(told(broken).starts_with("not a manifest: "), "{broken}");
    }
}

#[test]
fn each_sign_of_schema_1_is_enough() {
    for text in [
        r#"{"schemaVersion":1}"#,
        r#"{"fsLayers":[]}"#,
        r#"{"schemaVersion":1,"fsLayers":[{"blobSum":"HEX"}],"signatures":[]}"#,
    ] {
        assert!(is_schema1(text.as_bytes()), "{text}");
        assert!(told(text).starts_with("this is a Docker manifest of schema 1"), "{text}");
    }
    // The type alone shows it to whoever has the whole document, and does not excuse another digest.
    let named = r#"{"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}"#;
    assert!(told(named).starts_with("this is a Docker manifest of schema 1"));
    for text in [r#"{"schemaVersion":2}"#, "{}", r#"{"fsLayers":null}"#, "x"] {
        assert!(!is_schema1(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_document_for_two_readers_is_refused() {
    let list = OCI_IMAGE_INDEX_MEDIA_TYPE;
    for both in [
        r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#.to_owned(),
        r#"{"manifests":[],"config":{}}"#.to_owned(),
        format!(r#"{{"mediaType":"{OCI}","manifests":[]}}"#),
        format!(r#"{{"mediaType":"{DOCKER}","manifests":[]}}"#),
        format!(r#"{{"mediaType":"{list}","layers":[]}}"#),
        format!(r#"{{"mediaType":"{IMAGE_MANIFEST_LIST_MEDIA_TYPE}","config":{{}}}}"#),
    ] {
        assert_eq!(told(&both), "this is a document that is both an index and a manifest", "{both}");
    }
    for (twice, name) in [
        (image(r#","Config":{}"#, OCI_CONFIG), "config"),
        (image(r#","LAYERS":null"#, OCI_CONFIG), "layers"),
        (image(r#","mediaType":"a","mediatype":"b""#, OCI_CONFIG), "mediaType"),
        (image(r#","config":{"digest":"HEX","digest":"HEX"}"#, OCI_CONFIG), "digest"),
        (image("", OCI_CONFIG).replace("[]", r#"[{"digest":"a","Digest":"b"}]"#), "digest"),
        (r#"{"manifests":[],"manifest\u017f":[]}"#.to_owned(), "manifests"),
        (r#"{"manifests":[{"platform":{"os":"a","OS":"b"}}]}"#.to_owned(), "os"),
    ] {
        let told = told(&twice);
        assert!(told.starts_with(&format!("not a manifest: `{name}` stands twice in one object")), "{told}");
    }
}

#[test]
fn a_platform_that_says_nothing_is_none_and_one_that_says_half_is_none() {
    for nothing in [
        "",
        r#","platform":null"#,
        r#","platform":{}"#,
        r#","platform":{"os":"","architecture":""}"#,
        r#","platform":{"os":null,"architecture":null}"#,
        r#","platform":{"architecture":"amd64"}"#,
        r#","platform":{"os":"linux"}"#,
        r#","platform":{"os":"linux","architecture":"","variant":"v8"}"#,
    ] {
        assert_eq!((entry(nothing).platform, entry(nothing).kind), (Named::Nothing, EntryKind::Image), "{nothing}");
    }
    let upper = r#","Platform":{"OS":"Linux","Architecture":"ARM64","Variant":"V8","os.version":"1"}"#;
    assert_eq!(entry(upper).platform, Named::Platform("linux/arm64".parse().unwrap()));
    let unreadable = r#","platform":{"os":"li nux","architecture":"amd64"}"#;
    assert_eq!(entry(unreadable).platform, Named::Unreadable("li nux/amd64".to_owned()));
    let variant = r#","platform":{"os":"linux","architecture":"arm","variant":"v 7"}"#;
    assert_eq!(entry(variant).platform, Named::Unreadable("linux/arm/v 7".to_owned()));
}

#[test]
fn one_mark_of_an_attestation_is_enough() {
    for mark in [
        r#","platform":{"os":"unknown","architecture":"unknown"}"#,
        r#","platform":{"os":"unknown","architecture":"amd64"}"#,
        r#","platform":{"os":"linux","architecture":"Unknown"}"#,
        r#","annotations":{"vnd.docker.reference.type":"attestation-manifest"},"platform":{"os":"linux","architecture":"amd64"}"#,
        r#","annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#,
    ] {
        assert_eq!(entry(mark).kind, EntryKind::Attestation, "{mark}");
    }
}

#[test]
fn what_an_entry_says_counts_before_what_is_said_around_it() {
    let own = entry(r#","annotations":{"org.opencontainers.image.version":"2"}"#);
    let text = |text: &str| Some(text.to_owned());
    let around = Facts { version: text("1"), revision: text("a"), ..Facts::default() };
    let within = own.within(&around);
    assert_eq!(within.facts, Facts { version: text("2"), ..around });
    assert!(within.leads_where(&own));
}

#[test]
fn entries_are_told_apart_by_their_types() {
    let kind = |media_type: &str, rest: &str| {
        entries(&format!(r#"{{"mediaType":"{media_type}","digest":"HEX","size":2{rest}}}"#)).remove(0).kind
    };
    assert_eq!((kind(OCI, ""), kind(DOCKER, "")), (EntryKind::Image, EntryKind::Image));
    assert_eq!(kind(OCI_IMAGE_INDEX_MEDIA_TYPE, ""), EntryKind::Index);
    assert_eq!(kind(IMAGE_MANIFEST_LIST_MEDIA_TYPE, ""), EntryKind::Index);
    assert_eq!(kind("application/vnd.docker.distribution.manifest.v1+json", ""), EntryKind::Schema1);
    assert_eq!(kind("application/x", ""), EntryKind::Other("application/x".to_owned()));
    assert_eq!(kind(OCI, r#","artifactType":"a""#), EntryKind::Other("a".to_owned()));
    assert_eq!(kind(OCI, r#","artifactType":"a","platform":{"os":"linux","architecture":"amd64"}"#), EntryKind::Image);
    assert_eq!(entries(r#"{"digest":"HEX"}"#)[0].kind, EntryKind::Other(String::new()));
}

#[test]
fn an_entry_is_judged_when_it_is_asked_for() {
    let all = entries(r#"{},{"digest":"sha256:1","size":-1},{"digest":"HEX","size":5}"#);
    let judged: Vec<bool> = all.iter().map(|entry| entry.digest().is_ok() && entry.size().is_ok()).collect();
    assert_eq!(judged, [false, false, true]);
    assert!(all[1].size().unwrap_err().to_string().contains("-1 bytes"));
    assert!(all[0].size().unwrap_err().to_string().contains("no bytes"));
}

/// Documents, whole and damaged: what a registry that lies or a connection that breaks may send.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop::sample::select(vec![
        image("", OCI_CONFIG),
        r#"{"schemaVersion":2,"manifests":[{"mediaType":"a","digest":"HEX","size":-1,"platform":{"os":"","architecture":"7"}}]}"#.to_owned(),
        r#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#.to_owned(),
        r#"{"os":"linux","architecture":"arm","variant":"v7","created":"2026","config":{"Labels":{"a":null,"b":"\ud83d\ude00"}}}"#.to_owned(),
    ]);
    (whole, any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..8), any::<bool>()).prop_map(
        |(whole, at, bytes, cut)| {
            let mut text = whole.replace("HEX", HEX).into_bytes();
            let at = at.index(text.len());
            text.splice(at..if cut { text.len() } else { (at + bytes.len()).min(text.len()) }, bytes);
            text
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_break_the_readers(bytes in damaged()) {
        let read = read(&bytes).is_ok();
        // One that is read as an image is no document of the other kinds.
        prop_assert!(!(read && is_schema1(&bytes)));
        let _ = (Config::read(&bytes), super::entries(&bytes));
    }
}
