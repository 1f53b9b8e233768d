//! Why a registry could not be read. No error holds a secret, a query of a URL, or more than 1 KiB of what a server
//! wrote; what a server wrote has its control characters taken out.

mod kind;
mod no_newest;
mod not_an_image;
mod peer;
mod refusal;
#[cfg(test)]
mod tests;
mod text;

pub use kind::{ErrorKind, Missing};
pub use no_newest::NoNewest;
pub use not_an_image::NotAnImage;
pub use refusal::{Login, Refusal, Refuser, Withheld};
pub(crate) use text::{MESSAGE_BYTES, colon, quoted};

use crate::layout::LayoutError;

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
    /// The canonical reference, never a mirror's; behind it, what it was read for.
    pub reference: String,
    /// The host that was asked; a mirror's, where a mirror was asked.
    pub host: String,
    /// The last status, if there was an answer.
    pub status: Option<u16>,
    /// How often it was tried.
    pub attempts: u32,
    /// What became of the login; absent where no answer has to do with it.
    pub login: Option<Login>,
}

impl Context {
    /// Says what the reference was read for: a platform, and then the image.
    pub(crate) fn serves(&mut self, whole: &str) {
        // A reference has no spaces: behind the first one stands what it was read for.
        let joint = if self.reference.contains(' ') { "of" } else { "for" };
        if self.reference != whole {
            self.reference = format!("{} {joint} {whole}", self.reference);
        }
    }

    /// Whether something was being written.
    fn writes(&self) -> bool {
        self.doing.starts_with("write")
    }

    fn before(&self) -> String {
        format!("cannot {} {}: ", self.doing, self.reference)
    }

    fn after(&self) -> String {
        if self.attempts > 1 { format!(", after {} attempts", self.attempts) } else { String::new() }
    }
}

impl Error {
    /// Says what was being read for: a platform, or the image.
    #[must_use]
    pub fn serving(mut self, whole: &str) -> Self {
        if let Some(context) = &mut self.context {
            context.serves(whole);
        }
        self
    }

    /// Returns the host that was asked.
    pub fn host(&self) -> Option<&str> {
        self.context.as_deref().map(|context| context.host.as_str())
    }

    /// Whether the request is at fault, and not a registry or the network.
    pub fn is_input(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::MissingPlatforms { .. }
                | ErrorKind::NoNewest(_)
                | ErrorKind::Unnamed { .. }
                | ErrorKind::Layout(_)
        )
    }

    /// Returns what a person can do about it.
    pub fn help(&self) -> Vec<String> {
        match &self.kind {
            ErrorKind::Unauthorized(refusal) | ErrorKind::Forbidden(refusal) => {
                let help = refusal.help();
                if help.is_empty() && self.context.as_deref().is_some_and(Context::writes) {
                    let host = &refusal.registry;
                    return vec![format!(
                        "`docker login {host}` as somebody who may write there, or ask who runs {host}"
                    )];
                }
                help
            }
            ErrorKind::Status { status: 404 | 405, host, .. }
                if self.context.as_deref().is_some_and(Context::writes) =>
            {
                vec![format!("{host} may take nothing at all, like a cache, or wants the repository to be made first")]
            }
            ErrorKind::NotFound { what, .. } => self.unseen(*what).into_iter().collect(),
            ErrorKind::Token { login, .. } => {
                let registry = self.host().unwrap_or_default();
                login.help(registry).into_iter().chain(login.renew(registry)).collect()
            }
            ErrorKind::Tls { host, .. } => vec![format!(
                "trust its authority with `ca = \"FILE.pem\"` under `[registries.\"{host}\"]`, or allow plain HTTP with \
                 `insecure = true`"
            )],
            ErrorKind::DigestMismatch { expected, .. } => vec![format!(
                "nothing was written; a broken proxy or an attack looks like this: compare {} from another network",
                expected.short()
            )],
            ErrorKind::Unnamed { digest, .. } => vec![format!("say which tag it had: `--precise TAG@{digest}`")],
            ErrorKind::TooLarge { unit, .. } => {
                let mut help = vec![
                    "the limit is imagelock's own, not the registry's; docs/registries.md has them all".to_owned(),
                ];
                if *unit == "tags" {
                    help.push("an image that follows one `tag` needs no list".to_owned());
                }
                help
            }
            ErrorKind::OutOfTime { what: "the run", .. } => vec!["`--time-limit 2h` gives it longer".to_owned()],
            ErrorKind::TooMuch { .. } => vec![
                "this bound is imagelock's own: name the `platforms` that you need, or lock fewer images at a time"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }

    /// What is private is absent for many registries, as long as no login that may read it is shown.
    fn unseen(&self, what: Missing) -> Option<String> {
        let Context { host, login, .. } = self.context.as_deref()?;
        let login = login.as_ref()?;
        // Of a repository that shows its tags, nothing else is hidden.
        let whole = matches!(what, Missing::Repository | Missing::TagOrRepository | Missing::List);
        match (login, login.help(host)) {
            (Login::Withheld { origin, .. }, Some(help)) => Some(format!("{host} was asked without {origin}: {help}")),
            (Login::Withheld { origin, why }, None) if whole => {
                Some(format!("{host} was asked without {origin}, {why}"))
            }
            (Login::Shown(origin), _) if whole => {
                Some(format!("{host} was asked with {origin}; some registries say the same of what these may not read"))
            }
            _ => None,
        }
    }

    /// Whether it is the 403 of a host that a redirect led to.
    pub(crate) fn is_forbidden_elsewhere(&self) -> bool {
        matches!(&self.kind, ErrorKind::Forbidden(refusal) if matches!(refusal.by, Refuser::Target(_)))
    }

    /// Whether it may be gone the next time.
    pub(crate) fn may_pass(&self) -> bool {
        match &self.kind {
            ErrorKind::RateLimited { .. }
            | ErrorKind::Network { .. }
            | ErrorKind::Slow { .. }
            | ErrorKind::OutOfTime { .. } => true,
            ErrorKind::Status { status, .. } => *status >= 500,
            _ => false,
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
}
