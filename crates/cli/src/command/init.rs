//! `init`

mod charts;

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use imagelock_core::project::BuiltPattern;
use imagelock_core::{Lockfile, plan};
use imagelock_survey::{Adopted, Adoption, Mention, State, Surveyed};
use serde::Serialize;

use super::adopt::{self, Choices, PlaceInFile, Skipped};
use super::lock::{Outcome, count};
use super::ready::{Additions, NewProject, Ready};
use crate::diff::unified;
use crate::failure::{Failure, Kind, Problem};
use crate::ground::Ground;
use crate::host::{Format, Host};
use crate::report::counted;
use crate::session::Session;
use crate::survey;
use crate::targets;

/// Take a repository over: declare the images that its files name, and lock them
///
/// Reads every file that `scan` reads, and writes images.toml and images.lock: an image for each repository and tag, with the
/// digest that is in use where there is one, so that nothing that is pinned moves; and the target that pins images in place. It
/// changes no other file: `render` does, or `pin`. An images.toml that is there is added to.
///
/// It shows what it will do and asks, on a terminal; elsewhere it needs `--yes`. Nothing is written when one of the images
/// cannot be locked, unless `--skip-failed` leaves those out.
#[derive(Args, Debug)]
pub struct Init {
    /// Write without asking
    #[arg(long, short)]
    yes: bool,
    /// Print what would be written to images.toml, and change nothing; no registry is asked
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Images that the repository builds itself, as in `ghcr.io/acme/*`; may be repeated
    #[arg(long, value_name = "PATTERN")]
    built: Vec<String>,
    #[command(flatten)]
    choices: Choices,
}

/// What `init` found and did, for programs.
#[derive(Serialize)]
struct Initialized {
    #[serde(flatten)]
    outcome: Outcome,
    images: Vec<Found>,
    targets: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<Skipped>,
    variables: Vec<PlaceInFile>,
    invalid: Vec<PlaceInFile>,
}

/// An image that was found, for programs.
#[derive(Serialize)]
struct Found {
    name: String,
    wanted: String,
    /// The digest that is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    places: Vec<PlaceInFile>,
    /// The places that have another digest, and so would move to this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<PlaceInFile>,
    /// `build`, where it only builds.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
}

impl Init {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (mut session, _held) = Session::start_for(host, !self.dry_run)?;
        session.project.built.extend(self.patterns()?);
        let lock = session.lockfile()?;
        let surveyed = survey::to_adopt(&session, &lock, &[])?;
        let adoption = Adoption::of(&surveyed, &session.project);
        self.choices.judge(&adoption)?;
        let additions = self.additions(&session, &lock, &surveyed, &adoption)?;
        tell(&session, &surveyed, &adoption, &additions);
        self.write(session, additions, &adoption)
    }

    /// Asks, locks and writes.
    fn write(&self, session: Session<'_>, mut additions: Additions, adoption: &Adoption<'_>) -> Result<(), Failure> {
        let host = session.host;
        let (found, lock) = (nothing(&session), session.lockfile()?);
        let project = NewProject::of(session, &additions)?;
        let is_new = !additions.is_empty() && project.before.as_deref() != Some(project.text.as_str());
        if !is_new && plan::lock(&project.session.project, &lock).is_empty() {
            host.shell.status("Fresh", &found);
            let outcome = Outcome { changes: Vec::new(), fresh: project.session.project.images.len(), written: false };
            return document(host, outcome, adoption, &additions, Vec::new());
        }
        // A table that cannot be read is a mistake to find before anything is asked.
        targets::read(&project.session.project)?;
        if self.dry_run {
            preview(&project);
            let outcome = Outcome { changes: Vec::new(), fresh: 0, written: false };
            return document(host, outcome, adoption, &additions, Vec::new());
        }
        let files = [&project.path, &project.session.lock_path()].map(|path| project.session.show(path).into_string());
        if !self.yes && !agreed(host, &files)? {
            host.shell.attention("Stopped", "nothing is written");
            let outcome = Outcome { changes: Vec::new(), fresh: 0, written: false };
            return document(host, outcome, adoption, &additions, Vec::new());
        }
        let (ready, skipped) = self.choices.lock(project, &mut additions, adoption, "init")?;
        let outcome = written(&ready, &files)?;
        let command = &host.command;
        host.shell
            .doing("Next", &format!("`{command} render` pins what is not pinned, `{command} check` keeps it so in CI"));
        document(host, outcome, adoption, &additions, skipped)
    }

    fn patterns(&self) -> Result<Vec<BuiltPattern>, Failure> {
        let read = |text: &String| {
            let refused = |error| Failure::input(format!("`{text}` names no image that is built: {error}"));
            text.parse::<BuiltPattern>().map_err(refused)
        };
        self.built.iter().map(read).collect()
    }

    /// What the project file needs beside what it has.
    fn additions(
        &self,
        session: &Session<'_>,
        lock: &Lockfile,
        surveyed: &Surveyed,
        adoption: &Adoption<'_>,
    ) -> Result<Additions, Failure> {
        let built = [self.built.clone(), adopt::made(adoption)].concat();
        let mut additions = Additions { images: adopt::new_images(adoption), built, targets: Vec::new() };
        let has_all = session.project.targets.iter().any(|table| table.adapter == FILES);
        if !has_all {
            let reached = reached(session, lock)?;
            let open: Vec<&Mention> = surveyed
                .mentions
                .iter()
                .filter(|mention| may_be_pinned(mention) && !reached.contains(&mention.file))
                .collect();
            if !open.is_empty() {
                additions.targets.push((FILES, vec!["edit = [\"**\"]".to_owned()]));
                additions.targets.extend(charts::tables(session, lock, &open, adoption)?);
            }
        }
        Ok(additions)
    }
}

