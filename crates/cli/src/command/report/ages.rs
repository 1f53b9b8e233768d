//! How old the locked images are, as the bars of a chart.

use serde::Serialize;

/// The days up to which an image is of an age, and what that is called.
const AGES: [(i64, &str); 6] = [
    (7, "up to a week"),
    (30, "up to a month"),
    (91, "up to 3 months"),
    (182, "up to 6 months"),
    (365, "up to a year"),
    (730, "up to 2 years"),
];

/// A bar.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bar {
    name: &'static str,
    count: usize,
    /// How long the bar is, of 100.
    width: usize,
}

/// The bars of the ages of all images, in days; one that says nothing has none.
pub(super) fn bars(ages: &[Option<i64>]) -> Vec<Bar> {
    let place = |age: &Option<i64>| match age {
        None => AGES.len() + 1,
        Some(days) => AGES.iter().position(|(most, _)| days <= most).unwrap_or(AGES.len()),
    };
    let mut counts = [0; AGES.len() + 2];
    for age in ages {
        counts[place(age)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let names = AGES.iter().map(|(_, name)| *name).chain(["older", "it says nothing"]);
    names.zip(counts).map(|(name, count)| Bar { name, count, width: count * 100 / most }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_of_one_age() {
        let ages = [Some(-1), Some(0), Some(7), Some(8), Some(365), Some(731), Some(9999), None];
        let bars = bars(&ages);
        let told: Vec<(usize, usize)> = bars.iter().map(|bar| (bar.count, bar.width)).collect();
        assert_eq!(told, [(3, 100), (1, 33), (0, 0), (0, 0), (1, 33), (0, 0), (2, 66), (1, 33)]);
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<usize>(), ages.len());
        assert!(super::bars(&[]).iter().all(|bar| (bar.count, bar.width) == (0, 0)));
    }
}
