//! What signatures are demanded, looked for and kept, whether or not this imagelock can verify them.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::source::Location;
use serde::Serialize;

use crate::trust::Grade;

/// Files to keep, by their paths from the project file on.
pub(crate) type Kept = BTreeMap<Utf8PathBuf, Vec<u8>>;

/// An image that has not what its policy demands, as far as it can be told.
pub(crate) struct Lacking {
    pub(crate) name: ImageName,
    /// Where it is demanded.
    pub(crate) at: Location,
    /// What is wrong, as a phrase behind the name.
    pub(crate) message: String,
    /// A line for each signature that does not count.
    pub(crate) lines: Vec<String>,
    /// What mends it, where `lock` does not.
    pub(crate) help: Option<&'static str>,
}

/// Whether a run may ask registries for signatures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// What is not kept is looked for.
    Registries,
    /// What is not kept is missing.
    Nobody,
}

/// How far an image is signed, as programs are told: both or none.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Signed {
    /// The word of its grade.
    #[serde(rename = "signature", skip_serializing_if = "Option::is_none")]
    pub(crate) word: Option<&'static str>,
    /// The same to people.
    #[serde(rename = "signatureNote", skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

impl Signed {
    pub(crate) fn of(grade: &Grade) -> Self {
        Self { word: Some(grade.word()), note: Some(grade.words()) }
    }
}
