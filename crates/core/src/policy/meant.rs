//! The rule that people mean by a tag: `16-alpine` is the newest 16 among those on Alpine.

use super::scheme::{self, Scheme};
use super::{Parts, Rule};
use crate::reference::Tag;

/// Why a tag tells no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMeant {
    /// It names no version, and no day or build to order by.
    #[error("`{0}` says no version, day or build that a rule could order")]
    NoVersion(Tag),
    /// It is a pre-release with a flavour.
    #[error("`{0}` is a pre-release, and which others are meant by it is not clear")]
    Prerelease(Tag),
}

/// From this many digits on, a number alone is a day, a build or a time, and no major version.
const NO_MAJOR: usize = 6;
/// `2024-01-02T03-04-05Z`
const MOMENT: &str = r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z";

/// Returns the rule that people mean by a tag of a repository with these tags; it admits the tag.
///
/// Numbers that stand for what moves below them (`1.24`, where there is `1.24.3`) stay as they are, and the newest below
/// them is taken; a whole version is the least that is wanted of its major. What is behind the version stays, but for the
/// numbers in it: `alpine3.20` may become `alpine3.21`, a build the next.
pub fn meant(tag: &Tag, listed: &[Tag]) -> Result<Rule, NotMeant> {
    let unclear = || NotMeant::NoVersion(tag.clone());
    let parts = match Shape::of(tag.as_str()) {
        None => by_order(tag.as_str()).ok_or_else(unclear)?,
        Some(shape) if shape.pre => prerelease(tag, &shape)?,
        Some(shape) => shape.parts(listed),
    };
    Rule::of(parts).ok().filter(|rule| rule.admits(tag)).ok_or_else(unclear)
}

/// What a tag is made of that begins with a version.
struct Shape<'a> {
    v: &'a str,
    /// The numbers as they are written, joined by dots.
    numbers: &'a str,
    /// `_9`, `-r4`, `u412-b08`: what is counted behind the numbers.
    build: &'a str,
    /// What is left, with the separator before it.
    flavour: &'a str,
    /// Whether a pre-release stands behind the numbers.
    pre: bool,
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (v, rest) = text.split_at(usize::from(text.starts_with(['v', 'V'])));
        let (numbers, rest) = rest.split_at(dotted(rest));
        let major = numbers.split('.').next()?.len();
        let alone = numbers.len() == major && major >= NO_MAJOR;
        if numbers.is_empty() || alone || numbers.split('.').count() > 4 {
            return None;
        }
        let mut end = update(rest);
        while let Some(length) = build(&rest[end..]) {
            end += length;
        }
        let (build, flavour) = rest.split_at(end);
        let read = Scheme::Loose.read(text).ok()?.0;
        // `1.28-dev` is a flavour of some, and `-rc.1` of none.
        let token = flavour.trim_start_matches(['-', '_', '.']).split(['-', '_']).next().unwrap_or_default();
        let pre = read.is_pre() && token.contains(|c: char| c.is_ascii_digit());
        Some(Self { v, numbers, build, flavour, pre })
    }

    fn parts(&self, listed: &[Tag]) -> Parts {
        let build = if self.build.is_empty() { self.build_below(listed) } else { counted(self.build) };
        let (flavour, moves) = flavour(self.flavour);
        let one = !self.numbers.contains('.');
        let mut parts = Parts { version: Some("*".to_owned()), ..Parts::default() };
        if one || !build.is_empty() || !flavour.is_empty() {
            let (v, version) = (self.v, format!(r"(?<version>\d+(\.\d+)*{build})"));
            let (separator, text) = flavour.split_at(usize::from(flavour.starts_with(['-', '_'])));
            let flavour = if moves { format!("{separator}(?<flavour>{text})") } else { flavour };
            parts.tags = Some(format!("^{v}{version}{flavour}$"));
            parts.scheme = (moves || !build.is_empty()).then(|| "loose".to_owned());
        }
        parts.version = Some(self.requirement(&parts, listed));
        parts
    }

    /// How the builds are written that this tag, which has none, stands for; optional, so that the tag fits too.
    fn build_below(&self, listed: &[Tag]) -> String {
        let alike = |tag: &&Tag| {
            let other = Shape::of(tag.as_str()).filter(|other| !other.pre && !other.build.is_empty())?;
            let below = other.numbers.strip_prefix(self.numbers)?;
            let fits =
                other.v == self.v && other.flavour == self.flavour && (below.is_empty() || below.starts_with('.'));
            fits.then(|| counted(other.build))
        };
        let build = listed.iter().rev().find_map(|tag| alike(&tag));
        build.map_or_else(String::new, |build| format!("({build})?"))
    }

    /// What is required of versions.
    fn requirement(&self, any: &Parts, listed: &[Tag]) -> String {
        let mine: Vec<u64> = self.numbers.split('.').filter_map(|number| number.parse().ok()).collect();
        let moves = Rule::of(any.clone()).is_ok_and(|rule| {
            listed.iter().any(|other| {
                let numbers = rule.numbers(other).unwrap_or_default();
                let built = || Shape::of(other.as_str()).is_some_and(|other| !other.build.is_empty());
                let more = numbers.len() > mine.len() || self.build.is_empty() && built();
                numbers.starts_with(&mine) && more
            })
        });
        let year = self.numbers.find('.').unwrap_or(self.numbers.len()) == 4 && scheme::is_year(mine[0]);
        // `24.04` is a release by its own name, and `24.10` another.
        let month = self.numbers.split('.').any(|number| number.len() > 1 && number.starts_with('0'));
        let shown: Vec<String> = mine.iter().take(3).map(u64::to_string).collect();
        let shown = shown.join(".");
        match mine.len() {
            1 if !year || self.build.is_empty() => shown,
            2 if moves || month && !year => format!("~{shown}"),
            3 | 4 if moves => format!("={shown}"),
            _ if year => "*".to_owned(),
            _ => shown,
        }
    }
}

