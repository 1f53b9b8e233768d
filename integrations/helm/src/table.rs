//! Reading `[[helm]]`.

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::project::{Entry, Fields, Node, ProjectError, TargetTable};
use imagelock_core::source::Spanned;
use imagelock_yaml::ValuePath;

use crate::fields::{Field, Filling};
use crate::shape::Shape;

/// Where the values go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Into a file for `helm -f`.
    Overlay(Spanned<Utf8PathBuf>),
    /// Into a file of a person's, in place.
    Edit(Spanned<Utf8PathBuf>),
}

/// An image and where its values are.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) path: Spanned<ValuePath>,
    pub(crate) image: Spanned<ImageName>,
    pub(crate) shape: Option<Spanned<Shape>>,
}

/// One `[[helm]]` table.
#[derive(Debug)]
pub(crate) struct HelmTable {
    pub(crate) chart: Spanned<Utf8PathBuf>,
    pub(crate) way: Way,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) fields: Vec<Field>,
    /// Values files to render the chart with when it is checked.
    pub(crate) check_with: Vec<Utf8PathBuf>,
    pub(crate) skip_check: bool,
    /// Whether the chart is only right behind the post-renderer, and so checked behind it.
    pub(crate) post_render: bool,
}

pub(crate) fn read(table: &TargetTable) -> Result<HelmTable, Vec<ProjectError>> {
    let mut fields = Fields::new(&table.node, "[[helm]]").map_err(|error| vec![error])?;
    let chart = if fields.required("chart") { fields.path("chart") } else { None };
    let way = way(&mut fields, chart.as_ref());
    let wanted = fields.entries("values", "a table of paths and images", wanted);
    let extra = fields.tables("fields", field);
    if wanted.is_empty() && extra.is_empty() {
        fields.missing("values");
    }
    let check_with = check_with(&mut fields);
    let skip_check = fields.flag("skip-check");
    let post_render = fields.flag("post-render");
    fields.finish()?;
    // What is absent here was noted as a mistake above.
    let (Some(chart), Some(way)) = (chart, way) else { return Err(Vec::new()) };
    Ok(HelmTable { chart, way, wanted, fields: extra, check_with, skip_check, post_render })
}

/// The values files that the chart cannot be rendered without.
fn check_with(fields: &mut Fields<'_>) -> Vec<Utf8PathBuf> {
    let files = fields.texts("check-with").unwrap_or_default();
    for file in &files {
        if file.value.starts_with('/') || file.value.split('/').any(|part| part == "..") {
            let reason = "`check-with` names values files by paths inside the repository";
            fields.fail(ProjectError::invalid(reason, &file.at));
        }
    }
    files.into_iter().map(|file| file.value.into()).collect()
}

fn way(fields: &mut Fields<'_>, chart: Option<&Spanned<Utf8PathBuf>>) -> Option<Way> {
    let in_place_at = fields.entry("in-place").map(|entry| entry.key_at.clone());
    // `in-place = false` says nothing.
    let in_place = fields.flag("in-place");
    let (output, edit) = (fields.path("output"), fields.path("edit"));
    let keys: &[&str] = if in_place { &["output", "edit", "in-place"] } else { &["output", "edit"] };
    match fields.exclusive(keys)? {
        "output" => output.map(Way::Overlay),
        "edit" => edit.map(Way::Edit),
        _ => Some(Way::Edit(Spanned { value: chart?.value.join("values.yaml"), at: in_place_at? })),
    }
}

fn wanted(entry: &Entry) -> Result<Wanted, Vec<ProjectError>> {
    let path = entry.parsed_key().map_err(|error| vec![error])?;
    if entry.text().is_some() || !entry.node.is_table() {
        let expected = "an image's name, or a table with `image` and `shape`";
        let image = entry.parsed(expected).map_err(|error| vec![error])?;
        return Ok(Wanted { path, image, shape: None });
    }
    let mut fields = Fields::new(&entry.node, format!("`{}`", entry.key)).map_err(|error| vec![error])?;
    let image = required_image(&mut fields);
    let shape = fields.parsed("shape");
    fields.finish()?;
    image.map(|image| Wanted { path, image, shape }).ok_or_else(Vec::new)
}

fn required_image(fields: &mut Fields<'_>) -> Option<Spanned<ImageName>> {
    if fields.required("image") { fields.parsed("image") } else { None }
}

fn field(node: &Node) -> Result<Field, Vec<ProjectError>> {
    let mut fields = Fields::new(node, "[[helm.fields]]").map_err(|error| vec![error])?;
    let path = fields.parsed("path");
    let image = required_image(&mut fields);
    let set =
        if fields.required("set") { fields.entries("set", "a table of keys and texts", filling) } else { Vec::new() };
    fields.finish()?;
    image.map(|image| Field { path, image, set }).ok_or_else(Vec::new)
}

fn filling(entry: &Entry) -> Result<(Spanned<ValuePath>, Filling), Vec<ProjectError>> {
    let key = entry.parsed_key().map_err(|error| vec![error])?;
    let filling = match (entry.text(), entry.flag()) {
        (Some(text), _) => Filling::parse(&text.value, &text.at),
        (None, Some(flag)) => Ok(Filling::Flag(flag)),
        (None, None) => Err(entry.unexpected("a text or a boolean")),
    };
    Ok((key, filling.map_err(|error| vec![error])?))
}
