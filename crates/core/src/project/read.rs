//! Reading the files of a project into one.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::error::ProjectError;
use super::fields::{Fields, unknown_key};
use super::image::Defaults;
use super::node::{self, Entry, Node, NodeValue, Table};
use super::registry::registry;
use super::{Project, Source, TargetTable, Use, image, inherit, scan, snapshot, trusting, updating};
use crate::name::ImageName;
use crate::reference::{Host, Reference};
use crate::source::{Located as _, Spanned, nearest};
use crate::trust::By;

pub(super) fn project(sources: &[Source], adapters: &[&str]) -> Result<Project, Vec<ProjectError>> {
    let mut reader = ProjectReader { project: Project::default(), adapters, errors: Vec::new() };
    for source in sources {
        let first = reader.errors.len();
        reader.source(source);
        // Mistakes are found table by table and shown from the top of the file to its end.
        reader.errors[first..].sort_by_key(|error| error.labels().first().map(|label| label.at.span.start));
    }
    // An image whose own declaration is wrong is not missing as well.
    if reader.errors.is_empty() {
        reader.check_uses();
        reader.check_roots();
        reader.check_inherited();
    }
    if reader.errors.is_empty() { Ok(reader.project) } else { Err(reader.errors) }
}

/// Paths of ledgers, from the project file on: other projects' may lie above it.
fn ledgers(fields: &mut Fields<'_>) -> Vec<Spanned<Utf8PathBuf>> {
    let mut paths = Vec::new();
    for text in fields.texts("ledgers").unwrap_or_default() {
        let path = Utf8PathBuf::from(&text.value);
        if text.value.is_empty() || path.is_absolute() {
            let reason = "a ledger is a path from this file on, as in `../platform/images.seen`";
            fields.fail(ProjectError::invalid(reason, &text.at));
        } else {
            paths.push(Spanned { value: path, at: text.at });
        }
    }
    paths
}

/// What stands at the top beside the tables of adapters.
const TABLES: [&str; 11] = [
    "advisories",
    "built",
    "defaults",
    "endoflife",
    "extends",
    "images",
    "ledgers",
    "registries",
    "roots",
    "scan",
    "trust",
];

struct ProjectReader<'a> {
    project: Project,
    adapters: &'a [&'a str],
    errors: Vec<ProjectError>,
}

