//! What a change of packages fixes, and what it brings.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::range::End;
use super::{Advisories, Advisory, Compare, Naming};
use crate::Package;

/// A package before and after; one that stayed as it is counts for what stays.
#[derive(Clone, Copy, Debug)]
pub struct Change<'p> {
    /// As it was; nothing where it came.
    pub from: Option<&'p Package>,
    /// As it is; nothing where it went.
    pub to: Option<&'p Package>,
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
    /// Those of a package that is newer now than what they are in.
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
    /// Whether the package is there still.
    stays: bool,
    effect: Option<Effect>,
}

/// Says what these changes fix and bring. Order and number of what comes in changes nothing.
pub fn judge(changes: &[Change<'_>], advisories: &Advisories, compare: Compare<'_>) -> Effects {
    let mut found: BTreeMap<(String, String), Sides> = BTreeMap::new();
    for change in changes {
        for (package, is_old) in [(change.from, true), (change.to, false)] {
            let Some(package) = package else { continue };
            for (name, advisory) in advisories.of(package) {
                let affects = affects(advisory, package, compare);
                for id in &advisory.ids {
                    let sides = found.entry((id.clone(), name.to_owned())).or_default();
                    sides.stays |= !is_old;
                    *(if is_old { &mut sides.old } else { &mut sides.new }) |= affects.is_some();
                    let Some(Affected { fixed }) = &affects else { continue };
                    sides.add(Effect {
                        id: id.clone(),
                        package: name.to_owned(),
                        fixed: fixed.clone(),
                        aliases: advisory.aliases.clone(),
                        snapshot: advisory.snapshot.clone(),
                    });
                }
            }
        }
    }
    let mut effects = Effects::default();
    for Sides { old, new, stays, effect } in found.into_values() {
        let Some(effect) = effect else { continue };
        match (old, new) {
            (true, true) => effects.unchanged += 1,
            (true, false) if stays => effects.fixed.push(effect),
            (true, false) => effects.gone.push(effect),
            (false, _) => effects.introduced.push(effect),
        }
    }
    effects
}

impl Sides {
    /// Several advisories may say the same: their names are put together, and the first says the rest.
    fn add(&mut self, effect: Effect) {
        let Some(known) = &mut self.effect else {
            self.effect = Some(effect);
            return;
        };
        let aliases: BTreeSet<String> = known.aliases.drain(..).chain(effect.aliases).collect();
        known.aliases = aliases.into_iter().collect();
        if known.fixed.is_none() {
            known.fixed = effect.fixed;
        }
    }
}

/// A version that is affected.
struct Affected {
    /// The version that fixes it, where there is one.
    fixed: Option<String>,
}

/// Whether an advisory affects a package.
fn affects(advisory: &Advisory, package: &Package, compare: Compare<'_>) -> Option<Affected> {
    let source = package.source.as_ref().filter(|_| advisory.naming == Naming::Sources);
    let version = source.and_then(|source| source.version.as_deref()).unwrap_or(&package.version);
    let kind = package.purl.kind();
    let range = advisory.ranges.iter().find(|range| range.has(kind, version, compare));
    match range.map(|range| &range.end) {
        Some(End::Fixed(fixed)) => Some(Affected { fixed: Some(fixed.clone()) }),
        Some(End::Open | End::Last(_)) => Some(Affected { fixed: None }),
        None => advisory.versions.contains(version).then_some(Affected { fixed: None }),
    }
}
