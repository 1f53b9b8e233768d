//! The order of two texts that say a version, where it is one that nobody doubts.

use std::cmp::Ordering;

use crate::update::Version;

/// Compares two versions by the first number that both have and that differs. A text that says less than the other (`16` and
/// `16.9`) has no place beside it, and what is behind the numbers is a kind as often as it is an order.
pub(super) fn order(one: &str, other: &str) -> Option<Ordering> {
    if one == other {
        return Some(Ordering::Equal);
    }
    let (one, other) = (Version::read(one)?, Version::read(other)?);
    let mut both = one.numbers().iter().zip(other.numbers());
    both.find_map(|(one, other)| Some(one.cmp(other)).filter(|order| order.is_ne()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_one_kind_have_an_order_and_others_have_none() {
        let newer = [
            ("1.24.3", "1.24.4"),
            ("1.9", "1.10"),
            ("v1.9.0", "v2.0.0"),
            ("1.9.1", "2.0"),
            ("16", "17.1"),
            ("16.8-alpine3.21", "16.9-alpine3.22"),
            ("1.0.0+a", "1.0.1+b"),
        ];
        for (one, other) in newer {
            assert_eq!(order(one, other), Some(Ordering::Less), "{one} {other}");
            assert_eq!(order(other, one), Some(Ordering::Greater), "{other} {one}");
        }
        assert_eq!(order("jammy", "jammy"), Some(Ordering::Equal));
        let none = [
            ("16", "16.9"),
            ("1.0-r1", "1.0-r2"),
            ("latest", "1.0"),
            ("", "1.0"),
            ("20240101", "20240211"),
            ("edge", "main"),
        ];
        for (one, other) in none {
            assert_eq!(order(one, other), None, "{one} {other}");
        }
    }
}
