//! A Compose file as Compose reads it: with what it includes, what its services extend in other files, and the
//! variables of the `.env` beside it. What one file says, `imagelock-scan` knows.
//!
//! It is not for what Compose does with images; and what cannot be read here (an include from another machine, a file
//! that a variable names) is told, not guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Context, Problem, RenderError};
use imagelock_core::source::{Location, SourceFile, Spanned};
use imagelock_scan::formats::compose::{Composition, Extends, MOST_EXTENDED, Origin, Scalar, Variables};

/// How far files include each other.
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
    Elsewhere(Location, &'static str),
}

impl Source {
    /// Where a person wrote the image, if one is pulled.
    pub(crate) fn written(&self) -> Option<&Location> {
        match self {
            Self::Image(image) => Some(&image.at),
            Self::Built(_) | Self::Provided | Self::Elsewhere(..) => None,
        }
    }
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
        let mut reader = ComposeReader { context, files: BTreeMap::new(), included: BTreeSet::new(), file };
        let Some(loaded) = reader.load(&path.value)? else {
            return Err(Problem::at(&path.at, format!("there is no file `{}`", path.value)).into());
        };
        if !loaded.composition.is_one {
            let problem =
                Problem::at(&Location::new(&loaded.source, 0..0), format!("`{}` has no `services`", path.value));
            return Err(problem.help("services stand under `services:`, since version 2 of the format").into());
        }
        reader.include(&loaded, 0)?;
        Ok(reader.file)
    }
}

/// A file and what it says.
struct Loaded {
    source: Arc<SourceFile>,
    composition: Composition,
}

impl Loaded {
    fn spanned(&self, scalar: &Scalar) -> Spanned<String> {
        Spanned { value: scalar.text.clone(), at: Location::new(&self.source, scalar.span.clone()) }
    }
}

struct ComposeReader<'c, 'a> {
    context: &'c Context<'a>,
    files: BTreeMap<Utf8PathBuf, Arc<Loaded>>,
    included: BTreeSet<Utf8PathBuf>,
    file: ComposeFile,
}

impl ComposeReader<'_, '_> {
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
        let composition = Composition::read(source.text()).map_err(|error| {
            let at = Location::new(&source, error.at);
            Problem::at(&at, format!("`{path}` is not a Compose file: {}", error.reason))
        })?;
        let loaded = Arc::new(Loaded { source, composition });
        self.files.insert(path.to_owned(), Arc::clone(&loaded));
        Ok(Some(loaded))
    }

    /// The file that `from` names by a text.
    fn named(&mut self, from: &Loaded, text: &str) -> Result<Option<Arc<Loaded>>, RenderError> {
        let path = self.file.variables.resolve(text).ok();
        let path = path.and_then(|(path, _)| beside(from.source.path(), &path));
        Ok(path.map(|path| self.load(&path)).transpose()?.flatten())
    }

    /// Adds the services of a file and of those that it includes.
    fn include(&mut self, loaded: &Arc<Loaded>, depth: usize) -> Result<(), RenderError> {
        // A file that includes itself is refused by Compose.
        if !self.included.insert(loaded.source.path().to_owned()) {
            return Ok(());
        }
        for (name, service) in &loaded.composition.services {
            let source = self.source(loaded, name)?;
            self.file.services.insert(name.clone(), source);
            let unpinned = service.beyond.iter().filter(|beyond| !beyond.image.text.contains("@sha"));
            self.file.beyond.extend(unpinned.map(|beyond| loaded.spanned(&beyond.image)));
        }
        for path in &loaded.composition.includes {
            match self.named(loaded, &path.text)?.filter(|_| depth < DEEPEST) {
                Some(other) => self.include(&other, depth + 1)?,
                None => self.file.unread.push(loaded.spanned(path)),
            }
        }
        Ok(())
    }

    /// Where the image of a service comes from, as far as the services that it extends tell.
    fn source(&mut self, loaded: &Arc<Loaded>, name: &str) -> Result<Source, RenderError> {
        let (mut loaded, mut name) = (Arc::clone(loaded), name.to_owned());
        let (mut here, mut origin, mut image, mut reason) = (None, None, None, ELSEWHERE);
        for _ in 0..=MOST_EXTENDED {
            let Some(service) = loaded.composition.services.get(&name) else { break };
            let at = Location::new(&loaded.source, service.span.clone());
            origin = origin.or(service.origin);
            image = image.or_else(|| service.image.as_ref().map(|image| loaded.spanned(image)));
            match origin {
                Some(Origin::Provided) => return Ok(Source::Provided),
                Some(Origin::Built) => return Ok(Source::Built(at)),
                Some(Origin::Pulled) if image.is_some() => break,
                Some(Origin::Pulled) | None => {}
            }
            here.get_or_insert(at);
            let Some(Extends { service: base, file }) = service.extends.clone() else {
                reason = "it has no image here";
                break;
            };
            let other = file.map_or(Ok(Some(Arc::clone(&loaded))), |file| self.named(&loaded, &file))?;
            let (Some(base), Some(other)) = (base, other) else { break };
            (loaded, name) = (other, base);
        }
        let here = here.unwrap_or_else(|| Location::new(&loaded.source, 0..0));
        Ok(image.map_or(Source::Elsewhere(here, reason), Source::Image))
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
