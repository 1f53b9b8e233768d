//! `check --built`: what went into builds, by their builders' word, held against the lock.
//!
//! Nothing of the repository is looked at but its project file and its lock. Files, layouts and tars are read where they are; a
//! reference is asked for, and that is said.

mod document;
mod judge;
mod source;

use imagelock_edit::Matcher;
use imagelock_inspect::attested::Provenance;

use self::judge::{Judge, Judged};
use super::text;
use crate::failure::{Failure, Kind, Problem};
use crate::finding::{self, Finding, Rule, Told};
use crate::ground::Ground;
use crate::host::Format;
use crate::report::counted;
use crate::session::Session;

/// The rules, each with what it asks for.
const RULES: &[Rule] = &[
    ("base", "Every image that went into a build is locked, or is built here."),
    ("provenance", "Every build says which images went into it."),
];

/// One build: one platform of an image, or what a file tells of one.
struct Build {
    /// What the person named.
    what: String,
    /// The file that findings are at, from the root on.
    file: camino::Utf8PathBuf,
    /// Which one of several: a platform, a target. May be empty.
    which: String,
    /// The digest of its manifest, where that is known.
    manifest: Option<imagelock_core::Digest>,
    /// How it was made, by whatever its builder wrote; or why nobody knows.
    made: Result<Vec<Provenance>, String>,
}

impl Build {
    /// `app.tar (linux/amd64)`
    fn name(&self) -> String {
        if self.which.is_empty() { format!("`{}`", self.what) } else { format!("`{}` ({})", self.what, self.which) }
    }
}

/// Checks what these arguments name.
pub(super) fn run(session: &Session<'_>, arguments: &[String]) -> Result<(), Failure> {
    let lock = match session.lockfile_of_gate()? {
        Some(lock) => lock,
        None => session.locked(&[])?,
    };
    let ground = Ground::of(&session.root, &session.project)?;
    let context = ground.context(&lock);
    let matcher = Matcher::new(&context, None).map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
    let mut builds = Vec::new();
    for argument in arguments {
        builds.extend(source::builds(session, argument)?);
    }
    let judge = Judge { lock: &lock, matcher: &matcher, built: &session.project.built, command: &session.host.command };
    let judged: Vec<Judged<'_>> = builds.iter().map(|build| judge.judge(build)).collect();
    let mut findings: Vec<Finding> = judged.iter().flat_map(|judged| judged.findings.iter().cloned()).collect();
    finding::sort(&mut findings);
    tell(session, &judged, &findings)?;
    // All is told already.
    if findings.is_empty() { Ok(()) } else { Err(Failure { kind: Kind::Check, problems: Vec::new() }) }
}

fn tell(session: &Session<'_>, judged: &[Judged<'_>], findings: &[Finding]) -> Result<(), Failure> {
    let host = session.host;
    match host.global.format {
        Format::Json => return super::super::json(host, &document::of(judged, findings)),
        Format::Text => {
            let lines: String = findings.iter().map(|finding| text::line(finding, None, host.shell.out)).collect();
            host.shell.result_drawn(&lines);
            for own in judged.iter().flat_map(Judged::built_here) {
                host.shell.attention("Built", &format!("{own} here, so it is in no lock: check it, too"));
            }
            host.shell.status("Checked", &summary(judged, findings.len()));
        }
        _ => super::super::findings(host, &Told { rules: RULES, findings, unread: &[] })?,
    }
    Ok(())
}

/// `2 builds: 4 images went into them, and 1 other material: no findings`
fn summary(judged: &[Judged<'_>], findings: usize) -> String {
    let images: usize = judged.iter().map(|judged| judged.images.len()).sum();
    let others: usize = judged.iter().map(|judged| judged.others).sum();
    let mut went = counted(images, "image", "images");
    if others > 0 {
        went.push_str(&format!(" and {}", counted(others, "other thing", "other things")));
    }
    let findings = if findings == 0 { "no findings".to_owned() } else { counted(findings, "finding", "findings") };
    format!("{} of {went}: {findings}", counted(judged.len(), "build", "builds"))
}
