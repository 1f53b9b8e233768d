//! The policies of a project's images, with the keys and the roots that they need.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::source::Label;
use imagelock_core::trust::{By, Trust};
use imagelock_core::{ImageName, Lockfile};
use imagelock_signature::{Judge, Key, Roots};

use crate::failure::{Failure, Kind, Problem};
use crate::input::KEY_BYTES;
use crate::session::Session;

/// What is demanded of the images of a lock.
pub(super) struct Policies<'s> {
    demanded: BTreeMap<ImageName, &'s Trust>,
    keys: BTreeMap<Utf8PathBuf, Key>,
    roots: Roots,
}

impl<'s> Policies<'s> {
    /// Reads what it takes to judge the images of a lock of which anything is demanded.
    pub(super) fn read(session: &'s Session<'_>, lock: &Lockfile) -> Result<Self, Failure> {
        let all = session.project.images.iter().filter(|(name, _)| lock.images.contains_key(*name));
        let demanded: BTreeMap<ImageName, &Trust> =
            all.filter_map(|(name, declared)| Some((name.clone(), declared.trust.as_ref()?))).collect();
        let mut keys = BTreeMap::new();
        for signer in demanded.values().flat_map(|trust| &trust.signers) {
            if let By::Key(file) = &signer.value.by
                && !keys.contains_key(file)
            {
                let wrong = |reason: String| {
                    Failure::new(Kind::Input, Problem::new(reason).label(Label::primary(&signer.at, "")))
                };
                let path = session.root.join(file);
                let shown = session.show(&path);
                let bytes = imagelock_files::bytes(&path, KEY_BYTES).map_err(|error| error.shown(&shown))?;
                let bytes = bytes.ok_or_else(|| wrong(format!("cannot read `{shown}`: there is no such file")))?;
                let key = Key::read(&bytes).map_err(|error| wrong(format!("`{shown}` is {error}")))?;
                keys.insert(file.clone(), key);
            }
        }
        let needs_roots = demanded.values().any(|trust| {
            trust.tlog || trust.signers.iter().any(|signer| matches!(signer.value.by, By::Identity { .. }))
        });
        let roots = if needs_roots { super::roots(session)? } else { Roots::default() };
        Ok(Self { demanded, keys, roots })
    }

    /// What is demanded of an image.
    pub(super) fn trust(&self, name: &ImageName) -> Option<&'s Trust> {
        self.demanded.get(name).copied()
    }

    /// Who judges an image, if anything is demanded of it.
    pub(super) fn judge<'p>(&'p self, session: &Session<'_>, name: &ImageName) -> Result<Option<Judge<'p>>, Failure> {
        let Some(trust) = self.trust(name) else { return Ok(None) };
        let key = |file: &Utf8Path| self.keys.get(file).cloned();
        let judge = Judge::new(trust, key, &self.roots).map_err(|error| {
            let mut problem = Problem::new(format!("`{name}` cannot be verified: {error}"));
            problem.labels.extend(trust.signers.first().map(|signer| Label::primary(&signer.at, "demanded here")));
            let no_roots = session.project.roots.is_empty();
            let help = "`{command} trust add public-good` adds Sigstore's own; a key needs none with `tlog = false`";
            Failure::new(Kind::Input, if no_roots { problem.help(help) } else { problem })
        })?;
        Ok(Some(judge))
    }
}