/// A pre-release is the least of what is wanted: what follows it, its release too.
fn prerelease(tag: &Tag, shape: &Shape<'_>) -> Result<Parts, NotMeant> {
    match Scheme::Loose.read(tag.as_str()) {
        Ok((version, None)) if shape.build.is_empty() => Ok(Parts {
            version: Some(version.semver().to_string()),
            scheme: Some("loose".to_owned()),
            ..Parts::default()
        }),
        _ => Err(NotMeant::Prerelease(tag.clone())),
    }
}

/// A rule for a tag without a version, by the day or the build that is in it: `bookworm-20240211`,
/// `main-0c2d1f9-1700000000`, `RELEASE.2024-01-02T03-04-05Z`.
fn by_order(text: &str) -> Option<Parts> {
    let rule = |select: &str, tags| Parts { tags: Some(tags), select: Some(select.to_owned()), ..Parts::default() };
    if let Some(Ok((_, None))) = scheme::moment(text) {
        let prefix = if text.starts_with("RELEASE.") { r"RELEASE\." } else { "" };
        return Some(rule("alphabetical", format!("^{prefix}(?<order>{MOMENT})$")));
    }
    let words: Vec<&str> = text.split('-').collect();
    let digits = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let order = words.iter().rposition(|word| word.len() >= NO_MAJOR && digits(word))?;
    let hash = |word: &str| {
        let hex = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        hex && (7..=40).contains(&word.len()) && word.bytes().any(|byte| byte.is_ascii_digit())
    };
    let patterns = words.iter().enumerate().map(|(at, word)| match word {
        word if at == order && word.len() == 8 => r"(?<order>\d{8})".to_owned(),
        _ if at == order => r"(?<order>\d+)".to_owned(),
        word if hash(word) => format!("[0-9a-f]{{{}}}", word.len()),
        word => escaped(word),
    });
    Some(rule("numeric", format!("^{}$", patterns.collect::<Vec<_>>().join("-"))))
}

/// The bytes of numbers that are joined by dots, at the beginning of a text.
fn dotted(text: &str) -> usize {
    let mut end = text.bytes().take_while(u8::is_ascii_digit).count();
    while end > 0 && text[end..].starts_with('.') {
        match text[end + 1..].bytes().take_while(u8::is_ascii_digit).count() {
            0 => break,
            digits => end += 1 + digits,
        }
    }
    end
}

/// The bytes of Java's `u412`.
fn update(text: &str) -> usize {
    match text.strip_prefix('u').map(dotted) {
        Some(digits) if digits > 0 => 1 + digits,
        _ => 0,
    }
}

/// The bytes of `-r4`, `_9`, `-b08` or `-20240211`.
fn build(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(['-', '_'])?;
    let letters = usize::from(rest.starts_with(['r', 'b', 'p']));
    let digits = dotted(&rest[letters..]);
    let end = 1 + letters + digits;
    (digits > 0 && (end == text.len() || text[end..].starts_with(['-', '_']))).then_some(end)
}

/// A text with any number in the place of each.
fn counted(text: &str) -> String {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match digits {
            0 => pattern.push_str(&escaped(&first.to_string())),
            8 => pattern.push_str(r"\d{8}"),
            _ => pattern.push_str(r"\d+"),
        }
        rest = &rest[digits.max(first.len_utf8())..];
    }
    pattern
}

/// The pattern of a flavour, and whether something in it moves: what is behind the first number of `alpine3.20`, and the
/// build of `debian-12-r24`. `ltsc2022`, `ubi9` and `bookworm` are what they are.
fn flavour(text: &str) -> (String, bool) {
    let mut pattern = String::new();
    let (mut rest, mut moves) = (text, false);
    while !rest.is_empty() {
        if let Some(length) =
            build(rest).filter(|length| *length == rest.len() && !pattern.is_empty() && rest[1..].starts_with('r'))
        {
            pattern.push_str(&counted(&rest[..length]));
            return (pattern, true);
        }
        let length = dotted(rest);
        if let Some(point) = rest[..length].find('.') {
            pattern.push_str(&rest[..point]);
            pattern.push_str(r"(\.\d+)*");
            (rest, moves) = (&rest[length..], true);
        } else {
            let length = length.max(rest.chars().next().map_or(1, char::len_utf8));
            pattern.push_str(&escaped(&rest[..length]));
            rest = &rest[length..];
        }
    }
    (pattern, moves)
}

/// A text as it is; of what tags are made of, a dot alone means something else in an expression.
fn escaped(text: &str) -> String {
    text.replace('.', r"\.")
}
