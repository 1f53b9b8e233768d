//! One table of `[registries]`.

use super::error::ProjectError;
use super::fields::Fields;
use super::image;
use super::node::{Entry, Node, NodeValue};
use super::{Mirror, MirrorError, RegistrySettings};
use crate::source::Spanned;

/// How a registry is reached, as its table says.
pub(super) fn registry(entry: &Entry) -> Result<RegistrySettings, Vec<ProjectError>> {
    if let Some((host, at)) = image::dotted_name(entry) {
        let reason = format!("a host with a dot in it is written in quotes: `[registries.\"{host}\"]`");
        return Err(vec![ProjectError::invalid(reason, &at)]);
    }
    let what = format!("[registries.\"{}\"]", entry.key);
    let mut fields = Fields::new(&entry.node, what).map_err(|error| vec![error])?;
    let mut settings = RegistrySettings {
        mirrors: Vec::new(),
        insecure: fields.flag("insecure"),
        ca: fields.path("ca"),
        token_hosts: fields.all_parsed("token-hosts").unwrap_or_default(),
        redirect_hosts: fields.all_parsed("redirect-hosts").unwrap_or_default(),
        rewrite: None,
    };
    if fields.text("rewrite").is_some()
        && let Some(written) = fields.entry("rewrite").and_then(|entry| mirror(&entry.node))
    {
        settings.rewrite = written.map_err(|error| fields.fail(error)).ok();
    }
    if fields.texts("mirrors").is_some()
        && let Some(Entry { node: Node { value: NodeValue::Array(nodes), .. }, .. }) = fields.entry("mirrors")
    {
        for written in nodes.iter().filter_map(mirror) {
            match written {
                Ok(mirror) => settings.mirrors.push(mirror),
                Err(error) => fields.fail(error),
            }
        }
    }
    fields.finish()?;
    Ok(settings)
}

fn mirror(node: &Node) -> Option<Result<Spanned<Mirror>, ProjectError>> {
    let text = node.value.as_text()?;
    let at = node.content_at();
    Some(match text.parse::<Mirror>() {
        Ok(value) => Ok(Spanned { value, at }),
        Err(error) => {
            let at = match &error {
                MirrorError::Reference(error) => node.part_at(&error.at),
                MirrorError::Scheme => at,
            };
            Err(ProjectError::invalid(error, &at))
        }
    })
}
