//! Markers: comments that say which image a place is, `# imagelock: postgres:tag`.
//!
//! One grammar and one binder for all formats. A marker stands at the end of the line, or alone on the line above; it
//! is about exactly one place, or it is an error.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use imagelock_adapter::{Context, Pinned, Problem, RenderError};
use imagelock_core::source::{Label, Location, SourceFile, nearest};
use imagelock_core::{Digest, Tag};
use imagelock_scan::{Comment, Parsed, Says, Site, Sure};

use crate::Spell;

/// What a marker says, and the place that it is about.
pub(crate) struct Marker<'a> {
    /// The image.
    pub(crate) image: Pinned<'a>,
    /// Which part of it stands in the place.
    part: Part,
    /// The marker's own place.
    at: Location,
    /// The index of the site.
    pub(crate) site: usize,
}

/// Which part of an image a place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// `repository:tag@digest`.
    Reference,
    /// The repository.
    Repository,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
    /// The hexadecimal digits of the digest.
    Hex,
}

/// How much a place looks like what a marker asks for; the order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// A word that could be it.
    Word,
    /// It stands where values stand.
    Placed,
    /// It has the form of one.
    Formed,
    /// It is one of the marker's image.
    Same,
}

impl Part {
    fn what(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Repository => "repository",
            Self::Tag => "tag",
            Self::Digest | Self::Hex => "digest",
        }
    }
}

/// A place that a marker speaks of, for those who only read.
pub struct Marked<'a> {
    /// Its bytes.
    pub span: Range<usize>,
    /// The image that it is.
    pub image: Pinned<'a>,
    /// What of the image it holds.
    pub holds: Holds,
}

/// What of an image stands in a place that a marker speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The whole reference.
    Reference,
    /// This digest; nothing where none stands there yet.
    Digest(Option<Digest>),
    /// A part that names no image alone: the repository or the tag.
    Part,
}

/// The places that the markers of a text speak of, in their order.
pub fn marked<'a>(
    file: &Arc<SourceFile>,
    parsed: &Parsed,
    context: &Context<'a>,
) -> Result<Vec<Marked<'a>>, RenderError> {
    let marked = bind(file, parsed, context)?.into_iter().map(|marker| {
        let site = &parsed.sites[marker.site];
        let text = site.text().unwrap_or_default();
        let holds = match marker.part {
            Part::Reference => Holds::Reference,
            Part::Repository | Part::Tag => Holds::Part,
            Part::Digest => Holds::Digest(only_digest(text).and_then(|at| text[at].parse().ok())),
            Part::Hex => Holds::Digest(only_hex(text).and_then(|at| format!("{ALGORITHM}{}", &text[at]).parse().ok())),
        };
        Marked { span: site.span().clone(), image: marker.image, holds }
    });
    Ok(marked.collect())
}

/// The lines that comments ask to leave alone, each with the reason, which may be empty.
pub fn ignored<'t>(file: &'t SourceFile, parsed: &Parsed) -> BTreeMap<usize, &'t str> {
    let asked = parsed.comments.iter().filter_map(|comment| Some((comment.subject(), comment.ignores(file.text())?)));
    asked.collect()
}

/// Reads the markers of a file, in the order of the places that they are about.
pub(crate) fn bind<'a>(
    file: &Arc<SourceFile>,
    parsed: &Parsed,
    context: &Context<'a>,
) -> Result<Vec<Marker<'a>>, RenderError> {
    let mut markers: Vec<Marker<'a>> = Vec::new();
    if let Some(pair) = parsed.comments.windows(2).find(|pair| pair[0].line == pair[1].line) {
        let problem = Problem::at(&Location::new(file, pair[1].said.clone()), "a line has one marker");
        return Err(problem.also(&Location::new(file, pair[0].said.clone()), "the other one").into());
    }
    for comment in parsed.comments.iter().filter(|comment| comment.ignores(file.text()).is_none()) {
        let at = Location::new(file, comment.said.clone());
        let (image, part) = read(&file.text()[comment.said.clone()], context, &at)?;
        let site = Binder { file, parsed, comment, image: &image, part, at: &at }.site()?;
        markers.push(Marker { image, part, at, site });
    }
    markers.sort_by_key(|marker| marker.site);
    if let Some(pair) = markers.windows(2).find(|pair| pair[0].site == pair[1].site) {
        let problem = Problem::at(&pair[1].at, "two markers are about one place");
        return Err(problem.also(&pair[0].at, "the other one").into());
    }
    Ok(markers)
}

