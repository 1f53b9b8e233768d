//! Why a registry could not be read. No error holds a secret, a query of a URL, or more than 1 KiB of what a server
//! wrote; what a server wrote has its control characters taken out.

use camino::Utf8PathBuf;
use imagelock_core::{Digest, Platform, Tag};
use imagelock_credentials::Origin;

use crate::layout::LayoutError;

/// The most that is repeated of a server's message, in bytes.
const MESSAGE_BYTES: usize = 1024;

/// Why something could not be had from a registry or a layout, and what was being done.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{kind}{}", .context.as_deref().map(Context::before).unwrap_or_default(), .context.as_deref().map(Context::after).unwrap_or_default())]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
    /// What was being done; absent where nothing was asked of a registry.
    pub context: Option<Box<Context>>,
}

/// What was being done when an [`Error`] happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The action: `read the tag`.
    pub doing: &'static str,
    /// The canonical reference, never a mirror's.
    pub reference: String,
    /// The host that was asked; a mirror's, where a mirror was asked.
    pub host: String,
    /// The last status, if there was an answer.
    pub status: Option<u16>,
    /// How often it was tried.
    pub attempts: u32,
}

impl Context {
    fn before(&self) -> String {
        format!("cannot {} {}: ", self.doing, self.reference)
    }

    fn after(&self) -> String {
        if self.attempts > 1 { format!(", after {} attempts", self.attempts) } else { String::new() }
    }
}

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The tag.
    Tag,
    /// The manifest of a digest.
    Manifest,
    /// The blob of a digest.
    Blob,
    /// The repository.
    Repository,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Tag => "tag",
            Self::Manifest => "manifest",
            Self::Blob => "blob",
            Self::Repository => "repository",
        })
    }
}

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

