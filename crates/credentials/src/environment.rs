//! The environment variables that decide where credentials are looked for, as a value.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::Error;

/// Starts the name of every variable that holds a credential.
pub(crate) const VARIABLE_PREFIX: &str = "IMAGELOCK_AUTH_";

/// Holds credentials as Docker's configuration file does.
pub(crate) const DOCKER_AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";

/// How many seconds a helper may take.
pub(crate) const HELPER_TIMEOUT: &str = "IMAGELOCK_HELPER_TIMEOUT";

/// The environment variables of a run. Helpers see them too, save those that hold credentials.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Returns an environment without any variable: no file is found and every lookup is anonymous.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Returns a copy of the process's environment.
    pub fn from_process() -> Self {
        std::env::vars_os().fold(Self::empty(), |environment, (name, value)| environment.with(name, value))
    }

    /// Sets one variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let name = name.into();
        // Windows takes `Path` and `PATH` for the same variable.
        let name = if cfg!(windows) { name.to_ascii_uppercase() } else { name };
        self.variables.insert(name, value.into());
        self
    }

    /// Returns a variable's value; an empty one counts as absent, which is what CI systems pass for a missing secret.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        self.get(name).map(|value| value.to_str().ok_or_else(|| Error::NotUtf8 { name: name.to_owned() })).transpose()
    }

    pub(crate) fn path(&self, name: &str) -> Result<Option<&Utf8Path>, Error> {
        Ok(self.text(name)?.map(Utf8Path::new))
    }

    /// Returns a path of the XDG base directory specification, which says to ignore a relative one.
    pub(crate) fn xdg(&self, name: &str) -> Result<Option<&Utf8Path>, Error> {
        Ok(self.path(name)?.filter(|path| path.is_absolute()))
    }

    pub(crate) fn home(&self) -> Result<Option<Utf8PathBuf>, Error> {
        let home = match self.path("HOME")? {
            Some(home) => Some(home),
            None if cfg!(windows) => self.path("USERPROFILE")?,
            None => None,
        };
        Ok(home.map(Utf8Path::to_owned))
    }

    /// Returns the variables that a helper may see.
    pub(crate) fn for_helpers(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let secret = |name: &OsStr| {
            name == DOCKER_AUTH_CONFIG || name.as_encoded_bytes().starts_with(VARIABLE_PREFIX.as_bytes())
        };
        self.variables
            .iter()
            .filter(move |(name, _)| !secret(name))
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

/// Values may be secrets, so only the names are printed.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.variables.keys()).finish()
    }
}
