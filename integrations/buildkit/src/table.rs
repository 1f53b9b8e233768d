//! What `[[buildkit]]` may say.

use std::fmt;
use std::str::FromStr;

use camino::Utf8PathBuf;
use imagelock_adapter::Common;
use imagelock_core::project::{Entry, Fields, Node, ProjectError};
use imagelock_core::reference::ReferenceError;
use imagelock_core::source::{Location, Spanned};
use imagelock_core::{ImageName, Reference, Tag};

/// A `[[buildkit]]` table.
#[derive(Clone, Debug)]
pub struct PolicyTable {
    /// The place of the whole table.
    pub at: Location,
    /// The policy in JSON to write.
    pub output: Option<Spanned<Utf8PathBuf>>,
    /// The images to take; all of the lock where it is absent.
    pub images: Option<Vec<Spanned<ImageName>>>,
    /// Images that may be used as they are, without a pin.
    pub allow: Vec<Allowed>,
    /// Whether everything else is denied.
    pub deny: bool,
    /// Other references that mean a locked image.
    pub aliases: Vec<Alias>,
    /// The same policy in Rego to write.
    pub rego: Option<Spanned<Utf8PathBuf>>,
    /// The bake file with named contexts to write.
    pub contexts: Option<Spanned<Utf8PathBuf>>,
}

/// A reference that stands for a locked image, beside the image's own.
#[derive(Clone, Debug)]
pub struct Alias {
    /// What Dockerfiles say.
    pub reference: Reference,
    /// What they get.
    pub image: Spanned<ImageName>,
}

/// Images that a build may use without a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// One repository, one tag of it, or one digest.
    Reference(Reference),
    /// Every repository below this host or path, in full: `ghcr.io/acme`.
    Below(String),
}

/// Why a text is not an [`Allowed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedError(String);

impl fmt::Display for AllowedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let parsed = match text.strip_suffix("/*") {
            Some(path) => below(path).map(Self::Below),
            None => text.parse().map(Self::Reference),
        };
        parsed.map_err(|error| AllowedError(format!("{error}; `allow` has images, or all below a path: `host/path/*`")))
    }
}

/// Completes a path as a reference is completed: `acme` is `docker.io/acme`.
fn below(path: &str) -> Result<String, ReferenceError> {
    let Reference { repository, .. } = format!("{path}/x").parse()?;
    let full = repository.to_string();
    Ok(full.strip_suffix("/x").unwrap_or(&full).to_owned())
}

impl PolicyTable {
    /// Reads the table. All mistakes come back.
    pub fn read(node: &Node) -> Result<Self, Vec<ProjectError>> {
        let mut fields = Fields::new(node, "[[buildkit]]").map_err(|error| vec![error])?;
        let Common { output, images } = Common::read(&mut fields);
        if !["rego", "contexts"].iter().any(|key| fields.has(key)) {
            fields.required("output");
        }
        let allow: Vec<Spanned<Allowed>> = fields.all_parsed("allow").unwrap_or_default();
        let deny = !fields.has("deny") || fields.flag("deny");
        let aliases = fields.entries("aliases", "a table", |entry| alias(entry).map_err(|error| vec![error]));
        let rego = fields.path("rego");
        let contexts = fields.path("contexts");
        if let (Some(first), false) = (allow.first(), deny) {
            let reason = "`allow` says what is not denied: it means nothing where `deny = false`";
            fields.fail(ProjectError::invalid(reason, &first.at));
        }
        let files = [("output", &output), ("rego", &rego), ("contexts", &contexts)];
        for (index, (key, file)) in files.iter().enumerate() {
            let Some(file) = file else { continue };
            let same = files[..index].iter().find(|(_, other)| other.as_ref().is_some_and(|o| o.value == file.value));
            if let Some((other, _)) = same {
                fields.fail(ProjectError::invalid(format!("`{key}` and `{other}` are two files"), &file.at));
            }
        }
        fields.finish()?;
        let allow = allow.into_iter().map(|allowed| allowed.value).collect();
        Ok(Self { at: node.at.clone(), output, images, allow, deny, aliases, rego, contexts })
    }
}

fn alias(entry: &Entry) -> Result<Alias, ProjectError> {
    let Spanned { value: mut reference, at } = entry.parsed_key::<Reference>()?;
    if reference.digest.is_some() {
        return Err(ProjectError::invalid("a reference with a digest already says which image it is", &at));
    }
    reference.tag.get_or_insert_with(Tag::latest);
    Ok(Alias { reference, image: entry.parsed("the name of an image")? })
}
