//! `watch`

mod due;
mod rest;
mod told;

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use imagelock_core::lockfile::Answer;
use imagelock_core::update::{Approved, Gate};
use imagelock_core::{Digest, ImageName, plan};
use imagelock_registry::Take;

use self::due::Due;
use self::rest::Rests;
use self::told::{State, Telling};
use super::lock::{self, Attempt, Choice};
use crate::failure::{Failure, Kind, Problem};
use crate::host::{self, Host};
use crate::network;
use crate::report::{self, Change};
use crate::seen::{Found, Seen};
use crate::session::Session;
use crate::signals::Signals;
use crate::waiting;

/// Run a command whenever something that `update` would take has moved
///
/// Asks each registry once an image and round, and writes nothing in the repository. The command gets the change on standard
/// input, a line of JSON as in `changes` of `update`, and runs in the folder of the project file. A move that was seen is
/// on the disk before it is told: each is told once, and none is lost, whenever this program is killed.
#[derive(Args, Debug)]
pub struct Watch {
    /// The images to watch; all of them where none is named
    #[arg(add = crate::complete::image_names())]
    names: Vec<ImageName>,
    /// How long to wait between two rounds: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = host::duration, default_value = "10m")]
    every: Duration,
    /// The command for each move, as a shell understands it
    #[arg(long, value_name = "COMMAND")]
    exec: String,
    /// The folder that remembers what was told [default: one for this project below the cache directory]
    #[arg(long, value_name = "DIRECTORY", value_hint = clap::ValueHint::DirPath)]
    state: Option<Utf8PathBuf>,
}

/// What a watch remembers between its rounds.
struct Watched<'w> {
    watch: &'w Watch,
    host: &'w Host,
    state: State,
    /// The images whose registry could not be asked.
    unasked: Rests,
    /// The images whose move the command did not take.
    refused: Rests,
}

impl Watch {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        super::update::known(&session, &self.names)?;
        let folder = self.folder(&session)?;
        let state = State::open(&folder, &session.root, &self.exec, &host.shell)?;
        let _signals = Signals::take();
        let rests = || Rests::of(self.every);
        let mut watched = Watched { watch: &self, host, state, unasked: rests(), refused: rests() };
        host.shell.doing("Watching", &super::count(session.project.images.len()));
        drop(session);
        watched.state.recover()?;
        loop {
            let pause = async { tokio::time::sleep(self.every).await };
            if watched.pass() || network::run(pause).is_err() {
                host.shell.status("Ended", "what was seen is told, or remembered");
                return Ok(());
            }
        }
    }

    fn folder(&self, session: &Session<'_>) -> Result<Utf8PathBuf, Failure> {
        if let Some(folder) = &self.state {
            return Ok(session.directory.join(folder));
        }
        let Some(cache) = network::cache_directory() else {
            let failure = Failure::input("there is no cache directory to remember in what was told");
            return Err(failure.help("name a folder: `{command} watch --state DIRECTORY`"));
        };
        // Two checkouts of a repository are told each by itself.
        let root = Digest::sha256(session.root.as_str().as_bytes());
        Ok(cache.join("watch").join(root.hex().get(..16).unwrap_or_default()))
    }
}

impl Watched<'_> {
    /// One round, and what is to be told before it and after it. Returns whether somebody wants this to end. What fails is
    /// one of many rounds: a project file that is being written, a registry that is away.
    fn pass(&mut self) -> bool {
        for step in [Self::tell, Self::round, Self::tell] {
            let done = step(self);
            if Signals::came() {
                return true;
            }
            if let Err(failure) = done {
                self.warn(&failure);
            }
        }
        false
    }

    /// Looks once at every image, and puts on the disk what has moved.
    fn round(&mut self) -> Result<(), Failure> {
        let session = Session::open(self.host)?;
        let old = session.lockfile()?;
        self.unasked.next_round();
        let named = |name: &ImageName| self.watch.names.is_empty() || self.watch.names.contains(name);
        let mut plan = plan::update(&session.project, &old, None);
        plan.drop.clear();
        plan.resolve.retain(|step| {
            matches!(step.answer, Answer::Holds(_)) && named(step.name) && !self.unasked.rests(step.name)
        });
        let now = self.host.now();
        let sightings = self.state.sightings();
        let seen = Seen::read_beside(&session, &sightings)?;
        let gates = waiting::gates(&plan, |_| true, Approved::default(), &now, seen.all());
        let gate = |name: &ImageName| gates.get(name).map(|gate| gate as &dyn Gate);
        let choose = |name: &ImageName| Some(Choice { take: Take::Changed, gate: gate(name) });
        let Attempt { lockfile: new, failed, waiting, rebuilt, .. } =
            lock::attempt(&session, &plan, &old, "Checking", choose)?;
        for (name, error) in &failed {
            let again = self.unasked.failed(name);
            self.host.shell.warn(&format!("`{name}` is asked for again in {again}: {}", error.kind));
        }
        let changes = report::changes(&old, &new);
        let asked = plan.resolve.iter().map(|step| step.name);
        let answered: Vec<_> = asked.filter(|name| failed.iter().all(|(failed, _)| failed != *name)).collect();
        let found = Found::of(&old, &new, &waiting, &rebuilt, answered.iter().copied());
        seen.record_at(&session, &found, &now, &sightings)?;
        for name in answered {
            self.unasked.done(name);
            let change = changes.iter().find(|change| change.name == *name);
            self.note(&session, name, change)?;
        }
        Ok(())
    }

    /// Puts a move on the disk that is to be told; or that there is none, so that the next one counts.
    fn note(&mut self, session: &Session<'_>, name: &ImageName, change: Option<&Change>) -> Result<(), Failure> {
        let Some(due) = change.and_then(|change| Due::of(change, &session.root)) else {
            return self.state.stays(name);
        };
        if self.state.note(name, &due)? {
            report::print(&self.host.shell, std::slice::from_ref(due.change()));
        }
        Ok(())
    }

    /// Runs the command for every move that is to be told.
    fn tell(&mut self) -> Result<(), Failure> {
        self.refused.next_round();
        for name in self.state.due()? {
            if self.refused.rests(&name) {
                continue;
            }
            match self.state.tell(&name)? {
                Telling::Told => {
                    self.refused.done(&name);
                    self.host.shell.status("Told", name.as_str());
                }
                Telling::Refused(code) => {
                    let again = self.refused.failed(&name);
                    let how = code.map_or("was ended by a signal".to_owned(), |code| format!("ended with {code}"));
                    let told = format!("the command for `{name}` {how}; it is run again in {again}");
                    self.host.shell.warn(&told);
                }
                Telling::Left => return Ok(()),
            }
        }
        Ok(())
    }

    fn warn(&self, failure: &Failure) {
        for Problem { message, .. } in &failure.problems {
            self.host.shell.warn(message);
        }
    }
}

/// A failure of the folder that remembers what was told.
fn unusable(folder: &Utf8Path, doing: &str, error: &std::io::Error) -> Failure {
    let problem = Problem::new(format!("cannot {doing} `{folder}`: {error}"));
    Failure::new(Kind::Registry, problem.help("name another folder: `{command} watch --state DIRECTORY`"))
}
