//! Writing images that keys hold together: the digest into its key, and the tag into its own.
//!
//! Where no digest stands, the format says whether one may, and where. A repository stays as it is written.

use imagelock_adapter::Pinned;
use imagelock_core::{Digest, Reference};
use imagelock_scan::{Format, Parts, Piece, Room};

use crate::{Change, Kept};

/// Writes one image in parts.
pub(crate) struct PartsWriter<'w> {
    pub(crate) format: &'w dyn Format,
    /// The text that it stands in.
    pub(crate) text: &'w str,
    pub(crate) parts: &'w Parts,
}

/// The changes, and what the parts say together afterwards.
type Written = (Vec<Change>, String);

impl PartsWriter<'_> {
    /// Pins an image; or why it stays. Tag and digest are those of the image, where a manifest of one platform is pinned
    /// already it stays while it is the locked one.
    pub(crate) fn pin(&self, was: Option<&Reference>, image: &Pinned<'_>, digest: &Digest) -> Result<Written, Kept> {
        let parts = self.parts;
        let Some(was) = was.filter(|was| was.repository == image.repository) else {
            return Err(Kept::Apart("another repository is to be written here: write it by hand"));
        };
        let stays = |of: &Digest| of == digest || digest == image.digest() && image.image.has(of);
        if was.digest.as_ref().is_some_and(stays) && (was.tag.is_none() || was.tag.as_ref() == image.tag()) {
            return Ok((Vec::new(), parts.text()));
        }
        if was.tag.is_none() && was.digest.is_none() {
            return Err(Kept::Apart("its tag stands elsewhere: write the tag here"));
        }
        if let Room::Closed(reason) = parts.room {
            return Err(Kept::Apart(reason));
        }
        let (mut changes, mut says) = (Vec::new(), parts.clone());
        let in_tag = parts.tag.as_ref().is_some_and(|tag| tag.text.contains('@'));
        if let Some(tag) = says.tag.as_mut().filter(|tag| !tag.text.is_empty()) {
            let now = image.tag().ok_or(Kept::Apart("it is locked without a tag"))?;
            let now = if in_tag { format!("{now}@{digest}") } else { now.to_string() };
            changes.extend(self.set(tag, now)?);
        }
        match (&mut says.digest, &parts.room) {
            (Some(piece), _) => {
                let now = self.form(piece, digest);
                changes.extend(self.set(piece, now)?);
                piece.text = digest.to_string();
            }
            (None, _) if in_tag => {}
            (none, Room::Key { at, before }) => {
                let beside = parts.tag.as_ref().or(parts.repository.as_ref()).map_or("", |piece| self.written(piece));
                let quoted = self.format.quote(beside, digest.as_str()).ok_or(Kept::Unwritable)?;
                changes.push(Change { span: at.clone(), text: format!("{before}{quoted}") });
                *none = Some(Piece { span: at.clone(), text: digest.to_string() });
            }
            (None, Room::Own(reason) | Room::Closed(reason)) => return Err(Kept::Apart(reason)),
        }
        Ok((changes, says.text()))
    }

    /// Takes the digest away; or why it stays.
    pub(crate) fn unpin(&self) -> Result<Written, Kept> {
        let (mut changes, mut says) = (Vec::new(), self.parts.clone());
        if let Some(tag) = says.tag.as_mut()
            && let Some((name, _)) = tag.text.clone().split_once('@')
        {
            changes.extend(self.set(tag, name.to_owned())?);
        }
        if let Some(digest) = says.digest.as_mut() {
            match &self.parts.room {
                Room::Key { at, .. } => {
                    changes.push(Change { span: at.clone(), text: String::new() });
                    digest.text.clear();
                }
                Room::Closed(reason) => return Err(Kept::Apart(reason)),
                Room::Own(_) => changes.extend(self.set(digest, String::new())?),
            }
        }
        Ok((changes, says.text()))
    }

    /// Has a part say something else.
    fn set(&self, piece: &mut Piece, now: String) -> Result<Option<Change>, Kept> {
        if piece.text == now {
            return Ok(None);
        }
        let text = self.format.quote(self.written(piece), &now).ok_or(Kept::Unwritable)?;
        piece.text = now;
        Ok(Some(Change { span: piece.span.clone(), text }))
    }

    /// A digest in the form of the one that stands there: some keys leave the algorithm away.
    fn form(&self, piece: &Piece, digest: &Digest) -> String {
        let is_hex = !piece.text.is_empty() && !self.written(piece).contains("sha256:");
        if is_hex { digest.hex().to_owned() } else { digest.to_string() }
    }

    fn written(&self, piece: &Piece) -> &str {
        self.text.get(piece.span.clone()).unwrap_or_default()
    }
}
