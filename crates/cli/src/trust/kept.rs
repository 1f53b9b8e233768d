//! What is kept of signatures beside the lock.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use imagelock_core::Lockfile;
use imagelock_core::lockfile::Signature;
use imagelock_core::trust::FOLDER;
use imagelock_signature::{EVIDENCE_BYTES, Evidence};

use crate::demanded::Kept;
use crate::failure::Failure;
use crate::session::Session;

/// Reads the evidence that signatures of a lock name. What is not there, or is not what it was, is left out: it proves nothing.
pub(super) fn evidence<'l>(
    session: &Session<'_>,
    signatures: impl Iterator<Item = &'l Signature>,
) -> Result<Vec<Evidence>, Failure> {
    let mut all: Vec<Evidence> = Vec::new();
    for signature in signatures {
        if super::with_digest(&all, &signature.bundle).is_some() {
            continue;
        }
        let path = session.root.join(signature.file());
        let shown = session.show(&path);
        let bytes =
            imagelock_files::bytes(&path, EVIDENCE_BYTES).map_err(|error| Failure::from(error.shown(&shown)))?;
        let Some(bytes) = bytes.filter(|bytes| signature.bundle.matches(bytes)) else { continue };
        all.extend(Evidence::read(&bytes).ok().filter(|one| *one.digest() == signature.bundle));
    }
    Ok(all)
}

/// Writes what a new lock needs, then the lock, and takes away what it needs no longer. A run that is killed between leaves files
/// that no lock names, and never a lock that names a file which is not there.
pub(crate) fn write_all(session: &Session<'_>, kept: &Kept, new: &Lockfile) -> Result<bool, Failure> {
    let mut written = false;
    for (file, bytes) in kept {
        written |= session.write(&session.root.join(file), bytes)?;
    }
    if written {
        session.host.shell.status("Wrote", session.show(&session.root.join(FOLDER)).as_str());
    }
    let locked = session.write_lock(new)?;
    sweep(session, new)?;
    Ok(locked || written)
}

/// Takes away the files of signatures that a lock does not name, which a run may have left that was killed. What has another name
/// is somebody else's.
pub(crate) fn sweep(session: &Session<'_>, lock: &Lockfile) -> Result<(), Failure> {
    let folder = session.root.join(FOLDER);
    if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    let named: BTreeSet<Utf8PathBuf> =
        lock.images.values().flat_map(|image| &image.signatures).map(Signature::file).collect();
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let is_ours = entry
            .file_name()
            .strip_suffix(".json")
            .and_then(|stem| stem.split_once('-'))
            .is_some_and(|(algorithm, hex)| format!("{algorithm}:{hex}").parse::<imagelock_core::Digest>().is_ok());
        let is_file = entry.file_type()?.is_file();
        if is_ours && is_file && !named.contains(&Utf8PathBuf::from(FOLDER).join(entry.file_name())) {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}
