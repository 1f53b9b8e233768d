//! Comments that say which image a value is: `# imagelock: postgres:tag`.

use std::ops::Range;

use imagelock_adapter::{Context, Pinned, Problem, RenderError};
use imagelock_core::source::{Label, Location, nearest};

/// What opens a comment, in all languages at once: a marker is looked for in any text.
const OPENERS: &[&str] = &["<!--", "/*", "//", "--", "#", ";"];
const WORD: &str = "imagelock:";

/// A comment in a line that names an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// What it says: `postgres:tag`.
    pub text: String,
    /// The bytes of what it says.
    pub span: Range<usize>,
    /// The bytes of the whole comment.
    pub comment: Range<usize>,
}

/// Which part of an image a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `repository:tag@digest`.
    Reference,
    /// The repository.
    Repository,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
}

impl Marker {
    /// The markers in a line, which starts at byte `start` of its file.
    pub fn all(line: &str, start: usize) -> Vec<Self> {
        let found = line.match_indices(WORD).filter_map(|(at, _)| Self::at(line, at, start));
        found.collect()
    }

    fn at(line: &str, word: usize, start: usize) -> Option<Self> {
        let before = line[..word].trim_end_matches([' ', '\t']);
        let opener = OPENERS.iter().find(|opener| before.ends_with(**opener))?;
        let opens = before.len() - opener.len();
        // `https://imagelock:8080` is no comment.
        if *opener == "//" && before[..opens].ends_with(':') {
            return None;
        }
        let closer = match *opener {
            "<!--" => Some("-->"),
            "/*" => Some("*/"),
            _ => None,
        };
        let rest = &line[word + WORD.len()..];
        let inside = closer.and_then(|closer| rest.find(closer)).unwrap_or(rest.len());
        let closes = closer.filter(|closer| rest[inside..].starts_with(*closer)).map_or(0, str::len);
        let said = rest[..inside].trim_start_matches([' ', '\t']);
        let said_at = word + WORD.len() + inside - said.len();
        let text = said.split([' ', '\t', ',']).next().unwrap_or_default();
        Some(Self {
            text: text.to_owned(),
            span: start + said_at..start + said_at + text.len(),
            comment: start + opens..start + word + WORD.len() + inside + closes,
        })
    }

    /// The image and the part that the marker names; `at` is the place of [`Marker::span`].
    pub fn read<'a>(&self, context: &Context<'a>, at: &Location) -> Result<(Pinned<'a>, Part), RenderError> {
        let (name, part) = self.text.split_once(':').unwrap_or((&self.text, ""));
        let part = match part {
            "" => Part::Reference,
            "repository" => Part::Repository,
            "tag" => Part::Tag,
            "digest" => Part::Digest,
            other => {
                let problem = Problem::at(at, format!("a marker cannot name the part `{other}` of an image"));
                return Err(problem.help("`repository`, `tag` and `digest` are parts of an image").into());
            }
        };
        let known = context.lock.images.keys().find(|known| known.as_str() == name);
        let Some(name) = known else {
            let meant = nearest(name, context.lock.images.keys().map(imagelock_core::ImageName::as_str));
            let meant = meant.map(|name| format!("did you mean `{name}`?")).unwrap_or_default();
            let mut problem = Problem::at(at, format!("there is no image `{name}` in images.lock"));
            problem.labels = vec![Label::primary(at, meant)];
            return Err(problem.help("run `{command} lock` if the image is new").into());
        };
        Ok((context.image(name, Some(at))?, part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Vec<(String, String)> {
        let markers = Marker::all(line, 0);
        markers
            .iter()
            .map(|marker| (line[marker.span.clone()].to_owned(), line[marker.comment.clone()].to_owned()))
            .collect()
    }

    #[test]
    fn every_kind_of_comment_carries_a_marker() {
        for (line, comment) in [
            ("image: a:1 # imagelock: web", "# imagelock: web"),
            ("x = \"a:1\" // imagelock: web", "// imagelock: web"),
            ("SELECT 'a:1'; -- imagelock: web", "-- imagelock: web"),
            ("<i>a:1</i> <!-- imagelock: web -->", "<!-- imagelock: web -->"),
            ("image = a:1 ;imagelock:web", ";imagelock:web"),
            ("/* imagelock: web */ f(\"a:1\");", "/* imagelock: web */"),
            ("#\timagelock: \tweb, and more", "#\timagelock: \tweb, and more"),
        ] {
            assert_eq!(said(line), [("web".to_owned(), comment.to_owned())], "{line}");
        }
    }

    #[test]
    fn other_text_is_no_marker() {
        for line in ["# see imagelock: it pins", "url: https://imagelock:80/", "imagelock: web", "# imagelock-seal:00"]
        {
            assert_eq!(said(line), [], "{line}");
        }
    }

    #[test]
    fn an_empty_marker_says_nothing() {
        assert_eq!(said("a # imagelock:"), [(String::new(), "# imagelock:".to_owned())]);
        assert_eq!(said("/*imagelock:*/a"), [(String::new(), "/*imagelock:*/".to_owned())]);
    }
}
