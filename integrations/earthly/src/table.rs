//! What `[[earthly]]` may say.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use imagelock_core::ImageName;
use imagelock_core::project::{Entry, Fields, Node, ProjectError};
use imagelock_core::source::{Location, Spanned};
use imagelock_edit::InPlace;
use imagelock_scan::formats::{Dockerfile, Earthfile};
use imagelock_scan::{Format as _, Named};

/// The name that Earthly looks for: there is no option to give it another.
const FILE_NAME: &str = "Earthfile";

/// The versions of Earthfiles that know `IMPORT`.
const VERSIONS: [&str; 3] = ["0.6", "0.7", "0.8"];

/// An `[[earthly]]` table.
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
    /// Earthfiles of people, to write pins into.
    pub(crate) edit: Option<InPlace>,
}

impl Table {
    /// Reads the table. All mistakes come back.
    pub fn read(node: &Node) -> Result<Self, Vec<ProjectError>> {
        let mut fields = Fields::new(node, "[[earthly]]").map_err(|error| vec![error])?;
        let edit = fields.entry("edit").map(|_| InPlace::read("earthly", "[[earthly]]", &node.at, &mut fields));
        let output = fields.path("output");
        let images = match &edit {
            Some(edit) => edit.images.clone(),
            None => fields.all_parsed("images"),
        };
        let version = version(&mut fields);
        let targets = fields.entries("targets", "a table", target).into_iter().collect();
        let formats = || -> Vec<Box<dyn imagelock_scan::Format>> { vec![Box::new(Earthfile)] };
        let edit = edit.map(|edit| InPlace { formats: formats(), ..edit });
        if let Some(output) = output.as_ref().filter(|output| output.value.file_name() != Some(FILE_NAME)) {
            let reason = "Earthly reads files called `Earthfile` only: write `output = \"…/Earthfile\"`";
            fields.fail(ProjectError::invalid(reason, &output.at));
        }
        let patterns = edit.iter().flat_map(|edit| &edit.files.edit);
        for pattern in patterns.filter(|pattern| is_dockerfile(&pattern.value)) {
            let reason = "a Dockerfile is pinned by a table of its own: `[[dockerfile]]`";
            fields.fail(ProjectError::invalid(reason, &pattern.at));
        }
        let written = |pattern: &&Spanned<String>| output.as_ref().is_some_and(|output| output.value == pattern.value);
        if let Some(pattern) = edit.iter().flat_map(|edit| &edit.files.edit).find(written) {
            fields.fail(ProjectError::invalid(format!("`{}` is written already", pattern.value), &pattern.at));
        }
        if fields.entry("output").is_none() && edit.is_none() {
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

/// Whether a path or glob names Dockerfiles.
fn is_dockerfile(pattern: &str) -> bool {
    Dockerfile.claims(&Named::new(pattern), &"")
}

fn target(entry: &Entry) -> Result<(ImageName, Spanned<String>), Vec<ProjectError>> {
    let name: Spanned<ImageName> = entry.parsed_key().map_err(|error| vec![error])?;
    let target = entry.text().ok_or_else(|| vec![entry.unexpected("the name of a target")])?;
    Ok((name.value, target))
}
