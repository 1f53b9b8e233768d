//! Explores one target with new inputs, in one thread, until it is told to stop.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::judge::{Cost, Failure, judge};
use crate::minimize::minimize;
use crate::mutate::{LONGEST, Random, mutate};
use crate::{Target, corpus};

/// How many inputs are worth being changed further. Beyond it, a new one takes the place of another.
const POOL: usize = 4096;

/// How long an input may be to be changed further: long ones cost much and tell little.
const POOLED: usize = 2048;

/// What was found out so far.
#[derive(Debug, Default)]
pub struct Explored {
    /// How many inputs were tried.
    pub executions: u64,
    /// How many of them cost what none before had cost, which mostly says that they took a new path.
    pub novel: u64,
    /// What failed, each place once, with the input made small.
    pub failures: Vec<(Failure, Vec<u8>)>,
}

/// Explores a target.
pub struct Explorer {
    target: Target,
    random: Random,
    seeds: usize,
    pool: Vec<Vec<u8>>,
    costs: BTreeSet<Cost>,
    places: BTreeSet<String>,
    explored: Explored,
}

impl Explorer {
    /// Starts with the target's seeds and regressions in a folder such as [`corpus::folder`].
    pub fn new(folder: &Path, target: Target, seed: u64) -> io::Result<Self> {
        let seeds = corpus::seeds(folder, target.name)?.into_iter().chain(corpus::regressions(folder, target.name)?);
        let pool: Vec<Vec<u8>> = seeds.map(|(_, input)| input).collect();
        Ok(Self {
            target,
            random: Random::new(seed),
            seeds: pool.len(),
            pool,
            costs: BTreeSet::new(),
            places: BTreeSet::new(),
            explored: Explored::default(),
        })
    }

    /// Makes the next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        mutate(&mut self.random, &self.pool)
    }

    /// Tries an input, and makes it small when it fails in a place where none has failed. `note` is given every input
    /// before it is tried: that one and the smaller ones.
    pub fn attempt(&mut self, input: Vec<u8>, note: &mut dyn FnMut(&[u8])) {
        self.explored.executions += 1;
        note(&input);
        match judge(self.target, &input) {
            Ok(cost) => {
                if self.costs.insert(cost) {
                    self.explored.novel += 1;
                    self.pooled(input);
                }
            }
            Err(failure) => {
                if self.places.insert(failure.place.clone()) {
                    let alike = |shorter: &[u8]| {
                        note(shorter);
                        judge(self.target, shorter).is_err_and(|other| other.place == failure.place)
                    };
                    let small = minimize(&input, alike);
                    self.explored.failures.push((failure, small));
                }
            }
        }
    }

    fn pooled(&mut self, input: Vec<u8>) {
        if input.len() > POOLED.min(LONGEST) {
            return;
        }
        if self.pool.len() < POOL {
            self.pool.push(input);
            return;
        }
        // The seeds stay: they are what people really write.
        let place = self.seeds + self.random.below(self.pool.len().saturating_sub(self.seeds));
        if let Some(old) = self.pool.get_mut(place) {
            *old = input;
        }
    }

    /// What was found out so far.
    pub fn explored(&self) -> &Explored {
        &self.explored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A parser with a fault that no seed shows.
    fn faulty(input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        if text.contains('{') && text.contains('}') {
            assert!(!text.contains('"'), "a quote within braces");
        }
        drop(std::hint::black_box(text.split(',').map(str::to_owned).collect::<Vec<_>>()));
    }

    fn explored(seed: u64) -> Explorer {
        explored_with(seed, &mut |_| {})
    }

    fn explored_with(seed: u64, note: &mut dyn FnMut(&[u8])) -> Explorer {
        let folder = tempfile::tempdir().unwrap();
        let seeds = folder.path().join("seeds").join("faulty");
        std::fs::create_dir_all(&seeds).unwrap();
        std::fs::write(seeds.join("one"), "a, b, c, d").unwrap();
        let target = Target { name: "faulty", body: faulty };
        let mut explorer = Explorer::new(folder.path(), target, seed).unwrap();
        for _ in 0..20_000 {
            let input = explorer.next_input();
            explorer.attempt(input, note);
        }
        explorer
    }

    #[test]
    fn a_fault_is_found_once_and_made_small() {
        let explorer = explored(7);
        let [(failure, input)] = explorer.explored().failures.as_slice() else {
            panic!("{:?}", explorer.explored().failures)
        };
        assert_eq!((failure.kind, input.len()), ("panic", 3), "{}", String::from_utf8_lossy(input));
        assert_eq!(explorer.explored().executions, 20_000);
        assert!(explorer.explored().novel > 100);
    }

    #[test]
    fn every_input_is_noted_before_it_is_tried_the_smaller_ones_too() {
        let (mut noted, mut last) = (0, Vec::new());
        let explorer = explored_with(7, &mut |input| (noted, last) = (noted + 1, input.to_vec()));
        assert!(noted > explorer.explored().executions, "{noted}");
        let mut explorer = Explorer { places: BTreeSet::new(), ..explorer };
        explorer.attempt(b"{\"}".to_vec(), &mut |input| last = input.to_vec());
        assert!(last.len() < 3, "{last:?} was tried last, to make the input small");
    }

    #[test]
    fn the_same_seed_explores_the_same_inputs() {
        assert_eq!(explored(8).next_input(), explored(8).next_input());
    }
}
