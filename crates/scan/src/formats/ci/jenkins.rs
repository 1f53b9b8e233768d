//! Where pipelines of Jenkins name images: `docker.image('…')`, agents that are containers, templates of pods.
//!
//! A pipeline is a program in Groovy, and this is no parser of it: it knows strings, comments and what a block or a call is
//! called. So no place is certain.

use std::ops::Range;

use imagelock_core::Reference;

use super::super::helm::image_lines;
use super::super::paths::in_order;
use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

/// Pipelines of Jenkins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jenkins;

impl Format for Jenkins {
    fn id(&self) -> &'static str {
        "jenkins"
    }

    fn about(&self) -> &'static str {
        "a pipeline of Jenkins"
    }

    fn claims(&self, path: &Named<'_>, _: &dyn Head) -> bool {
        let name = path.file_name().unwrap_or_default();
        let called =
            name.strip_prefix("Jenkinsfile").is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']));
        called || matches!(path.extension(), Some("Jenkinsfile" | "jenkinsfile"))
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let tokens = tokens(text);
        let (mut sites, mut open) = (Vec::new(), Vec::new());
        for (index, token) in tokens.iter().enumerate() {
            match token {
                Token::Sign(b'{' | b'(' | b'[') => open.push(name(&tokens[..index])),
                Token::Sign(b'}' | b')' | b']') => drop(open.pop()),
                Token::Text { span, varies } => match takes(&tokens[..index], &open) {
                    Takes::Image(place) if *varies => {
                        sites.push(Site { sure: Sure::Possible, ..Site::open(span.clone(), &lines, place) });
                    }
                    Takes::Image(place) => {
                        sites.push(Site::whole(span.clone(), &text[span.clone()], Sure::Possible, &lines, place));
                    }
                    Takes::Variable(name) if !varies && is_formed(&text[span.clone()]) => {
                        sites.push(Site::whole(span.clone(), &text[span.clone()], Sure::Possible, &lines, name));
                    }
                    Takes::Yaml => sites.extend(image_lines(&text[span.clone()]).into_iter().map(|found| {
                        let found = span.start + found.start..span.start + found.end;
                        Site::whole(found.clone(), &text[found], Sure::Possible, &lines, "yaml")
                    })),
                    Takes::Variable(_) | Takes::Nothing => {}
                },
                Token::Name(_) | Token::Sign(_) => {}
            }
        }
        let texts: Vec<&Range<usize>> = tokens.iter().filter_map(Token::text).collect();
        let hidden = |at: usize| {
            let after = texts.partition_point(|span| span.start <= at);
            after > 0 && texts[after - 1].contains(&at)
        };
        Ok(Parsed { sites: in_order(sites), comments: speaking(text, &lines, &["//", "/*"], hidden) })
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        Some(new.to_owned())
    }
}

/// A piece of Groovy.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    /// A name or a number.
    Name(&'t str),
    /// Anything else.
    Sign(u8),
    /// What stands between quotes, and whether more than these bytes decides what it says.
    Text { span: Range<usize>, varies: bool },
}

impl Token<'_> {
    fn text(&self) -> Option<&Range<usize>> {
        match self {
            Token::Text { span, .. } => Some(span),
            Token::Name(_) | Token::Sign(_) => None,
        }
    }
}

/// What stands where a string is.
enum Takes<'t> {
    /// An image; this is what the place is called.
    Image(&'static str),
    /// The value of a variable that is called an image.
    Variable(&'t str),
    /// Pods.
    Yaml,
    /// Something else.
    Nothing,
}

/// What a string is, by the tokens in front of it and the names of the blocks and calls that it is in.
fn takes<'t>(before: &[Token<'t>], open: &[&str]) -> Takes<'t> {
    use Token::{Name, Sign};
    match (before, open.last().copied().unwrap_or_default()) {
        ([.., Name("docker"), Sign(b'.'), Name("image"), Sign(b'(')], _) => Takes::Image("docker.image"),
        ([.., Name("withDockerContainer"), Sign(b'(')] | [.., Name("withDockerContainer")], _)
        | ([.., Name("image"), Sign(b':')], "withDockerContainer") => Takes::Image("withDockerContainer"),
        ([.., Name("image")], "docker") | ([.., Name("docker")], "agent") => Takes::Image("agent.docker"),
        ([.., Name("image"), Sign(b':')], "containerTemplate") => Takes::Image("containerTemplate"),
        ([.., Name("yaml")], "kubernetes") | ([.., Name("yaml"), Sign(b':')], _) => Takes::Yaml,
        ([.., Name(name), Sign(b'=')], _) if name.to_ascii_lowercase().ends_with("image") => Takes::Variable(name),
        _ => Takes::Nothing,
    }
}

/// What the block or the call is called that opens behind some tokens.
fn name<'t>(before: &[Token<'t>]) -> &'t str {
    match before {
        [.., Token::Name(name)] => name,
        _ => "",
    }
}

/// Whether a text is a reference with more than a name in it.
fn is_formed(text: &str) -> bool {
    text.parse().is_ok_and(|found: Reference| found.tag.is_some() || found.digest.is_some())
}

/// The tokens of a text, without its comments.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let (mut tokens, mut at) = (Vec::new(), 0);
    // The first line may say which program reads it.
    if text.starts_with("#!") {
        at = text.find('\n').unwrap_or(text.len());
    }
    while at < bytes.len() {
        let rest = &text[at..];
        let length = match bytes[at] {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            b'"' | b'\'' => {
                let (inside, length, varies) = string(rest);
                tokens.push(Token::Text { span: at + inside.start..at + inside.end, varies });
                length
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
                let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                tokens.push(Token::Name(&rest[..length]));
                length
            }
            byte if byte.is_ascii_whitespace() => 1,
            byte if byte.is_ascii() => {
                tokens.push(Token::Sign(byte));
                1
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += length;
    }
    tokens
}

/// What stands between the quotes at the start of a text, how long it is with them, and whether a variable, an escape or
/// an end of a line is in it. One that does not close ends with its line.
fn string(text: &str) -> (Range<usize>, usize, bool) {
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(quote)).unwrap_or("'");
    let (mut at, mut varies, interpolates) = (quote.len(), false, quote.starts_with('"'));
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => {
                (at, varies) = (at + 1, true);
                at += text[at..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            b'\n' if quote.len() == 1 => return (quote.len()..at, at, true),
            b'\n' => varies = true,
            b'$' if interpolates => varies = true,
            _ if text[at..].starts_with(quote) => return (quote.len()..at, at + quote.len(), varies),
            _ => {}
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    (quote.len().min(text.len())..text.len(), text.len(), true)
}
