//! What can go wrong with a registry, a layout or a document.

use std::time::Duration;

use camino::Utf8PathBuf;
use imagelock_core::text::time;
use imagelock_core::{Digest, Platform, Tag};

use super::text::{colon, list, newest_text, size, unreadable_text};
use super::{Login, NoNewest, NotAnImage, Refusal};
use crate::layout::LayoutError;

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
    /// The tag, or the repository: the registry does not tell which.
    TagOrRepository,
    /// The repository, or only the list of its tags.
    List,
    /// What a tag points at, which the list of tags has.
    Listed,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Tag => "tag",
            Self::Manifest => "manifest",
            Self::Blob => "blob",
            Self::Repository => "repository",
            Self::TagOrRepository => "tag or repository",
            Self::List => "repository, or no list of its tags",
            Self::Listed => "manifest, although the list of tags has this tag",
        })
    }
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
    #[error("no tag fits {rule}: {dropped}{}", newest_text(.newest))]
    NoTagFits {
        /// The rule.
        rule: String,
        /// Why its tags do not fit.
        dropped: Box<imagelock_core::policy::Dropped>,
        /// Tags that are there.
        newest: Vec<Tag>,
    },
    /// Of the tags that fit a rule none is the newest.
    #[error("{0}")]
    NoNewest(#[from] NoNewest),
    /// A digest is asked for, and no tag that would answer the request points at it.
    #[error("{} {} at {}", list(.asked), if .asked.len() == 1 { "does not point" } else { "do not point" }, .digest.short())]
    Unnamed {
        /// The digest.
        digest: Digest,
        /// The tags that were asked.
        asked: Vec<Tag>,
    },
    /// 401 Unauthorized, from the registry, its token service, or where it redirects.
    #[error("{0}")]
    Unauthorized(Box<Refusal>),
    /// 403 Forbidden, from the registry, its token service, or where it redirects.
    #[error("{0}")]
    Forbidden(Box<Refusal>),
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
    /// A body that drips.
    #[error("{host} {verb} less than {} in {}", size(*.bytes), time(*.window))]
    Slow {
        /// The host.
        host: String,
        /// What it does so slowly: `sends` or `takes`.
        verb: &'static str,
        /// The least that a body has to bring in a window, in bytes.
        bytes: u64,
        /// The window.
        window: Duration,
    },
    /// There is no time left.
    #[error("{what} takes longer than {}", time(*.limit))]
    OutOfTime {
        /// What takes so long.
        what: &'static str,
        /// How long it may take.
        limit: Duration,
    },
    /// More bytes, tags or pages than any honest answer has.
    #[error("the answer is larger than {}", if *.unit == "bytes" { size(*.limit) } else { format!("{limit} {unit}") })]
    TooLarge {
        /// The limit.
        limit: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// More than any honest image or run has, of what a registry sends.
    #[error("{whole} has more than {} manifests and configurations", if *.unit == "bytes" { format!("{} of", size(*.limit)) } else { limit.to_string() })]
    TooMuch {
        /// What is bounded: the image, or the run.
        whole: &'static str,
        /// The limit.
        limit: u64,
        /// What is counted: bytes, or documents.
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
    #[error("{} {} requested, but it has {}{}", list(.missing), if .missing.len() == 1 { "is" } else { "are" }, list(.has), unreadable_text(.unreadable))]
    MissingPlatforms {
        /// The platforms that are asked for.
        requested: Vec<Platform>,
        /// Those of them that the image does not have.
        missing: Vec<Platform>,
        /// The platforms that it has.
        has: Vec<Platform>,
        /// What its index names and cannot be read as a platform.
        unreadable: Vec<String>,
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
        /// What became of the registry's login there.
        login: Box<Login>,
    },
    /// A redirect that is not followed.
    #[error("{reason}")]
    Redirect {
        /// Where it led, and why it is not followed.
        reason: String,
    },
    /// A list of tags, or of referrers, that leads out of the registry or around in a circle.
    #[error("the list goes on at `{next}`, {reason}")]
    Paging {
        /// Where the next page is said to be, without a query.
        next: String,
        /// Why it is not read.
        reason: String,
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