/// The image and the part that a marker names.
fn read<'a>(said: &str, context: &Context<'a>, at: &Location) -> Result<(Pinned<'a>, Part), RenderError> {
    let (name, part) = said.split_once(':').unwrap_or((said, ""));
    let part = match part {
        "" => Part::Reference,
        "repository" => Part::Repository,
        "tag" => Part::Tag,
        "digest" => Part::Digest,
        "hex" => Part::Hex,
        other => {
            let problem = Problem::at(at, format!("a marker cannot name the part `{other}` of an image"));
            return Err(problem.help("`repository`, `tag`, `digest` and `hex` are parts of an image").into());
        }
    };
    let Some((name, _)) = context.lock.images.get_key_value(name) else {
        let meant = nearest(name, context.lock.images.keys().map(imagelock_core::ImageName::as_str));
        let meant = meant.map(|name| format!("did you mean `{name}`?")).unwrap_or_default();
        let mut problem = Problem::at(at, format!("there is no image `{name}` in images.lock"));
        problem.labels = vec![Label::primary(at, meant)];
        return Err(problem.help("run `{command} lock` if the image is new").into());
    };
    Ok((context.image(name, Some(at))?, part))
}

struct Binder<'b, 'a> {
    file: &'b Arc<SourceFile>,
    parsed: &'b Parsed,
    comment: &'b Comment,
    image: &'b Pinned<'a>,
    part: Part,
    at: &'b Location,
}

impl Binder<'_, '_> {
    /// The one place that the marker is about.
    fn site(&self) -> Result<usize, RenderError> {
        let line = self.comment.subject();
        let sites = &self.parsed.sites;
        let first = sites.partition_point(|site| site.line < line);
        let here = first..first + sites[first..].partition_point(|site| site.line == line);
        let judged: Vec<((bool, Likeness), usize)> =
            here.clone().filter_map(|index| Some((self.likeness(&sites[index])?, index))).collect();
        let best = judged.iter().map(|(likeness, _)| *likeness).max();
        let fits: Vec<usize> =
            judged.iter().filter(|(likeness, _)| Some(*likeness) == best).map(|(_, index)| *index).collect();
        match fits[..] {
            // A word among others is a word of the language: only one that stands alone is a value.
            [_, ..] if best == Some((false, Likeness::Word)) && here.len() > 1 => Err(self.none(&sites[here])),
            [one] if !self.can_be(&sites[one].says) => Err(self.none(&sites[here])),
            [one] => Ok(one),
            [] => Err(self.none(&sites[here])),
            [first, second, ..] => {
                let place = |index: usize| Location::new(self.file, sites[index].span().clone());
                let message = format!("the marker of `{}` stands at several places", self.image.name);
                let problem = Problem::at(self.at, message).also(&place(first), "one").also(&place(second), "another");
                Err(problem.help("write each image on a line of its own").into())
            }
        }
    }

    /// Whether what stands in a place can be what the marker names: parts of an image are no place by themselves where
    /// keys hold them together.
    fn can_be(&self, says: &Says) -> bool {
        match says {
            Says::Whole { .. } => true,
            Says::Parts { .. } => self.part == Part::Reference,
            Says::Open { .. } => false,
        }
    }

    fn none(&self, here: &[Site]) -> RenderError {
        let problem =
            Problem::at(self.at, format!("the marker of `{}` stands at no {}", self.image.name, self.part.what()));
        let open = here.iter().find(|site| matches!(site.says, Says::Open { .. }));
        match open {
            Some(open) => problem
                .also(&Location::new(self.file, open.span().clone()), "a variable or a template decides here")
                .help("write the reference as a plain literal"),
            None => problem.help("put it at the end of the line that has the image, or alone on the line above"),
        }
        .into()
    }

