//! The order of Debian's versions: Debian Policy, section 5.6.12, as dpkg compares them.

use std::cmp::Ordering;

use super::{numbers, run};

/// `[epoch:]upstream[-revision]`: the parts one after the other.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Parts::of(left), Parts::of(right));
    numbers(left.epoch.as_bytes(), right.epoch.as_bytes())
        .then_with(|| part(left.upstream.as_bytes(), right.upstream.as_bytes()))
        .then_with(|| part(left.revision.as_bytes(), right.revision.as_bytes()))
}

struct Parts<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let version = version.trim();
        // What is no number is no epoch, and dpkg refuses it: then it counts as a part of the version.
        let (epoch, rest) = match version.split_once(':') {
            Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
                (epoch, rest)
            }
            _ => ("", version),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, upstream, revision }
    }
}

/// Text and numbers in turn. An absent revision is the same as `0`, for a missing number is one.
fn part(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_text, left_rest) = run(left, |byte| !byte.is_ascii_digit());
        let (right_text, right_rest) = run(right, |byte| !byte.is_ascii_digit());
        let texts = text(left_text, right_text);
        let (left_number, left_rest) = run(left_rest, u8::is_ascii_digit);
        let (right_number, right_rest) = run(right_rest, u8::is_ascii_digit);
        let ordering = texts.then_with(|| numbers(left_number, right_number));
        if ordering.is_ne() {
            return ordering;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

/// Letters sort before everything else, and `~` before the end.
fn text(left: &[u8], right: &[u8]) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    (0..left.len().max(right.len()))
        .map(|at| weight(left.get(at)).cmp(&weight(right.get(at))))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}
