//! The order of RPM's versions: epoch, version and release, each as `rpmvercmp` compares them (rpm-version(7)).

use std::cmp::Ordering;

use super::{numbers, run};

/// `[epoch:]version[-release]`. No epoch is the epoch 0, no release comes before every release.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Parts::of(left), Parts::of(right));
    part(left.epoch.as_bytes(), right.epoch.as_bytes())
        .then_with(|| part(left.version.as_bytes(), right.version.as_bytes()))
        .then_with(|| match (left.release, right.release) {
            (Some(left), Some(right)) => part(left.as_bytes(), right.as_bytes()),
            (left, right) => left.is_some().cmp(&right.is_some()),
        })
}

struct Parts<'a> {
    epoch: &'a str,
    version: &'a str,
    release: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
            _ => ("", text),
        };
        let epoch = if epoch.is_empty() { "0" } else { epoch };
        match rest.rsplit_once('-') {
            Some((version, release)) => Self { epoch, version, release: Some(release) },
            None => Self { epoch, version: rest, release: None },
        }
    }
}

fn part<'a>(mut left: &'a [u8], mut right: &'a [u8]) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    while !left.is_empty() || !right.is_empty() {
        let separates = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'~' && *byte != b'^';
        left = run(left, separates).1;
        right = run(right, separates).1;
        match mark(left, right) {
            Mark::Both => (left, right) = (&left[1..], &right[1..]),
            Mark::Decides(ordering) => return ordering,
            Mark::Neither if left.is_empty() || right.is_empty() => break,
            Mark::Neither => match segment(left, right) {
                Ok(rests) => (left, right) = rests,
                Err(ordering) => return ordering,
            },
        }
    }
    // What has more left is the later one.
    left.len().min(1).cmp(&right.len().min(1))
}

enum Mark {
    Neither,
    Both,
    Decides(Ordering),
}

/// `~` comes before everything, the end too; `^` comes after the end, and before everything else.
fn mark(left: &[u8], right: &[u8]) -> Mark {
    let place = |text: &[u8]| match text.first() {
        Some(b'~') => 0,
        None => 1,
        Some(b'^') => 2,
        Some(_) => 3,
    };
    let (left, right) = (place(left), place(right));
    let is_mark = |place| place == 0 || place == 2;
    match (is_mark(left) || is_mark(right), left.cmp(&right)) {
        (false, _) => Mark::Neither,
        (true, Ordering::Equal) => Mark::Both,
        (true, ordering) => Mark::Decides(ordering),
    }
}

type Rests<'a> = (&'a [u8], &'a [u8]);

/// Compares one run of digits or of letters: what is left of both, or what decides.
fn segment<'a>(left: &'a [u8], right: &'a [u8]) -> Result<Rests<'a>, Ordering> {
    let is_number = left[0].is_ascii_digit();
    let belongs = |byte: &u8| if is_number { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() };
    let (left_run, left) = run(left, belongs);
    let (right_run, right) = run(right, belongs);
    if right_run.is_empty() {
        // A number is later than letters.
        return Err(if is_number { Ordering::Greater } else { Ordering::Less });
    }
    let ordering = if is_number { numbers(left_run, right_run) } else { left_run.cmp(right_run) };
    if ordering.is_eq() { Ok((left, right)) } else { Err(ordering) }
}
