//! What stands where an image is expected.

/// What something is that is not an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnImage {
    /// An index with an index in it.
    #[error("an index of indexes, which names no image by platform")]
    IndexOfIndexes,
    /// A Docker manifest of schema 1.
    #[error("a Docker manifest of schema 1, which no digest protects; push the image again with a current tool")]
    Schema1,
    /// An artifact, such as a Helm chart or a signature.
    #[error("an artifact of type `{0}`, not a container image")]
    Artifact(String),
    /// A document of another type.
    #[error("a document of type `{0}`, not a container image")]
    Unknown(String),
    /// An index without a platform, or a configuration that does not name its platform.
    #[error("an image that names no platform")]
    NoPlatform,
    /// A document that is an index and a manifest at once, which two readers would understand in two ways.
    #[error("a document that is both an index and a manifest")]
    Ambiguous,
}
