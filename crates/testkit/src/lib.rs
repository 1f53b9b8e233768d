//! An in-process OCI registry with faults and latency, and images made to measure.
//!
//! It is for tests, benchmarks and demonstrations: a [`Registry`] starts in a millisecond on the loopback interface,
//! holds what a test [pushes](Registry::push), fails where a test [says so](Registry::fault), and
//! [remembers](Registry::log) what it was asked. It works from synchronous code and speaks HTTP/1.1, HTTP/2 and, with
//! the feature `tls`, HTTPS.
//!
//! It is not for keeping images: everything is in memory, nothing is ever collected, and authentication is a prop.
//!
//! ```
//! use imagelock_testkit::{Fault, Image, On, Registry};
//!
//! # fn main() -> std::io::Result<()> {
//! let registry = Registry::start()?;
//! let image = Image::linux(["amd64", "arm64"]).label("org.opencontainers.image.version", "16.9");
//! let digest = registry.push("library/postgres:16.9", &image);
//! assert_eq!(registry.digest_of("library/postgres", "16.9"), Some(digest));
//!
//! registry.fault(On::manifest("library/postgres").method("HEAD"), Fault::status(429).retry_after("2").times(2));
//! // … let a client ask `registry.host()` …
//! assert_eq!(registry.log().count("HEAD", "/v2/library/postgres/manifests/"), 0);
//! # Ok(())
//! # }
//! ```

mod auth;
mod content;
mod faults;
mod log;
mod on;
mod server;

pub use auth::{Auth, Realm, TokenAuth};
pub use content::{Credentials, Descriptor, Image, Layer, PlatformEntry, media_type, sha256};
pub use faults::{Fault, Gate, Redirect};
pub use log::{Entry, Log};
pub use on::On;
pub use server::{Registry, RegistryBuilder};
