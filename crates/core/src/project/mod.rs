//! The project file: `images.toml`, or the same tables in the metadata of Cargo manifests.
//!
//! `images.toml` and a Cargo manifest may both declare images; each file's `[defaults]` hold for the images of that file.
//!
//! Every value keeps the place it was written at, so that whoever finds it wrong later (a registry, an adapter) can
//! still show the line. Reading collects all mistakes instead of stopping at the first.

mod built;
mod duplicate;
mod edit;
mod error;
mod fields;
mod image;
mod inherit;
mod node;
mod read;
mod registry;
mod scan;
mod snapshot;
#[cfg(test)]
mod tests;
mod trusting;
mod updating;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use camino::Utf8PathBuf;

pub use built::{Built, BuiltError, BuiltPattern};
pub use edit::{EditError, NewImage, Pin, add, add_all, add_built, add_target, hold, pin_snapshots, remove};
pub use error::ProjectError;
pub use fields::Fields;
pub use inherit::Inheritance;
pub use node::{Entry, Node, NodeValue, Table};
pub use scan::{ScanPattern, ScanPatternError, ScanRule, ScanSettings};
pub use snapshot::{Address, AddressError, Snapshot};

use crate::name::ImageName;
use crate::reference::{Host, HostPattern, ReferenceError, Repository};
use crate::request::Request;
use crate::source::{Location, SourceFile, Spanned};
use crate::trust::{Sources, Trust};
use crate::update;

/// The project file's name.
pub const FILE_NAME: &str = "images.toml";

/// What a repository wants locked.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The images by name.
    pub images: BTreeMap<ImageName, Declared>,
    /// Settings of registries by their canonical host.
    pub registries: BTreeMap<Host, RegistrySettings>,
    /// The tables of adapters, in the order they are written.
    pub targets: Vec<TargetTable>,
    /// The files beside this project's own that say when something was seen first, from the project file on.
    pub ledgers: Vec<Spanned<Utf8PathBuf>>,
    /// The images that the repository builds itself.
    pub built: Built,
    /// Which advisories are known, by the names of their snapshots.
    pub advisories: BTreeMap<String, Snapshot>,
    /// When releases end, by what `os-release` calls what they are releases of (`ID`).
    pub endoflife: BTreeMap<String, Snapshot>,
    /// Who may vouch for identities and which logs count, by the names of the files that say so.
    pub roots: BTreeMap<String, Snapshot>,
    /// What `scan` leaves out, and what it finds beside what it knows.
    pub scan: ScanSettings,
    /// Which Cargo packages say that they use which images.
    pub uses: Vec<Use>,
    /// What is taken over from another project's lock.
    pub inheritance: Inheritance,
}

/// An image that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What is asked for.
    pub request: Request,
    /// How many tags may compete where the images have to tell which is the newest. It is no part of what is asked for: with
    /// another limit the answer is the same, or none.
    pub limit: u32,
    /// Who has to have signed it; nothing where nobody has to. It is no part of what is asked for.
    pub trust: Option<Trust>,
    /// Where signatures of it lie.
    pub signatures: Sources,
    /// What is taken of it without asking. It is no part of what is asked for.
    pub update: update::Settings,
    /// What it is called beside its name: a team, a product. Summaries of updates can be put together by it.
    pub labels: BTreeSet<String>,
    /// Why it is another image than the one that is published under its name by what the project extends.
    pub widen: Option<Spanned<String>>,
    /// The name in the file.
    pub at: Location,
    /// The text that says which image: the shorthand, the repository or the layout.
    pub value_at: Location,
}

/// How a registry is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Mirrors, tried in order, each `host[/prefix]`.
    pub mirrors: Vec<Spanned<Mirror>>,
    /// Whether plain HTTP is allowed.
    pub insecure: bool,
    /// A PEM file with certificates to trust for this registry, relative to the project file.
    pub ca: Option<Spanned<Utf8PathBuf>>,
    /// Hosts of token services, beside the registry's own, that may be sent this registry's credentials.
    pub token_hosts: Vec<Spanned<Host>>,
    /// Hosts that the registry may redirect manifests and tags to, beside itself.
    pub redirect_hosts: Vec<Spanned<HostPattern>>,
    /// What stands in this registry's place in what adapters render; digests stay.
    pub rewrite: Option<Spanned<Mirror>>,
}

/// A mirror: a host, and a path in front of every repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The host that answers.
    pub host: Host,
    /// The path in front of the repository's, without slashes at its ends; may be empty.
    pub prefix: String,
}

/// Why a text is not a [`Mirror`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// A URL instead of a host.
    #[error("a registry is a host and a path here, without a scheme")]
    Scheme,
    /// The host or the path is not one.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl FromStr for Mirror {
    type Err = MirrorError;

    fn from_str(text: &str) -> Result<Self, MirrorError> {
        if text.contains("://") {
            return Err(MirrorError::Scheme);
        }
        let (host, rest) = text.split_once('/').unwrap_or((text, ""));
        let (host, prefix) = (host.parse::<Host>()?, rest.trim_end_matches('/'));
        if !prefix.is_empty() {
            Repository::new(host.clone(), prefix).map_err(|error| error.behind(text.len() - rest.len()))?;
        }
        Ok(Self { host, prefix: prefix.to_owned() })
    }
}

impl Mirror {
    /// Where this mirror has `repository`.
    pub fn repository(&self, repository: &Repository) -> Result<Repository, ReferenceError> {
        let separator = if self.prefix.is_empty() { "" } else { "/" };
        Repository::new(self.host.clone(), &format!("{}{separator}{}", self.prefix, repository.path()))
    }
}

/// A table of an adapter, as it is written; the adapter reads it.
#[derive(Clone, Debug)]
pub struct TargetTable {
    /// The adapter, by the table's name.
    pub adapter: String,
    /// The table.
    pub node: Node,
}

/// A Cargo package that says that it uses an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The package.
    pub package: String,
    /// The image.
    pub image: Spanned<ImageName>,
}

/// A file that may declare images, and what it is.
#[derive(Clone, Debug)]
pub enum Source {
    /// `images.toml`: the tables stand at the top.
    ImagesToml(Arc<SourceFile>),
    /// The root manifest of a Cargo workspace: the tables stand under `workspace.metadata.images`, or, where the
    /// root is a package, also under `package.metadata.images`.
    WorkspaceManifest(Arc<SourceFile>),
    /// A member's manifest: `package.metadata.images` names the images that the package uses.
    PackageManifest(Arc<SourceFile>),
}

impl Source {
    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        let (Self::ImagesToml(file) | Self::WorkspaceManifest(file) | Self::PackageManifest(file)) = self;
        file
    }
}

impl Project {
    /// Reads the files that make up a project. `adapters` are the names of tables that adapters own.
    pub fn parse(sources: &[Source], adapters: &[&str]) -> Result<Self, Vec<ProjectError>> {
        read::project(sources, adapters)
    }
}
