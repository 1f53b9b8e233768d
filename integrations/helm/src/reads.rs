//! What a chart's templates do with the values of one image, read from their lines.
//!
//! Templates are text here: nothing is evaluated. A line names a value by its whole path (`.Values.web.image.tag`), by
//! a variable that was set to it, or, where the mapping or one around it was handed on whole (`with`, `include`), by
//! its last key alone. The first two are certain, the last is a guess, and callers are told which it is.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use imagelock_yaml::{Step, Value, display};
use regex::Regex;

use crate::chart::Owner;

/// Whether the templates read a key of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reads {
    /// They name neither it nor anything around it.
    No,
    /// The mapping is handed on, and somewhere a key of this name is read.
    Perhaps,
    /// They name it.
    Certainly,
}

/// How the templates write a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Behind `sha256:`, which they write themselves.
    Hex,
    /// Behind `@` alone.
    Whole,
}

/// The templates that see one image, and the image's path in their values.
pub(crate) struct Templates<'a> {
    pub(crate) owner: &'a Owner<'a>,
    /// The path as the owner's templates write it, behind `.Values.`.
    inside: String,
}

impl<'a> Templates<'a> {
    pub(crate) fn new(owner: &'a Owner<'a>, path: &[Step]) -> Self {
        Self { owner, inside: display(&path[owner.depth..]) }
    }

    fn lines(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.owner.templates.iter().flat_map(|text| text.lines())
    }

    /// Whether a key beside the image, in the same mapping, is named.
    pub(crate) fn reads_beside(&self, key: &str) -> bool {
        let path = match self.inside.rsplit_once('.') {
            Some((parent, _)) => format!("{parent}.{key}"),
            None => key.to_owned(),
        };
        self.lines().any(|line| names_path(line, &path))
    }

    /// Whether a key of the image is read.
    pub(crate) fn reads(&self, key: &str) -> Reads {
        let path = format!("{}.{key}", self.inside);
        if self.lines().any(|line| names_path(line, &path)) {
            return Reads::Certainly;
        }
        let guess = self.is_handed_on() && self.lines().any(|line| names_key(line, key));
        if guess { Reads::Perhaps } else { Reads::No }
    }

    /// Whether the mapping, or one around it, is given to something that may read any key of it.
    fn is_handed_on(&self) -> bool {
        let mut path = self.inside.as_str();
        loop {
            if self.lines().any(|line| names_whole(line, path)) {
                return true;
            }
            match path.rsplit_once('.') {
                Some((parent, _)) => path = parent,
                None => return false,
            }
        }
    }

