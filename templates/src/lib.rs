//! The templates that adapters and `report` render (`*.tera` beside this crate's manifest), embedded, and the engine for them.
//!
//! Quoting is the default: the language that a template writes, told by its name, decides how every `{{ value }}` is
//! escaped, so that no tag, path or annotation can end a string. What stands outside a string goes through a filter
//! that makes it safe there ([`FILTERS`]). The crate is not for formats that a serializer writes as well: JSON for
//! Terraform and BuildKit has no template.

mod filters;
mod language;
mod page;
mod purl;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use filters::FILTERS;
pub use language::Language;
pub use purl::purl;
use serde::Serialize;

/// A template and the name under which a user can replace it.
macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../", $name, ".tera")))),*]
    };
}

/// Every embedded template: its name without `.tera`, and its text.
pub const EMBEDDED: &[(&str, &str)] = embedded![
    "Earthfile",
    "compose.images.yaml",
    "hauler.yaml",
    "helm-values.yaml",
    "images.lock.yaml",
    "kustomization.yaml",
    "report.html",
    "zarf.yaml",
];

/// The templates of one run: the embedded ones, with those that the user put in their place. Most runs render none, so the
/// embedded ones alone, which are the default, are read when the first of them is.
#[derive(Default)]
pub struct Templates {
    engines: OnceLock<Result<Engines, TemplateError>>,
}

/// An engine for each language.
#[derive(Default)]
struct Engines(BTreeMap<Language, tera::Tera>);

/// Why a template cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file whose name is not a template's.
    #[error("there is no template `{name}`: the templates are {known}")]
    Unknown {
        /// The name of the file.
        name: String,
        /// The names that mean something.
        known: String,
    },
    /// The template does not parse, or a value does not fit where it stands.
    #[error("template `{name}`: {reason}")]
    Template {
        /// The template.
        name: String,
        /// What the engine says.
        reason: String,
    },
}

impl Templates {
    /// The embedded templates, with `overrides` (name without `.tera`, text) in their place.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        if let Some(name) = overrides.keys().find(|name| !EMBEDDED.iter().any(|(known, _)| known == name)) {
            let known: Vec<String> = EMBEDDED.iter().map(|(name, _)| format!("{name}.tera")).collect();
            return Err(TemplateError::Unknown { name: format!("{name}.tera"), known: known.join(", ") });
        }
        Ok(Self { engines: OnceLock::from(Ok(Engines::of(overrides)?)) })
    }

    /// Renders the template called `name` with the fields of `context`.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        match self.engines.get_or_init(|| Engines::of(&BTreeMap::new())) {
            Ok(engines) => engines.render(name, context),
            Err(error) => Err(error.clone()),
        }
    }
}

impl Engines {
    fn of(overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let mut engines = Self::default();
        for (name, text) in EMBEDDED {
            engines.add(name, overrides.get(*name).map_or(text, String::as_str))?;
        }
        Ok(engines)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        let language = Language::of(name);
        let engine = self.0.entry(language).or_insert_with(|| language.engine());
        engine.add_raw_template(name, text).map_err(|error| template_error(name, &error))
    }

    fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let mut context = tera::Context::from_serialize(context).map_err(|error| template_error(name, &error))?;
        if Language::of(name) == Language::Html {
            page::furnish(&mut context);
        }
        let Some(engine) = self.0.get(&Language::of(name)) else {
            return Err(TemplateError::Unknown { name: name.to_owned(), known: String::new() });
        };
        engine.render(name, &context).map_err(|error| template_error(name, &error))
    }
}

fn template_error(name: &str, error: &tera::Error) -> TemplateError {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        reason = format!("{reason}: {error}");
        source = error.source();
    }
    TemplateError::Template { name: name.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(name: &str, text: &str, value: &str) -> Result<String, TemplateError> {
        let mut engines = Engines::default();
        engines.add(name, text)?;
        engines.render(name, &BTreeMap::from([("value", value)]))
    }

    const HOSTILE: &str = "a\"b\\c\nd${e}%{f}{{g}}#\u{202e}*/";

    #[test]
    fn a_value_in_a_string_cannot_end_it() {
        let json = render("x.json", r#""{{ value }}""#, HOSTILE).unwrap();
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), HOSTILE);
        let yaml = render("x.yaml", r#"k: "{{ value }}""#, HOSTILE).unwrap();
        assert_eq!(yaml.lines().count(), 1);
        let hcl = render("x.tf", r#"k = "{{ value }}""#, HOSTILE).unwrap();
        assert!(hcl.contains("$${e}%%{f}"), "{hcl}");
    }

    #[test]
    fn what_yaml_and_hcl_cannot_read_is_not_written() {
        // A pair of surrogates is one character in JSON, and an error in YAML and HCL.
        let yaml = render("x.yaml", r#""{{ value }}""#, "\u{e0067}").unwrap();
        assert_eq!(yaml, r#""\U000e0067""#);
        assert_eq!(render("x.json", r#""{{ value }}""#, "\u{e0067}").unwrap(), r#""\udb40\udc67""#);
        assert_eq!(render("x.tf", r#""{{ value }}""#, "$${x}$%{").unwrap(), r#""$\u0024{x}$%%{""#);
    }

    #[test]
    fn an_earthfile_refuses_what_it_cannot_quote() {
        assert_eq!(render("Earthfile", "FROM {{ value }}", "a/b:1@sha256:0").unwrap(), "FROM a/b:1@sha256:0");
        for value in ["a b", "a$b", "a\nb", "a\"b", "a#b", "a\\b", "é", "{{"] {
            assert!(render("Earthfile", "FROM {{ value }}", value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_value_of_a_page_is_text_between_tags_and_in_attributes() {
        let page = render("x.html", r#"<a title="{{ value }}">{{ value }}</a>"#, "<i>\"'&`\u{202e}\n</a>").unwrap();
        let text = r"&lt;i&gt;&quot;&#39;&amp;&#96;\u{202e}\n&lt;/a&gt;";
        assert_eq!(page, format!(r#"<a title="{text}">{text}</a>"#));
    }

    #[test]
    fn a_comment_stays_one_line_of_visible_text() {
        let text = render("x.yaml", "# {{ value | comment }}\n", HOSTILE).unwrap();
        assert_eq!(text, "# a\"b\\c\\nd${e}%{f}{{g}}#\\u{202e}*/\n");
    }

    #[test]
    fn an_unknown_filter_or_variable_names_the_template() {
        for text in ["{{ value | colour }}", "{{ vlaue }}"] {
            let error = render("x.yaml", text, "").unwrap_err().to_string();
            assert!(error.starts_with("template `x.yaml`: "), "{error}");
        }
    }

    #[test]
    fn a_file_that_replaces_no_template_is_refused() {
        let overrides = BTreeMap::from([("nothing.yaml".to_owned(), String::new())]);
        assert!(matches!(Templates::new(&overrides), Err(TemplateError::Unknown { .. })));
    }
}
