//! `verify`

use std::collections::BTreeMap;

use clap::Args;
use imagelock_core::{ImageName, Lockfile};
use imagelock_registry::Error;
use serde::Serialize;

use super::update::known;
use crate::complete::image_names;
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::report;
use crate::session::Session;

/// Check that every locked digest still exists and is byte-exact
///
/// Reads each locked index, manifest and configuration from its registry again, past the cache, and compares every
/// byte with its digest and every fact with the lock.
#[derive(Args, Debug)]
pub struct Verify {
    /// The images to check; all of them where none is named
    #[arg(add = image_names())]
    names: Vec<ImageName>,
}

#[derive(Serialize)]
struct Verified<'a> {
    name: &'a ImageName,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Verify {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        known(&session, &self.names)?;
        let mut lockfile: Lockfile = session.locked(&self.names)?;
        lockfile.images.retain(|name, _| self.names.is_empty() || self.names.contains(name));
        let count = lockfile.images.len();
        host.shell.doing("Verifying", &super::lock::count(count));
        let progress = Progress::start(&host.shell, "Verifying", count);
        let resolver = session.resolver(progress.clone())?;
        let verified = network::run(resolver.verify(&lockfile));
        progress.finish();
        let errors = verified?.err().unwrap_or_default();
        if host.global.format == Format::Json {
            let reasons: BTreeMap<&ImageName, &Error> = errors.iter().map(|(name, error)| (name, error)).collect();
            let results: Vec<Verified<'_>> = lockfile
                .images
                .keys()
                .map(|name| {
                    let error = reasons.get(name).map(ToString::to_string);
                    Verified { name, ok: error.is_none(), error }
                })
                .collect();
            super::json(host, &results)?;
        }
        if errors.is_empty() {
            host.shell.status("Verified", &format!("{}, every byte as locked", super::lock::count(count)));
            return Ok(());
        }
        Err(report::differs(&session, &errors, count, "could not be verified"))
    }
}
