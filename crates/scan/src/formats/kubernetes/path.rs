//! Places of images in custom resources: `Prometheus:spec.thanos.baseImage`.

use std::str::FromStr;

use imagelock_yaml::{PathError, Step, ValuePath};

/// The keys that lead to an image in a manifest, and the kind of object that has them. Lists on the way are passed
/// through: `spec.sidecars.picture` is the picture of every sidecar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestPath {
    pub(super) kind: Option<String>,
    pub(super) keys: Vec<String>,
}

/// Why a text is not a [`ManifestPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestPathError {
    /// The keys are no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// An item of a list.
    #[error("a path in manifests passes through every item of a list: leave the `[…]` away")]
    Item,
}

impl FromStr for ManifestPath {
    type Err = ManifestPathError;

    fn from_str(text: &str) -> Result<Self, ManifestPathError> {
        let (kind, path) = text.split_once(':').map_or((None, text), |(kind, path)| (Some(kind.to_owned()), path));
        let path: ValuePath = path.parse()?;
        let keys = path.steps().iter().map(|step| match step {
            Step::Key(key) => Ok(key.clone()),
            Step::Index(_) => Err(ManifestPathError::Item),
        });
        Ok(Self { kind, keys: keys.collect::<Result<_, _>>()? })
    }
}
