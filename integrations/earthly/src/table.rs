//! What `[[earthly]]` may say.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use imagelock_adapter::Common;
use imagelock_core::ImageName;
use imagelock_core::project::{Fields, Node, NodeValue, ProjectError};
use imagelock_core::source::{Location, Spanned};

/// The name that Earthly looks for: there is no option to give it another.
const FILE_NAME: &str = "Earthfile";

/// The versions of Earthfiles that know `IMPORT`.
const VERSIONS: [&str; 3] = ["0.6", "0.7", "0.8"];

/// An `[[earthly]]` table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The place of the whole table.
    pub at: Location,
    /// The Earthfile to generate.
    pub output: Option<Spanned<Utf8PathBuf>>,
    /// The images to take; all of the lock where it is absent.
    pub images: Option<Vec<Spanned<ImageName>>>,
    /// The `VERSION` of the generated file.
    pub version: String,
    /// Names of targets that are not made of the image's.
    pub targets: BTreeMap<ImageName, Spanned<String>>,
    /// Earthfiles and Dockerfiles of people, to write pins into.
    pub edit: Vec<Spanned<Utf8PathBuf>>,
}

impl Table {
    /// Reads the table. All mistakes come back.
    pub fn read(node: &Node) -> Result<Self, Vec<ProjectError>> {
        let mut fields = Fields::new(node, "[[earthly]]").map_err(|error| vec![error])?;
        let Common { output, images } = Common::read(&mut fields);
        let version = version(&mut fields);
        let targets = targets(&mut fields);
        let edit = edit(&mut fields);
        if let Some(output) = output.as_ref().filter(|output| output.value.file_name() != Some(FILE_NAME)) {
            let reason = "Earthly reads files called `Earthfile` only: write `output = \"…/Earthfile\"`";
            fields.fail(ProjectError::invalid(reason, &output.at));
        }
        for (index, path) in edit.iter().enumerate() {
            let twice = edit[..index].iter().chain(&output).any(|other| other.value == path.value);
            if twice {
                fields.fail(ProjectError::invalid(format!("`{}` is written already", path.value), &path.at));
            }
        }
        if fields.entry("output").is_none() && fields.entry("edit").is_none() {
            let what = "[[earthly]]".into();
            fields.fail(ProjectError::MissingKey { what, key: "output", at: node.at.clone() });
        }
        fields.finish()?;
        Ok(Self { at: node.at.clone(), output, images, version, targets, edit })
    }
}

fn version(fields: &mut Fields<'_>) -> String {
    let version = fields.text("version");
    if let Some(version) = version.as_ref().filter(|version| !VERSIONS.contains(&version.value.as_str())) {
        let reason = format!("`version` is one of {}", VERSIONS.join(", "));
        fields.fail(ProjectError::invalid(reason, &version.at));
    }
    version.map_or("0.8".to_owned(), |version| version.value)
}

fn edit(fields: &mut Fields<'_>) -> Vec<Spanned<Utf8PathBuf>> {
    // Each path is checked as `output` is; only the texts are at hand as an array.
    let texts = fields.texts("edit").unwrap_or_default();
    let mut paths = Vec::new();
    for Spanned { value, at } in texts {
        let path = Utf8PathBuf::from(&value);
        let inside = path.components().all(|part| matches!(part, camino::Utf8Component::Normal(_)));
        if inside && !value.is_empty() && !value.contains(['\\', '\0', '\n', '\r']) {
            paths.push(Spanned { value: path, at });
        } else {
            let reason = "`edit` has paths inside the repository, relative to the project file";
            fields.fail(ProjectError::invalid(reason, &at));
        }
    }
    paths
}

fn targets(fields: &mut Fields<'_>) -> BTreeMap<ImageName, Spanned<String>> {
    let mut targets = BTreeMap::new();
    let Some(entry) = fields.entry("targets") else { return targets };
    let NodeValue::Table(table) = &entry.node.value else {
        let (expected, found) = ("a table", entry.node.type_name());
        fields.fail(ProjectError::Type { key: "targets".into(), expected, found, at: entry.node.at.clone() });
        return targets;
    };
    for entry in &table.entries {
        match (entry.key.parse::<ImageName>(), entry.node.value.as_text()) {
            (Err(error), _) => fields.fail(ProjectError::invalid(error, &entry.key_at)),
            (_, None) => {
                let (expected, found) = ("the name of a target", entry.node.type_name());
                let key = entry.key.clone();
                fields.fail(ProjectError::Type { key, expected, found, at: entry.node.at.clone() });
            }
            (Ok(name), Some(target)) => {
                targets.insert(name, Spanned { value: target.to_owned(), at: entry.node.content_at() });
            }
        }
    }
    targets
}