impl ProjectReader<'_> {
    fn source(&mut self, source: &Source) {
        let file = source.file();
        let table = match node::parse(file) {
            Ok(table) => table,
            Err(error) => return self.errors.push(error),
        };
        let package = descend(&table, &["package", "metadata", "images"]);
        match source {
            Source::ImagesToml(_) => self.tables(&table, "images"),
            Source::WorkspaceManifest(_) => {
                if let Some(entry) = descend(&table, &["workspace", "metadata", "images"]) {
                    self.metadata(entry);
                }
                self.package(&table, package);
            }
            Source::PackageManifest(_) => self.package(&table, package),
        }
    }

    fn metadata(&mut self, entry: &Entry) {
        match &entry.node.value {
            NodeValue::Table(table) => self.tables(table, "workspace.metadata.images.images"),
            _ => self.errors.push(not_a_table("workspace.metadata.images", &entry.node)),
        }
    }

    /// Reads the tables of a project; `path` is the way to `images` from the top of the file.
    fn tables(&mut self, table: &Table, path: &str) {
        let mut defaults = table.get("defaults").map(|entry| self.defaults(entry)).unwrap_or_default();
        defaults.trust.rules = table.get("trust").map(|entry| self.trust(entry)).unwrap_or_default();
        for entry in &table.entries {
            match entry.key.as_str() {
                "defaults" | "trust" => {}
                "built" => {
                    let mut fields = Fields::of(table, &entry.node.at, String::new());
                    let patterns = fields.all_parsed("built").unwrap_or_default();
                    self.project.built.extend(patterns.into_iter().map(|pattern| pattern.value));
                    self.errors.extend(fields.into_errors());
                }
                "extends" => {
                    let mut fields = Fields::of(table, &entry.node.at, String::new());
                    self.project.inheritance.extends = fields.parsed("extends");
                    self.errors.extend(fields.into_errors());
                }
                "images" => self.images(entry, &defaults),
                "ledgers" => {
                    let mut fields = Fields::of(table, &entry.node.at, String::new());
                    self.project.ledgers.extend(ledgers(&mut fields));
                    self.errors.extend(fields.into_errors());
                }
                "registries" => self.registries(entry),
                "advisories" | "endoflife" | "roots" => self.snapshots(entry),
                "scan" => match scan::read(entry) {
                    Ok(settings) => {
                        self.project.scan.exclude.extend(settings.exclude);
                        self.project.scan.rules.extend(settings.rules);
                    }
                    Err(errors) => self.errors.extend(errors),
                },
                key if self.adapters.contains(&key) => self.targets(entry),
                _ => {
                    let known: Vec<&str> = TABLES.into_iter().chain(self.adapters.iter().copied()).collect();
                    self.errors.push(outside(entry, path).unwrap_or_else(|| unknown_key(entry, &known)));
                }
            }
        }
    }

    fn defaults(&mut self, entry: &Entry) -> Defaults {
        let mut fields = match Fields::new(&entry.node, "[defaults]") {
            Ok(fields) => fields,
            Err(error) => {
                self.errors.push(error);
                return Defaults::default();
            }
        };
        let platforms = image::platforms(&mut fields);
        let update = updating::defaults(&mut fields);
        let trust = trusting::Said { rules: Vec::new(), defaults: trusting::level(&mut fields) };
        self.errors.extend(fields.finish().err().into_iter().flatten());
        Defaults { platforms, update, trust }
    }

    fn trust(&mut self, entry: &Entry) -> Vec<trusting::Rule> {
        let mut rules = Vec::new();
        for node in self.tables_of(entry) {
            match trusting::rule(node) {
                Ok(rule) => rules.push(rule),
                Err(errors) => self.errors.extend(errors),
            }
        }
        rules
    }

    fn images(&mut self, entry: &Entry, defaults: &Defaults) {
        let NodeValue::Table(table) = &entry.node.value else {
            return self.errors.push(not_a_table("images", &entry.node));
        };
        for entry in &table.entries {
            let name: ImageName = match entry.key.parse() {
                Ok(name) => name,
                Err(error) => {
                    self.errors.push(ProjectError::invalid(error, &entry.key_at));
                    continue;
                }
            };
            if inherit::is_inherited(entry) {
                match inherit::read(entry, defaults) {
                    Ok(inherited) => self.inherited(name, inherited),
                    Err(errors) => self.errors.extend(errors),
                }
                continue;
            }
            match image::read(entry, defaults) {
                Ok(declared) => match self.project.images.get(&name) {
                    Some(first) => self.errors.push(ProjectError::DeclaredTwice {
                        name: name.to_string(),
                        at: declared.at,
                        first: first.at.clone(),
                    }),
                    None => drop(self.project.images.insert(name, declared)),
                },
                Err(errors) => self.errors.extend(errors),
            }
        }
    }

    fn inherited(&mut self, name: ImageName, inherited: inherit::Inherited) {
        let (asked, images) = (&mut self.project.inheritance.asked, &self.project.images);
        let first = asked.get(&name).map(|first| &first.at).or_else(|| images.get(&name).map(|first| &first.at));
        if let Some(first) = first {
            let (name, first) = (name.to_string(), first.clone());
            self.errors.push(ProjectError::DeclaredTwice { name, at: inherited.at, first });
        } else {
            asked.insert(name, inherited);
        }
    }

    /// Nothing can be taken over where nothing is extended.
    fn check_inherited(&mut self) {
        if self.project.inheritance.extends.is_none()
            && let Some((name, inherited)) = self.project.inheritance.asked.first_key_value()
        {
            let reason =
                format!("`{name}` is taken over, and nothing is extended: write `extends = \"oci://…\"` at the top");
            self.errors.push(ProjectError::invalid(reason, &inherited.at));
        }
    }

    fn registries(&mut self, entry: &Entry) {
        let NodeValue::Table(table) = &entry.node.value else {
            return self.errors.push(not_a_table("registries", &entry.node));
        };
        for entry in &table.entries {
            let host: Host = match entry.key.parse() {
                Ok(host) => host,
                Err(error) => {
                    self.errors.push(ProjectError::invalid(error, &entry.key_at));
                    continue;
                }
            };
            match registry(entry) {
                Ok(settings) => {
                    if self.project.registries.insert(host, settings).is_some() {
                        let reason = format!("registry `{}` is set up twice", entry.key);
                        self.errors.push(ProjectError::invalid(reason, &entry.key_at));
                    }
                }
                Err(errors) => self.errors.extend(errors),
            }
        }
    }

    fn snapshots(&mut self, entry: &Entry) {
        let table = &entry.key;
        let NodeValue::Table(entries) = &entry.node.value else {
            return self.errors.push(not_a_table(table, &entry.node));
        };
        for entry in &entries.entries {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
            if entry.key.is_empty() || !entry.key.chars().all(plain) {
                let reason =
                    format!("an entry of `[{table}]` is named with lower-case letters, digits, `.`, `_` and `-`");
                self.errors.push(ProjectError::invalid(reason, &entry.key_at));
                continue;
            }
            match snapshot::read(entry, table) {
                Ok(snapshot) => {
                    let project = &mut self.project;
                    let all = match table.as_str() {
                        "advisories" => &mut project.advisories,
                        "endoflife" => &mut project.endoflife,
                        _ => &mut project.roots,
                    };
                    if all.insert(entry.key.clone(), snapshot).is_some() {
                        let reason = format!("`{table}` has `{}` twice", entry.key);
                        self.errors.push(ProjectError::invalid(reason, &entry.key_at));
                    }
                }
                Err(errors) => self.errors.extend(errors),
            }
        }
    }

    fn targets(&mut self, entry: &Entry) {
        let adapter = &entry.key;
        for node in self.tables_of(entry) {
            self.project.targets.push(TargetTable { adapter: adapter.clone(), node: node.clone() });
        }
    }

    /// The tables of an array of them.
    fn tables_of<'e>(&mut self, entry: &'e Entry) -> Vec<&'e Node> {
        let key = &entry.key;
        let NodeValue::Array(nodes) = &entry.node.value else {
            let what = if key == "trust" { "rules of trust" } else { "targets" };
            let reason = format!("{what} are an array of tables: write `[[{key}]]`");
            self.errors.push(ProjectError::invalid(reason, &entry.key_at));
            return Vec::new();
        };
        let (tables, others): (Vec<&Node>, Vec<&Node>) =
            nodes.iter().partition(|node| matches!(node.value, NodeValue::Table(_)));
        self.errors.extend(others.into_iter().map(|node| not_a_table(key, node)));
        tables
    }

    fn package(&mut self, manifest: &Table, images: Option<&Entry>) {
        let Some(images) = images else { return };
        let name = descend(manifest, &["package", "name"]).and_then(|entry| entry.node.value.as_text());
        let mut fields = match Fields::new(&images.node, "[package.metadata.images]") {
            Ok(fields) => fields,
            Err(error) => return self.errors.push(error),
        };
        for image in fields.all_parsed::<ImageName>("uses").into_iter().flatten() {
            self.project.uses.push(Use { package: name.unwrap_or_default().to_owned(), image });
        }
        self.errors.extend(fields.finish().err().into_iter().flatten());
    }

    /// Notes the trust roots that are named and are none.
    fn check_roots(&mut self) {
        let roots = &self.project.roots;
        for signer in self.project.images.values().flat_map(|declared| &declared.trust).flat_map(|trust| &trust.signers)
        {
            let By::Identity { root: Some(root), .. } = &signer.value.by else { continue };
            if !roots.contains_key(root) {
                let near = nearest(root, roots.keys().map(String::as_str));
                let near = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                let error = ProjectError::invalid(format!("there is no `[roots.{root}]`{near}"), &signer.at);
                // One rule may hold for many images.
                if !self.errors.contains(&error) {
                    self.errors.push(error);
                }
            }
        }
    }

    fn check_uses(&mut self) {
        let inherited = &self.project.inheritance.asked;
        for Use { image, .. } in self.project.uses.iter().filter(|used| !inherited.contains_key(&used.image.value)) {
            self.errors.extend(unknown_image(&self.project.images, image, self.errors.len()));
        }
    }
}

