//! The overlay: values for `helm -f`.

use camino::Utf8Path;
use imagelock_adapter::{PLACEHOLDER, RenderError, Templates};
use indexmap::IndexMap;
use serde::Serialize;

use crate::settings::Settings;
use imagelock_yaml::Step;
use imagelock_yaml::{Value, stays_text};

/// The template's name.
pub(crate) const TEMPLATE: &str = "helm-values.yaml";

#[derive(Serialize)]
struct Page<'a> {
    seal: &'static str,
    chart: &'a str,
    output: &'a str,
    lines: Vec<Line<'a>>,
}

/// One key of the overlay. Keys that are mappings have no value.
#[derive(Serialize)]
struct Line<'a> {
    indent: String,
    key: &'a str,
    /// Whether the key needs no quotes.
    bare: bool,
    comments: &'a [String],
    text: Option<&'a str>,
    flag: Option<&'a str>,
}

/// The values as a tree, in the order in which they are asked for.
#[derive(Default)]
struct Branch<'a> {
    comments: &'a [String],
    value: Option<&'a Value>,
    below: IndexMap<&'a str, Branch<'a>>,
}

pub(crate) fn render(
    templates: &Templates,
    chart: &Utf8Path,
    output: &Utf8Path,
    settings: &[Settings],
) -> Result<String, RenderError> {
    let mut root = Branch::default();
    for setting in settings {
        for (path, value) in &setting.set {
            root.at(path).value = Some(value);
        }
        root.at(&setting.path).comments = &setting.comments;
    }
    let mut lines = Vec::new();
    root.lines(0, &mut lines);
    let page = Page { seal: PLACEHOLDER, chart: chart.as_str(), output: output.as_str(), lines };
    Ok(templates.render(TEMPLATE, &page)?)
}

impl<'a> Branch<'a> {
    fn at(&mut self, path: &'a [Step]) -> &mut Self {
        let mut branch = self;
        for step in path {
            // Items of lists are refused before: an overlay cannot reach them.
            let Step::Key(key) = step else { continue };
            branch = branch.below.entry(key.as_str()).or_default();
        }
        branch
    }

    fn lines(&self, depth: usize, lines: &mut Vec<Line<'a>>) {
        for (key, branch) in &self.below {
            let (text, flag) = match branch.value {
                Some(Value::Text { text, typed: true }) => (None, Some(text.as_str())),
                Some(Value::Text { text, .. }) => (Some(text.as_str()), None),
                _ => (None, None),
            };
            let bare = stays_text(key) && !key.contains([':', '@']);
            lines.push(Line { indent: "  ".repeat(depth), key, bare, comments: branch.comments, text, flag });
            branch.lines(depth + 1, lines);
        }
    }
}
