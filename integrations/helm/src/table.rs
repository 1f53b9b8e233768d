//! Reading `[[helm]]`.

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::project::{Entry, Fields, Node, NodeValue, ProjectError, TargetTable};
use imagelock_core::source::{Location, Spanned};

use crate::fields::{Field, Filling};
use crate::shape::Shape;
use crate::target::HelmTarget;
use imagelock_yaml::ValuePath;

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

pub(crate) fn read(table: &TargetTable) -> Result<HelmTarget, Vec<ProjectError>> {
    let mut fields = Fields::new(&table.node, "[[helm]]").map_err(|error| vec![error])?;
    let at = &table.node.at;
    let chart = required_path(&mut fields, "chart", at);
    let way = way(&mut fields, chart.as_ref(), at);
    let wanted = fields.entry("values").map(|entry| values(entry, &mut fields)).unwrap_or_default();
    let extra = fields.entry("fields").map(|entry| escape_hatch(entry, &mut fields)).unwrap_or_default();
    if wanted.is_empty() && extra.is_empty() {
        fields.fail(ProjectError::MissingKey { what: "[[helm]]".to_owned(), key: "values", at: at.clone() });
    }
    let check_with = check_with(&mut fields);
    let skip_check = fields.flag("skip-check");
    let post_render = fields.flag("post-render");
    fields.finish()?;
    // What is absent here was noted as a mistake above.
    let (Some(chart), Some(way)) = (chart, way) else { return Err(Vec::new()) };
    Ok(HelmTarget { chart, way, wanted, fields: extra, check_with, skip_check, post_render })
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

fn required_path(fields: &mut Fields<'_>, key: &'static str, at: &Location) -> Option<Spanned<Utf8PathBuf>> {
    if fields.entry(key).is_none() {
        fields.fail(ProjectError::MissingKey { what: "[[helm]]".to_owned(), key, at: at.clone() });
        return None;
    }
    fields.path(key)
}

fn way(fields: &mut Fields<'_>, chart: Option<&Spanned<Utf8PathBuf>>, at: &Location) -> Option<Way> {
    let place = |fields: &mut Fields<'_>, key| fields.entry(key).map(|entry| entry.key_at.clone());
    let output_at = place(fields, "output");
    let edit_at = place(fields, "edit");
    let in_place_at = place(fields, "in-place");
    let in_place = fields.flag("in-place");
    let (output, edit) = (fields.path("output"), fields.path("edit"));
    let given = [("output", output_at), ("edit", edit_at), ("in-place", in_place_at.clone().filter(|_| in_place))];
    let given: Vec<(&str, Location)> = given.into_iter().filter_map(|(key, at)| Some((key, at?))).collect();
    match given.as_slice() {
        [] => {
            let key = "output";
            fields.fail(ProjectError::MissingKey { what: "[[helm]]".to_owned(), key, at: at.clone() });
            None
        }
        [_] => {
            let in_place = || Some(Spanned { value: chart?.value.join("values.yaml"), at: in_place_at? });
            output.map(Way::Overlay).or_else(|| edit.or_else(in_place).map(Way::Edit))
        }
        [(first, first_at), (second, at), ..] => {
            fields.fail(ProjectError::Exclusive {
                first: (*first).to_owned(),
                second: (*second).to_owned(),
                at: at.clone(),
                first_at: first_at.clone(),
            });
            None
        }
    }
}

fn values(entry: &Entry, fields: &mut Fields<'_>) -> Vec<Wanted> {
    let NodeValue::Table(table) = &entry.node.value else {
        fields.fail(wrong_type("values", "a table of paths and images", &entry.node));
        return Vec::new();
    };
    let mut wanted = Vec::new();
    for entry in &table.entries {
        let path = match entry.key.parse() {
            Ok(value) => Spanned { value, at: entry.key_at.clone() },
            Err(error) => {
                fields.fail(ProjectError::invalid(error, &entry.key_at));
                continue;
            }
        };
        match image(entry) {
            Ok((image, shape)) => wanted.push(Wanted { path, image, shape }),
            Err(errors) => errors.into_iter().for_each(|error| fields.fail(error)),
        }
    }
    wanted
}

type ImageAndShape = (Spanned<ImageName>, Option<Spanned<Shape>>);

fn image(entry: &Entry) -> Result<ImageAndShape, Vec<ProjectError>> {
    match &entry.node.value {
        NodeValue::Text(text) => {
            let at = entry.node.content_at();
            let value = text.parse().map_err(|error| vec![ProjectError::invalid(error, &at)])?;
            Ok((Spanned { value, at }, None))
        }
        NodeValue::Table(_) => {
            let what = format!("`{}`", entry.key);
            let mut fields = Fields::new(&entry.node, what.clone()).map_err(|error| vec![error])?;
            let image = required_image(&mut fields, what, &entry.node.at);
            let shape = fields.parsed("shape");
            fields.finish()?;
            image.map(|image| (image, shape)).ok_or_else(Vec::new)
        }
        _ => Err(vec![wrong_type(&entry.key, "an image's name, or a table with `image` and `shape`", &entry.node)]),
    }
}

fn required_image(fields: &mut Fields<'_>, what: String, at: &Location) -> Option<Spanned<ImageName>> {
    if fields.entry("image").is_none() {
        fields.fail(ProjectError::MissingKey { what, key: "image", at: at.clone() });
        return None;
    }
    fields.parsed("image")
}

fn escape_hatch(entry: &Entry, fields: &mut Fields<'_>) -> Vec<Field> {
    let NodeValue::Array(nodes) = &entry.node.value else {
        fields.fail(wrong_type("fields", "an array of tables", &entry.node));
        return Vec::new();
    };
    let mut read = Vec::new();
    for node in nodes {
        match field(node) {
            Ok(field) => read.push(field),
            Err(errors) => errors.into_iter().for_each(|error| fields.fail(error)),
        }
    }
    read
}

fn field(node: &Node) -> Result<Field, Vec<ProjectError>> {
    let what = "[[helm.fields]]";
    let mut fields = Fields::new(node, what).map_err(|error| vec![error])?;
    let path = fields.parsed("path");
    let image = required_image(&mut fields, what.to_owned(), &node.at);
    let mut set = Vec::new();
    match fields.entry("set").map(|entry| (&entry.node.value, entry)) {
        Some((NodeValue::Table(table), _)) => {
            for entry in &table.entries {
                match filling(entry) {
                    Ok(filling) => set.push(filling),
                    Err(error) => fields.fail(error),
                }
            }
        }
        Some((_, entry)) => fields.fail(wrong_type("set", "a table of keys and texts", &entry.node)),
        None => fields.fail(ProjectError::MissingKey { what: what.to_owned(), key: "set", at: node.at.clone() }),
    }
    fields.finish()?;
    image.map(|image| Field { path, image, set }).ok_or_else(Vec::new)
}

fn filling(entry: &Entry) -> Result<(Spanned<ValuePath>, Filling), ProjectError> {
    let key = entry.key.parse().map_err(|error| ProjectError::invalid(error, &entry.key_at))?;
    let filling = match &entry.node.value {
        NodeValue::Text(text) => Filling::parse(text, &entry.node.content_at())?,
        NodeValue::Boolean(flag) => Filling::Flag(*flag),
        _ => return Err(wrong_type(&entry.key, "a text or a boolean", &entry.node)),
    };
    Ok((Spanned { value: key, at: entry.key_at.clone() }, filling))
}

fn wrong_type(key: &str, expected: &'static str, node: &Node) -> ProjectError {
    ProjectError::Type { key: key.to_owned(), expected, found: node.type_name(), at: node.at.clone() }
}
