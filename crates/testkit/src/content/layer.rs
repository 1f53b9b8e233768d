//! One layer of an image.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{archive, sha256};

/// One layer of an image: a small archive of files, or any bytes.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Without one, the layer takes the gzip layer type of its image's family.
    pub(super) media_type: Option<String>,
    pub(super) bytes: Bytes,
    pub(super) diff_id: String,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Layer {
    /// Packs files, in the order given. A path may be anything, also one that a careful reader refuses.
    pub fn files<P: AsRef<str>, C: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, C)>) -> Self {
        let tar = archive::tar(files);
        Self {
            media_type: None,
            diff_id: sha256(&tar),
            bytes: archive::gzip(&tar).into(),
            annotations: BTreeMap::new(),
        }
    }

    /// Takes any bytes as a layer, such as a signature's payload.
    pub fn bytes(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { media_type: Some(media_type.to_owned()), diff_id: sha256(&bytes), bytes, annotations: BTreeMap::new() }
    }

    /// Annotates the layer's descriptor.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }
}
