//! What something is that is not an image: its kind, in words that do not mislead.

use super::text::{LISTED, more, unreadable};
use crate::resolve::NESTED;

/// What something is that is not an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnImage {
    /// An index whose indexes have indexes that have indexes.
    #[error("an index of indexes more than {} deep", NESTED)]
    DeepIndex,
    /// An index without entries.
    #[error("an index without entries")]
    EmptyIndex,
    /// An index of other things than images: their types.
    #[error("an index without an image; its entries are {}", types(.0))]
    NoImages(Vec<String>),
    /// An index of attestations, which lost the images that they tell of.
    #[error("an index of attestations alone, without an image")]
    Attestations,
    /// An index of images for what is no platform.
    #[error("an index without an image for a platform: {}", unreadable(.0))]
    Unreadable(Vec<String>),
    /// What `BuildKit` keeps of a build for the next one.
    #[error("a build cache of BuildKit, not a container image")]
    BuildCache,
    /// A Docker manifest of schema 1.
    #[error("a Docker manifest of schema 1, which no digest protects; push the image again with a current tool")]
    Schema1,
    /// An artifact, such as a Helm chart or a signature.
    #[error("an artifact {}, not a container image", typed(.0))]
    Artifact(String),
    /// A document of another type.
    #[error("a document of type `{0}`, not a container image")]
    Unknown(String),
    /// An image whose configuration does not name its platform, and whose index does not either where it has one.
    #[error("an image that names no platform, neither in an index nor in its configuration")]
    NoPlatform,
    /// A document that is an index and a manifest at once, which two readers would understand in two ways.
    #[error("a document that is both an index and a manifest")]
    Ambiguous,
}

fn types(types: &[String]) -> String {
    let mut names: Vec<String> = types.iter().take(LISTED).map(|name| typed(name)).collect();
    names.extend(more(types.len()));
    names.join(", ")
}

fn typed(name: &str) -> String {
    if name.is_empty() { "of no type".to_owned() } else { format!("of type `{name}`") }
}