impl Project {
    /// The mistake of naming an image that is not declared, if `image` is none; `mistakes` are known already.
    pub fn unknown_image(&self, image: &Spanned<ImageName>, mistakes: usize) -> Option<ProjectError> {
        unknown_image(&self.images, image, mistakes)
    }
}

/// For how many mistakes the name that was meant is looked for: each time all names are compared.
const SUGGESTED: usize = 20;

fn unknown_image<T>(
    images: &BTreeMap<ImageName, T>,
    image: &Spanned<ImageName>,
    mistakes: usize,
) -> Option<ProjectError> {
    let name = &image.value;
    let meant = || nearest(name.as_str(), images.keys().map(ImageName::as_str)).and_then(|name| name.parse().ok());
    (!images.contains_key(name)).then(|| ProjectError::UnknownImage {
        name: name.clone(),
        nearest: if mistakes < SUGGESTED { meant() } else { None },
        at: image.at.clone(),
    })
}

/// The mistake of an image that stands beside the table of images instead of in it.
fn outside(entry: &Entry, path: &str) -> Option<ProjectError> {
    let image = match &entry.node.value {
        NodeValue::Text(text) => text.parse::<Reference>().is_ok(),
        NodeValue::Table(table) => table.get("repository").or(table.get("layout")).is_some(),
        _ => false,
    };
    let reason = format!("`{}` is outside of `[{path}]`, where images are declared", entry.key);
    image.then(|| ProjectError::invalid(reason, &entry.key_at))
}

fn not_a_table(key: &str, node: &Node) -> ProjectError {
    ProjectError::Type { key: key.to_owned(), expected: "a table", found: node.type_name(), at: node.at.clone() }
}

fn descend<'t>(table: &'t Table, keys: &[&str]) -> Option<&'t Entry> {
    let (first, rest) = keys.split_first()?;
    let entry = table.get(first)?;
    match (&entry.node.value, rest) {
        (_, []) => Some(entry),
        (NodeValue::Table(table), rest) => descend(table, rest),
        _ => None,
    }
}
