//! Taking digests away again: `repository:tag@digest` becomes `repository:tag`, and the bytes are those of before.

use std::borrow::Cow;
use std::sync::Arc;

use imagelock_adapter::{Left, Problem};
use imagelock_core::Reference;
use imagelock_core::source::{Location, SourceFile};
use imagelock_scan::{Format, Says, Site};

use crate::parts::PartsWriter;
use crate::pinning::{left, unreadable};
use crate::{Change, Kept, Stuck, marker, splice};

/// How the images of a text are unpinned.
#[derive(Clone, Copy)]
pub struct Unpinning<'p> {
    /// The language of the text.
    pub format: &'p dyn Format,
    /// Whether a reference with a digest is to lose it.
    pub is_asked: &'p dyn Fn(&Reference) -> bool,
}

/// A text without the digests that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpinned {
    /// The whole text.
    pub text: String,
    /// The places that lost theirs, in the text of before.
    pub places: Vec<Location>,
    /// The places that keep theirs, and why, for people.
    pub kept: Vec<Left>,
}

impl Unpinning<'_> {
    /// Takes the digests of a text away: of the places that are certain or a default, but of none that a comment asks to
    /// leave alone. What comes out is read again before it is returned.
    pub fn edit(&self, file: &Arc<SourceFile>) -> Result<Unpinned, Stuck> {
        let unread = |error| Stuck::Unreadable(unreadable(self.format, file, &error));
        let parsed = self.format.read(file.text()).map_err(unread)?;
        let ignored = marker::ignored(file, &parsed);
        let mut says: Vec<_> = parsed.sites.iter().map(|site| site.said().map(Cow::into_owned)).collect();
        let (mut changes, mut unpinned) = (Vec::new(), Unpinned::default());
        for (index, site) in parsed.sites.iter().enumerate() {
            let Some(reference) = site.reference().filter(|found| found.digest.is_some() && (self.is_asked)(found))
            else {
                continue;
            };
            if !site.names_an_image() || ignored.contains_key(&site.line) {
                continue;
            }
            let at = Location::new(file, site.span().clone());
            match self.site(file.text(), site, reference) {
                Ok((change, now)) => {
                    changes.extend(change);
                    says[index] = Some(now);
                    unpinned.places.push(at);
                }
                Err(Kept::Apart(reason)) => {
                    let said = site.said().unwrap_or_default();
                    unpinned.kept.push(Left { at, reason: format!("`{said}` keeps its digest: {reason}") });
                }
                Err(kept) => unpinned.kept.extend(left(&kept, site, at, "")),
            }
        }
        let refused = |reason: &str| {
            let at = unpinned.places.first().cloned().unwrap_or_else(|| Location::new(file, 0..0));
            let message = format!("`{}` would not read back as it was unpinned: {reason}", file.path());
            Stuck::Refused(Problem::at(&at, message).help("take the digest away by hand").into())
        };
        let text = splice(file.text(), changes).map_err(|error| refused(&error.to_string()))?;
        let again = self.format.read(&text).map_err(|error| refused(&error.reason))?;
        if !again.sites.iter().map(Site::said).eq(says.iter().map(|says| says.as_deref().map(Cow::from))) {
            return Err(refused("other places than the unpinned ones would change"));
        }
        Ok(Unpinned { text, ..unpinned })
    }

    /// The changes of one place, and what it says afterwards.
    fn site(&self, text: &str, site: &Site, reference: &Reference) -> Result<(Vec<Change>, String), Kept> {
        if reference.tag.is_none() {
            return Err(Kept::Apart("it has no tag, and nothing else would say which image it is"));
        }
        if let Says::Parts { parts, .. } = &site.says {
            return PartsWriter { format: self.format, text, parts }.unpin();
        }
        let says = site.text().and_then(|text| Some(text.rsplit_once('@')?.0)).ok_or(Kept::Unwritable)?;
        let written = &text[site.span().clone()];
        let digest = reference.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        // The bytes round it stay as they are, but for what would be a number without it.
        let is_number = says.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        let quoted = match written.split_once(&digest) {
            Some((front, behind)) if !is_number && !behind.contains(&digest) => format!("{front}{behind}"),
            _ => self.format.quote(written, says).ok_or(Kept::Unwritable)?,
        };
        Ok((vec![Change { span: site.span().clone(), text: quoted }], says.to_owned()))
    }
}

#[cfg(test)]
mod tests;
