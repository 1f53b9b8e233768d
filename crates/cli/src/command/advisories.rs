//! `advisories`

use std::fs::File;
use std::io::{Read as _, Seek as _};

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};
use imagelock_core::Digest;
use imagelock_core::project::{Pin, Snapshot, pin_snapshots};
use imagelock_core::source::nearest;
use imagelock_core::update::Day;
use imagelock_registry::Client;
use serde::Serialize;

use super::declare::{file_to_edit, text_to_edit};
use crate::discover::Found;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::report::counted;
use crate::session::Session;
use crate::snapshots::{self, Table};
use crate::{trust, write};

/// Keep the snapshots of advisories and of ends of life that images.toml names
#[derive(Args, Debug)]
pub struct Advisories {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Fetch the snapshots that have a `url`, write their files, and pin what came in images.toml
    ///
    /// All are fetched and read before anything is written. What has not changed stays as it is, its day too.
    Update {
        /// The entries of `[advisories]` and `[endoflife]` to fetch; all that have a `url` where none is named
        names: Vec<String>,
    },
}

/// An entry that is fetched.
struct Wanted<'s> {
    table: Table,
    name: &'s str,
    snapshot: &'s Snapshot,
    url: &'s str,
}

/// What became of it, for programs.
#[derive(Serialize)]
struct Updated<'s> {
    table: &'static str,
    name: &'s str,
    file: Utf8PathBuf,
    /// `written` or `fresh`.
    state: &'static str,
    sha256: String,
}

impl Advisories {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let What::Update { names } = self.what;
        update(host, &[Table::Advisories, Table::EndOfLife], &names)
    }
}

/// Fetches what entries of tables name, and pins it.
pub(super) fn update(host: &Host, tables: &[Table], names: &[String]) -> Result<(), Failure> {
    let (session, _held) = Session::open_for(host, true)?;
    let wanted = wanted(&session, tables, names)?;
    host.shell.doing("Fetching", &counted(wanted.len(), "snapshot", "snapshots"));
    let fetched = fetch(&session, &wanted)?;
    tell_roots(&session, &wanted, &fetched)?;
    let now = Day::of(&host.now());
    let is_new =
        |(wanted, (_, digest)): &(&Wanted<'_>, &(Vec<u8>, Digest))| wanted.snapshot.sha256.as_ref() != Some(digest);
    let pins = wanted.iter().zip(&fetched).filter(is_new).map(|(wanted, (_, sha256))| Pin {
        table: wanted.table.name(),
        name: wanted.name,
        sha256,
        date: now,
    });
    let pins: Vec<Pin<'_>> = pins.collect();
    let found = Found { root: session.root.clone(), sources: session.sources.clone() };
    let (path, prefix) = file_to_edit(&found);
    let text = text_to_edit(&found, &path, &session.directory)?.unwrap_or_default();
    let pinned = pin_snapshots(&text, prefix, &pins)?;
    let mut results = Vec::new();
    for (Wanted { table, name, snapshot, .. }, (bytes, digest)) in wanted.iter().zip(&fetched) {
        let file = &snapshot.file.value;
        let written = session.write(&session.root.join(file), bytes)?;
        if written {
            host.shell.status("Wrote", session.show(&session.root.join(file)).as_str());
        }
        let state = if written { "written" } else { "fresh" };
        let sha256 = digest.hex().to_owned();
        results.push(Updated { table: table.name(), name, file: file.clone(), state, sha256 });
    }
    if !pins.is_empty() && session.write(&path, pinned.as_bytes())? {
        host.shell.status("Wrote", session.show(&path).as_str());
    }
    let fresh = results.iter().filter(|result| result.state == "fresh").count();
    if fresh > 0 {
        host.shell.status("Fresh", &counted(fresh, "snapshot", "snapshots"));
    }
    if host.global.format == Format::Json { super::json(host, &results) } else { Ok(()) }
}

/// Says what trust roots that were fetched trust anew, and what no longer: nobody else compares them.
fn tell_roots(session: &Session<'_>, wanted: &[Wanted<'_>], fetched: &[(Vec<u8>, Digest)]) -> Result<(), Failure> {
    let roots = wanted.iter().zip(fetched).filter(|(wanted, _)| wanted.table == Table::Roots);
    for (wanted, (bytes, _)) in roots {
        let path = session.root.join(&wanted.snapshot.file.value);
        let old =
            imagelock_files::bytes(&path, Table::Roots.most()).map_err(|error| error.shown(session.show(&path)))?;
        let old = old.and_then(|old| trust::roots_of(&old).ok()).unwrap_or_default();
        let new = trust::roots_of(bytes).unwrap_or_default();
        for line in new.iter().filter(|line| !old.contains(line)) {
            session.host.shell.status("Trusted", &format!("{}: {line}", wanted.name));
        }
        for line in old.iter().filter(|line| !new.contains(line)) {
            session.host.shell.attention("Removed", &format!("{}: {line}", wanted.name));
        }
    }
    Ok(())
}

