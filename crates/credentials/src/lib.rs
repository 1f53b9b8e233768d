//! Registry credentials from Docker and Podman files and their helpers.
//!
//! [`Store::load`] reads every credentials file that `docker login`, `podman login` and their relatives write;
//! [`Store::lookup`] answers with the [`Credential`] for one repository. Places are asked in this order, and the
//! first one that has something for the repository wins:
//!
//! 1. the variable `IMAGELOCK_AUTH_<HOST>` with `user:password`, the host in upper case, `.` turned to `_`, `-` to
//!    `__` and a port's `:` to `___` (`IMAGELOCK_AUTH_GHCR_IO`), so that no two hosts share a variable;
//! 2. the variable `DOCKER_AUTH_CONFIG`, which holds `{"auths": {"ghcr.io": {"auth": "…"}}}` and nothing else, as Docker
//!    reads it since version 28: with any other key, or with a login that is none, all of it is passed over;
//! 3. the file that `REGISTRY_AUTH_FILE` names;
//! 4. `$DOCKER_CONFIG/config.json`;
//! 5. `$XDG_RUNTIME_DIR/containers/auth.json`;
//! 6. `$XDG_CONFIG_HOME/containers/auth.json`, or `~/.config/containers/auth.json` without that variable;
//! 7. `~/.docker/config.json`, unless `DOCKER_CONFIG` takes its place, as it does for Docker and Podman;
//! 8. `~/.dockercfg`.
//!
//! Within a file the helper comes first (`credHelpers` for the host, else `credsStore`), then `auths`, where the key
//! with the longest path wins: `host/team/app` before `host/team` before `host`. A helper that fails, is not there, or
//! takes longer than `IMAGELOCK_HELPER_TIMEOUT` (in seconds; ten without it) leaves the places after it; where none has
//! anything, its failure is the [`Origin`] of the anonymous credential.
//!
//! ```
//! use imagelock_credentials::{Credential, Environment, Store};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let environment = Environment::empty().with("IMAGELOCK_AUTH_GHCR_IO", "robot:secret");
//! let found = Store::load(&environment)?.lookup("ghcr.io", "acme/web").await?;
//!
//! assert!(matches!(found.for_host("ghcr.io"), Credential::Basic { username, .. } if username == "robot"));
//! assert_eq!(found.for_host("other.example"), &Credential::Anonymous);
//! assert_eq!(found.origin().to_string(), "the credentials of $IMAGELOCK_AUTH_GHCR_IO");
//! # Ok::<(), imagelock_credentials::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate knows neither HTTP nor tokens: what an identity token is exchanged for is the registry client's concern.
//! The file's `HttpHeaders` are ignored.
//!
//! Invariants: the same files, environment and helper answers give the same credential every time; a secret never
//! appears in an error or in `Debug` output; nothing a helper prints is ever repeated; a credential is handed out
//! only for the host that it was found for ([`Found::for_host`]).

mod credential;
mod environment;
mod error;
mod file;
mod helper;
mod scope;
mod store;

pub use credential::{Credential, Found, Origin, Secret};
pub use environment::Environment;
pub use error::{Error, FileProblem, HelperProblem};
pub use store::Store;
