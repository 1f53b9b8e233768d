//! The places of a run that hold credentials, and the order in which they are asked.

use std::fmt;
use std::time::Duration;

use crate::credential::{Credential, Found, Origin};
use crate::environment::{DOCKER_AUTH_CONFIG, Environment, HELPER_TIMEOUT, VARIABLE_PREFIX};
use crate::error::{Error, FileProblem};
use crate::file::{self, File};
use crate::helper::{self, Helpers};
use crate::scope;

/// All credentials of a run. The files are read once, by [`Store::load`]; a helper is asked when the first repository
/// of its host is looked up, and once per host.
pub struct Store {
    environment: Environment,
    files: Vec<File>,
    /// Why `DOCKER_AUTH_CONFIG` is passed over.
    unread: Option<FileProblem>,
    helpers: Helpers,
}

impl Store {
    /// Reads the credentials files of an environment. An absent file is fine; one that cannot be read or is not what
    /// it should be is an error, for else a typing error would show as a registry's refusal.
    pub fn load(environment: &Environment) -> Result<Self, Error> {
        let (variable, unread) = match file::of_variable(environment) {
            Ok(variable) => (variable, None),
            Err(problem) => (None, Some(problem)),
        };
        let files = variable.into_iter().chain(file::load_all(environment)?).collect();
        let mut helpers = Helpers::new(environment.clone());
        helpers.set_timeout(timeout(environment)?);
        Ok(Self { environment: environment.clone(), files, unread, helpers })
    }

    /// Returns a store that finds no credential anywhere.
    pub fn anonymous() -> Self {
        let environment = Environment::empty();
        Self { environment: environment.clone(), files: Vec::new(), unread: None, helpers: Helpers::new(environment) }
    }

    /// Sets how long a helper may take, in place of `IMAGELOCK_HELPER_TIMEOUT`; ten seconds where that says nothing.
    #[must_use]
    pub fn helper_timeout(mut self, timeout: Duration) -> Self {
        self.helpers.set_timeout(timeout);
        self
    }

    /// Returns the credential for a repository such as `library/postgres` of a host such as `docker.io`. Where no
    /// place has one, the answer is [`Credential::Anonymous`], and its origin says which place may have had one: a helper
    /// that fails does not keep anybody from what needs no login.
    pub async fn lookup(&self, host: &str, repository: &str) -> Result<Found, Error> {
        if !scope::is_host(host) {
            return Err(Error::Host { host: host.to_owned() });
        }
        if let Some((credential, origin)) = self.variable(host)? {
            return Ok(Found::new(credential, host, origin));
        }
        // The first place that may have had one is told where one is missed.
        let mut missed = self.unread();
        for file in &self.files {
            match self.in_file(file, host, repository).await? {
                Some((Credential::Anonymous, origin)) => missed = missed.or(Some(origin)),
                Some((credential, origin)) => return Ok(Found::new(credential, host, origin)),
                None => {}
            }
        }
        Ok(Found::new(Credential::Anonymous, host, missed.unwrap_or(Origin::Nowhere)))
    }

    /// Returns the variable that is passed over because Docker would pass over it, and why.
    pub fn unread(&self) -> Option<Origin> {
        self.unread.map(|problem| Origin::Unread { name: DOCKER_AUTH_CONFIG.to_owned(), problem })
    }

    fn variable(&self, host: &str) -> Result<Option<(Credential, Origin)>, Error> {
        for alias in scope::names(host) {
            let name = variable_name(&alias);
            let Some(text) = self.environment.text(&name)? else {
                continue;
            };
            return match text.split_once(':') {
                Some((username, secret)) if !username.is_empty() && !secret.is_empty() => {
                    Ok(Some((Credential::from_login(username, secret), Origin::Variable { name })))
                }
                _ => Err(Error::Variable { name }),
            };
        }
        Ok(None)
    }

    async fn in_file(&self, file: &File, host: &str, repository: &str) -> Result<Option<(Credential, Origin)>, Error> {
        let mut missed = None;
        if let Some(helper) = file.helper(host) {
            let (program, path) = (helper::program(helper), file.place.to_string().into());
            match self.helpers.get(helper, host).await {
                Ok(Some(credential)) => return Ok(Some((credential, Origin::Helper { program, path }))),
                Ok(None) => {}
                Err(problem) => {
                    missed = Some((Credential::Anonymous, Origin::Unanswered { program, path, problem }));
                }
            }
        }
        let credential = file.credential(host, repository)?;
        Ok(credential.map(|credential| (credential, file.place.origin())).or(missed))
    }
}

/// Files and answers hold secrets, so only the files' paths are printed.
impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.files.iter().map(|file| file.place.to_string()).collect();
        formatter.debug_struct("Store").field("files", &files).finish_non_exhaustive()
    }
}

/// How long a helper may take.
fn timeout(environment: &Environment) -> Result<Duration, Error> {
    let Some(text) = environment.text(HELPER_TIMEOUT)? else { return Ok(helper::TIMEOUT) };
    let seconds = text.parse().ok().filter(|seconds| (1..=helper::MOST_SECONDS).contains(seconds));
    let wrong = || Error::Seconds { name: HELPER_TIMEOUT, most: helper::MOST_SECONDS };
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// The variable of a host: `.` is `_`, `-` is `__`, a port's `:` is `___`. No two hosts share one, so that a host
/// that only looks like another cannot be sent the other's credential.
fn variable_name(host: &str) -> String {
    let mut name = VARIABLE_PREFIX.to_owned();
    for character in host.chars() {
        match character {
            '-' => name.push_str("__"),
            ':' => name.push_str("___"),
            character if character.is_ascii_alphanumeric() => name.push(character.to_ascii_uppercase()),
            _ => name.push('_'),
        }
    }
    name
}
