//! What a lookup answers: a credential, the host that it belongs to and the place that it came from.

use std::fmt;

use camino::Utf8PathBuf;

use crate::error::{FileProblem, HelperProblem};
use crate::scope;

/// The user name under which helpers keep an identity token instead of a password.
const TOKEN_USER: &str = "<token>";

/// Text that must not be shown: its `Debug` and `Display` print `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the secret itself, for the request that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// How to present oneself to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// No credential is known.
    Anonymous,
    /// A user name and a password, sent as HTTP Basic authentication.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An `OAuth2` refresh token, to be exchanged at the token service.
    IdentityToken(Secret),
    /// A bearer token, sent to the registry as it is.
    RegistryToken(Secret),
}

impl Credential {
    /// Returns the credential that a user name and a secret stand for.
    pub(crate) fn from_login(username: &str, secret: &str) -> Self {
        if username == TOKEN_USER {
            Self::IdentityToken(Secret::new(secret))
        } else {
            Self::Basic { username: username.to_owned(), password: Secret::new(secret) }
        }
    }

    /// Whether no credential is known.
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }
}

/// Where a credential came from. Its `Display` completes the sentence "401 Unauthorized with …".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// No place has a credential.
    Nowhere,
    /// An environment variable.
    Variable {
        /// The variable's name.
        name: String,
    },
    /// The `auths` of a credentials file.
    File {
        /// The file, with the home folder written as `~`.
        path: Utf8PathBuf,
    },
    /// A credential helper.
    Helper {
        /// The program, such as `docker-credential-ecr-login`.
        program: String,
        /// The file that names the helper, with the home folder written as `~`.
        path: Utf8PathBuf,
    },
    /// No place has a credential, and a helper that may have one gave no answer. Public images need none, so that is
    /// no failure before somebody asks.
    Unanswered {
        /// The program.
        program: String,
        /// The file that names it, with the home folder written as `~`.
        path: Utf8PathBuf,
        /// Why it gave no answer.
        problem: HelperProblem,
    },
    /// No place has a credential, and a variable that may have one is passed over, as Docker passes it over.
    Unread {
        /// The variable's name.
        name: String,
        /// What is wrong with it.
        problem: FileProblem,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => write!(formatter, "no credentials"),
            Self::Variable { name } => write!(formatter, "the credentials of ${name}"),
            Self::File { path } => write!(formatter, "the credentials of {path}"),
            Self::Helper { program, path } => {
                write!(formatter, "the credentials of {program} (named in {path})")
            }
            Self::Unanswered { program, path, problem } => {
                write!(formatter, "no credentials ({}, named in {path}, {problem})", program.escape_debug())
            }
            Self::Unread { name, problem } => write!(formatter, "no credentials (${name} is passed over: {problem})"),
        }
    }
}

/// A credential bound to the host that it was found for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    credential: Credential,
    host: String,
    origin: Origin,
}

impl Found {
    /// Binds a credential to a host.
    pub fn new(credential: Credential, host: impl Into<String>, origin: Origin) -> Self {
        Self { credential, host: host.into(), origin }
    }

    /// Returns the credential if it belongs to `host`, and [`Credential::Anonymous`] for every other host. The names
    /// of Docker Hub (`docker.io`, `index.docker.io`, `registry-1.docker.io`) are one host.
    ///
    /// A client that follows a challenge to a token service asks with the *registry's* host, after it has decided
    /// that the service may see that registry's credentials.
    pub fn for_host(&self, host: &str) -> &Credential {
        if scope::same_host(&self.host, host) { &self.credential } else { &Credential::Anonymous }
    }

    /// Returns the host that was asked for.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the place that the credential came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}
