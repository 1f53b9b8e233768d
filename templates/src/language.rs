//! What a template writes, and what ends a string there.

use std::io::{self, Write};

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
        } else {
            Self::Json
        }
    }

    pub(crate) fn engine(self) -> tera::Tera {
        let mut engine = tera::Tera::new();
        // The empty suffix fits every name: nothing is written without being escaped.
        engine.autoescape_on([""]);
        engine.set_escape_fn(match self {
            Self::Json => escape_json,
            Self::Yaml => escape_yaml,
            Self::Hcl => escape_hcl,
            Self::Bare => escape_bare,
        });
        filters::register(&mut engine);
        engine
    }
}

/// Writes the inside of a JSON string. Characters that change how text around them looks, such as bidirectional
/// overrides, are escaped as well, so that a reviewer sees them.
pub(crate) fn escape_json(text: &str, output: &mut dyn Write) -> io::Result<()> {
    escape(text, output, |character, output| {
        character.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(output, "\\u{unit:04x}"))
    })
}

/// Writes the inside of a double-quoted string of YAML, which is one of Starlark too.
pub(crate) fn escape_yaml(text: &str, output: &mut dyn Write) -> io::Result<()> {
    escape(text, output, |character, output| match u32::from(character) {
        short @ 0..=0xffff => write!(output, "\\u{short:04x}"),
        long => write!(output, "\\U{long:08x}"),
    })
}

fn escape(
    text: &str,
    output: &mut dyn Write,
    by_number: impl Fn(char, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    for character in text.chars() {
        match character {
            '"' => output.write_all(b"\\\"")?,
            '\\' => output.write_all(b"\\\\")?,
            '\n' => output.write_all(b"\\n")?,
            '\r' => output.write_all(b"\\r")?,
            '\t' => output.write_all(b"\\t")?,
            character if is_hidden(character) => by_number(character, output)?,
            character => write!(output, "{character}")?,
        }
    }
    Ok(())
}

/// Writes the inside of a quoted template of HCL: what begins an expression is written by its number, since a doubled
/// sign behind another sign would read as that one's escape.
pub(crate) fn escape_hcl(text: &str, output: &mut dyn Write) -> io::Result<()> {
    let mut escaped = Vec::new();
    escape_yaml(text, &mut escaped)?;
    let escaped = String::from_utf8_lossy(&escaped);
    let mut before = None;
    let mut characters = escaped.chars().peekable();
    while let Some(character) = characters.next() {
        let opens = matches!(character, '$' | '%') && characters.peek() == Some(&'{');
        match character {
            '$' | '%' if opens && before == Some(character) => write!(output, "\\u{:04x}", u32::from(character))?,
            '$' | '%' if opens => write!(output, "{character}{character}")?,
            _ => write!(output, "{character}")?,
        }
        before = Some(character);
    }
    Ok(())
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

/// Whether a character is not seen, or changes how its neighbours are seen.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
