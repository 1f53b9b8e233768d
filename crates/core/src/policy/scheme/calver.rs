//! Days as versions: `2024.1`, `24.04`, `20240211`, `2024-01-16`, `RELEASE.2024-01-02T03-04-05Z`.

use super::super::dropped::Reason;
use super::super::tag_version::{Read, TagVersion, number, without_v};
use super::loose;

pub(super) fn read(text: &str) -> Result<Read, Reason> {
    if let Some(read) = loose::moment(text) {
        return read;
    }
    let text = without_v(text);
    if let Some((version, rest)) = compact(text).or_else(|| dashed(text)) {
        return loose::suffixes(version, rest);
    }
    let (version, flavour) = loose::read(text)?;
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    let fits = match &version.numbers[..] {
        [year_number] => year == 4 && is_year(*year_number),
        [year_number, month, ..] => (year == 2 || year == 4 && is_year(*year_number)) && (1..=12).contains(month),
        [] => false,
    };
    if fits { Ok((version, flavour)) } else { Err(Reason::NoVersion) }
}

/// Whether a number is the year of a release, as far as anybody can tell.
pub(in crate::policy) fn is_year(number: u64) -> bool {
    (1970..2200).contains(&number)
}

fn day(year: &str, month: &str, day: &str) -> Option<TagVersion> {
    let numbers = [year, month, day].map(number);
    let [Some(year), Some(month), Some(day)] = numbers else { return None };
    let fits = is_year(year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then(|| TagVersion { numbers: vec![year, month, day], ..TagVersion::default() })
}

/// `20240211`, with hours, minutes and seconds right behind it or not.
fn compact(text: &str) -> Option<(TagVersion, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !matches!(digits, 8 | 10 | 12 | 14) {
        return None;
    }
    let mut version = day(&text[..4], &text[4..6], &text[6..8])?;
    version.build.extend(number(&text[8..digits]));
    Some((version, &text[digits..]))
}

/// `2024-01-16`, or with `_`.
fn dashed(text: &str) -> Option<(TagVersion, &str)> {
    let (date, rest) = text.split_at_checked("2024-01-16".len())?;
    let separator = date.chars().nth(4).filter(|separator| matches!(separator, '-' | '_'))?;
    let mut parts = date.split(separator);
    let (year, month, day_of_month) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && year.len() == 4 && month.len() == 2 && day_of_month.len() == 2;
    let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    let version = day(year, month, day_of_month).filter(|_| whole && ends)?;
    Some((version, rest))
}
