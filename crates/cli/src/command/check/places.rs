//! Findings in the files of the repository: what places say, beside what is locked and what targets keep.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::lockfile::LockedImage;
use imagelock_core::request::Wanted;
use imagelock_core::{ImageName, Reference, Repository, Tag};
use imagelock_edit::{Choice, Kept, Matcher};
use imagelock_survey::{Mention, State};

use super::Checked;
use super::reach::Keeps;
use crate::failure::{Failure, Kind, Problem};
use crate::finding::{Finding, Level, Place};
use crate::shell::printable;

/// How many images of a file are named.
const SHOWN: usize = 3;

impl Checked<'_> {
    pub(super) fn of_places(&self) -> Result<Vec<Finding>, Failure> {
        let images = Matcher::new(self.context, None);
        let images = images.map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
        // What will be locked as soon as the lock answers what is asked for is told with the lock.
        let mut asked: BTreeMap<&Repository, Vec<&Wanted>> = BTreeMap::new();
        for wanted in self.plan.resolve.iter().map(|step| &step.declared.request.wanted) {
            if let Some(repository) = wanted.repository() {
                asked.entry(repository).or_default().push(wanted);
            }
        }
        let mut findings = Vec::new();
        // Of a file that no target keeps, one place is told.
        let mut unkept: BTreeMap<&Utf8Path, Vec<&Mention>> = BTreeMap::new();
        for mention in self.surveyed.mentions.iter().filter(|mention| !self.reach.is_generated(&mention.file)) {
            match (mention.state, &mention.image) {
                (State::Built | State::Variable, _) => {}
                (State::Invalid, None) => findings.push(self.invalid(mention)),
                (_, None) if mention.means.as_ref().is_some_and(|means| will_be_locked(&asked, means)) => {}
                (_, None) => findings.extend(self.unlocked(mention, &images)),
                (_, Some(name)) => {
                    let Some(image) = self.locked(name) else { continue };
                    let keeps = self.reach.keeps(mention);
                    match self.of_place(mention, image, keeps) {
                        Some(finding) => findings.push(finding),
                        None if keeps.is_none() && !self.is_blind() => {
                            unkept.entry(&mention.file).or_default().push(mention);
                        }
                        None => {}
                    }
                }
            }
        }
        findings.extend(unkept.into_values().map(|mentions| self.unreached(&mentions)));
        Ok(findings)
    }

    /// What is wrong with a place that means a locked image.
    fn of_place(&self, mention: &Mention, image: &LockedImage, keeps: Option<Keeps>) -> Option<Finding> {
        let (rule, message) = match mention.digest_of() {
            Some(digest) if image.has(digest) => return None,
            Some(digest) => {
                let text = format!("{}@{}…", mention.reference, digest.short());
                ("drifted", format!("`{text}` is not what is locked ({})", about(image)))
            }
            // A place that cannot be told whether it will be pinned is not blamed.
            None if keeps == Some(Keeps::Elsewhere) || keeps.is_none() && self.is_blind() => return None,
            None => ("unpinned", format!("`{}` is not pinned to what is locked ({})", mention.reference, about(image))),
        };
        let help = match (keeps, self.reach.why_left(mention)) {
            (Some(Keeps::Here), _) => self.command("render"),
            (_, Some(why)) => why.to_owned(),
            (_, None) => self.pin(&mention.file),
        };
        Some(Finding { rule, help: Some(help), ..self.finding(mention, message) })
    }

    /// What is wrong with a place that means no locked image.
    fn unlocked(&self, mention: &Mention, images: &Matcher<'_>) -> Option<Finding> {
        let means = mention.means.as_ref()?;
        let text = match &means.digest {
            Some(digest) => format!("{}@{}…", mention.reference, digest.short()),
            None => mention.reference.clone(),
        };
        let (message, help) = match images.choose(means) {
            Choice::Pin(_) | Choice::Keep(Kept::Built) => return None,
            Choice::Keep(kept @ Kept::Ambiguous(_)) => (kept.tell(&text)?, None),
            Choice::Keep(Kept::OtherTags(known)) => {
                let known = known.iter().map(|(name, tag)| match tag {
                    Some(tag) => format!("`{name}` ({tag})"),
                    None => format!("`{name}`"),
                });
                let known: Vec<String> = known.collect();
                (format!("`{text}` is in no lock; locked of it is {}", known.join(" and ")), Some(mention))
            }
            Choice::Keep(_) => (format!("`{text}` is in no lock"), Some(mention)),
        };
        let help = help.map_or_else(
            || "a comment `imagelock: NAME` at the end of the line says which".to_owned(),
            |mention| self.pin(&mention.file),
        );
        Some(Finding { rule: "unlocked", help: Some(help), ..self.finding(mention, message) })
    }

    /// A file with pins that are right today, and that nothing moves with the lock.
    fn unreached(&self, mentions: &[&Mention]) -> Finding {
        let mut names: Vec<&ImageName> = mentions.iter().filter_map(|mention| mention.image.as_ref()).collect();
        names.sort_unstable();
        names.dedup();
        // What was asked for by digest stays: no update leaves it behind.
        let moves = |name: &&ImageName| {
            let image = self.context.lock.images.get(*name);
            image.is_some_and(|image| !matches!(image.request.wanted, Wanted::Digest { .. }))
        };
        let level = if names.iter().any(moves) { Level::Error } else { Level::Warning };
        let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
        if names.len() > SHOWN {
            shown.push(format!("{} more", names.len() - SHOWN));
        }
        let (verb, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
        let message = format!("{} {verb} pinned here, and no target keeps {them}", shown.join(", "));
        let help = format!("name `{}` in a target, or `{}` leaves it behind", mentions[0].file, self.command("update"));
        let finding = self.finding(mentions[0], message);
        Finding { rule: "unreached", level, help: Some(help), about: String::new(), ..finding }
    }

    fn invalid(&self, mention: &Mention) -> Finding {
        let message = format!("`{}` is no image reference", mention.reference);
        let help = Some("a comment `imagelock: ignore (why)` leaves the line alone".to_owned());
        Finding { rule: "invalid", level: Level::Warning, help, ..self.finding(mention, message) }
    }

    #[expect(clippy::unused_self, reason = "what it makes is filled in by the others")]
    fn finding(&self, mention: &Mention, message: String) -> Finding {
        let (at, about) = (Place::from(mention), mention.text.clone());
        Finding { rule: "unlocked", level: Level::Error, at, message, help: None, about }
    }

    fn pin(&self, file: &Utf8Path) -> String {
        let shown = self.session.show(&self.session.root.join(file));
        self.command(&format!("pin {}", word(&shown)))
    }
}

