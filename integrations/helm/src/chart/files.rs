//! The files of a chart, from a directory or a package.

use std::collections::BTreeMap;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use flate2::read::GzDecoder;
use imagelock_adapter::{RenderError, Tree};

/// The files of one chart, by their paths in it.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeMap<Utf8PathBuf, Vec<u8>>);

/// The largest package, unpacked. Helm stops at 100 MiB; the charts of today have less than one.
const LARGEST: u64 = 100 << 20;

impl Files {
    /// The files below a directory that say something about shapes.
    pub(super) fn directory(tree: &dyn Tree, directory: &Utf8Path) -> Result<Self, RenderError> {
        let mut files = BTreeMap::new();
        for path in tree.files(directory)? {
            let Ok(inside) = path.strip_prefix(directory) else { continue };
            if says_something(inside)
                && let Some(content) = tree.read(&path)?
            {
                files.insert(inside.to_owned(), content);
            }
        }
        Ok(Self(files))
    }

    /// The files in a package. All stand below one directory, whatever its name is.
    pub(super) fn packaged(package: &[u8]) -> Result<Self, String> {
        let mut files = BTreeMap::new();
        let mut archive = tar::Archive::new(GzDecoder::new(package).take(LARGEST));
        let entries = archive.entries().map_err(|error| error.to_string())?;
        for entry in entries {
            let mut entry = entry.map_err(|error| error.to_string())?;
            let Some(path) = entry.path().ok().and_then(|path| Utf8PathBuf::from_path_buf(path.into_owned()).ok())
            else {
                continue;
            };
            let path = path.strip_prefix(".").unwrap_or(&path);
            let inside: Utf8PathBuf = path.components().skip(1).collect();
            if entry.header().entry_type().is_file() && says_something(&inside) {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(|error| error.to_string())?;
                files.insert(inside, content);
            }
        }
        Ok(Self(files))
    }

    pub(super) fn chart_yaml(&self) -> Option<&[u8]> {
        self.0.get(Utf8Path::new("Chart.yaml")).map(Vec::as_slice)
    }

    /// A file's text. Bytes that are no text cannot name a key; they are replaced, not refused.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(Utf8Path::new(name)).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// All templates, one behind the other.
    pub(super) fn templates(&self) -> String {
        let templates = self.0.iter().filter(|(path, _)| path.starts_with("templates"));
        templates.fold(String::new(), |mut all, (_, bytes)| {
            all.push_str(&String::from_utf8_lossy(bytes));
            all.push('\n');
            all
        })
    }

    /// The charts in `charts/`, each with its place.
    pub(super) fn below(&self) -> Result<Vec<(Utf8PathBuf, Self)>, String> {
        let mut below: BTreeMap<Utf8PathBuf, Self> = BTreeMap::new();
        for (path, content) in &self.0 {
            let Ok(inside) = path.strip_prefix("charts") else { continue };
            let mut components = inside.components();
            let Some(first) = components.next() else { continue };
            let (place, rest) = (Utf8Path::new("charts").join(first.as_str()), components.as_path());
            if !rest.as_str().is_empty() {
                below.entry(place).or_default().0.insert(rest.to_owned(), content.clone());
            } else if inside.extension() == Some("tgz") {
                let files = Self::packaged(content).map_err(|reason| format!("`{path}`: {reason}"))?;
                below.insert(place, files);
            }
        }
        Ok(below.into_iter().filter(|(_, files)| files.chart_yaml().is_some()).collect())
    }
}

fn says_something(path: &Utf8Path) -> bool {
    matches!(path.as_str(), "Chart.yaml" | "values.yaml" | "values.schema.json")
        || path.starts_with("templates")
        || path.starts_with("charts")
}
