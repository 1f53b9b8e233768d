//! `scan`

mod document;
mod findings;
mod graph;
mod text;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use imagelock_core::{Lockfile, Project};
use imagelock_survey::{Drift, Mention, Surveyed, drift};

use crate::discover;
use crate::failure::{Failure, Kind, Problem};
use crate::finding::Told;
use crate::host::{Format, Host};
use crate::session::{self, Session};
use crate::survey::{self, Looking, real};

/// List every image reference in the repository
///
/// Every file that a format knows is read, but for what Git ignores and does not track, what `.imagelockignore` names,
/// folders of vendored code, and lines with a comment `imagelock: ignore (why)`. No registry is asked, and no images.toml is
/// needed: where there is one, each reference is told with the locked image that it means.
///
/// `--format sarif` and `github` are findings for forges; `mermaid` and `dot` draw which file uses which image.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Scan {
    /// Files and folders to look at; all of the project, or of this folder where there is no project, where none is named
    #[arg(value_hint = ValueHint::AnyPath)]
    paths: Vec<Utf8PathBuf>,
    /// List only references without a digest, and fail if there is one
    #[arg(long)]
    unpinned: bool,
    /// List tags that stand with several digests and repositories that stand with several tags, and fail if there is one
    #[arg(long)]
    drift: bool,
    /// List numbers instead of references
    #[arg(long)]
    stats: bool,
    /// List what was left out as well, and why
    #[arg(long)]
    show_ignored: bool,
    /// Fail if a file cannot be read
    #[arg(long)]
    strict: bool,
}

/// What is asked about, and what was found.
struct ScanFound<'f> {
    surveyed: &'f Surveyed,
    /// The places to tell, those that are asked for.
    mentions: Vec<&'f Mention>,
    /// What drifts, where that is asked for.
    drifts: Vec<Drift<'f>>,
    /// The path of a file as the person in this folder would write it.
    shown: &'f dyn Fn(&Utf8Path) -> Utf8PathBuf,
}

impl Scan {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let directory = session::directory(host)?;
        let session = match discover::find(&directory, host.global.project.as_deref())? {
            Some(found) => Some(Session::alone(host, directory.clone(), found)?),
            None => None,
        };
        let root = self.root(session.as_ref(), &directory)?.canonicalize_utf8()?;
        let starts = survey::starts(&self.paths, &directory, &root, session.is_some())?;
        let (project, lock) = match &session {
            Some(session) => (session.project.clone(), session.lockfile()?),
            None => (Project::default(), Lockfile::default()),
        };
        let has_project = session.is_some();
        let looking = Looking { root: &root, project: &project, lock: &lock, has_project, with_made: false };
        let surveyed = looking.at(&starts)?;
        let here = real(&directory, Utf8Path::new("."))?;
        let is_root = here.as_str() == root.as_str();
        let shown =
            |path: &Utf8Path| if is_root { path.to_owned() } else { discover::display(&root.join(path), &here) };
        self.tell(host, &self.asked(&surveyed, &shown))?;
        self.judge(&surveyed)
    }

    /// The folder that paths are told from: the project's, or where there is none this one, or the one that is named.
    fn root(&self, session: Option<&Session<'_>>, directory: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
        if let Some(session) = session {
            return Ok(session.root.clone());
        }
        match &self.paths[..] {
            [one] => {
                let path = real(directory, one)?;
                let outside = !path.starts_with(real(directory, Utf8Path::new("."))?);
                Ok(if outside && path.is_dir() { path } else { directory.to_owned() })
            }
            _ => Ok(directory.to_owned()),
        }
    }

    /// What of all is asked for.
    fn asked<'f>(&self, surveyed: &'f Surveyed, shown: &'f dyn Fn(&Utf8Path) -> Utf8PathBuf) -> ScanFound<'f> {
        let all = !self.unpinned && !self.drift;
        let mentions = surveyed.mentions.iter().filter(|mention| all || self.unpinned && mention.state.is_unpinned());
        let drifts = if self.drift { drift(&surveyed.mentions) } else { Vec::new() };
        ScanFound { surveyed, mentions: mentions.collect(), drifts, shown }
    }

    fn tell(&self, host: &Host, found: &ScanFound<'_>) -> Result<(), Failure> {
        match host.global.format {
            Format::Text | Format::Markdown => {
                host.shell.result(&text::of(found, self.stats, self.show_ignored));
                for warning in &found.surveyed.warnings {
                    host.shell.warn(&text::warning(found, warning));
                }
                host.shell.status("Scanned", &text::summary(found.surveyed));
                Ok(())
            }
            Format::Json => super::json(host, &document::of(found, self.drift)),
            Format::Sarif | Format::Github | Format::Junit => {
                let findings = findings::of(found, !self.unpinned && !self.drift);
                let told = Told { rules: findings::RULES, findings: &findings, unread: &found.surveyed.warnings };
                super::findings(host, &told)
            }
            Format::Mermaid => {
                host.shell.result(&graph::mermaid(found));
                Ok(())
            }
            Format::Dot => {
                host.shell.result(&graph::dot(found));
                Ok(())
            }
        }
    }

    /// Fails where what was asked to hold does not.
    fn judge(&self, surveyed: &Surveyed) -> Result<(), Failure> {
        let mut problems = Vec::new();
        let unpinned = surveyed.mentions.iter().filter(|mention| mention.state.is_unpinned()).count();
        if self.unpinned && unpinned > 0 {
            let noun = if unpinned == 1 { "reference is" } else { "references are" };
            let problem = Problem::new(format!("{unpinned} {noun} not pinned"));
            problems.push(problem.help("lock the images with `{command} add`, and pin them in place with a target"));
        }
        let drifts = if self.drift { drift(&surveyed.mentions).len() } else { 0 };
        if drifts > 0 {
            let noun = if drifts == 1 { "name stands" } else { "names stand" };
            let problem = Problem::new(format!("{drifts} {noun} for different images in different places"));
            problems.push(problem.help("lock one of each, and pin all places to it"));
        }
        let mut kind = Kind::Check;
        let unread = surveyed.warnings.len();
        if self.strict && unread > 0 {
            kind = Kind::Input;
            let noun = if unread == 1 { "file" } else { "files" };
            let problem = Problem::new(format!("{unread} {noun} could not be read, and `--strict` asks for all"));
            problems.push(problem.help("leave out what is none of yours with `.imagelockignore`"));
        }
        if problems.is_empty() { Ok(()) } else { Err(Failure { kind, problems }) }
    }
}

/// `file:line:column` as it is told.
fn place(found: &ScanFound<'_>, mention: &Mention) -> String {
    let (line, column) = mention.start;
    format!("{}:{line}:{column}", (found.shown)(&mention.file))
}