    /// How much a place looks like the part of the image, a certain one before all others; nothing where it cannot be it.
    fn likeness(&self, site: &Site) -> Option<(bool, Likeness)> {
        let Says::Whole { span, text, reference } = &site.says else {
            return Some((site.sure == Sure::Certain, Likeness::Word));
        };
        let before = &self.file.text()[..span.start];
        let placed = self.file.text()[span.clone()].starts_with(['"', '\'', '`', '='])
            || before.trim_end_matches([' ', '\t']).ends_with(['=', ':']);
        let by_place = if placed { Likeness::Placed } else { Likeness::Word };
        let whole = site.sure == Sure::Certain;
        let likeness = match (self.part, reference) {
            // Nothing between two quotes waits to be filled.
            _ if text.is_empty() => Likeness::Placed,
            (Part::Tag, _) => text.parse::<Tag>().ok().map(|_| by_place)?,
            (Part::Digest, _) if text.parse::<Digest>().is_ok() => Likeness::Same,
            (Part::Hex, _) if only_hex(text) == Some(0..text.len()) => Likeness::Same,
            (Part::Digest, _) => only_digest(text).map(|_| Likeness::Formed)?,
            (Part::Hex, _) => only_hex(text).map(|_| Likeness::Formed)?,
            (Part::Reference, Err(_)) if whole => Likeness::Placed,
            (Part::Repository, Ok(found)) if found.tag.is_some() || found.digest.is_some() => return None,
            (_, Err(_)) => return None,
            (_, Ok(found)) => {
                let same = found.repository == self.image.repository
                    || self.image.image.repository() == Some(&found.repository);
                let formed = text.contains(['/', ':', '@']);
                match () {
                    () if same => Likeness::Same,
                    () if formed => Likeness::Formed,
                    () => by_place,
                }
            }
        };
        Some((whole, likeness))
    }
}

impl Marker<'_> {
    /// What the place says from now on.
    pub(crate) fn text(&self, site: &Site, spell: &Spell) -> Result<String, RenderError> {
        let old = site.text().unwrap_or_default();
        let (image, digest) = (&self.image, spell.digest(&self.image)?);
        if site.sure == Sure::Certain && matches!(self.part, Part::Tag | Part::Repository) {
            let message = format!("an image stands here whole: its {} alone cannot be written", self.part.what());
            return Err(Problem::at(&self.at, message).into());
        }
        Ok(match self.part {
            Part::Reference => spell.over(old, image)?,
            Part::Repository => {
                let same = site.reference().is_some_and(|found| found.repository == image.repository);
                if same { old.to_owned() } else { image.repository.to_string() }
            }
            Part::Tag => match image.tag() {
                Some(tag) => tag.to_string(),
                None => return Err(Problem::at(&self.at, format!("`{}` is locked without a tag", image.name)).into()),
            },
            Part::Digest => replaced(old, only_digest(old), digest.as_str()),
            Part::Hex => replaced(old, only_hex(old), digest.hex()),
        })
    }

    /// The tag of before and of now, where they differ.
    pub(crate) fn moved(&self, site: &Site) -> Option<(String, String)> {
        match self.part {
            Part::Tag => moved(site.text(), self.image.tag()),
            Part::Reference => moved(site.reference()?.tag.as_ref().map(Tag::as_str), self.image.tag()),
            _ => None,
        }
    }
}

/// Two tags, where they differ.
pub(crate) fn moved(before: Option<&str>, now: Option<&Tag>) -> Option<(String, String)> {
    let (before, now) = (before.filter(|before| !before.is_empty())?, now?);
    (before != now.as_str()).then(|| (before.to_owned(), now.to_string()))
}

/// A part of a text replaced, or all of it.
fn replaced(text: &str, part: Option<Range<usize>>, new: &str) -> String {
    let Range { start, end } = part.unwrap_or(0..text.len());
    format!("{}{new}{}", &text[..start], &text[end..])
}

const ALGORITHM: &str = "sha256:";
const HEX_DIGITS: usize = 64;

/// The bytes of the only digest in a text.
fn only_digest(text: &str) -> Option<Range<usize>> {
    if text.parse::<Digest>().is_ok() {
        return Some(0..text.len());
    }
    let hex = only_hex(text)?;
    text[..hex.start].ends_with(ALGORITHM).then(|| hex.start - ALGORITHM.len()..hex.end)
}

/// The bytes of the only digits in a text that are as many as a digest has.
fn only_hex(text: &str) -> Option<Range<usize>> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let (mut start, mut found) = (0, None);
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        if is_digit(byte) {
            continue;
        }
        if at - start == HEX_DIGITS && found.replace(start..at).is_some() {
            return None;
        }
        start = at + 1;
    }
    found
}

#[cfg(test)]
mod tests;
