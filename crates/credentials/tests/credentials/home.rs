//! A scratch home folder.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_credentials::{Credential, Environment, Error, Found, Secret, Store};
use tempfile::TempDir;

pub(crate) struct Home {
    folder: TempDir,
    environment: Environment,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let environment = Environment::empty().with("HOME", folder.path());
        Self { folder, environment }
    }

    /// Writes a file, whose path is relative to the home folder.
    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
        self
    }

    pub(crate) fn docker(self, text: &str) -> Self {
        self.file(".docker/config.json", text)
    }

    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.environment = self.environment.with(name, value.as_ref());
        self
    }

    /// Sets a variable to a folder or file of the home folder.
    pub(crate) fn variable_path(self, name: &str, path: &str) -> Self {
        let path = self.path(path);
        self.variable(name, path)
    }

    pub(crate) fn path(&self, path: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(path)
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(crate) fn store(&self) -> Store {
        Store::load(&self.environment).unwrap()
    }

    pub(crate) fn load_error(&self) -> Error {
        Store::load(&self.environment).unwrap_err()
    }

    pub(crate) async fn lookup(&self, host: &str, repository: &str) -> Found {
        self.store().lookup(host, repository).await.unwrap()
    }

    /// Looks a repository up and returns what may be sent to its host.
    pub(crate) async fn credential(&self, host: &str, repository: &str) -> Credential {
        self.lookup(host, repository).await.for_host(host).clone()
    }

    pub(crate) async fn error(&self, host: &str, repository: &str) -> String {
        self.store().lookup(host, repository).await.unwrap_err().to_string()
    }
}

pub(crate) fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic { username: username.to_owned(), password: Secret::new(password) }
}

/// Runs one future: property tests are not asynchronous.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
