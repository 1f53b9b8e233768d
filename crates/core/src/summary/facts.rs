//! What is known of images, in words and in Markdown.

use crate::compare::{About, Evidence, Says, Speaker, shortened};
use crate::created::Created;
use crate::digest::Digest;
use crate::escape;
use crate::lockfile::LockedImage;
use crate::update::Reason;

/// The most letters of what somebody else wrote.
const LETTERS: usize = 160;

/// What somebody else wrote, as code and not too long.
pub(super) fn code(text: &str) -> String {
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => escape::markdown(&format!("{}…", &text[..end])),
        None => escape::markdown(text),
    }
}

/// The digits of a digest that people read.
pub(super) fn short(digest: &Digest) -> String {
    let short = digest.short();
    code(short.rsplit(':').next().unwrap_or(short))
}

/// ```text
/// `latest` `77c01be2d4aa`, 23 Nov 2026 (3 days)
/// ```
pub(super) fn brief(image: &LockedImage, as_of: &Created) -> String {
    let tag = image.tag.as_ref().map(|tag| format!("{} ", code(tag.as_str()))).unwrap_or_default();
    let created = image.created.as_ref().filter(|created| created.is_evidence());
    let created = created.map(|created| format!(", {}{}", created.day(), age(created, as_of))).unwrap_or_default();
    format!("{tag}{}{created}", short(&image.digest))
}

/// How old something is, in whole days; nothing where it is not there yet.
fn age(created: &Created, as_of: &Created) -> String {
    match created.days_until(as_of) {
        ..0 => String::new(),
        0 => " (today)".to_owned(),
        1 => " (1 day)".to_owned(),
        days => format!(" ({days} days)"),
    }
}

/// One thing that is known of both images; nothing where it is of no use to know.
pub(super) fn line(evidence: &Evidence, as_of: &Created) -> Option<String> {
    let Evidence { about, says, by, first, second, link } = evidence;
    let text = |value: &Option<String>| {
        let value = value.as_ref()?;
        Some(match about {
            About::Built => day(value, as_of),
            About::Revision | About::Base => code(shortened(value)),
            _ => code(value),
        })
    };
    let values = match (text(first), text(second)) {
        (Some(first), Some(second)) if first == second => first,
        (Some(first), Some(second)) => format!("{first} → {second}"),
        (Some(first), None) => format!("{first}, and nothing is said now"),
        (None, Some(second)) => format!("{second}, and nothing was said before"),
        (None, None) => return None,
    };
    let what = match about {
        About::Content if *says == Says::Same => {
            return Some("content: the same manifests, as their digests prove".to_owned());
        }
        // The table has the digests, and a tag that stayed.
        About::Content => return None,
        About::Tags | About::Source if *says == Says::Same => return None,
        About::Platforms => "platforms",
        About::Tags => "tag",
        About::Version => "version",
        About::Built => "built",
        About::Revision => "revision",
        About::Source => "source",
        About::Base => "built on",
        About::Aliases => "tags that point there",
    };
    let says = match says {
        Says::Newer => ", newer",
        Says::Older => ", **older**",
        Says::Same | Says::Differs | Says::Nothing => "",
    };
    let by = match by {
        Speaker::Registry => "",
        Speaker::Rule => " (by the project's rule)",
        Speaker::Publisher => " (says the publisher)",
    };
    let link = link.as_ref().map(|link| format!(", {}", linked(link))).unwrap_or_default();
    Some(format!("{what}: {values}{says}{by}{link}"))
}

/// A link to what was committed between two revisions, in Markdown ([`crate::forge`] makes such links).
pub fn linked(link: &str) -> String {
    format!("[{}]({link})", code(repository(link)))
}

/// The host and the repository of a link to what was committed: where a click leads is to be seen before it.
fn repository(link: &str) -> &str {
    let shown = link.strip_prefix("https://").unwrap_or(link);
    let end = shown.rfind("/-/compare/").or_else(|| shown.rfind("/compare/"));
    &shown[..end.unwrap_or(shown.len())]
}

/// The day of a time, where it says anything.
fn day(text: &str, as_of: &Created) -> String {
    match text.parse::<Created>() {
        Ok(created) if created.is_evidence() => format!("{}{}", created.day(), age(&created, as_of)),
        _ => "at no time that can be believed".to_owned(),
    }
}

/// Why something waits. What a person wrote into the project file is code, like all that others wrote.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Held { reason, until } => {
            let until = until.map(|day| format!(" until {}", day.words())).unwrap_or_default();
            format!("held{until}: {}", code(reason))
        }
        reason => reason.words(),
    }
}
