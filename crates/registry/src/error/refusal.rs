//! Who refused a request, and what became of the login for it: a message must not blame the wrong party.

use std::fmt;

use imagelock_credentials::Origin;

use super::text::colon;

/// A refusal: 401 Unauthorized or 403 Forbidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 401 or 403.
    pub status: u16,
    /// The registry of the image; a mirror, where a mirror was asked.
    pub registry: String,
    /// Who refused.
    pub by: Refuser,
    /// What was shown to whoever refused.
    pub login: Login,
    /// What whoever refused says.
    pub message: String,
}

/// Who refused a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refuser {
    /// The registry itself.
    Registry,
    /// The host of the token service that the registry named.
    TokenService(String),
    /// The host that the registry redirects to.
    Target(String),
}

/// What became of the login for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Nobody asked for one.
    Unasked,
    /// There is none, and this is why.
    Absent(Origin),
    /// The one of this place was shown.
    Shown(Origin),
    /// There may be one, and nothing was shown.
    Withheld {
        /// Where it is.
        origin: Origin,
        /// Why it was not shown.
        why: Withheld,
    },
}

/// Why a login was not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The token service is on another host, which `token-hosts` does not name.
    TokenHost(String),
    /// The registry redirects to another host, which `redirect-hosts` does not name.
    RedirectHost(String),
    /// The registry redirects to an address that is no repository's, where nobody can say which login counts.
    NoRepository,
    /// It is a token, and the registry asks for a password.
    WrongKind,
    /// The registry asks for a login in no way that is known; this is its `WWW-Authenticate`, empty where there is none.
    NoChallenge(String),
}

impl Login {
    /// Returns what a person can do where the login was withheld.
    pub(super) fn help(&self, registry: &str) -> Option<String> {
        let Self::Withheld { why, .. } = self else { return None };
        let (condition, key, host) = match why {
            Withheld::TokenHost(host) => (format!("{host} may see the login for {registry}"), "token-hosts", host),
            Withheld::RedirectHost(host) => (format!("{registry} may lead to {host}"), "redirect-hosts", host),
            Withheld::NoRepository | Withheld::WrongKind | Withheld::NoChallenge(_) => return None,
        };
        Some(format!("if {condition}, write `{key} = [\"{host}\"]` under `[registries.\"{registry}\"]`"))
    }

    /// Returns what a person can do where the login for a host was shown and is good for nothing.
    pub(super) fn renew(&self, host: &str) -> Vec<String> {
        match self {
            Self::Shown(Origin::Variable { name }) => {
                vec![format!("change `{name}`, which counts before what `docker login {host}` keeps")]
            }
            Self::Shown(_) => vec![
                format!("docker login {host}"),
                format!("docker logout {host}, if anybody may read the image: a login that has run out is refused"),
            ],
            Self::Unasked | Self::Absent(_) | Self::Withheld { .. } => Vec::new(),
        }
    }
}

impl Refusal {
    /// The host that refused.
    pub fn host(&self) -> &str {
        match &self.by {
            Refuser::Registry => &self.registry,
            Refuser::TokenService(host) | Refuser::Target(host) => host,
        }
    }

    /// The host whose login is asked for: a token service asks for the registry's.
    fn login_host(&self) -> &str {
        match &self.by {
            Refuser::Registry | Refuser::TokenService(_) => &self.registry,
            Refuser::Target(host) => host,
        }
    }

    /// Returns what a person can do about it.
    pub(super) fn help(&self) -> Vec<String> {
        let host = self.login_host();
        match &self.login {
            Login::Withheld { .. } => self.login.help(&self.registry).into_iter().collect(),
            Login::Absent(_) => vec![format!("docker login {host}")],
            Login::Shown(Origin::Variable { .. }) => self.login.renew(host),
            // The service knows nobody by that login, or knows somebody who may not: a registry has to say which.
            Login::Shown(_) if self.status == 401 || matches!(self.by, Refuser::TokenService(_)) => {
                self.login.renew(host)
            }
            Login::Unasked | Login::Shown(_) => Vec::new(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.status == 401 { "401 Unauthorized" } else { "403 Forbidden" })?;
        match &self.by {
            Refuser::Registry => {}
            Refuser::TokenService(host) if *host == self.registry => formatter.write_str(" from its token service")?,
            Refuser::TokenService(host) => write!(formatter, " from {host}, the token service of {}", self.registry)?,
            Refuser::Target(host) => write!(formatter, " from {host}, to which {} redirects", self.registry)?,
        }
        match &self.login {
            Login::Unasked => {}
            Login::Absent(Origin::Nowhere) => write!(formatter, ", no credentials for {}", self.login_host())?,
            Login::Absent(origin) => write!(formatter, ", {origin}")?,
            Login::Shown(origin) => write!(formatter, ", with {origin}")?,
            Login::Withheld { origin: Origin::Nowhere, .. } => formatter.write_str(", where nobody logs in")?,
            Login::Withheld { origin, why } => write!(formatter, ", without {origin}, {why}")?,
        }
        formatter.write_str(&colon(&self.message))
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TokenHost(host) => write!(formatter, "which the token service {host} may not see"),
            Self::RedirectHost(host) => write!(formatter, "which {host} may not see"),
            Self::NoRepository => formatter.write_str("since the redirect leads to no address of a registry"),
            Self::WrongKind => formatter.write_str("since it is a token, and the registry asks for a password"),
            Self::NoChallenge(header) if header.is_empty() => {
                formatter.write_str("since the registry does not say how to log in")
            }
            Self::NoChallenge(header) => {
                write!(formatter, "since the registry asks for a login in no way that is known: `{header}`")
            }
        }
    }
}