/// The adapter that pins images in files of every format.
const FILES: &str = "files";

/// Whether a place is one that a target could pin.
fn may_be_pinned(mention: &Mention) -> bool {
    matches!(mention.state, State::Pinned | State::Tag | State::None | State::Variable) && mention.means.is_some()
}

/// The files that targets edit or write. One that cannot be rendered reaches what is told where it is rendered.
fn reached(session: &Session<'_>, lock: &Lockfile) -> Result<BTreeSet<Utf8PathBuf>, Failure> {
    let targets = targets::read(&session.project)?;
    if targets.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ground = Ground::of(&session.root, &session.project)?;
    let rendered = targets::each(&targets, &ground.tree, &ground.context(lock)).into_iter();
    let outputs = rendered.filter_map(|(_, outputs)| outputs.ok()).flatten();
    let files = outputs.flat_map(|output| {
        let used = output.uses.into_iter().filter_map(|used| Some(used.at?.file.path().to_owned()));
        std::iter::once(output.path).chain(used).collect::<Vec<_>>()
    });
    Ok(files.collect())
}

/// Says what was found, and what is going to be done.
fn tell(session: &Session<'_>, surveyed: &Surveyed, adoption: &Adoption<'_>, additions: &Additions) {
    let shell = &session.host.shell;
    for warning in &surveyed.warnings {
        let line = warning.line.map(|line| format!(":{line}")).unwrap_or_default();
        let file = session.show(&session.root.join(Utf8Path::new(&warning.file)));
        shell.warn(&format!("{file}{line}: {}", warning.message));
    }
    shell.doing("Scanned", &counted(surveyed.files, "file", "files"));
    shell.status("Found", &found(surveyed, adoption));
    for image in &adoption.images {
        for line in adopt::torn(session, image).into_iter().flatten() {
            shell.attention("", &line.replace("{command}", &session.host.command));
        }
    }
    if additions.is_empty() {
        return;
    }
    let mut parts = vec![count(additions.images.len())];
    if !additions.built.is_empty() {
        parts.push(format!("{} built here", counted(additions.built.len(), "pattern", "patterns")));
    }
    if !additions.targets.is_empty() {
        let count = |adapter: &str| additions.targets.iter().filter(|(other, _)| *other == adapter).count();
        let names: BTreeSet<&str> = additions.targets.iter().map(|(adapter, _)| *adapter).collect();
        let names = names.into_iter().map(|name| match count(name) {
            1 => name.to_owned(),
            several => format!("{name} \u{d7}{several}"),
        });
        let names = names.collect::<Vec<_>>().join(", ");
        parts.push(format!("{} ({names})", counted(additions.targets.len(), "target", "targets")));
    }
    shell.doing("Plan", &format!("{}: {}", session.project_file(), parts.join(", ")));
    let moving = adoption.images.iter().flat_map(Adopted::others).count();
    let stays = match moving {
        0 => "pins in use stay; nothing that is pinned moves".to_owned(),
        1 => "pins in use stay; the 1 place with another digest moves with the next `render`".to_owned(),
        more => format!("pins in use stay; the {more} places with another digest move with the next `render`"),
    };
    shell.doing("", &stays);
    let building: Vec<&str> =
        adoption.images.iter().filter(|image| image.builds()).map(|image| image.name.as_str()).collect();
    if !building.is_empty() {
        let names = building.join(", ");
        shell.doing("", &format!("used to build only, which `role = \"build\"` in images.toml would say: {names}"));
    }
}

