//! All that manifests say of images: what Kubernetes runs, and what the resources of operators name in other words.
//!
//! [`Manifests`] reads what runs, for those who prove it; this reads more, for those who look for images: bundles of
//! Tekton, sources and values of Flux and of Argo CD, packages of Crossplane. What has a variable in it is open.

use std::ops::Range;

use imagelock_yaml::Node;

use super::super::nested::Language;
use super::super::paths::{apart, in_order};
use super::super::row::{Absent, Given, Keys, Row, Takes};
use super::super::table::PathTable;
use super::super::tools::{IMAGES, replaces_nothing};
use super::super::variables::variables;
use super::Manifests;
use crate::{Format, Head, Lines, Named, Parsed, Says, Site, Unreadable};

/// Manifests, with what operators read in them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resources;

impl Format for Resources {
    fn id(&self) -> &'static str {
        Manifests::default().id()
    }

    fn about(&self) -> &'static str {
        Manifests::default().about()
    }

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        Manifests::default().claims(path, head)
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let groups: Vec<&(&str, PathTable)> = GROUPS.iter().filter(|(group, _)| text.contains(group)).collect();
        // Most manifests of a repository run nothing, and reading YAML is most of the time. A key with an escape in it may
        // be any.
        if groups.is_empty() && !text.contains("image") && !text.contains('\\') {
            return Ok(Parsed::default());
        }
        let (Parsed { sites: run, comments }, documents) = Manifests::default().documents(text)?;
        let lines = Lines::new(text);
        let mut sites = Vec::new();
        for (group, table) in groups {
            let of_group: Vec<&Node> = objects(&documents).filter(|object| is_of(object, group)).collect();
            if !of_group.is_empty() {
                sites.extend(table.read(text, &lines, &of_group)?);
            }
        }
        let mut sites = in_order(sites);
        // What ko builds is named by its source.
        let run = run.into_iter().filter(|site| !site.text().is_some_and(|text| text.starts_with("ko://")));
        sites.extend(apart(run.map(|site| opened(site, &lines)).collect(), &sites));
        sites.sort_by_key(|site| site.span().start);
        Ok(Parsed { sites, comments })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        Manifests::default().quote(before, new)
    }
}

/// The objects of some documents, those in lists among them.
fn objects(documents: &[Node]) -> impl Iterator<Item = &Node> {
    documents.iter().flat_map(|document| {
        let items = document.get("items").map(|items| match &items.kind {
            imagelock_yaml::Kind::Sequence(nodes) => nodes.as_slice(),
            _ => &[],
        });
        std::iter::once(document).chain(items.unwrap_or_default())
    })
}

fn is_of(object: &Node, group: &str) -> bool {
    object.get("apiVersion").and_then(Node::present).is_some_and(|version| version.starts_with(group))
}

/// The same place, open where a variable decides.
fn opened(site: Site, lines: &Lines) -> Site {
    match &site.says {
        Says::Whole { span, text, .. } if !variables(text).is_empty() => {
            Site { sure: site.sure, ..Site::open(span.clone(), lines, site.place.as_str()) }
        }
        _ => site,
    }
}

/// The groups whose resources name images in words of their own, by the start of their `apiVersion`.
const GROUPS: &[(&str, PathTable)] = &[
    ("tekton.dev/", TEKTON),
    ("argoproj.io/", ARGO),
    ("source.toolkit.fluxcd.io/", PathTable { images: FLUX_SOURCES, variables: &[], names: &[] }),
    (
        "helm.toolkit.fluxcd.io/",
        PathTable { images: &[Row::new("spec.values", Takes::Values), REPLACED], variables: &[], names: &[] },
    ),
    ("kustomize.toolkit.fluxcd.io/", PathTable { images: &[REPLACED_HERE], variables: &[], names: &[] }),
    ("pkg.crossplane.io/", PathTable { images: &[Row::image("spec.package")], variables: &[], names: &[] }),
    ("postgresql.cnpg.io/", PathTable { images: &[Row::image("spec.imageName")], variables: &[], names: &[] }),
];

/// What Flux has kustomize put in the place of images: in what a chart gives, and in a folder of manifests.
const REPLACED: Row =
    Row::new("spec.postRenderers[].kustomize.images[]", Takes::Parts(IMAGES)).unless(replaces_nothing);
const REPLACED_HERE: Row = Row::new("spec.images[]", Takes::Parts(IMAGES)).unless(replaces_nothing);

const TEKTON: PathTable = PathTable {
    images: &[
        Row::image("spec.**.image"),
        Row::image("spec.**.bundle"),
        Row::image("spec.**.taskRef.params[].value").unless(|beside| beside.text(0, "name") != Some("bundle")),
        Row::image("spec.**.ref.params[].value").unless(|beside| beside.text(0, "name") != Some("bundle")),
        Row::image("spec.**.pipelineRef.params[].value").unless(|beside| beside.text(0, "name") != Some("bundle")),
    ],
    variables: &[
        Given::beside("spec.params[].default", "params."),
        Given::beside("spec.params[].value", "params."),
        Given::beside("spec.**.taskSpec.params[].default", "params."),
    ],
    names: &[],
};

const ARGO: PathTable = PathTable {
    images: &[
        Row::image("spec.**.container.image"),
        Row::image("spec.**.script.image"),
        Row::new("spec.**.kustomize.images[]", Takes::Within(replaced)),
        Row::new("spec.**.helm.valuesObject", Takes::Values),
        Row::new("spec.**.helm.values", Takes::Nested(Language::Values)),
        Row::new("spec.**.helm.parameters", Takes::Pairs("")),
    ],
    variables: &[
        Given::beside("spec.arguments.parameters[].value", "workflow.parameters."),
        Given::beside("spec.templates[].inputs.parameters[].default", "inputs.parameters."),
        Given::beside("spec.templates[].inputs.parameters[].value", "inputs.parameters."),
    ],
    names: &[],
};

const FLUX_SOURCES: &[Row] = &[Row::new(
    "spec",
    Takes::Parts(&Keys {
        registry: &[],
        repository: &[&["url"]],
        tag: &[&["ref", "tag"]],
        digest: &[&["ref", "digest"]],
        absent: Absent::Gets("digest"),
    }),
)
.unless(|beside| {
    beside.text(0, "kind") != Some("OCIRepository") || !beside.own("url").is_some_and(|url| url.starts_with("oci://"))
})];

/// What stands in the place of an image: `nginx=ghcr.io/acme/nginx:1`, or the image itself.
fn replaced(text: &str) -> Vec<Range<usize>> {
    let start = text.find('=').map_or(0, |at| at + 1);
    (start < text.len()).then_some(start..text.len()).into_iter().collect()
}