/// Whether a reference will mean something that is asked for.
fn will_be_locked(asked: &BTreeMap<&Repository, Vec<&Wanted>>, reference: &Reference) -> bool {
    let tag = reference.tag.clone().or_else(|| reference.digest.is_none().then(Tag::latest));
    let mut asked = asked.get(&reference.repository).into_iter().flatten();
    asked.any(|wanted| tag.as_ref().is_none_or(|tag| wanted.admits(tag)))
}

/// `sha256:4d2f8a90c1b7, 8.4.0`
fn about(image: &LockedImage) -> String {
    let tag = image.tag.as_ref().map(ToString::to_string);
    let said = image.version.as_deref().map(printable).or(tag);
    said.map_or_else(|| image.digest.short().to_owned(), |said| format!("{}, {said}", image.digest.short()))
}

/// A path as one word of a shell's.
fn word(path: &Utf8PathBuf) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | ':' | ',');
    let path = if path.as_str().starts_with('-') { format!("./{path}") } else { path.to_string() };
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_whatever_is_in_it() {
        for (path, expected) in [
            ("a/b-c.yaml", "a/b-c.yaml"),
            ("-rf", "./-rf"),
            ("a b", "'a b'"),
            ("$(x);'y'", "'$(x);'\\''y'\\'''"),
            ("é/x", "é/x"),
        ] {
            assert_eq!(word(&path.into()), expected);
        }
    }

    #[test]
    fn what_will_be_locked_is_asked_for() {
        let wanted = Wanted::from_reference("redis:8".parse().unwrap());
        let asked = [(wanted.repository().unwrap(), vec![&wanted])].into();
        let asks = |text: &str| will_be_locked(&asked, &text.parse().unwrap());
        assert!(asks("redis:8") && asks("docker.io/library/redis:8"));
        assert!(!asks("redis") && !asks("redis:7") && !asks("postgres:8"));
    }
}
