//! `[[helm.fields]]`: what to write where no shape fits.

use imagelock_adapter::{Pinned, Problem, RenderError};
use imagelock_core::ImageName;
use imagelock_core::project::ProjectError;
use imagelock_core::source::{Location, Spanned};

use imagelock_yaml::Value;
use imagelock_yaml::ValuePath;

/// What to write for one image, key by key.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The mapping that the keys of `set` are in; the values' root where it is absent.
    pub(crate) path: Option<Spanned<ValuePath>>,
    pub(crate) image: Spanned<ImageName>,
    pub(crate) set: Vec<(Spanned<ValuePath>, Filling)>,
}

/// What to write at one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// A boolean.
    Flag(bool),
    /// A text with places that the image fills.
    Text(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Place(Place, Location),
}

/// What of an image fills a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Registry,
    Repository,
    Tag,
    Digest,
    Hex,
}

const PLACES: &[(&str, Place)] = &[
    ("registry", Place::Registry),
    ("repository", Place::Repository),
    ("tag", Place::Tag),
    ("digest", Place::Digest),
    ("hex", Place::Hex),
];

impl Filling {
    /// Reads `{registry}/{repository}:{tag}@{digest}`. Two braces are one brace.
    pub(crate) fn parse(text: &str, at: &Location) -> Result<Self, ProjectError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(brace) = rest.find(['{', '}']) {
            plain.push_str(&rest[..brace]);
            let doubled = rest[brace + 1..].starts_with(&rest[brace..=brace]);
            let start = text.len() - rest.len() + brace;
            if doubled {
                plain.push_str(&rest[brace..=brace]);
                rest = &rest[brace + 2..];
                continue;
            }
            let word = rest[brace..].strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let found = word.and_then(|(word, behind)| {
                let place = PLACES.iter().find(|(name, _)| *name == word)?;
                Some((place.1, start + word.len() + 2, behind))
            });
            let Some((place, end, behind)) = found else {
                let names: Vec<String> = PLACES.iter().map(|(name, _)| format!("`{{{name}}}`")).collect();
                let end = word.map_or(start + 1, |(word, _)| start + word.len() + 2);
                let reason =
                    format!("the places that an image fills are {}; a brace is written `{{{{`", names.join(", "));
                return Err(ProjectError::invalid(reason, &at.part(&(start..end))));
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Place(place, at.part(&(start..end))));
            rest = behind;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self::Text(parts))
    }

    /// Fills the places with an image.
    pub(crate) fn fill(&self, pinned: &Pinned<'_>) -> Result<Value, RenderError> {
        let parts = match self {
            Self::Flag(flag) => return Ok(Value::flag(*flag)),
            Self::Text(parts) => parts,
        };
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Place(place, at) => text.push_str(&place.of(pinned, at)?),
            }
        }
        Ok(Value::text(text))
    }
}

impl Place {
    fn of(self, pinned: &Pinned<'_>, at: &Location) -> Result<String, RenderError> {
        Ok(match self {
            Self::Registry => pinned.repository.host().to_string(),
            Self::Repository => pinned.repository.path().to_owned(),
            Self::Digest => pinned.digest().to_string(),
            Self::Hex => pinned.digest().hex().to_owned(),
            Self::Tag => match pinned.tag() {
                Some(tag) => tag.to_string(),
                None => return Err(Problem::at(at, format!("`{}` is locked without a tag", pinned.name)).into()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use imagelock_core::source::SourceFile;

    use super::*;

    fn parse(text: &str) -> Result<Filling, ProjectError> {
        Filling::parse(text, &Location::new(&SourceFile::new("images.toml", text), 0..text.len()))
    }

    #[test]
    fn places_and_doubled_braces_are_told_apart() {
        let Ok(Filling::Text(parts)) = parse("{registry}/{{x}}:{tag}") else { panic!("it is a text") };
        let shown: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Place(_, at) => at.to_string(),
            })
            .collect();
        assert_eq!(shown, ["images.toml:1:1", "/{x}:", "images.toml:1:18"]);
    }

    #[test]
    fn every_place_and_every_mistake_is_at_its_bytes() {
        let text = "{{}}é{registry}/{repository}:{tag}@{digest}{hex}";
        let Ok(Filling::Text(parts)) = parse(text) else { panic!("it is a text") };
        let places: Vec<&str> = parts
            .iter()
            .filter_map(|part| if let Part::Place(_, at) = part { Some(&text[at.span.clone()]) } else { None })
            .collect();
        assert_eq!(places, ["{registry}", "{repository}", "{tag}", "{digest}", "{hex}"]);
        for (text, part) in
            [("a{tags}", "{tags}"), ("{", "{"), ("a}", "}"), ("{registry", "{"), ("{}", "{}"), ("{{{tag}{x}", "{x}")]
        {
            let Err(ProjectError::Invalid { at, .. }) = parse(text) else { panic!("{text} is refused") };
            assert_eq!(&text[at.span.clone()], part, "{text}");
        }
    }
}
