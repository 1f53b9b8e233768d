//! What a document refers to: what has to be copied with it.

use std::collections::BTreeMap;

use imagelock_core::{Digest, Platform};
use serde::de::MapAccess;

use super::index::Descriptor;
use super::object::{Fields, Object, text};
use super::{digest, is_index, is_manifest, names_schema1};
use crate::error::{ErrorKind, quoted};

/// What an index or a manifest refers to, each with its size in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Indexes and manifests.
    pub manifests: Vec<(Digest, u64)>,
    /// Configurations, layers, and whatever else an index has.
    pub blobs: Vec<(Digest, u64)>,
    /// The platforms that an index names for what it refers to.
    pub platforms: BTreeMap<Digest, Platform>,
}

#[derive(Default)]
struct WrittenLinks {
    config: Option<Object<Descriptor>>,
    layers: Option<Vec<Option<Object<Descriptor>>>>,
    manifests: Option<Vec<Option<Object<Descriptor>>>>,
}

impl Fields for WrittenLinks {
    const NAMES: &'static [&'static str] = &["config", "layers", "manifests"];

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "config" => self.config = map.next_value()?,
            "layers" => self.layers = map.next_value()?,
            _ => self.manifests = map.next_value()?,
        }
        Ok(())
    }
}

/// Reads what any document refers to, be it an image or an artifact beside one.
pub(crate) fn links(bytes: &[u8]) -> Result<Links, ErrorKind> {
    let Object(written) = serde_json::from_str::<Object<WrittenLinks>>(&text(bytes))
        .map_err(|error| ErrorKind::Malformed { reason: format!("not a manifest: {}", quoted(&error.to_string())) })?;
    let link = |descriptor: &Descriptor| {
        let digest = digest(descriptor.digest.as_deref().unwrap_or_default())?;
        let size = descriptor.size.and_then(|size| u64::try_from(size).ok());
        let reason = || format!("the document says no size of {digest}, which it refers to");
        let size = size.ok_or_else(|| ErrorKind::Malformed { reason: reason() })?;
        Ok::<_, ErrorKind>((digest, size))
    };
    let mut links = Links::default();
    for Object(entry) in written.manifests.iter().flatten().flatten() {
        let media_type = entry.media_type.as_deref().unwrap_or_default();
        let is_document = is_index(media_type) || is_manifest(media_type) || names_schema1(media_type);
        let list = if is_document { &mut links.manifests } else { &mut links.blobs };
        let (digest, size) = link(entry)?;
        links.platforms.extend(entry.platform().map(|platform| (digest.clone(), platform)));
        list.push((digest, size));
    }
    for Object(blob) in written.config.iter().chain(written.layers.iter().flatten().flatten()) {
        links.blobs.push(link(blob)?);
    }
    Ok(links)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

    fn counts(text: &str) -> Result<(usize, usize), String> {
        let digest = format!("sha256:{}", "0".repeat(64));
        let links = links(text.replace("HEX", &digest).replace("OCI", OCI).as_bytes());
        links.map(|links| (links.manifests.len(), links.blobs.len())).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_that_a_document_refers_to_is_found_as_go_finds_it() {
        let one = r#"{"digest":"HEX","size":1}"#;
        assert_eq!(counts(&format!(r#"{{"config":{one},"layers":[{one},{one}]}}"#)), Ok((0, 3)));
        assert_eq!(counts(&format!(r#"{{"Config":{one},"LAYERS":[{one},null]}}"#)), Ok((0, 2)));
        assert_eq!(counts(&format!(r#"{{"config":{one},"layers":null}}"#)), Ok((0, 1)));
        assert_eq!(counts(&format!(r#"{{"config":{one}}}"#)), Ok((0, 1)));
        let typed = r#"{"mediaType":"OCI","digest":"HEX","size":1,"platform":{}}"#;
        assert_eq!(counts(&format!(r#"{{"manifests":[{typed},{one},{typed}]}}"#)), Ok((2, 1)));
        assert_eq!(counts(&format!(r#"{{"manifests":[null,{typed}]}}"#)), Ok((1, 0)));
        assert_eq!(counts(r#"{"manifests":null}"#), Ok((0, 0)));
    }

    #[test]
    fn what_cannot_be_copied_is_told() {
        let error = counts(r#"{"config":{"digest":"HEX"}}"#).unwrap_err();
        assert!(error.contains("says no size of sha256:000"), "{error}");
        assert!(counts(r#"{"config":{"size":1}}"#).unwrap_err().contains("holds nothing as a digest"));
        assert!(counts(r#"{"config":{},"Config":{}}"#).unwrap_err().contains("`config` stands twice"));
    }
}
