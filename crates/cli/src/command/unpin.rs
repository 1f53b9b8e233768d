//! `unpin`

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use imagelock_adapter::{Output, RenderError, Seal, Tree as _};
use imagelock_core::source::{Location, SourceFile};
use imagelock_core::{Lockfile, Reference};
use imagelock_edit::{Choice, Matcher, Unpinned, Unpinning};
use imagelock_scan::{claiming, start};
use imagelock_survey::Mention;
use serde::Serialize;

use super::adopt;
use super::render::Written;
use crate::edits::{self, Edits};
use crate::failure::{Failure, Kind, Problem};
use crate::ground::Ground;
use crate::host::{Format, Host};
use crate::session::Session;
use crate::survey;
use crate::targets;
use crate::tree::DiskTree;

/// Take the digests of locked images out of files again
///
/// `repository:tag@digest` becomes `repository:tag`, where the digest is the one in images.lock: so `pin` gives it back. A place
/// without a tag, and one with another digest, keeps what it has. No registry is asked; images.toml and images.lock stay as they
/// are.
#[derive(Args, Debug)]
pub struct Unpin {
    /// Files and folders; all of the project where none is named
    paths: Vec<Utf8PathBuf>,
    /// Show a diff of every file that would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What `unpin` did, for programs.
#[derive(Serialize)]
struct Done {
    files: Vec<Written>,
}

impl Unpin {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::open_for(host, !self.dry_run)?;
        let edits = self.edits(&session)?;
        edits::tell(&session, &edits.outputs);
        let files = if self.dry_run {
            let (diffs, files) = edits.preview(&session)?;
            if host.global.format == Format::Text {
                host.shell.result_drawn(&diffs);
            }
            files
        } else {
            edits.write(&session)?
        };
        edits::tell_fresh(&session, &files, "without digests of images.lock");
        if self.dry_run {
            host.shell.attention("Dry run", "nothing is changed");
        } else if !session.project.targets.is_empty() && files.iter().any(|file| file.state == "written") {
            host.shell.attention("Next", &format!("`{} render` pins again what a target edits", host.command));
        }
        if host.global.format == Format::Json { super::json(host, &Done { files }) } else { Ok(()) }
    }

    /// The files that have digests of the lock, without them.
    fn edits(&self, session: &Session<'_>) -> Result<Edits, Failure> {
        let lock = session.locked(&[])?;
        let surveyed = survey::of(session, &lock, &self.paths)?;
        let ground = Ground::of(&session.root, &session.project)?;
        let (tree, context) = (&ground.tree, ground.context(&lock));
        let images = Matcher::new(&context, None).map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
        let is_locked = |mention: &&Mention| mention.digest_of().is_some() && mention.image.is_some();
        let files: BTreeSet<&Utf8Path> =
            surveyed.mentions.iter().filter(is_locked).map(|mention| mention.file.as_path()).collect();
        for mention in surveyed.mentions.iter().filter(is_locked) {
            tell_drifted(session, mention, &lock);
        }
        let (mut outputs, mut problems) = (Vec::new(), Vec::new());
        for path in files {
            match unpinned(tree, path, &images) {
                Ok(output) => outputs.extend(output),
                Err(error) => problems.extend(error.each().iter().map(|error| Problem::of(error))),
            }
        }
        if !problems.is_empty() {
            return Err(session.shown(Failure { kind: Kind::Input, problems }));
        }
        targets::one_file_each(tree, &outputs.iter().collect::<Vec<_>>())?;
        Ok(Edits { outputs, ..Edits::default() })
    }
}

/// Says that a place keeps a digest that is not the locked one: nothing would give it back.
fn tell_drifted(session: &Session<'_>, mention: &Mention, lock: &Lockfile) {
    let locked = mention.image.as_ref().and_then(|name| lock.images.get(name)).zip(mention.digest_of());
    if let Some((image, digest)) = locked.filter(|(image, digest)| !image.has(digest)) {
        let (at, is) = (adopt::place(session, mention), image.digest.short());
        session.host.shell.warn(&format!("{at}: {} stays: what is locked is {is}", digest.short()));
    }
}

/// A file without digests of the lock; nothing where it is imagelock's own.
fn unpinned(tree: &DiskTree, path: &Utf8Path, images: &Matcher<'_>) -> Result<Option<Output>, RenderError> {
    let Some(text) = tree.read_text(path)?.filter(|text| Seal::of(text.as_bytes()) == Seal::Absent) else {
        return Ok(None);
    };
    let Some(format) = claiming(path, &start(text.as_bytes())) else { return Ok(None) };
    let file = SourceFile::new(path, text);
    let is_asked = |reference: &Reference| match (images.choose(reference), &reference.digest) {
        (Choice::Pin(image), Some(digest)) => image.image.has(digest),
        _ => false,
    };
    let Unpinned { text, kept, .. } = Unpinning { format, is_asked: &is_asked }.edit(&file)?;
    let at = Location::new(&file, 0..0);
    Ok(Some(Output { kept, ..Output::edited(path, text.into_bytes(), &at) }))
}
