//! Reading who has to have signed: `verify` and what belongs to it, of an image, in `[[trust]]`, and in `[defaults]`.
//!
//! `verify` comes with `threshold` and `tlog` from the place where it is written; where the signatures lie is asked for by itself.
//! An image's own word holds, then the last `[[trust]]` that names its repository, then `[defaults]`.

use super::built::BuiltPattern;
use super::error::ProjectError;
use super::fields::Fields;
use super::node::{Node, NodeValue};
use crate::reference::{Reference, Repository};
use crate::source::{Location, Spanned};
use crate::trust::{By, Signer, Sources, Trust};

/// The most signers of a policy.
const SIGNERS: u32 = 16;

/// What one place says.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    demand: Option<Demand>,
    sources: Sources,
    signed_as: Option<Repository>,
}

#[derive(Clone, Debug)]
enum Demand {
    Nobody,
    Signed(Trust),
}

/// What is said of the repositories that a pattern names.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    repositories: BuiltPattern,
    level: Level,
}

/// What is said for the images of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) rules: Vec<Rule>,
    pub(super) defaults: Level,
}

impl Said {
    /// What holds for an image, by its own word and its repository.
    pub(super) fn of(&self, own: &Level, repository: Option<&Repository>) -> (Option<Trust>, Sources) {
        let named = |rule: &&Rule| repository.is_some_and(|repository| rule.repositories.names(repository));
        let rules = self.rules.iter().rev().filter(named).map(|rule| &rule.level);
        let levels: Vec<&Level> = std::iter::once(own).chain(rules).chain([&self.defaults]).collect();
        let sources = Sources {
            repository: levels.iter().find_map(|level| level.sources.repository.clone()),
            file: levels.iter().find_map(|level| level.sources.file.clone()),
        };
        let trust = match levels.iter().find_map(|level| level.demand.as_ref()) {
            Some(Demand::Signed(trust)) => {
                let signed_as = levels.iter().find_map(|level| level.signed_as.clone());
                Some(Trust { signed_as, ..trust.clone() })
            }
            Some(Demand::Nobody) | None => None,
        };
        (trust, sources)
    }
}

/// Reads a table of `[[trust]]`.
pub(super) fn rule(node: &Node) -> Result<Rule, Vec<ProjectError>> {
    let mut fields = Fields::new(node, "[[trust]]").map_err(|error| vec![error])?;
    let repositories = if fields.required("repository") { fields.parsed::<BuiltPattern>("repository") } else { None };
    let level = level(&mut fields);
    fields.finish()?;
    // Without a repository there is a mistake, and with one this returned before.
    Ok(Rule { repositories: repositories.ok_or_else(Vec::new)?.value, level })
}

/// Reads the keys of one place.
pub(super) fn level(fields: &mut Fields<'_>) -> Level {
    let demand = verify(fields);
    let threshold = fields.number("threshold", 1..=SIGNERS);
    let tlog = tlog(fields);
    let sources = Sources { repository: repository(fields, "signatures"), file: fields.path("attestations") };
    let signed_as = repository(fields, "signed-as");
    let demand = match demand {
        Some(Demand::Signed(trust)) => {
            let signers = trust.signers.len();
            if let Some(threshold) = threshold.as_ref().filter(|threshold| threshold.value as usize > signers) {
                let reason = format!("`threshold` is {}, and `verify` names {signers}", threshold.value);
                fields.fail(ProjectError::invalid(reason, &threshold.at));
            }
            let threshold = threshold.map_or(1, |threshold| threshold.value as usize);
            Some(Demand::Signed(Trust { threshold, tlog: tlog.is_none_or(|tlog| tlog.value), ..trust }))
        }
        other => {
            // A `verify` that cannot be read has its own mistake.
            if other.is_some() || !fields.has("verify") {
                alone(fields, "threshold", threshold.map(|threshold| threshold.at));
                alone(fields, "tlog", tlog.map(|tlog| tlog.at));
            }
            other
        }
    };
    Level { demand, sources, signed_as }
}

