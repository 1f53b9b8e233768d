//! What a Compose file says about the images of its services, as Compose reads it: with what it includes, what its
//! services extend, all of its documents, and the variables of the `.env` beside it.
//!
//! It is not for what Compose does with images; and what cannot be read here (an include from another machine, a file
//! that a variable names) is told, not guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Context, Problem, RenderError};
use imagelock_core::source::{Location, SourceFile, Spanned};
use imagelock_yaml::{Kind, Node};

use crate::fields::{Document, present};
use crate::interpolate::Variables;

/// How far files include and services extend each other.
const DEEPEST: usize = 16;

/// How many files one Compose file is made of.
const MOST_FILES: usize = 256;

const ELSEWHERE: &str = "its image is written in another file";

/// A Compose file, with the files that it includes.
pub(crate) struct ComposeFile {
    pub(crate) path: Utf8PathBuf,
    pub(crate) services: BTreeMap<String, Source>,
    /// Images where no override reaches.
    pub(crate) beyond: Vec<Spanned<String>>,
    /// Files that add services and cannot be read here.
    pub(crate) unread: Vec<Spanned<String>>,
    pub(crate) variables: Variables,
}

/// Where a service's image comes from.
#[derive(Clone)]
pub(crate) enum Source {
    /// It is pulled: the reference as it is written.
    Image(Spanned<String>),
    /// It is built here.
    Built(Location),
    /// A provider runs it, and there is no image.
    Provided,
    /// It is not written where it can be read, for this reason.
    Elsewhere(Location, String),
}

impl ComposeFile {
    pub(crate) fn read(context: &Context<'_>, path: &Spanned<Utf8PathBuf>) -> Result<Self, RenderError> {
        let folder = path.value.parent().unwrap_or(Utf8Path::new(""));
        let variables = Variables::of(&context.tree.read_text(&folder.join(".env"))?.unwrap_or_default());
        let file = Self {
            path: path.value.clone(),
            services: BTreeMap::new(),
            beyond: Vec::new(),
            unread: Vec::new(),
            variables,
        };
        let mut reader = Reader { context, files: BTreeMap::new(), file };
        let Some(loaded) = reader.load(&path.value)? else {
            return Err(Problem::at(&path.at, format!("there is no file `{}`", path.value)).into());
        };
        if !loaded.documents.iter().any(|document| document.has("services") || document.has("include")) {
            let problem =
                Problem::at(&Location::new(&loaded.source, 0..0), format!("`{}` has no `services`", path.value));
            return Err(problem.help("services stand under `services:`, since version 2 of the format").into());
        }
        reader.include(&loaded, 0)?;
        Ok(reader.file)
    }
}

/// A file and its documents.
struct Loaded {
    source: Arc<SourceFile>,
    documents: Vec<Document>,
}

impl Loaded {
    fn at(&self, node: &Node) -> Location {
        Location::new(&self.source, node.span.clone())
    }

    /// The last document's service counts, as in an override.
    fn service(&self, name: &str) -> Result<Option<(&Document, &Node)>, Problem> {
        for document in self.documents.iter().rev() {
            let Some(services) = document.get(&document.root, "services", &self.source)? else { continue };
            if let Some(service) = document.get(services, name, &self.source)? {
                return Ok(Some((document, service)));
            }
        }
        Ok(None)
    }
}

struct Reader<'c, 'a> {
    context: &'c Context<'a>,
    files: BTreeMap<Utf8PathBuf, Arc<Loaded>>,
    file: ComposeFile,
}

impl Reader<'_, '_> {
    /// Reads a file of the repository once; nothing where it is not there.
    fn load(&mut self, path: &Utf8Path) -> Result<Option<Arc<Loaded>>, RenderError> {
        if let Some(loaded) = self.files.get(path) {
            return Ok(Some(Arc::clone(loaded)));
        }
        let Some(text) = self.context.tree.read_text(path)? else { return Ok(None) };
        let source = SourceFile::new(path, text);
        if self.files.len() >= MOST_FILES {
            let message = format!("a Compose file is made of at most {MOST_FILES} files");
            return Err(Problem::at(&Location::new(&source, 0..0), message).into());
        }
        let nodes = imagelock_yaml::parse(source.text()).map_err(|error| {
            let at = Location::new(&source, error.at);
            Problem::at(&at, format!("`{path}` is not a Compose file: {}", error.reason))
        })?;
        let documents = nodes.into_iter().map(Document::of).collect();
        let loaded = Arc::new(Loaded { source, documents });
        self.files.insert(path.to_owned(), Arc::clone(&loaded));
        Ok(Some(loaded))
    }