/// What went wrong. Its text is short enough to stand beside the name of an image.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The registry does not have it.
    #[error("no such {what}{}", newest_text(.newest))]
    NotFound {
        /// What is not there.
        what: Missing,
        /// Tags that are there, the newest first; empty where they are not known.
        newest: Vec<Tag>,
    },
    /// No tag of the repository answers the rule.
    #[error("no tag fits {rule}{}", newest_text(.newest))]
    NoTagFits {
        /// The rule.
        rule: String,
        /// Tags that are there.
        newest: Vec<Tag>,
    },
    /// 401 Unauthorized, or a token service that refuses the credentials.
    #[error("401 Unauthorized, {}", credentials_text(.credentials, .host))]
    Unauthorized {
        /// The registry.
        host: String,
        /// Where the credentials came from that were tried.
        credentials: Origin,
    },
    /// 403 Forbidden.
    #[error("403 Forbidden, {}{}", credentials_text(.credentials, .host), colon(.message))]
    Forbidden {
        /// The registry.
        host: String,
        /// Where the credentials came from that were tried.
        credentials: Origin,
        /// What the registry says.
        message: String,
    },
    /// 429 Too Many Requests, to the end.
    #[error("429 Too Many Requests from {host}{}", .retry_after.map(|seconds| format!(", which asks to wait {seconds} s")).unwrap_or_default())]
    RateLimited {
        /// The host.
        host: String,
        /// How many seconds it asks to wait.
        retry_after: Option<u64>,
    },
    /// Any other status that is no answer.
    #[error("status {status} from {host}{}", colon(.message))]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// What the server says.
        message: String,
    },
    /// The host could not be reached, or the connection failed.
    #[error("cannot reach {host}: {reason}")]
    Network {
        /// The host.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The host's certificate is not trusted, or it does not speak TLS.
    #[error("no trusted connection to {host}: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// What happened.
        reason: String,
    },
    /// Other bytes than the digest promises.
    #[error("{host} answered with other bytes than it promised for {} (got {})", .expected.short(), .got.short())]
    DigestMismatch {
        /// The host.
        host: String,
        /// The digest that was asked for.
        expected: Digest,
        /// The digest of the bytes.
        got: Digest,
    },
    /// `Docker-Content-Digest` is no digest, or not the digest of the bytes.
    #[error("the Docker-Content-Digest of {host}, `{header}`, {}", .body.as_ref().map_or_else(|| "is not a digest".to_owned(), |body| format!("is not that of the bytes ({})", body.short())))]
    HeaderMismatch {
        /// The host.
        host: String,
        /// The header.
        header: String,
        /// The digest of the bytes, where the header is a digest.
        body: Option<Digest>,
    },
    /// Another size than the descriptor promises.
    #[error("{got} bytes instead of the {expected} that its descriptor promises")]
    SizeMismatch {
        /// The size in the descriptor.
        expected: u64,
        /// The size of the bytes.
        got: u64,
    },
    /// More bytes, or more pages, than any honest answer has.
    #[error("the answer is larger than {limit} {unit}")]
    TooLarge {
        /// The limit.
        limit: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// A document that is not what its format says.
    #[error("{reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// Something is there, and is no image.
    #[error("this is {0}")]
    NotAnImage(NotAnImage),
    /// Platforms are asked for that the image does not have.
    #[error("{} {} requested, but it has {}", list(.missing), if .missing.len() == 1 { "is" } else { "are" }, list(.has))]
    MissingPlatforms {
        /// The platforms that are asked for.
        requested: Vec<Platform>,
        /// Those of them that the image does not have.
        missing: Vec<Platform>,
        /// The platforms that it has.
        has: Vec<Platform>,
    },
    /// The image under a platform's descriptor is for another platform.
    #[error("the index says {expected}, but the image there is for {got}")]
    WrongPlatform {
        /// The platform that the index says.
        expected: Platform,
        /// The platform that the configuration says.
        got: Platform,
    },
    /// The lock says something else than the registry's bytes.
    #[error("the lock does not say what the registry has: {what}")]
    LockDiffers {
        /// What differs.
        what: String,
    },
    /// A token could not be had.
    #[error("no token from {realm}: {reason}")]
    Token {
        /// The token service: its address without a query.
        realm: String,
        /// What went wrong.
        reason: String,
    },
    /// A redirect that is not followed.
    #[error("{reason}")]
    Redirect {
        /// Where it led, and why it is not followed.
        reason: String,
    },
    /// A list of tags that leads out of the registry or around in a circle.
    #[error("the list of tags goes on at `{next}`, {reason}")]
    Paging {
        /// Where the next page is said to be, without a query.
        next: String,
        /// Why it is not read.
        reason: &'static str,
    },
    /// The credentials could not be looked up.
    #[error("{reason}")]
    Credentials {
        /// Why.
        reason: String,
    },
    /// An OCI image layout directory cannot be read.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A file cannot be written.
    #[error("cannot write `{path}`: {reason}")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Returns the host that was asked.
    pub fn host(&self) -> Option<&str> {
        self.context.as_deref().map(|context| context.host.as_str())
    }

    /// Whether the request is at fault, and not a registry or the network.
    pub fn is_input(&self) -> bool {
        matches!(self.kind, ErrorKind::MissingPlatforms { .. } | ErrorKind::Layout(_))
    }

    /// Returns what a person can do about it.
    pub fn help(&self) -> Vec<String> {
        match &self.kind {
            ErrorKind::Unauthorized { host, .. } => vec![format!("docker login {host}")],
            ErrorKind::Tls { host, .. } => vec![format!(
                "trust its authority with `ca = \"FILE.pem\"` under `[registries.\"{host}\"]`, or allow plain HTTP with \
                 `insecure = true`"
            )],
            ErrorKind::DigestMismatch { expected, .. } => vec![format!(
                "nothing was written; a broken proxy or an attack looks like this: compare {} from another network",
                expected.short()
            )],
            _ => Vec::new(),
        }
    }

    /// Whether the host gave no answer at all, so that somebody else may be asked in its place.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self.kind, ErrorKind::Network { .. })
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, context: None }
    }
}

impl From<LayoutError> for Error {
    fn from(error: LayoutError) -> Self {
        ErrorKind::from(error).into()
    }
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The certificates for a registry are not PEM.
    #[error("the certificates for {host} cannot be read: {reason}")]
    Certificates {
        /// The registry.
        host: String,
        /// Why.
        reason: String,
    },
    /// The HTTP library cannot be set up.
    #[error("cannot set up HTTP: {0}")]
    Http(String),
}

/// Cuts and cleans what a server wrote, so that it can stand in an error on a terminal.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for character in text.trim().chars() {
        let character = if character.is_control() { ' ' } else { character };
        if quoted.len() + character.len_utf8() > MESSAGE_BYTES {
            break;
        }
        quoted.push(character);
    }
    quoted
}

fn newest_text(tags: &[Tag]) -> String {
    if tags.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    format!("; the newest are {}", names.join(", "))
}

fn credentials_text(origin: &Origin, host: &str) -> String {
    match origin {
        Origin::Nowhere => format!("no credentials for {host}"),
        Origin::NotInstalled { .. } => origin.to_string(),
        origin => format!("with {origin}"),
    }
}

fn colon(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn list(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    names.join(", ")
}