    /// The lines that use a key of the image for certain: by its path, or by a variable that is set to it.
    fn certain(&self, key: &str) -> Vec<&'a str> {
        let path = format!("{}.{key}", self.inside);
        let named: Vec<&str> = self.lines().filter(|line| names_path(line, &path)).collect();
        let variables: BTreeSet<&str> = named.iter().filter_map(|line| assigned(line)).collect();
        let by_variable = self
            .lines()
            .filter(|line| assigned(line).is_none() && variables.iter().any(|variable| names_variable(line, variable)));
        let direct = named.iter().copied().filter(|line| assigned(line).is_none());
        direct.chain(by_variable).collect()
    }

    /// The lines that may use a key: those that do for certain, or, where it is handed on, those with its name.
    fn likely(&self, key: &str) -> Vec<&'a str> {
        match self.certain(key) {
            certain if !certain.is_empty() => certain,
            _ if self.is_handed_on() => self.lines().filter(|line| names_key(line, key)).collect(),
            none => none,
        }
    }

    /// How a digest is written: lines that use this very key count before those of helpers, and these before the value
    /// that the chart has for it. Nothing where two lines differ, or where none tells.
    pub(crate) fn style(&self, key: &str, value: Option<&Value>) -> Option<Style> {
        let one = |lines: Vec<&str>| -> Option<Style> {
            let mut styles = lines.into_iter().filter_map(style_of);
            let first = styles.next()?;
            styles.all(|style| style == first).then_some(first)
        };
        let named = || self.lines().filter(|line| names_key(line, key)).collect();
        one(self.certain(key)).or_else(|| one(named())).or_else(|| match value.and_then(Value::as_text) {
            Some(text) if text.starts_with("sha256:") => Some(Style::Whole),
            Some(text) if text.len() == 64 && text.bytes().all(|c| c.is_ascii_hexdigit()) => Some(Style::Hex),
            _ => None,
        })
    }

    /// Whether any line writes `sha256:` in front of something, so that a digest without a told style is in doubt.
    pub(crate) fn write_sha256(&self) -> bool {
        self.lines().any(|line| style_of(line) == Some(Style::Hex))
    }

    /// The line that puts something behind the string at the path: `{{ .Values.image }}:{{ … }}`.
    pub(crate) fn completed(&self) -> Option<&'a str> {
        let lines = self.naming(&self.inside)?;
        let path = regex::escape(&self.inside);
        let behind = Regex::new(&format!(r"\.Values\.{path}\s*(\|[^}}]*)?-?\}}\}}[:@]")).ok()?;
        let printed = Regex::new(&format!(r#"printf\s+"%[sv][:@][^"]*"\s+\(?[^"]*\.Values\.{path}(\s|\)|$)"#)).ok()?;
        lines.into_iter().find(|line| behind.is_match(line) || printed.is_match(line))
    }

    /// The line that needs the tag to be a tag alone: it writes more behind it, or compares it as a version.
    pub(crate) fn needs_plain(&self, tag: &str) -> Option<&'a str> {
        let lines = Some(self.likely(tag)).filter(|lines| !lines.is_empty())?;
        let grows = format!(r"\.{tag}\b[^}}\n]*\}}\}}(-[a-z{{]|\{{\{{-?\s*(\.Values\.|\$)?[\w.]*suffix)");
        let grows = Regex::new(&grows).ok()?;
        lines.into_iter().find(|line| {
            let printed = line.contains("printf") && (line.contains("%s-") || line.contains("%v-"));
            let compared = ["semverCompare", "semver "].iter().any(|word| line.contains(word));
            grows.is_match(line) || printed || compared
        })
    }

    /// The line that uses the tag for something else than a reference, such as a label, which takes no `@`.
    pub(crate) fn uses_elsewhere(&self, tag: &str) -> Option<&'a str> {
        let is_version = |line: &str| {
            let key = line.trim_start().trim_start_matches('-').trim_start();
            key.split_once(':').is_some_and(|(key, _)| key.to_ascii_lowercase().ends_with("version"))
        };
        let certain = self.certain(tag);
        if certain.is_empty() {
            return self.likely(tag).into_iter().find(|line| is_version(line));
        }
        // `{{ with TAG }}` gives the tag to the lines that follow.
        let hands = |line: &str| line.contains("with ") && !line.contains("image:");
        let labels = |line: &str| {
            let Some((key, rest)) = line.split_once(": ") else { return false };
            let key = key.trim().trim_matches(['"', '\'']);
            let is_image = key.to_ascii_lowercase().ends_with("image") || rest.contains("epository");
            rest.trim_start().trim_start_matches('"').starts_with("{{") && !is_image && !key.contains("{{")
        };
        certain.into_iter().find(|line| is_version(line) || labels(line) || hands(line))
    }

    /// The repository that the templates write out in front of this image's tag or digest.
    pub(crate) fn literal(&self, key: &str) -> Option<&'a str> {
        let path = format!("{}.{key}", self.inside);
        let lines = self.naming(&path)?;
        let path = regex::escape(&path);
        let written = Regex::new(&format!(r"([A-Za-z0-9][\w./:-]*)[:@]\{{\{{-?\s*\.Values\.{path}\b")).ok()?;
        lines
            .into_iter()
            .find_map(|line| written.captures(line).and_then(|found| found.get(1)))
            .map(|found| found.as_str())
    }

    /// The paths below `global` that the templates read a registry from.
    pub(crate) fn global_registries(&self) -> BTreeSet<&'a str> {
        let found = |line| GLOBAL_REGISTRY.iter().flat_map(move |paths| paths.captures_iter(line));
        self.lines().flat_map(found).filter_map(|found| found.get(1)).map(|path| path.as_str()).collect()
    }

    /// The lines that have the path in them, if there are any: an expression for each image of a large chart costs more
    /// than all that it is matched with.
    fn naming(&self, path: &str) -> Option<Vec<&'a str>> {
        let path = format!(".Values.{path}");
        Some(self.lines().filter(|line| line.contains(&path)).collect()).filter(|lines: &Vec<&str>| !lines.is_empty())
    }
}

/// A path below `global` that ends in a registry.
static GLOBAL_REGISTRY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\.Values\.(global(?:\.\w+)*\.\w*[rR]egistry)\b").ok());

/// The variable that a line sets.
fn assigned(line: &str) -> Option<&str> {
    let (before, _) = line.split_once(":=")?;
    let variable = before.trim_end().rsplit(|c: char| c.is_whitespace() || c == '{').next()?;
    variable.strip_prefix('$').filter(|name| !name.is_empty())
}

fn ends_there(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

fn names_path(line: &str, path: &str) -> bool {
    let path = format!(".Values.{path}");
    line.match_indices(&path).any(|(at, _)| ends_there(&line[at + path.len()..]))
}

/// Whether a line names a path and no key below it.
fn names_whole(line: &str, path: &str) -> bool {
    let path = format!(".Values.{path}");
    line.match_indices(&path).any(|(at, _)| {
        let rest = &line[at + path.len()..];
        ends_there(rest) && !rest.starts_with(['.', '[', '-'])
    })
}

fn names_variable(line: &str, variable: &str) -> bool {
    let variable = format!("${variable}");
    line.match_indices(&variable).any(|(at, _)| ends_there(&line[at + variable.len()..]))
}

/// Whether a line reads a key of this name from something: `.digest`, `$image.digest`, `get . "digest"`.
fn names_key(line: &str, key: &str) -> bool {
    let dotted = format!(".{key}");
    line.match_indices(&dotted).any(|(at, _)| ends_there(&line[at + dotted.len()..]))
        || ["get ", "index "].iter().any(|call| line.contains(call)) && line.contains(&format!("\"{key}\""))
}

fn style_of(line: &str) -> Option<Style> {
    if ["sha256:{{", "sha256:%s", "sha256:%v", "sha256:\"", "@sha256:"].iter().any(|mark| line.contains(mark)) {
        Some(Style::Hex)
    } else if line.contains("@{{") || line.contains("@%s") || line.contains("\"@\"") || line.contains("@%v") {
        Some(Style::Whole)
    } else {
        None
    }
}