/// The entries that are asked for, each with an address and a file that may be written.
fn wanted<'s>(session: &'s Session<'_>, tables: &[Table], names: &[String]) -> Result<Vec<Wanted<'s>>, Failure> {
    let all = tables.iter().flat_map(|&table| table.of(session).iter().map(move |entry| (table, entry)));
    let all: Vec<(Table, (&String, &Snapshot))> = all.collect();
    if let Some(name) = names.iter().find(|name| !all.iter().any(|(_, (known, _))| known == name)) {
        let file = session.project_file();
        let failure = Failure::input(format!("there is no snapshot `{name}` in {file}"));
        let near = nearest(name, all.iter().map(|(_, (known, _))| known.as_str()));
        return Err(near.map_or(failure.clone(), |near| failure.help(format!("did you mean `{near}`?"))));
    }
    let mut wanted = Vec::new();
    for (table, (name, snapshot)) in all {
        let is_named = names.contains(name);
        let Some(url) = snapshot.url.as_ref().filter(|_| names.is_empty() || is_named) else {
            if is_named {
                return Err(snapshots::failure(snapshot, format!("`{name}` has no `url` to fetch it from")));
            }
            continue;
        };
        may_be_written(session, table, snapshot)?;
        wanted.push(Wanted { table, name, snapshot, url: url.value.as_str() });
    }
    if wanted.is_empty() {
        let failure = Failure::input(format!("no snapshot in {} has a `url`", session.project_file()));
        let page = if tables.contains(&Table::Roots) { "docs/signatures.md" } else { "docs/advisories.md" };
        return Err(failure.help(format!("{page} says which there are")));
    }
    Ok(wanted)
}

/// Refuses a file that is Git's, CI's, or something else than a snapshot.
fn may_be_written(session: &Session<'_>, table: Table, snapshot: &Snapshot) -> Result<(), Failure> {
    let file = &snapshot.file.value;
    let refuse = |why: &str| Err(snapshots::failure(snapshot, format!("`{file}` {why}")).help("name another file"));
    if let Some(why) = write::reserved(file) {
        return refuse(why);
    }
    let real = session.writer.destination(file).map_err(|error| Failure::from(error.shown(file)))?;
    let old = imagelock_files::bytes(&real, table.most()).map_err(|error| Failure::from(error.shown(file)))?;
    let is_ours =
        |old: &Vec<u8>| snapshot.sha256.as_ref().is_some_and(|pinned| pinned.matches(old)) || table.judge(old).is_ok();
    if old.is_none_or(|old| is_ours(&old)) { Ok(()) } else { refuse("is there already, and no snapshot") }
}

/// Fetches all, and reads each.
fn fetch(session: &Session<'_>, wanted: &[Wanted<'_>]) -> Result<Vec<(Vec<u8>, Digest)>, Failure> {
    let progress = Progress::start(&session.host.shell, "Fetching", wanted.len());
    let resolver = session.resolver(progress.clone())?;
    let fetched = network::run(async {
        let mut fetched = Vec::new();
        for wanted in wanted {
            fetched.push(one(resolver.client(), wanted).await?);
            progress.step();
        }
        Ok(fetched)
    });
    progress.finish();
    fetched?
}

async fn one(client: &Client, wanted: &Wanted<'_>) -> Result<(Vec<u8>, Digest), Failure> {
    let Wanted { table, name, snapshot, url } = wanted;
    let mut file: File = tempfile::tempfile()?;
    let failed = |message: String| Failure::new(Kind::Registry, Problem::new(message));
    let (_, digest) = client.web(url, &file, table.most()).await.map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    let wrong =
        |reason: String| snapshots::failure(snapshot, format!("what `{url}` has for `{name}` is of no use: {reason}"));
    table.judge(&bytes).map_err(wrong)?;
    Ok((bytes, digest))
}
