//! `verify`

use std::collections::BTreeMap;

use clap::Args;
use imagelock_core::{ImageName, Lockfile};
use imagelock_registry::Error;
use serde::Serialize;

use super::update::known;
use crate::complete::image_names;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::report;
use crate::session::Session;
use crate::table::Table;
use crate::trust::{self, Grade, Signed};

/// Check that every locked digest still exists and is byte-exact, and is signed by those who have to
///
/// Reads each locked index, manifest and configuration from its registry again, past the cache, and compares every
/// byte with its digest and every fact with the lock. What `verify` of images.toml demands is verified again from what is kept
/// under images.trust. Without an option it does both.
#[derive(Args, Debug)]
pub struct Verify {
    /// The images to check; all of them where none is named
    #[arg(add = image_names())]
    names: Vec<ImageName>,
    /// Compare bytes
    #[arg(long)]
    bytes: bool,
    /// Verify signatures, and grade every image, also those that nobody has to sign
    #[arg(long)]
    signatures: bool,
}

#[derive(Serialize)]
struct Verified<'a> {
    name: &'a ImageName,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    signed: Signed,
}

impl Verify {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        known(&session, &self.names)?;
        let mut lockfile: Lockfile = session.locked(&self.names)?;
        lockfile.images.retain(|name, _| self.names.is_empty() || self.names.contains(name));
        let count = lockfile.images.len();
        host.shell.doing("Verifying", &super::lock::count(count));
        let errors = if self.bytes || !self.signatures { bytes(&session, &lockfile)? } else { Vec::new() };
        let grades = if self.signatures || !self.bytes { self.grades(&session, &lockfile)? } else { BTreeMap::new() };
        if host.global.format == Format::Json {
            super::json(host, &results(&lockfile, &errors, &grades))?;
        } else if self.signatures {
            let rows = grades.iter().map(|(name, grade)| [name.to_string(), grade.words()]).collect();
            let lines = Table { heads: None, rows, steps: &[] }.lines(host.shell.room());
            host.shell.result(&lines.into_iter().map(|line| line + "\n").collect::<String>());
        }
        if !errors.is_empty() {
            return Err(report::differs(&session, &errors, count, "could not be verified"));
        }
        must_be_signed(&session, &grades)?;
        if self.bytes || !self.signatures {
            host.shell.status("Verified", &format!("{}, every byte as locked", super::lock::count(count)));
        }
        let signed = grades.values().filter(|grade| grade.word() == "signed").count();
        if signed > 0 {
            host.shell.status("Verified", &format!("{}, signed as demanded", super::lock::count(signed)));
        }
        Ok(())
    }

    /// How far images are signed: those that have to be, or all.
    fn grades(&self, session: &Session<'_>, lockfile: &Lockfile) -> Result<BTreeMap<ImageName, Grade>, Failure> {
        let mut lockfile = lockfile.clone();
        let demanded = |name: &ImageName| session.project.images.get(name).is_some_and(|image| image.trust.is_some());
        lockfile.images.retain(|name, _| self.signatures || demanded(name));
        if lockfile.images.is_empty() {
            return Ok(BTreeMap::new());
        }
        Ok(trust::grades(session, &lockfile)?.into_iter().collect())
    }
}

fn bytes(session: &Session<'_>, lockfile: &Lockfile) -> Result<Vec<(ImageName, Error)>, Failure> {
    let progress = Progress::start(&session.host.shell, "Verifying", lockfile.images.len());
    let resolver = session.resolver(progress.clone())?;
    let verified = network::run(resolver.verify(lockfile));
    progress.finish();
    Ok(verified?.err().unwrap_or_default())
}

fn results<'a>(
    lockfile: &'a Lockfile,
    errors: &[(ImageName, Error)],
    grades: &BTreeMap<ImageName, Grade>,
) -> Vec<Verified<'a>> {
    let reasons: BTreeMap<&ImageName, &Error> = errors.iter().map(|(name, error)| (name, error)).collect();
    let result = |name| {
        let (error, grade) = (reasons.get(name).map(ToString::to_string), grades.get(name));
        let ok = error.is_none() && !matches!(grade, Some(Grade::Wrong(..)));
        Verified { name, ok, error, signed: grade.map(Signed::of).unwrap_or_default() }
    };
    lockfile.images.keys().map(result).collect()
}

/// Fails where an image has not the signatures that it has to have.
fn must_be_signed(session: &Session<'_>, grades: &BTreeMap<ImageName, Grade>) -> Result<(), Failure> {
    let problem = |(name, grade): (&ImageName, &Grade)| {
        #[allow(irrefutable_let_patterns, reason = "without the feature `signatures` there is no other grade")]
        let Grade::Wrong(message, lines) = grade else { return None };
        let mut problem = Problem::new(format!("`{name}` {message}"));
        problem.lines.clone_from(lines);
        let declared = session.project.images.get(name);
        let label = declared.map(|declared| imagelock_core::source::Label::primary(&declared.at, ""));
        problem.labels.extend(label);
        Some(problem)
    };
    let problems: Vec<Problem> = grades.iter().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure { kind: Kind::Check, problems }) }
}
