//! What is known of one platform of an image.

use imagelock_core::Digest;
use imagelock_core::oci::{Configuration, Descriptor};
use serde::Serialize;

use crate::advisory::Release;
use crate::attested::Provenance;
use crate::package::{Grade, Package};

/// What is known of one platform of an image: what was asked for, and what there was to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// What runs; nothing where that was not read.
    pub configuration: Option<Configuration>,
    /// The layers, the lowest first.
    pub layers: Vec<Layer>,
    /// What has to be fetched to run it, in bytes: the layers as they are compressed, and the configuration.
    pub size: u64,
    /// What is in it.
    pub packages: Option<Listing>,
    /// How it was made.
    pub provenance: Option<Provenance>,
    /// What was not read, and why.
    pub not_read: Vec<NotRead>,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What the manifest says of it.
    pub descriptor: Descriptor,
    /// The digest of its uncompressed bytes, where the configuration was read.
    pub diff_id: Option<Digest>,
}

/// Packages, and who lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The packages in their order, each version of each once.
    pub packages: Vec<Package>,
    /// Which release of which distribution they are of, where that is known.
    pub release: Option<Release>,
    /// Where the list was found.
    pub by: By,
}

/// Where a list of packages was found, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
pub enum By {
    /// An attestation beside the image in its index.
    Attestation,
    /// An artifact that the registry lists as being about the image.
    Referrer,
    /// A statement that cosign keeps under a tag.
    Cosign,
    /// The databases in the layers.
    Layers {
        /// How many layers were read.
        read: usize,
        /// How many there are.
        of: usize,
    },
}

/// Something that was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotRead {
    /// What it is: `packages`, `configuration`, or a path.
    pub what: String,
    /// Why.
    pub reason: String,
}

impl By {
    /// Whose word the list is.
    pub fn grade(self) -> Grade {
        match self {
            Self::Layers { .. } => Grade::Verified,
            Self::Attestation | Self::Referrer | Self::Cosign => Grade::Publisher,
        }
    }

    /// For people.
    pub fn words(self) -> String {
        match self {
            Self::Attestation => "by an attestation in the index".to_owned(),
            Self::Referrer => "by an attestation that the registry lists".to_owned(),
            Self::Cosign => "by an attestation of cosign's".to_owned(),
            Self::Layers { read, of } => format!("read from {read} of {of} layers"),
        }
    }
}

impl Description {
    /// The layers of a manifest, beside what its configuration says of them where both have as many.
    pub fn layers(descriptors: Vec<Descriptor>, configuration: Option<&Configuration>) -> Vec<Layer> {
        let diff_ids = configuration.map(|configuration| configuration.diff_ids.as_slice()).unwrap_or_default();
        let known = diff_ids.len() == descriptors.len();
        let diff_id = |number: usize| if known { diff_ids.get(number).cloned() } else { None };
        let layers = descriptors.into_iter().enumerate();
        layers.map(|(number, descriptor)| Layer { descriptor, diff_id: diff_id(number) }).collect()
    }

    /// Whether both have the same layers, as their configurations say.
    pub fn same_layers(&self, other: &Self) -> bool {
        let diff_ids = |of: &Self| of.configuration.as_ref().map(|configuration| configuration.diff_ids.clone());
        diff_ids(self).zip(diff_ids(other)).is_some_and(|(one, other)| one == other)
    }
}

impl Layer {
    /// What tells a layer by what is in it: compressed anew it is the same.
    pub fn identity(&self) -> &Digest {
        self.diff_id.as_ref().unwrap_or(&self.descriptor.digest)
    }
}
