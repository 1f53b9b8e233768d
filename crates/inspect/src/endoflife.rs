//! When releases end, by snapshots of endoflife.date: one product's JSON, in the form of its first interface or of its second.
//!
//! Which release an image is of is said by its `os-release`. Where nobody has read that, official images say it by their
//! tags ([`of_tag`]), which is their publisher's word.

use std::collections::BTreeMap;

use imagelock_core::update::Day;
use serde::Deserialize;
use serde_json::Value;

use crate::advisory::is_of;

/// What is known of one product: a distribution, most times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    cycles: Vec<Cycle>,
}

/// One of its releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Its version, as far as it tells releases apart: `12`, `3.20`, `22.04`.
    pub name: String,
    /// `bookworm`, in lower case.
    pub codename: Option<String>,
    /// When its publisher ends support for everybody.
    pub end: End,
}

/// When a release ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// On this day.
    On(Day),
    /// It has ended, on a day that nobody says.
    Ended,
    /// It is not said to end.
    Open,
}

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EndOfLifeError {
    /// It is not JSON, or of another form.
    #[error("it is no product of endoflife.date: {0}")]
    Json(#[from] serde_json::Error),
}

/// A release in the first interface.
#[derive(Deserialize)]
struct First {
    cycle: Value,
    #[serde(default)]
    codename: Option<String>,
    #[serde(default)]
    eol: Value,
}

/// The second interface.
#[derive(Deserialize)]
struct Second {
    result: Releases,
}

#[derive(Deserialize)]
struct Releases {
    releases: Vec<Latter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Latter {
    name: String,
    #[serde(default)]
    codename: Option<String>,
    #[serde(default)]
    is_eol: bool,
    #[serde(default)]
    eol_from: Option<String>,
}

impl Product {
    /// Reads a product's file.
    pub fn read(bytes: &[u8]) -> Result<Self, EndOfLifeError> {
        let is_first = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        let cycles = if is_first {
            let cycles: Vec<First> = serde_json::from_slice(bytes)?;
            cycles.into_iter().filter_map(Cycle::of_first).collect()
        } else {
            let second: Second = serde_json::from_slice(bytes)?;
            second.result.releases.into_iter().map(Cycle::of_second).collect()
        };
        Ok(Self { cycles })
    }

    /// The release that a version is of: `10.13` is of `10`, `3.20.3` of `3.20`. Of several, the one that says the most.
    pub fn cycle(&self, version: &str) -> Option<&Cycle> {
        let fits = self.cycles.iter().filter(|cycle| is_of(version, &cycle.name));
        fits.max_by_key(|cycle| cycle.name.len())
    }

    fn named(&self, codename: &str) -> Option<&Cycle> {
        self.cycles.iter().find(|cycle| cycle.codename.as_deref() == Some(codename))
    }
}

impl Cycle {
    fn of_first(First { cycle, codename, eol }: First) -> Option<Self> {
        let name = match cycle {
            Value::String(name) => name,
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let end = match &eol {
            Value::Bool(true) => End::Ended,
            Value::String(day) => day.parse().map_or(End::Open, End::On),
            _ => End::Open,
        };
        Some(Self { name, codename: codename.as_deref().map(plain), end })
    }

    fn of_second(Latter { name, codename, is_eol, eol_from }: Latter) -> Self {
        let day = eol_from.and_then(|day| day.parse().ok());
        let end = day.map_or(if is_eol { End::Ended } else { End::Open }, End::On);
        Self { name, codename: codename.as_deref().map(plain), end }
    }

    /// Whether it has ended by this day.
    pub fn has_ended(&self, today: Day) -> bool {
        match self.end {
            End::On(day) => day < today,
            End::Ended => true,
            End::Open => false,
        }
    }

    /// `ended 30 Jun 2024`, `ends 30 Jun 2026`; nothing where nobody says that it does.
    pub fn words(&self, today: Day) -> Option<String> {
        match self.end {
            End::On(day) if day < today => Some(format!("ended {}", day.words())),
            End::On(day) => Some(format!("ends {}", day.words())),
            End::Ended => Some("ended".to_owned()),
            End::Open => None,
        }
    }
}

/// A codename as tags have it: `Bookworm` is `bookworm`, and of `Jammy Jellyfish` the first word is said.
fn plain(codename: &str) -> String {
    codename.split_whitespace().next().unwrap_or_default().to_ascii_lowercase()
}

/// Which release of which of these products an image is of, by its repository's last name and its tag: `debian:10-slim`,
/// `postgres:16-alpine3.18`, `python:3.12-slim-bookworm`. A tag that says several says nothing.
pub fn of_tag<'p>(
    products: &'p BTreeMap<String, Product>,
    repository: &str,
    tag: &str,
) -> Option<(&'p str, &'p Cycle)> {
    let mut found: Vec<(&str, &Cycle)> = Vec::new();
    for (name, product) in products {
        let named = tag.split('-').filter_map(|part| {
            let numbered =
                part.strip_prefix(name.as_str()).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            product.named(part).or_else(|| product.cycle(numbered?))
        });
        let own = (repository == name).then(|| tag.split('-').next().and_then(|version| product.cycle(version)));
        found.extend(named.chain(own.flatten()).map(|cycle| (name.as_str(), cycle)));
    }
    let first = *found.first()?;
    found.iter().all(|other| *other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = r#"[{"cycle": "12", "codename": "Bookworm", "eol": "2026-06-10", "lts": false},
        {"cycle": "10", "codename": "Buster", "eol": "2022-09-10"}, {"cycle": 6, "eol": true}, {"cycle": "13", "eol": false}, {"cycle": null}]"#;
    const ALPINE: &str = r#"{"schema_version": "1.2.0", "result": {"name": "alpine-linux", "releases": [
        {"name": "3.20", "codename": null, "isEol": false, "eolFrom": "2026-04-01"}, {"name": "3.2", "isEol": true},
        {"name": "3", "isEol": false, "eolFrom": null}]}}"#;

    fn products() -> BTreeMap<String, Product> {
        let read = |name: &str, text: &str| (name.to_owned(), Product::read(text.as_bytes()).unwrap());
        [read("debian", DEBIAN), read("alpine", ALPINE)].into()
    }

    #[test]
    fn a_version_is_of_the_release_that_says_the_most() {
        let products = products();
        let today: Day = "2026-05-01".parse().unwrap();
        let told = |product: &str, version: &str| {
            let cycle = products[product].cycle(version)?;
            Some(format!("{} {:?}", cycle.name, cycle.words(today)))
        };
        assert_eq!(told("debian", "10.13").as_deref(), Some(r#"10 Some("ended 10 Sep 2022")"#));
        assert_eq!(told("debian", "12").as_deref(), Some(r#"12 Some("ends 10 Jun 2026")"#));
        assert_eq!(told("debian", "6").as_deref(), Some(r#"6 Some("ended")"#));
        assert_eq!(told("debian", "13").as_deref(), Some("13 None"));
        assert_eq!(told("debian", "1"), None);
        assert_eq!(told("alpine", "3.20.3").as_deref(), Some(r#"3.20 Some("ended 1 Apr 2026")"#));
        assert_eq!(told("alpine", "3.2.1").as_deref(), Some(r#"3.2 Some("ended")"#));
        assert_eq!(told("alpine", "3.21.0").as_deref(), Some("3 None"));
    }

    #[test]
    fn the_last_day_is_one_of_support() {
        let products = products();
        let ended = |day: &str| products["debian"].cycle("12").unwrap().has_ended(day.parse().unwrap());
        assert!(!ended("2026-06-10") && ended("2026-06-11"));
    }

    #[test]
    fn official_images_say_by_their_tags_what_they_are_of() {
        let products = products();
        let told = |repository: &str, tag: &str| {
            of_tag(&products, repository, tag).map(|(product, cycle)| format!("{product} {}", cycle.name))
        };
        for (repository, tag, expected) in [
            ("debian", "10-slim", "debian 10"),
            ("debian", "buster-slim", "debian 10"),
            ("debian", "10.13", "debian 10"),
            ("postgres", "16-alpine3.20", "alpine 3.20"),
            ("python", "3.12-slim-bookworm", "debian 12"),
            ("alpine", "3.20.1", "alpine 3.20"),
        ] {
            assert_eq!(told(repository, tag).as_deref(), Some(expected), "{repository}:{tag}");
        }
        for (repository, tag) in [
            ("postgres", "16-alpine"),
            ("redis", "10"),
            ("debian", "latest"),
            ("x", "bookworm-alpine3.20"),
            ("x", "debianish-12"),
            ("x", ""),
        ] {
            assert_eq!(told(repository, tag), None, "{repository}:{tag}");
        }
    }

    #[test]
    fn what_is_no_product_is_refused() {
        for text in ["", "{}", "[1]", "{\"result\": {}}", "null", "[{\"eol\": true}]", &"[".repeat(500)] {
            let error = Product::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("it is no product of endoflife.date: "), "{error}");
        }
        let odd = r#"[{"cycle": "1", "eol": "soon", "codename": " "}]"#;
        assert_eq!(Product::read(odd.as_bytes()).unwrap().cycles[0].end, End::Open);
    }
}
