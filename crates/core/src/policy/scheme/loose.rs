//! Versions as public images write them: `1.2.3-r4`, `8u412-b08-jre`, `17.0.11_9-jre`, `12-20240211`, `18beta1`,
//! `RELEASE.2024-01-02T03-04-05Z`.

use super::super::dropped::Reason;
use super::super::flavour::Flavour;
use super::super::tag_version::{Read, TagVersion, number, without_v};

/// The most numbers of a version.
const NUMBERS: usize = 4;

/// Words behind a version that say that it is no release, with what they are ordered by: what is lowest is first, and
/// SemVer puts numbers below words.
const WORDS: [(&str, &str); 17] = [
    ("dev", "0.dev"),
    ("snapshot", "0.dev"),
    ("nightly", "0.dev"),
    ("canary", "0.dev"),
    ("unstable", "0.dev"),
    ("a", "alpha"),
    ("alpha", "alpha"),
    ("b", "beta"),
    ("beta", "beta"),
    ("ea", "ea"),
    ("m", "milestone"),
    ("milestone", "milestone"),
    ("pre", "preview"),
    ("preview", "preview"),
    ("c", "rc"),
    ("cr", "rc"),
    ("rc", "rc"),
];

/// Words before the number of a build.
const BUILDS: [&str; 8] = ["r", "b", "p", "build", "rev", "post", "patch", "ls"];

pub(super) fn read(text: &str) -> Result<Read, Reason> {
    if let Some(read) = moment(text) {
        return read;
    }
    let text = without_v(text);
    let (mut numbers, mut rest) = numbers(text).ok_or(Reason::NoVersion)?;
    // Java 8 writes 8u412 for what is 8.0.412 since (JEP 223).
    if let ([major], Some(update)) = (&numbers[..], rest.strip_prefix('u')) {
        let digits = update.len() - update.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if let Some(update_number) = number(&update[..digits]) {
            numbers = vec![*major, 0, update_number];
            rest = &update[digits..];
        }
    }
    suffixes(TagVersion { numbers, ..TagVersion::default() }, rest)
}

/// Reads one to four numbers, and gives what stands behind them.
fn numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    let (mut numbers, mut rest) = (Vec::new(), text);
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        numbers.push(number(&rest[..digits])?);
        rest = &rest[digits..];
        let next = rest.strip_prefix('.').filter(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        match next {
            None => return Some((numbers, rest)),
            Some(_) if numbers.len() == NUMBERS => return None,
            Some(next) => rest = next,
        }
    }
}

/// Reads what stands behind the numbers: a pre-release and builds, in any order, and then the flavour.
pub(super) fn suffixes(mut version: TagVersion, rest: &str) -> Result<Read, Reason> {
    const SEPARATORS: [char; 4] = ['-', '_', '.', '+'];
    let mut rest = rest;
    // Right behind a digit only what starts a pre-release is a suffix: `18beta1`, and no hash.
    let mut attached = !rest.starts_with(SEPARATORS);
    while !rest.is_empty() {
        let text = if attached { rest } else { &rest[1..] };
        let end = text.find(['-', '_', '+']).unwrap_or(text.len());
        let (token, behind) = text.split_at(end);
        match suffix(token, attached).ok_or(Reason::NoVersion)? {
            Suffix::Build(numbers) => version.build.extend(numbers),
            Suffix::Pre(pre) if version.pre.is_none() => version.pre = Some(pre),
            Suffix::Other if attached => return Err(Reason::NoVersion),
            Suffix::Pre(_) | Suffix::Other => return Ok((version, Some(Flavour::new(text)))),
        }
        rest = behind;
        attached = false;
    }
    Ok((version, None))
}

enum Suffix {
    Build(Vec<u64>),
    Pre(semver::Prerelease),
    Other,
}

/// What one suffix is; nothing where it has a number that is too large.
fn suffix(token: &str, attached: bool) -> Option<Suffix> {
    let letters = token.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(token.len());
    let word = token[..letters].to_ascii_lowercase();
    let behind = token[letters..].trim_start_matches('.');
    let plain = behind.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !behind.contains("..");
    if !plain || behind.ends_with('.') || token.is_empty() {
        return Some(Suffix::Other);
    }
    let numbers: Vec<u64> =
        if behind.is_empty() { Vec::new() } else { behind.split('.').map(number).collect::<Option<_>>()? };
    let build = word.is_empty() || BUILDS.contains(&word.as_str());
    // `3.8.0b1` is a beta, and `8u412-b08` a build.
    if build && !numbers.is_empty() && !(attached && word == "b") {
        return Some(Suffix::Build(numbers));
    }
    let Some((_, order)) = WORDS.iter().find(|(name, _)| *name == word) else { return Some(Suffix::Other) };
    if word.len() == 1 && numbers.is_empty() {
        return Some(Suffix::Other);
    }
    let text: Vec<String> = std::iter::once((*order).to_owned()).chain(numbers.iter().map(u64::to_string)).collect();
    Some(semver::Prerelease::new(&text.join(".")).map_or(Suffix::Other, Suffix::Pre))
}

/// Reads a moment, `2024-01-02T03-04-05Z`, as MinIO writes its releases.
pub(in crate::policy) fn moment(text: &str) -> Option<Result<Read, Reason>> {
    let text = text.strip_prefix("RELEASE.").unwrap_or(text);
    let (moment, rest) = text.split_at_checked("2024-01-02T03-04-05Z".len())?;
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 | 13 | 16 => byte == b'-',
        10 => byte == b'T',
        19 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    if !moment.bytes().enumerate().all(shape) || !(rest.is_empty() || rest.starts_with(['-', '.', '_'])) {
        return None;
    }
    let parts: Vec<u64> = moment.split(['-', 'T', 'Z']).filter_map(number).collect();
    let (numbers, build) = parts.split_at_checked(3)?;
    let (numbers, build) = (numbers.to_vec(), build.to_vec());
    let version = TagVersion { numbers, build, ..TagVersion::default() };
    Some(suffixes(version, rest))
}
