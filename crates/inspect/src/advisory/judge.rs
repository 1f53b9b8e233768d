//! What a change of packages fixes, and what it brings.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::range::End;
use super::{Advisories, Advisory, Compare, Names, Naming};
use crate::Package;

/// The packages of an image, and what is known of them in its release.
#[derive(Clone, Copy, Debug)]
pub struct Inside<'p> {
    /// All of them, those that stay as they are too.
    pub packages: &'p [&'p Package],
    /// What is known of them.
    pub advisories: &'p Advisories,
}

/// One fault in one package, by who says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Effect {
    /// The CVE, or what the fault is called where it has none.
    pub id: String,
    /// The package, by the name that the advisory has for it.
    pub package: String,
    /// The version that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// What it is called besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Which snapshot says so.
    pub snapshot: String,
}

/// What became of faults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effects {
    /// Those that were in what is another version now.
    pub fixed: Vec<Effect>,
    /// Those that went with their package.
    pub gone: Vec<Effect>,
    /// Those that were not there before.
    pub introduced: Vec<Effect>,
    /// How many are in what there was and in what there is.
    pub unchanged: usize,
}

/// What is known of one fault in one package of both sides.
#[derive(Default)]
struct Sides {
    old: bool,
    new: bool,
    effect: Option<Effect>,
}

/// Says what the step from one image to the other fixes and brings. The order of what comes in changes nothing.
pub fn judge(from: Inside<'_>, to: Inside<'_>, compare: Compare<'_>) -> Effects {
    let mut found: BTreeMap<(&str, &str), Sides> = BTreeMap::new();
    for (side, is_old) in [(from, true), (to, false)] {
        for package in side.packages.iter().copied() {
            for (name, advisory) in side.advisories.of(package) {
                let Some(Affected { fixed }) = affects(advisory, package, compare) else { continue };
                for id in &advisory.ids {
                    let sides = found.entry((id, name)).or_default();
                    *(if is_old { &mut sides.old } else { &mut sides.new }) = true;
                    sides.add(advisory, (id, name), fixed);
                }
            }
        }
    }
    let stay = Names::of(to.packages.iter().copied());
    let mut effects = Effects::default();
    for ((_, name), Sides { old, new, effect }) in found {
        let Some(effect) = effect else { continue };
        match (old, new) {
            (true, true) => effects.unchanged += 1,
            (true, false) if stay.has(name) => effects.fixed.push(effect),
            (true, false) => effects.gone.push(effect),
            (false, _) => effects.introduced.push(effect),
        }
    }
    effects
}

impl Sides {
    /// Several advisories may say the same: their names are put together, and the first says the rest.
    fn add(&mut self, advisory: &Advisory, (id, package): (&str, &str), fixed: Option<&str>) {
        let fixed = fixed.map(str::to_owned);
        let Some(known) = &mut self.effect else {
            let (id, package) = (id.to_owned(), package.to_owned());
            let (aliases, snapshot) = (advisory.aliases.clone(), advisory.snapshot.clone());
            self.effect = Some(Effect { id, package, fixed, aliases, snapshot });
            return;
        };
        if !advisory.aliases.iter().all(|alias| known.aliases.contains(alias)) {
            let aliases: BTreeSet<String> = known.aliases.drain(..).chain(advisory.aliases.iter().cloned()).collect();
            known.aliases = aliases.into_iter().collect();
        }
        if known.fixed.is_none() {
            known.fixed = fixed;
        }
    }
}

/// A version that is affected.
struct Affected<'a> {
    /// The version that fixes it, where there is one.
    fixed: Option<&'a str>,
}

/// Whether an advisory affects a package.
fn affects<'a>(advisory: &'a Advisory, package: &Package, compare: Compare<'_>) -> Option<Affected<'a>> {
    let source = package.source.as_ref().filter(|_| advisory.naming == Naming::Sources);
    let version = source.and_then(|source| source.version.as_deref()).unwrap_or(&package.version);
    let kind = package.purl.kind();
    let range = advisory.ranges.iter().find(|range| range.has(kind, version, compare));
    match range.map(|range| &range.end) {
        Some(End::Fixed(fixed)) => Some(Affected { fixed: Some(fixed) }),
        Some(End::Open | End::Last(_)) => Some(Affected { fixed: None }),
        None => advisory.versions.contains(version).then_some(Affected { fixed: None }),
    }
}
