//! A chart as far as its shapes need it: values, templates, schema and sub-charts, from a directory or a package.

mod files;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Problem, RenderError, Tree};
use imagelock_core::source::{Location, SourceFile};
use semver::{Version, VersionReq};

use self::files::Files;
use imagelock_yaml::Step;
use imagelock_yaml::{Value, YamlError};

/// A chart with its sub-charts.
#[derive(Debug)]
pub(crate) struct Chart {
    /// Its own values, without those of its sub-charts.
    own: Value,
    /// The text of its templates.
    pub(crate) templates: String,
    pub(crate) schema: Option<serde_json::Value>,
    /// A library chart renders nothing by itself; its templates serve the charts beside it.
    library: bool,
    dependencies: Vec<Dependency>,
}

/// A sub-chart as its parent names it.
#[derive(Debug)]
struct Dependency {
    /// The key of its values in its parent's.
    key: String,
    /// Nothing where the chart is declared and not there.
    chart: Option<Chart>,
}

/// The chart that a path leads into.
pub(crate) struct Owner<'c> {
    pub(crate) chart: &'c Chart,
    /// How many steps of the path lead to it.
    pub(crate) depth: usize,
    /// The templates to look into, the chart's own first.
    pub(crate) templates: Vec<&'c str>,
    /// The charts on the way, each with the number of steps that lead to it.
    pub(crate) on_the_way: Vec<(&'c Chart, usize)>,
    /// The key of a sub-chart that the path enters and that is not there.
    pub(crate) missing: Option<&'c str>,
}

/// Sub-charts of sub-charts: Helm has no limit, and people stop far before this one.
const DEEPEST: usize = 8;

impl Chart {
    /// Loads the chart at `path`, a directory or a package. `at` is where the project file names it.
    pub(crate) fn load(tree: &dyn Tree, path: &Utf8Path, at: &Location) -> Result<Self, RenderError> {
        let files = match tree.read(path).ok().flatten().filter(|_| path.extension() == Some("tgz")) {
            Some(package) => Files::packaged(&package).map_err(|reason| unreadable(path, &reason, at))?,
            None => Files::directory(tree, path)?,
        };
        if files.chart_yaml().is_none() {
            let problem = Problem::at(at, format!("there is no chart in `{path}`"));
            return Err(problem.help("`chart` is a directory with a Chart.yaml, or a packaged chart (.tgz)").into());
        }
        Loader { tree, at }.chart(&files, path, 0)
    }

    /// The values of the chart with those of its sub-charts below, as templates see them.
    pub(crate) fn values(&self) -> Value {
        let mut values = match &self.own {
            Value::Map(entries) => Value::Map(entries.clone()),
            _ => Value::empty(),
        };
        for dependency in &self.dependencies {
            let Some(chart) = &dependency.chart else { continue };
            let mut below = chart.values();
            if let Some(over) = values.get(&dependency.key) {
                below.merge(over);
            }
            values.set(&[Step::Key(dependency.key.clone())], below);
        }
        values
    }

    /// The chart that `path` leads into.
    pub(crate) fn owner(&self, path: &[Step]) -> Owner<'_> {
        let (mut chart, mut depth, mut missing) = (self, 0, None);
        let mut on_the_way = vec![(self, 0)];
        while let Some(Step::Key(key)) = path.get(depth) {
            let Some(next) = chart.dependencies.iter().find(|dependency| dependency.key == *key) else { break };
            let Some(below) = &next.chart else {
                missing = Some(next.key.as_str());
                break;
            };
            depth += 1;
            chart = below;
            on_the_way.push((chart, depth));
        }
        let mut templates = vec![chart.templates.as_str()];
        // A named template is found wherever it is defined in a release.
        self.libraries(&mut templates);
        Owner { chart, depth, templates, on_the_way, missing }
    }

    fn libraries<'c>(&'c self, templates: &mut Vec<&'c str>) {
        for chart in self.dependencies.iter().filter_map(|dependency| dependency.chart.as_ref()) {
            if chart.library && !templates.contains(&chart.templates.as_str()) {
                templates.push(&chart.templates);
            }
            chart.libraries(templates);
        }
    }
}

/// A chart in `charts/`.
struct There {
    name: String,
    version: String,
    files: Files,
    place: Utf8PathBuf,
}

impl There {
    /// The chart that a dependency means. Several of one name are told apart by the versions that are asked for.
    fn named<'t>(there: &'t [Self], name: &str, wanted: &str) -> Option<&'t Self> {
        let named = || there.iter().filter(|found| found.name == name);
        let fits = |found: &&Self| {
            found.version == wanted
                || VersionReq::parse(wanted)
                    .is_ok_and(|wanted| Version::parse(&found.version).is_ok_and(|version| wanted.matches(&version)))
        };
        named().find(fits).or_else(|| named().next())
    }
}

