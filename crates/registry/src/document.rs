//! What a manifest's bytes are, told from the bytes alone.
//!
//! The `Content-Type` of an answer has no part in it: mirrors and layouts have others or none, and the lock must be
//! the same with all of them. A document that could be read in two ways is refused.

use imagelock_core::Digest;
use oci_distribution::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciImageIndex, OciImageManifest,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{ErrorKind, NotAnImage, quoted};

/// What a request for a manifest accepts. Schema 1 is among it so that it can be refused by its name.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1";

/// An image's index or manifest.
pub(crate) enum Document {
    Index(OciImageIndex),
    Image(Box<OciImageManifest>),
}

/// The fields that tell documents apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<ConfigShape>,
    layers: Option<IgnoredAny>,
    manifests: Option<IgnoredAny>,
    fs_layers: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigShape {
    media_type: Option<String>,
}

/// Reads an index or a manifest, and its media type.
pub(crate) fn read(bytes: &[u8]) -> Result<(Document, &'static str), ErrorKind> {
    let shape: Shape = parse(bytes)?;
    let media_type = media_type(&shape).map_err(ErrorKind::NotAnImage)?;
    let document = if shape.manifests.is_some() {
        Document::Index(parse(bytes)?)
    } else {
        let config = shape.config.as_ref().and_then(|config| config.media_type.as_deref()).unwrap_or_default();
        if !matches!(config, IMAGE_CONFIG_MEDIA_TYPE | IMAGE_DOCKER_CONFIG_MEDIA_TYPE) {
            let named = shape.artifact_type.as_deref().filter(|name| !name.is_empty()).unwrap_or(config);
            return Err(ErrorKind::NotAnImage(NotAnImage::Artifact(quoted(named))));
        }
        Document::Image(Box::new(parse(bytes)?))
    };
    Ok((document, media_type))
}

/// Whether the bytes are a manifest of schema 1, whose digest is not that of its bytes.
pub(crate) fn is_schema1(bytes: &[u8]) -> bool {
    parse::<Shape>(bytes).is_ok_and(|shape| shape.schema_version == Some(1) || shape.fs_layers.is_some())
}

pub(crate) fn is_index(media_type: &str) -> bool {
    matches!(media_type, OCI_IMAGE_INDEX_MEDIA_TYPE | IMAGE_MANIFEST_LIST_MEDIA_TYPE)
}

/// Whether a descriptor's media type is that of an image's manifest.
pub(crate) fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, OCI_IMAGE_MEDIA_TYPE | IMAGE_MANIFEST_MEDIA_TYPE)
}

pub(crate) fn digest(text: &str) -> Result<Digest, ErrorKind> {
    text.parse().map_err(|error| ErrorKind::Malformed {
        reason: format!("the document holds `{}` as a digest: {error}", quoted(text)),
    })
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ErrorKind> {
    serde_json::from_slice(bytes)
        .map_err(|error| ErrorKind::Malformed { reason: format!("not a manifest: {}", quoted(&error.to_string())) })
}

fn media_type(shape: &Shape) -> Result<&'static str, NotAnImage> {
    let schema1 = shape.media_type.as_deref().is_some_and(|name| name.contains("distribution.manifest.v1+"));
    if schema1 || shape.schema_version == Some(1) || shape.fs_layers.is_some() {
        return Err(NotAnImage::Schema1);
    }
    let index = shape.manifests.is_some();
    let image = shape.config.is_some() || shape.layers.is_some();
    if index && image {
        return Err(NotAnImage::Ambiguous);
    }
    // The field is optional in OCI documents, and required in Docker's.
    let usual = match (index, image) {
        (true, _) => OCI_IMAGE_INDEX_MEDIA_TYPE,
        (_, true) => OCI_IMAGE_MEDIA_TYPE,
        _ => "application/json",
    };
    match shape.media_type.as_deref().unwrap_or(usual) {
        OCI_IMAGE_INDEX_MEDIA_TYPE if index => Ok(OCI_IMAGE_INDEX_MEDIA_TYPE),
        IMAGE_MANIFEST_LIST_MEDIA_TYPE if index => Ok(IMAGE_MANIFEST_LIST_MEDIA_TYPE),
        OCI_IMAGE_MEDIA_TYPE if image => Ok(OCI_IMAGE_MEDIA_TYPE),
        IMAGE_MANIFEST_MEDIA_TYPE if image => Ok(IMAGE_MANIFEST_MEDIA_TYPE),
        other if is_index(other) || is_manifest(other) => Err(NotAnImage::Ambiguous),
        other if shape.media_type.is_some() => Err(NotAnImage::Artifact(quoted(other))),
        other => Err(NotAnImage::Unknown(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn told(text: &str) -> String {
        match read(text.replace("HEX", HEX).as_bytes()) {
            Ok((Document::Index(_), media_type)) => format!("index {media_type}"),
            Ok((Document::Image(_), media_type)) => format!("image {media_type}"),
            Err(error) => error.to_string(),
        }
    }

    fn image(fields: &str, config: &str) -> String {
        format!(
            r#"{{"schemaVersion":2{fields},"config":{{"mediaType":"{config}","digest":"HEX","size":2}},"layers":[]}}"#
        )
    }

    #[test]
    fn documents_are_told_by_their_bytes() {
        let oci = "application/vnd.oci.image.config.v1+json";
        assert_eq!(told(&image("", oci)), "image application/vnd.oci.image.manifest.v1+json");
        let docker = r#","mediaType":"application/vnd.docker.distribution.manifest.v2+json""#;
        let config = "application/vnd.docker.container.image.v1+json";
        assert_eq!(told(&image(docker, config)), "image application/vnd.docker.distribution.manifest.v2+json");
        assert_eq!(told(r#"{"schemaVersion":2,"manifests":[]}"#), "index application/vnd.oci.image.index.v1+json");
    }

    #[test]
    fn what_is_no_image_is_called_what_it_is() {
        let schema1 = r#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#;
        assert!(told(schema1).starts_with("this is a Docker manifest of schema 1"));
        let chart = "application/vnd.cncf.helm.config.v1+json";
        assert_eq!(told(&image("", chart)), format!("this is an artifact of type `{chart}`, not a container image"));
        let typed = image(r#","artifactType":"application/spdx+json""#, "application/vnd.oci.empty.v1+json");
        assert!(told(&typed).contains("`application/spdx+json`"));
        assert!(told("{}").contains("a document of type"));
        assert!(told("<html>").starts_with("not a manifest"));
    }

    /// Documents, whole and damaged: what a registry that lies or a connection that breaks may send.
    fn damaged() -> impl Strategy<Value = Vec<u8>> {
        let whole = prop::sample::select(vec![
            image("", "application/vnd.oci.image.config.v1+json"),
            r#"{"schemaVersion":2,"manifests":[{"mediaType":"a","digest":"HEX","size":-1,"platform":{"os":"","architecture":7}}]}"#.to_owned(),
            r#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#.to_owned(),
            r#"{"os":"linux","architecture":"arm","variant":"v7","created":"2026","config":{"Labels":{"a":null}}}"#.to_owned(),
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
            let _ = crate::resolve::readable(&bytes);
        }
    }

    #[test]
    fn a_document_for_two_readers_is_refused() {
        let both = r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#;
        assert!(told(both).contains("both an index and a manifest"));
        let lying = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}"#;
        assert!(told(lying).contains("both an index and a manifest"));
    }
}