/// `312 references in 187 files: 41 images, 118 places pinned, 12 built here, 9 variables`
fn found(surveyed: &Surveyed, adoption: &Adoption<'_>) -> String {
    let files: BTreeSet<&Utf8PathBuf> = surveyed.mentions.iter().map(|mention| &mention.file).collect();
    let references = counted(surveyed.mentions.len(), "reference", "references");
    if surveyed.mentions.is_empty() {
        return references;
    }
    let pinned = surveyed.mentions.iter().filter(|mention| mention.digest_of().is_some()).count();
    let mut parts = vec![if adoption.known.is_empty() {
        count(adoption.images.len())
    } else {
        format!("{} new, {} known", count(adoption.images.len()), counted(adoption.known.len(), "place", "places"))
    }];
    parts.push(format!("{} pinned", counted(pinned, "place", "places")));
    let others = [
        (adoption.built.len(), "built here", "built here"),
        (adoption.open.len(), "variable", "variables"),
        (adoption.invalid.len() + adoption.nameless.len(), "that is no reference", "that are no references"),
    ];
    parts.extend(
        others.iter().filter(|(number, ..)| *number > 0).map(|(number, one, many)| counted(*number, one, many)),
    );
    format!("{references} in {}: {}", counted(files.len(), "file", "files"), parts.join(", "))
}

/// Why there is nothing to do.
fn nothing(session: &Session<'_>) -> String {
    match session.project.images.len() {
        0 => "there is nothing to do: no file names an image that could be locked".to_owned(),
        images => format!("{}, there is nothing to do", count(images)),
    }
}

/// Shows the project file as it would be: whole where it is new, the difference where it is not.
fn preview(project: &NewProject<'_>) {
    let host = project.session.host;
    if host.global.format == Format::Text {
        match &project.before {
            None => host.shell.result(&project.text),
            Some(before) => {
                let shown = project.session.show(&project.path);
                let text = unified(shown.as_str(), before.as_bytes(), project.text.as_bytes(), host.shell.out);
                host.shell.result_drawn(&text);
            }
        }
    }
    host.shell.attention("Dry run", "images.toml and images.lock are unchanged");
}

/// Asks whether to go on.
fn agreed(host: &Host, files: &[String]) -> Result<bool, Failure> {
    let asked = format!("Write {}?", files.join(" and "));
    let input = std::io::stdin();
    if !input.is_terminal() || !std::io::stderr().is_terminal() {
        let problem = Problem::new("nothing is written: there is no terminal to ask on");
        let problem =
            problem.help("look at it with `{command} init --dry-run`, and write it with `{command} init --yes`");
        return Err(Failure::new(Kind::Input, problem));
    }
    host.shell.drawn(&format!("{} [Y/n] ", crate::shell::printable(&asked)));
    let mut answer = String::new();
    let mut input = std::io::Read::take(input.lock(), ANSWER_BYTES);
    // Nothing at all is no answer: the terminal went away.
    let read = input.read_line(&mut answer)?;
    Ok(read > 0 && matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

/// The most bytes of an answer that are read.
const ANSWER_BYTES: u64 = 1024;

/// Writes both files.
fn written(ready: &Ready<'_>, files: &[String]) -> Result<Outcome, Failure> {
    let session = &ready.project.session;
    // First the project file, as everywhere: `lock` mends what a run leaves that is killed here.
    let project = session.write(&ready.project.path, ready.project.text.as_bytes())?;
    let lock = session.write(&session.lock_path(), ready.new.encode().as_bytes())?;
    let wrote: Vec<&str> =
        [project, lock].iter().zip(files).filter(|(written, _)| **written).map(|(_, file)| file.as_str()).collect();
    session.host.shell.status("Wrote", &wrote.join(", "));
    Ok(ready.outcome(lock))
}

/// Says to programs what was found and done.
fn document(
    host: &Host,
    outcome: Outcome,
    adoption: &Adoption<'_>,
    additions: &Additions,
    skipped: Vec<Skipped>,
) -> Result<(), Failure> {
    if host.global.format != Format::Json {
        return Ok(());
    }
    let places = |mentions: &[&Mention]| mentions.iter().map(|mention| PlaceInFile::of(mention)).collect();
    let images = adoption.images.iter().map(|image| Found {
        name: image.name.to_string(),
        wanted: image.wanted.to_string(),
        digest: image.digest.as_ref().map(ToString::to_string),
        places: places(&image.places),
        others: image.others().map(PlaceInFile::of).collect(),
        role: image.builds().then_some("build"),
    });
    let document = Initialized {
        outcome,
        images: images.collect(),
        targets: additions.targets.iter().map(|(adapter, _)| *adapter).collect(),
        skipped,
        variables: places(&adoption.open),
        invalid: places(&[adoption.invalid.as_slice(), &adoption.nameless].concat()),
    };
    super::json(host, &document)
}