    /// Adds the services of a file and of those that it includes.
    fn include(&mut self, loaded: &Arc<Loaded>, depth: usize) -> Result<(), RenderError> {
        for document in &loaded.documents {
            let services = document.get(&document.root, "services", &loaded.source)?;
            for (name, service) in
                services.map(|node| document.entries(node, &loaded.source)).transpose()?.unwrap_or_default()
            {
                let source = self.source(loaded, document, service, 0)?;
                self.beyond(loaded, document, service)?;
                self.file.services.insert(name.to_owned(), source);
            }
            let Some(include) = document.get(&document.root, "include", &loaded.source)? else { continue };
            for named in document.items(include) {
                let paths = match document.get(named, "path", &loaded.source)? {
                    Some(paths) => document.items(paths),
                    None => vec![named],
                };
                for path in paths {
                    self.included(loaded, path, depth)?;
                }
            }
        }
        Ok(())
    }

    fn included(&mut self, loaded: &Arc<Loaded>, node: &Node, depth: usize) -> Result<(), RenderError> {
        let at = loaded.at(node);
        let Some(text) = present(node) else { return Ok(()) };
        let path = self.file.variables.resolve(text).ok().and_then(|(path, _)| beside(loaded.source.path(), &path));
        let known = path.as_ref().is_some_and(|path| self.files.contains_key(path));
        let found = path.filter(|_| depth < DEEPEST).map(|path| self.load(&path)).transpose()?.flatten();
        match found {
            // A file that includes itself is refused by Compose.
            Some(_) if known => Ok(()),
            Some(other) => self.include(&other, depth + 1),
            None => {
                self.file.unread.push(Spanned { value: text.to_owned(), at });
                Ok(())
            }
        }
    }

    fn source(
        &mut self,
        loaded: &Arc<Loaded>,
        document: &Document,
        service: &Node,
        depth: usize,
    ) -> Result<Source, RenderError> {
        let field = |key: &str| document.get(service, key, &loaded.source);
        let here = loaded.at(service);
        if field("provider")?.is_some() {
            return Ok(Source::Provided);
        }
        if field("build")?.is_some() {
            return Ok(Source::Built(here));
        }
        if let Some((image, text)) = field("image")?.and_then(|image| Some((image, present(image)?))) {
            return Ok(Source::Image(Spanned { value: text.to_owned(), at: loaded.at(image) }));
        }
        let Some(extends) = field("extends")? else {
            return Ok(Source::Elsewhere(here, "it has no image here".to_owned()));
        };
        let (name, file) = match &extends.kind {
            Kind::Mapping { .. } => {
                let text = |key| document.get(extends, key, &loaded.source).map(|node| node.and_then(present));
                (text("service")?, text("file")?)
            }
            _ => (present(extends), None),
        };
        let elsewhere = || Ok(Source::Elsewhere(here.clone(), ELSEWHERE.to_owned()));
        let Some(name) = name.filter(|_| depth < DEEPEST) else { return elsewhere() };
        let base = match file {
            None => Some(Arc::clone(loaded)),
            Some(file) => {
                let path = self.file.variables.resolve(file).ok();
                let path = path.and_then(|(path, _)| beside(loaded.source.path(), &path));
                path.map(|path| self.load(&path)).transpose()?.flatten()
            }
        };
        let Some(base) = base else { return elsewhere() };
        match base.service(name)? {
            Some((document, service)) => self.source(&base, document, service, depth + 1),
            None => elsewhere(),
        }
    }

    /// Notes the images of volumes and of hooks, which an override cannot replace.
    fn beyond(&mut self, loaded: &Arc<Loaded>, document: &Document, service: &Node) -> Result<(), RenderError> {
        for (list, key) in
            [("volumes", "source"), ("pre_start", "image"), ("post_start", "image"), ("pre_stop", "image")]
        {
            let Some(list_node) = document.get(service, list, &loaded.source)? else { continue };
            for item in document.items(list_node) {
                let kind = document.get(item, "type", &loaded.source)?.and_then(present);
                let image = document.get(item, key, &loaded.source)?;
                let Some((node, text)) = image.and_then(|node| Some((node, present(node)?))) else { continue };
                let pinned = text.contains("@sha256:") || text.contains("@sha512:");
                if !pinned && (list != "volumes" || kind == Some("image")) {
                    self.file.beyond.push(Spanned { value: text.to_owned(), at: loaded.at(node) });
                }
            }
        }
        Ok(())
    }
}

/// The path that a file names relative to its own folder; nothing where it leaves the repository.
fn beside(file: &Utf8Path, path: &str) -> Option<Utf8PathBuf> {
    if path.starts_with('/') || path.contains("://") || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> =
        file.parent().into_iter().flat_map(Utf8Path::components).map(|part| part.as_str()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/").into())
}
