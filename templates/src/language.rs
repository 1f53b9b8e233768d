//! What a template writes, and what ends a string there.

use std::io::{self, Write};

use imagelock_core::escape;

use crate::filters;

/// The language of a template, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// JSON.
    Json,
    /// YAML's double-quoted strings: JSON's escapes, but for pairs of surrogates, which YAML refuses.
    Yaml,
    /// HCL's quoted templates: JSON's escapes, and `${` and `%{` doubled.
    Hcl,
    /// HTML: text, and the insides of quoted attributes.
    Html,
    /// Earthfiles and Dockerfiles, which have no quoting that both read: other characters than a reference's fail.
    Bare,
}

impl Language {
    /// The language that the template called `name` writes; JSON's quoting where the name does not tell.
    pub fn of(name: &str) -> Self {
        if name.ends_with("Earthfile") || name.ends_with("Dockerfile") {
            Self::Bare
        } else if [".tf", ".tfvars", ".hcl"].iter().any(|suffix| name.ends_with(suffix)) {
            Self::Hcl
        } else if [".yaml", ".yml"].iter().any(|suffix| name.ends_with(suffix)) {
            Self::Yaml
        } else if name.ends_with(".html") {
            Self::Html
        } else {
            Self::Json
        }
    }

    pub(crate) fn engine(self) -> tera::Tera {
        let mut engine = tera::Tera::new();
        // The empty suffix fits every name: nothing is written without being escaped.
        engine.autoescape_on([""]);
        engine.set_escape_fn(match self {
            Self::Json => |text, output| output.write_all(escape::json(text).as_bytes()),
            Self::Yaml => |text, output| output.write_all(escape::yaml(text).as_bytes()),
            Self::Hcl => |text, output| output.write_all(escape::hcl(text).as_bytes()),
            Self::Html => |text, output| output.write_all(escape::html(text).as_bytes()),
            Self::Bare => escape_bare,
        });
        filters::register(&mut engine);
        engine
    }
}

fn escape_bare(text: &str, output: &mut dyn Write) -> io::Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '@' | '-' | '[' | ']');
    match text.chars().find(|&character| !fits(character)) {
        None => output.write_all(text.as_bytes()),
        Some(character) => {
            let message = format!("{character:?} cannot be written here, where nothing can be quoted");
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
    }
}
