//! What a Compose file says about the images of its services.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Context, Problem, RenderError};
use imagelock_core::source::{Location, SourceFile, Spanned};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A Compose file.
pub(crate) struct ComposeFile {
    pub(crate) path: Utf8PathBuf,
    pub(crate) services: BTreeMap<String, Source>,
    /// Whether other files add services to it.
    pub(crate) includes: bool,
}

/// Where a service's image comes from.
pub(crate) enum Source {
    /// It is pulled: the reference as it is written.
    Image(Spanned<String>),
    /// It is built here.
    Built(Location),
    /// It is inherited from a service of another file, or it is not there.
    Elsewhere(Location),
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    services: BTreeMap<String, serde_saphyr::Spanned<Option<Service>>>,
    #[serde(default)]
    include: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Service {
    #[serde(default)]
    image: Option<serde_saphyr::Spanned<String>>,
    #[serde(default)]
    build: Option<IgnoredAny>,
}

impl ComposeFile {
    pub(crate) fn read(context: &Context<'_>, path: &Spanned<Utf8PathBuf>) -> Result<Self, RenderError> {
        let Some(text) = context.tree.read_text(&path.value)? else {
            return Err(Problem::at(&path.at, format!("there is no file `{}`", path.value)).into());
        };
        Ok(Self::parse(&path.value, &text)?)
    }

    fn parse(path: &Utf8Path, text: &str) -> Result<Self, Problem> {
        let file = SourceFile::new(path, text);
        let lines = Lines::of(&file);
        let document: Document = serde_saphyr::from_str(text).map_err(|error| {
            let at = error.location().map_or_else(|| at_offset(&file, 0), |location| lines.at(&location));
            let reason = error.without_snippet().to_string();
            Problem::at(&at, format!("`{path}` is not a Compose file: {}", reason.lines().next().unwrap_or_default()))
        })?;
        let services = document.services.into_iter().map(|(name, service)| {
            let here = lines.at(&service.defined);
            let source = match service.value.unwrap_or_default() {
                Service { build: Some(_), .. } => Source::Built(here),
                Service { image: Some(image), .. } => {
                    let at = lines.at(&image.defined);
                    Source::Image(Spanned { value: image.value, at })
                }
                Service { image: None, .. } => Source::Elsewhere(here),
            };
            (name, source)
        });
        Ok(Self { path: path.to_owned(), services: services.collect(), includes: document.include.is_some() })
    }
}

impl Source {
    pub(crate) fn at(&self) -> &Location {
        match self {
            Self::Image(image) => &image.at,
            Self::Built(at) | Self::Elsewhere(at) => at,
        }
    }
}

/// The bytes at which the lines of a file start.
struct Lines<'f> {
    file: &'f Arc<SourceFile>,
    starts: Vec<usize>,
}

impl<'f> Lines<'f> {
    fn of(file: &'f Arc<SourceFile>) -> Self {
        let ends = file.text().match_indices('\n').map(|(at, _)| at + 1);
        Self { file, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The place of a value: the rest of its line, since a parser's spans of values may go over comments.
    fn at(&self, location: &serde_saphyr::Location) -> Location {
        let line = usize::try_from(location.line()).unwrap_or(1);
        let column = usize::try_from(location.column()).unwrap_or(1);
        let text = self.file.text();
        let before = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(text.len());
        let rest = text.get(before..).unwrap_or_default().lines().next().unwrap_or_default();
        let inside = rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
        let value = rest.get(inside..).unwrap_or_default();
        let value = value.split(" #").next().unwrap_or_default().trim_end();
        Location::new(self.file, before + inside..before + inside + value.len())
    }
}

fn at_offset(file: &Arc<SourceFile>, offset: usize) -> Location {
    Location::new(file, offset..offset)
}
