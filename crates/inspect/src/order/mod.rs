//! Which of two versions is the later one, by the rules of who numbers them.
//!
//! No text is refused: what is no version of a distribution still has a place in its order.

mod apk;
mod deb;
mod other;
mod rpm;

use std::cmp::Ordering;

/// Compares two versions of a package whose purl has this type (`apk`, `deb`, `rpm`, `npm`, ...).
///
/// Distributions have their own orders: `dpkg --compare-versions`, `rpm.vercmp` with epochs (`1:2.3-4`), `apk version`.
/// `cargo`, `golang` and `npm` follow SemVer 2.0.0, where a `-` begins a pre-release. All others are compared number by
/// number, with the words for pre-releases before the release. Versions that are written differently may be equal.
pub fn compare_versions(kind: &str, left: &str, right: &str) -> Ordering {
    match kind {
        "apk" => apk::compare(left, right),
        "deb" => deb::compare(left, right),
        "rpm" => rpm::compare(left, right),
        "cargo" | "golang" | "npm" => other::compare(left, right, other::Dash::PreRelease),
        _ => other::compare(left, right, other::Dash::Separator),
    }
}

/// Compares two runs of digits as numbers of any length.
fn numbers(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (significant(left), significant(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The digits without the zeros that lead them.
fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

/// Splits where the first byte is that the run does not have.
fn run(text: &[u8], belongs: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
