//! What builds wrote into files: the provenance in a statement, in an envelope around one, in what `buildx` tells of a build.
//!
//! A file may hold several, one behind the other (`gh attestation download`). What is beside them says nothing here.

use std::collections::BTreeSet;
use std::fmt::Formatter;
use std::marker::PhantomData;

use imagelock_core::oci::{OciError, Statement};
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::provenance::Written;
use super::{Kind, Provenance, enveloped};

/// What a build wrote about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Which build it was, where the file has several: a target, a platform. Hostile text wherever it is printed.
    pub name: String,
    /// How it was made.
    pub provenance: Provenance,
}

/// What `buildx --metadata-file` calls provenance; the platform may follow.
const METADATA: &str = "buildx.build.provenance";
/// What `buildx imagetools inspect` calls it.
const IMAGETOOLS: &str = "SLSA";
/// The most documents of one file.
const DOCUMENTS: usize = 1_000;

/// Reads the provenance of all builds that a file tells of, in the order of the file. None is no error: a file may hold
/// other statements.
pub fn builds(bytes: &[u8]) -> Result<Vec<Build>, OciError> {
    let failed = |error: serde_json::Error| OciError::new(format!("not JSON: {error}"));
    let mut documents = serde_json::Deserializer::from_slice(bytes).into_iter::<Keys>();
    let (mut found, mut start) = (Vec::new(), 0);
    for number in 1.. {
        let Some(keys) = documents.next() else { break };
        if number > DOCUMENTS {
            return Err(OciError::new(format!("it has more than {DOCUMENTS} documents")));
        }
        let keys = keys.map_err(failed)?.0;
        let end = documents.byte_offset();
        of_document(&keys, bytes.get(start..end).unwrap_or_default(), &mut found)?;
        start = end;
    }
    Ok(found)
}

fn of_document(keys: &BTreeSet<String>, bytes: &[u8], found: &mut Vec<Build>) -> Result<(), OciError> {
    let has = |key: &str| keys.contains(key);
    let mut add = |name: String, written: Written| found.push(Build { name, provenance: written.read() });
    if has("predicateType") {
        if let Some(written) = of_statement(bytes)? {
            add(String::new(), written);
        }
    } else if has("payload") || has("dsseEnvelope") {
        if let Some(written) = of_statement(&enveloped(bytes)?)? {
            add(String::new(), written);
        }
    } else if has("buildType") || has("buildDefinition") || has("materials") {
        add(String::new(), parsed::<Written>(bytes)?);
    } else {
        let Told { own, below } = parsed(bytes)?;
        let below = below.into_iter().flat_map(|(target, all)| {
            all.into_iter().map(move |(platform, written)| (format!("{target} {platform}").trim().to_owned(), written))
        });
        own.into_iter().chain(below).for_each(|(name, written)| add(name, written));
    }
    Ok(())
}

fn of_statement(bytes: &[u8]) -> Result<Option<Written>, OciError> {
    let statement = Statement::read(bytes)?;
    let is_provenance = Kind::of_predicate(&statement.predicate_type) == Some(Kind::Provenance);
    is_provenance.then(|| Statement::predicate(bytes)).transpose()
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, OciError> {
    serde_json::from_slice(bytes).map_err(|error| OciError::new(format!("not what a build writes: {error}")))
}

/// The keys of an object; what is none has none.
struct Keys(BTreeSet<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = deserializer.deserialize_map(Members::<IgnoredAny>(PhantomData))?;
        Ok(Self(keys.into_iter().map(|(key, _)| key).collect()))
    }
}

/// What `buildx` tells: provenance of its own, or of each target or platform.
struct Told {
    own: Vec<(String, Written)>,
    below: Vec<(String, Vec<(String, Written)>)>,
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut told = Self { own: Vec::new(), below: Vec::new() };
        for (key, value) in deserializer.deserialize_map(Members::<Either>(PhantomData))? {
            match value {
                Either::Provenance(written) => told.own.push((platform(&key), *written)),
                Either::Others(all) if !all.is_empty() => told.below.push((key, all)),
                Either::Others(_) => {}
            }
        }
        Ok(told)
    }
}

/// The platform that a key of `buildx` names.
fn platform(key: &str) -> String {
    key.strip_prefix(METADATA).unwrap_or_default().trim_start_matches('/').to_owned()
}

fn is_provenance(key: &str) -> bool {
    key == IMAGETOOLS || key.strip_prefix(METADATA).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

enum Either {
    Provenance(Box<Written>),
    /// What stands one level below.
    Others(Vec<(String, Written)>),
}

/// A member whose key says how its value is read.
trait Member: Sized {
    fn read<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Self, A::Error>;
}

impl Member for IgnoredAny {
    fn read<'de, A: MapAccess<'de>>(_: &str, map: &mut A) -> Result<Self, A::Error> {
        map.next_value()
    }
}

impl Member for Either {
    fn read<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Self, A::Error> {
        if is_provenance(key) {
            map.next_value().map(Self::Provenance)
        } else {
            map.next_value::<Below>().map(|below| Self::Others(below.0))
        }
    }
}

impl Member for Option<Written> {
    fn read<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Self, A::Error> {
        if is_provenance(key) { map.next_value().map(Some) } else { map.next_value::<IgnoredAny>().map(|_| None) }
    }
}

/// The members of an object, each with its key. Anything else has none.
struct Members<T>(PhantomData<T>);

impl<'de, T: Member> Visitor<'de> for Members<T> {
    type Value = Vec<(String, T)>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = T::read(&key, &mut map)?;
            members.push((key, value));
        }
        Ok(members)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
}

/// The provenance one level below.
struct Below(Vec<(String, Written)>);

impl<'de> Deserialize<'de> for Below {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = deserializer.deserialize_any(Members::<Option<Written>>(PhantomData))?;
        let found = members.into_iter().filter_map(|(key, written)| Some((platform(&key), written?)));
        Ok(Self(found.collect()))
    }
}