fn alone(fields: &mut Fields<'_>, key: &str, at: Option<Location>) {
    if let Some(at) = at {
        fields
            .fail(ProjectError::invalid(format!("`{key}` belongs to a `verify` that names somebody, beside it"), &at));
    }
}

fn verify(fields: &mut Fields<'_>) -> Option<Demand> {
    let entry = fields.entry("verify")?;
    let node = &entry.node;
    let nodes: Vec<&Node> = match &node.value {
        NodeValue::Text(text) if text == "none" => return Some(Demand::Nobody),
        NodeValue::Text(_) => {
            let reason =
                "`verify` is `\"none\"`, `{ key = \"cosign.pub\" }`, or `{ identity = \"…\", issuer = \"…\" }`";
            fields.fail(ProjectError::invalid(reason, &node.content_at()));
            return None;
        }
        NodeValue::Table(_) => vec![node],
        NodeValue::Array(nodes) if !nodes.is_empty() && nodes.len() <= SIGNERS as usize => nodes.iter().collect(),
        NodeValue::Array(_) => {
            let reason = format!("`verify` names from 1 to {SIGNERS} signers; `\"none\"` demands nobody");
            fields.fail(ProjectError::invalid(reason, &node.at));
            return None;
        }
        _ => {
            fields.fail(entry.unexpected("`\"none\"`, a table, or an array of tables"));
            return None;
        }
    };
    let mut signers: Vec<Spanned<Signer>> = Vec::new();
    for node in nodes {
        match signer(node) {
            Ok(signer) if signers.iter().any(|other| other.value == signer.value) => {
                fields.fail(ProjectError::invalid("this signer is named twice, and counts once", &signer.at));
            }
            Ok(signer) => signers.push(signer),
            Err(errors) => errors.into_iter().for_each(|error| fields.fail(error)),
        }
    }
    let trust = Trust { signers, threshold: 1, tlog: true, signed_as: None };
    (!trust.signers.is_empty()).then_some(Demand::Signed(trust))
}

fn signer(node: &Node) -> Result<Spanned<Signer>, Vec<ProjectError>> {
    let mut fields = Fields::new(node, "verify").map_err(|error| vec![error])?;
    let by = match fields.exclusive(&["key", "identity"]) {
        Some("key") => fields.path("key").map(|file| By::Key(file.value)),
        Some(_) => {
            let identity = fields.parsed("identity");
            let issuer = if fields.required("issuer") { fields.parsed("issuer") } else { None };
            let root = fields.text("root").map(|root| root.value);
            identity.zip(issuer).map(|(identity, issuer)| By::Identity {
                identity: identity.value,
                issuer: issuer.value,
                root,
            })
        }
        None => {
            fields.has("issuer");
            fields.has("root");
            None
        }
    };
    let predicate = fields.text("predicate").map(|kind| kind.value);
    fields.finish()?;
    let by = by.ok_or_else(Vec::new)?;
    Ok(Spanned { value: Signer { by, predicate }, at: node.at.clone() })
}

fn tlog(fields: &mut Fields<'_>) -> Option<Spanned<bool>> {
    let entry = fields.entry("tlog")?;
    match entry.flag() {
        Some(value) => Some(Spanned { value, at: entry.node.at.clone() }),
        None => {
            fields.fail(entry.unexpected("a boolean"));
            None
        }
    }
}

/// A repository without a tag and a digest.
fn repository(fields: &mut Fields<'_>, key: &'static str) -> Option<Repository> {
    let reference = fields.parsed::<Reference>(key)?;
    if reference.value.tag.is_some() || reference.value.digest.is_some() {
        let reason = format!("`{key}` is a repository, without a tag and without a digest");
        fields.fail(ProjectError::invalid(reason, &reference.at));
    }
    Some(reference.value.repository)
}
