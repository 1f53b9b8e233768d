//! `check --running`: what runs, by what tools tell of it, held against the lock and against every lock that was committed.
//!
//! No cluster and no daemon is asked: a person gives what a tool of theirs printed.

mod document;
mod judge;
mod text;

use camino::Utf8Path;
use imagelock_import::{READ, Running, RunningError, running};

use self::judge::{Judged, State, judged};
use crate::failure::{Failure, Kind, Problem};
use crate::host::Format;
use crate::input::{STDIN, stdin};
use crate::session::Session;

/// The most bytes of what a tool printed: a hundred thousand pods have about so much.
const RUNNING_BYTES: u64 = 1 << 30;

/// Checks what a file says that runs. Where `allow_former` is set, an image of an earlier lock does not fail the check: what is
/// rolled out takes its time.
pub(super) fn run(session: &Session<'_>, file: &Utf8Path, allow_former: bool) -> Result<(), Failure> {
    let lock = match session.lockfile_of_gate()? {
        Some(lock) => lock,
        None => session.locked(&[])?,
    };
    let running = running(&read(session, file)?).map_err(|error| not_read(file, &error))?;
    let judged = judged(session, &lock, running)?;
    tell(session, &judged)?;
    let holds = judged.images.iter().all(|image| match &image.state {
        State::Locked(_) | State::Built => true,
        State::Former { .. } => allow_former,
        State::Unlocked | State::Unknown => false,
    });
    // All is told already.
    if holds { Ok(()) } else { Err(Failure { kind: Kind::Check, problems: Vec::new() }) }
}

fn read(session: &Session<'_>, file: &Utf8Path) -> Result<Vec<u8>, Failure> {
    if file != STDIN {
        let path = session.directory.join(file);
        let bytes = imagelock_files::bytes(&path, RUNNING_BYTES).map_err(|error| error.shown(session.show(&path)))?;
        return bytes.ok_or_else(|| Failure::input(format!("there is no file `{file}`")));
    }
    let bytes = stdin(RUNNING_BYTES)?;
    if bytes.len() as u64 > RUNNING_BYTES {
        return Err(Failure::input(format!("there are more than {RUNNING_BYTES} bytes on standard input")));
    }
    Ok(bytes)
}

fn not_read(file: &Utf8Path, error: &RunningError) -> Failure {
    let name = if file == STDIN { "standard input".to_owned() } else { format!("`{file}`") };
    let problem = Problem::new(format!("{name} does not say what runs: {error}"));
    Failure::new(Kind::Input, problem.help(format!("give what one of these prints: {READ}")))
}

fn tell(session: &Session<'_>, judged: &Judged) -> Result<(), Failure> {
    let host = session.host;
    match host.global.format {
        Format::Json => return super::super::json(host, &document::of(judged)),
        Format::Text => {
            host.shell.result(&text::table(judged, host.shell.out.width));
            if judged.is_cut {
                host.shell.warn("only a part of the history of images.lock is here: have all of it (`fetch-depth: 0`)");
            }
            host.shell.status("Checked", &text::summary(judged));
        }
        _ => {
            let failure = Failure::input("what runs has no place in a file, so it is told as `text` and `json` alone");
            return Err(failure);
        }
    }
    Ok(())
}

/// Who said what runs, for people.
fn said(running: &Running) -> String {
    running.by.iter().map(|tool| tool.words()).collect::<Vec<_>>().join(" and ")
}
