//! Where templates of CloudFormation and of SAM, and task definitions of ECS, name images, in YAML and in JSON.
//!
//! `!Ref`, `!Sub` and the other functions decide when a stack is made: what they are given is a variable, with the
//! parameter's default. `ImageId` is a machine's.

use imagelock_yaml::{Entry, Kind, Node, Style};

use super::super::json::gives;
use super::super::paths::{Syntax, documents, in_order};
use super::super::row::{Given, Row};
use super::super::table::PathTable;
use super::super::yaml::{self, is_yaml};
use crate::{Format, Head, Lines, Named, Parsed, Says, Site, Unreadable};

/// Templates of CloudFormation, and task definitions of ECS.
#[derive(Clone, Copy, Debug, Default)]
pub struct CloudFormation;

const TABLE: PathTable = PathTable {
    images: &[
        Row::image("Resources.*.Properties.ContainerDefinitions[].Image"),
        // What a condition chooses between is a list.
        Row::image("Resources.*.Properties.ContainerDefinitions[][].Image"),
        Row::image("Resources.*.Properties.Code.ImageUri"),
        Row::image("Resources.*.Properties.ImageUri"),
        Row::image("Globals.Function.ImageUri"),
        Row::image("Resources.*.Properties.ContainerProperties.Image"),
        Row::image("Resources.*.Properties.SourceConfiguration.ImageRepository.ImageIdentifier"),
        Row::image("Resources.*.Properties.PrimaryContainer.Image"),
        Row::image("Resources.*.Properties.Environment.Image"),
        Row::image("containerDefinitions[].image"),
        Row::image("taskDefinition.containerDefinitions[].image"),
    ],
    variables: &[Given::key("Parameters.*.Default", "", 1)],
    names: &[],
};

/// Whether a place says, or has as its default, an image of CodeBuild's own.
fn is_curated(site: &Site) -> bool {
    match &site.says {
        Says::Open { default, .. } => {
            default.as_ref().is_some_and(|default| super::is_curated(&default.repository.familiar()))
        }
        _ => site.text().is_some_and(super::is_curated),
    }
}

impl Format for CloudFormation {
    fn id(&self) -> &'static str {
        "cloudformation"
    }

    fn about(&self) -> &'static str {
        "a template of CloudFormation"
    }

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        let is_json = matches!(path.extension(), Some("json" | "template"));
        let says = |text: &str| head.text().contains(text);
        let is_template = || {
            says("AWSTemplateFormatVersion")
                || says("AWS::Serverless-")
                || says("Type: AWS::")
                || says("\"Type\": \"AWS::")
        };
        let is_task = || says("\"containerDefinitions\"") && gives(head.text(), "image");
        is_yaml(path) && is_template() || is_json && (is_template() || is_task())
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let (documents, comments) = documents(Syntax::Yaml, text, &lines)?;
        let documents: Vec<Node> = documents.into_iter().map(evaluated).collect();
        let mut sites = TABLE.read(text, &lines, &documents.iter().collect::<Vec<_>>())?;
        sites.retain(|site| !is_curated(site));
        Ok(Parsed { sites: in_order(sites), comments })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        yaml::quote(before, new)
    }
}

/// A node whose functions are texts with variables: `!Ref Image` says `${Image}`.
fn evaluated(node: Node) -> Node {
    let function = node.tag.as_deref().and_then(|tag| tag.strip_prefix('!')).filter(|name| !name.is_empty());
    if let Some(name) = function.map(str::to_owned) {
        return called(&name, node);
    }
    match node.kind {
        Kind::Mapping { mut entries, flow } => {
            let function = match entries.as_slice() {
                [Entry { key, .. }] if key == "Ref" => Some("Ref".to_owned()),
                [Entry { key, .. }] => key.strip_prefix("Fn::").map(str::to_owned),
                _ => None,
            };
            if let Some((name, entry)) = function.and_then(|name| Some((name, entries.pop()?))) {
                let anchor = node.anchor.or(entry.value.anchor);
                return Node { anchor, ..called(&name, entry.value) };
            }
            let entries = entries.into_iter().map(|entry| Entry { value: evaluated(entry.value), ..entry }).collect();
            Node { kind: Kind::Mapping { entries, flow }, ..node }
        }
        Kind::Sequence(nodes) => Node { kind: Kind::Sequence(nodes.into_iter().map(evaluated).collect()), ..node },
        // What CodeDeploy puts in.
        Kind::Scalar { ref text, .. } if text.starts_with('<') && text.ends_with('>') => {
            Node { kind: variable(text.trim_matches(['<', '>'])), ..node }
        }
        _ => node,
    }
}

fn variable(name: &str) -> Kind {
    Kind::Scalar { text: format!("${{{name}}}"), style: Style::Double }
}

/// What a function makes of what it is given.
fn called(name: &str, node: Node) -> Node {
    let (span, anchor) = (node.span.clone(), node.anchor);
    let opaque = |text: &str| Node { kind: variable(text), span: span.clone(), anchor, tag: None };
    match (name, node.kind) {
        ("Ref", Kind::Scalar { text, .. }) => opaque(text.trim()),
        ("Sub", kind @ Kind::Scalar { .. }) => Node { kind, tag: None, ..node },
        // The mapping beside the text gives its variables values that functions make.
        ("Sub", Kind::Sequence(nodes)) => match nodes.into_iter().next() {
            Some(first) if matches!(first.kind, Kind::Scalar { .. }) => Node { anchor, ..first },
            _ => opaque("!Sub"),
        },
        ("If", Kind::Sequence(nodes)) if nodes.iter().skip(1).any(|node| matches!(node.kind, Kind::Mapping { .. })) => {
            let nodes = nodes.into_iter().map(evaluated).collect();
            Node { kind: Kind::Sequence(nodes), span, anchor, tag: None }
        }
        _ => opaque(&format!("!{name}")),
    }
}
