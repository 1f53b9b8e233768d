//! What fails is tried again later and later, each by itself: one that is gone does not keep the others waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use imagelock_core::ImageName;
use imagelock_core::text::time;

/// The longest that something rests, unless rounds are longer apart.
const MOST: Duration = Duration::from_hours(1);

/// What rests, and until which round.
pub(super) struct Rests {
    every: Duration,
    round: u64,
    resting: BTreeMap<ImageName, Rest>,
}

struct Rest {
    failures: u32,
    until: u64,
}

impl Rests {
    /// Nothing rests; rounds are so far apart.
    pub(super) fn of(every: Duration) -> Self {
        Self { every, round: 0, resting: BTreeMap::new() }
    }

    pub(super) fn next_round(&mut self) {
        self.round += 1;
    }

    pub(super) fn rests(&self, name: &ImageName) -> bool {
        self.resting.get(name).is_some_and(|rest| self.round < rest.until)
    }

    pub(super) fn done(&mut self, name: &ImageName) {
        self.resting.remove(name);
    }

    /// Lets it rest for one round after the first failure, and for twice as many after each further one. Returns how long
    /// that is.
    pub(super) fn failed(&mut self, name: &ImageName) -> String {
        let most = u64::try_from(MOST.as_nanos() / self.every.as_nanos().max(1)).unwrap_or(u64::MAX).max(1);
        let rest = self.resting.entry(name.clone()).or_insert(Rest { failures: 0, until: 0 });
        let rounds = 1_u64.checked_shl(rest.failures).unwrap_or(u64::MAX).min(most);
        rest.failures = rest.failures.saturating_add(1);
        rest.until = self.round.saturating_add(rounds);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        time(self.every.saturating_mul(rounds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_rests_twice_as_long_each_time_and_an_hour_at_most() {
        let (one, other): (ImageName, ImageName) = ("one".parse().unwrap(), "other".parse().unwrap());
        let mut rests = Rests::of(Duration::from_mins(10));
        let waits: Vec<String> = (0..5).map(|_| rests.failed(&one)).collect();
        assert_eq!(waits, ["10 min", "20 min", "40 min", "1 h", "1 h"]);
        assert!(rests.rests(&one) && !rests.rests(&other));
        (0..6).for_each(|_| rests.next_round());
        assert!(!rests.rests(&one));
        assert_eq!(rests.failed(&one), "1 h");
        rests.done(&one);
        assert!(!rests.rests(&one));
        assert_eq!(rests.failed(&one), "10 min");
    }

    #[test]
    fn rounds_that_are_further_apart_than_an_hour_are_all_tried() {
        let one: ImageName = "one".parse().unwrap();
        let mut rests = Rests::of(Duration::from_hours(6));
        assert_eq!([rests.failed(&one), rests.failed(&one)], ["6 h", "6 h"]);
        rests.next_round();
        assert!(!rests.rests(&one));
        let mut quick = Rests::of(Duration::from_millis(1));
        assert_eq!([quick.failed(&one), quick.failed(&one)], ["1 ms", "2 ms"]);
        (0..100).for_each(|_| drop(quick.failed(&one)));
        assert_eq!(quick.failed(&one), "1 h");
    }
}
