//! Which file uses which image, drawn by Mermaid or Graphviz.

use std::collections::{BTreeMap, BTreeSet};

use super::ScanFound;
use crate::shell::printable;

/// Files, images, and which uses which, by their numbers.
struct Graph {
    files: Vec<String>,
    images: Vec<String>,
    uses: BTreeSet<(usize, usize)>,
}

impl Graph {
    fn of(found: &ScanFound<'_>) -> Self {
        let (mut files, mut images) = (BTreeMap::new(), BTreeMap::new());
        let mut uses = BTreeSet::new();
        for mention in &found.mentions {
            let file = mention.file.to_string();
            let image = mention.normalized().unwrap_or_else(|| mention.reference.clone());
            let (file_count, image_count) = (files.len(), images.len());
            let file = *files.entry(file).or_insert(file_count);
            uses.insert((file, *images.entry(image).or_insert(image_count)));
        }
        let by_number = |named: BTreeMap<String, usize>| {
            let mut named: Vec<(usize, String)> = named.into_iter().map(|(name, number)| (number, name)).collect();
            named.sort_unstable();
            named.into_iter().map(|(_, name)| printable(&name)).collect()
        };
        Self { files: by_number(files), images: by_number(images), uses }
    }

    /// A line for each file, each image and each use, in a language that names a node and says behind it how it looks.
    fn lines(self, file: impl Fn(&str) -> String, image: impl Fn(&str) -> String, arrow: &str) -> String {
        let files = self.files.iter().enumerate().map(|(number, text)| format!("  f{number}{}\n", file(text)));
        let images = self.images.iter().enumerate().map(|(number, text)| format!("  i{number}{}\n", image(text)));
        let uses = self.uses.iter().map(|(file, image)| format!("  f{file} {arrow} i{image}\n"));
        files.chain(images).chain(uses).collect::<Vec<_>>().concat()
    }
}

/// A flowchart of Mermaid's.
pub(super) fn mermaid(found: &ScanFound<'_>) -> String {
    let file = |text: &str| format!("[\"{}\"]", entities(text));
    let image = |text: &str| format!("([\"{}\"])", entities(text));
    "flowchart LR\n".to_owned() + &Graph::of(found).lines(file, image, "-->")
}

/// A directed graph in the language of Graphviz.
pub(super) fn dot(found: &ScanFound<'_>) -> String {
    let file = |text: &str| format!(" [label=\"{}\"]", quoted(text));
    let image = |text: &str| format!(" [label=\"{}\", shape=oval]", quoted(text));
    let lines = Graph::of(found).lines(file, image, "->");
    format!("digraph images {{\n  rankdir=LR\n  node [shape=box]\n{lines}}}\n")
}

/// A text in a label of Mermaid's, which knows entities by their numbers and reads Markdown and HTML besides.
fn entities(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '/' | '.' | ':' | '-' | '_' | '@' => escaped.push(character),
            character if character.is_alphanumeric() => escaped.push(character),
            character => escaped.push_str(&format!("#{};", u32::from(character))),
        }
        escaped
    })
}

/// A text in a quoted label of Graphviz', in which a backslash begins an escape.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_label() {
        assert_eq!(entities("a\"]<b>`#x|"), "a#34;#93;#60;b#62;#96;#35;x#124;");
        assert_eq!(quoted("a\\\"] -> b"), "a\\\\\\\"] -> b");
    }
}