struct Loader<'a> {
    tree: &'a dyn Tree,
    at: &'a Location,
}

impl Loader<'_> {
    fn chart(&self, files: &Files, path: &Utf8Path, depth: usize) -> Result<Chart, RenderError> {
        let about = self.yaml(files, path, "Chart.yaml")?;
        let schema = match files.text("values.schema.json") {
            Some(text) => Some(serde_json::from_str(&text).map_err(|error| {
                unreadable(&path.join("values.schema.json"), &format!("it is not JSON: {error}"), self.at)
            })?),
            None => None,
        };
        let dependencies = if depth < DEEPEST { self.dependencies(files, &about, path, depth)? } else { Vec::new() };
        Ok(Chart {
            own: self.yaml(files, path, "values.yaml")?,
            templates: files.templates(),
            schema,
            library: about.get("type").and_then(Value::as_text) == Some("library"),
            dependencies,
        })
    }

    fn dependencies(
        &self,
        files: &Files,
        about: &Value,
        path: &Utf8Path,
        depth: usize,
    ) -> Result<Vec<Dependency>, RenderError> {
        let mut there = Vec::new();
        for (place, below) in files.below().map_err(|reason| unreadable(path, &reason, self.at))? {
            let place = path.join(place);
            let about = self.yaml(&below, &place, "Chart.yaml")?;
            let text = |key| about.get(key).and_then(Value::as_text).map(str::to_owned);
            if let Some(name) = text("name") {
                there.push(There { name, version: text("version").unwrap_or_default(), files: below, place });
            }
        }
        let declared = match about.get("dependencies") {
            Some(Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        let mut dependencies = Vec::new();
        for item in declared {
            let text = |key| item.get(key).and_then(Value::as_text);
            let Some(name) = text("name") else { continue };
            let chart = match There::named(&there, name, text("version").unwrap_or_default()) {
                Some(found) => Some(self.chart(&found.files, &found.place, depth + 1)?),
                None => self.beside(text("repository"), path, depth)?,
            };
            dependencies.push(Dependency { key: text("alias").unwrap_or(name).to_owned(), chart });
        }
        for There { name, files, place, .. } in &there {
            let declared = declared.iter().any(|item| item.get("name").and_then(Value::as_text) == Some(name));
            if !declared {
                dependencies.push(Dependency { key: name.clone(), chart: Some(self.chart(files, place, depth + 1)?) });
            }
        }
        Ok(dependencies)
    }

    /// A dependency with `repository: file://…` lies in the repository before `helm dependency build` copies it.
    fn beside(&self, repository: Option<&str>, path: &Utf8Path, depth: usize) -> Result<Option<Chart>, RenderError> {
        let Some(relative) = repository.and_then(|text| text.strip_prefix("file://")) else { return Ok(None) };
        let Some(place) = inside(path, relative) else { return Ok(None) };
        let files = Files::directory(self.tree, &place)?;
        if files.chart_yaml().is_none() {
            return Ok(None);
        }
        self.chart(&files, &place, depth + 1).map(Some)
    }

    fn yaml(&self, files: &Files, chart: &Utf8Path, name: &str) -> Result<Value, RenderError> {
        let Some(text) = files.text(name) else { return Ok(Value::Null) };
        let path = chart.join(name);
        let documents = imagelock_yaml::parse(&text).map_err(|error| not_yaml(&path, &text, &error, self.at))?;
        let Some(first) = documents.first() else { return Ok(Value::Null) };
        Value::of(first).ok_or_else(|| unreadable(&path, "its aliases name no anchor, or do not end", self.at))
    }
}

fn inside(from: &Utf8Path, relative: &str) -> Option<Utf8PathBuf> {
    let mut path = from.to_owned();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop().then_some(())?),
            part => path.push(part),
        }
    }
    Some(path)
}

pub(crate) fn not_yaml(path: &Utf8Path, text: &str, error: &YamlError, asked: &Location) -> RenderError {
    let at = Location::new(&SourceFile::new(path, text), error.at.clone());
    Problem::at(&at, format!("`{path}` is not YAML: {}", error.reason)).also(asked, "asked for here").into()
}

fn unreadable(path: &Utf8Path, reason: &str, at: &Location) -> RenderError {
    Problem::at(at, format!("cannot read `{path}`: {reason}")).into()
}
