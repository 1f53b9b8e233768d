//! Where an Earthfile names images: `FROM`, `COPY --from`, `WITH DOCKER --pull`, and defaults of arguments.
//!
//! It is not a parser of Earthfiles: [`lexer`] knows lines, words, quotes and comments, which is what a place needs, and
//! leaves the meaning of a recipe to Earthly. So any other word may be about an image, where a marker says so.

mod lexer;

use std::collections::BTreeMap;
use std::ops::Range;

use self::lexer::{Statement, Word};
use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

/// Earthfiles, of Earthly and of EarthBuild.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earthfile;

impl Format for Earthfile {
    fn id(&self) -> &'static str {
        "earthfile"
    }

    fn about(&self) -> &'static str {
        "an Earthfile"
    }

    fn claims(&self, path: &Named<'_>, _: &dyn Head) -> bool {
        path.file_name() == Some("Earthfile") || path.extension() == Some("earth")
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let lexed = lexer::lex(text);
        let mut finder = Finder { text, lines: &lines, arguments: BTreeMap::new(), sites: Vec::new() };
        for statement in &lexed.statements {
            finder.statement(statement);
        }
        let mut sites = finder.sites;
        sites.sort_by_key(|site| site.span().start);
        let no_comment = |at: usize| {
            let after = lexed.comments.partition_point(|span| span.start <= at);
            after == 0 || !lexed.comments[after - 1].contains(&at)
        };
        Ok(Parsed { sites, comments: speaking(text, &lines, &["#"], no_comment) })
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        Some(new.to_owned())
    }
}

/// Options of commands, which are no arguments of a target.
const OPTIONS: &[&str] = &["--chmod", "--chown", "--from", "--platform"];

struct Finder<'t> {
    text: &'t str,
    lines: &'t Lines,
    /// Which place has the default of an argument.
    arguments: BTreeMap<String, usize>,
    sites: Vec<Site>,
}

impl Finder<'_> {
    /// Notes the places of a statement.
    fn statement(&mut self, statement: &Statement) {
        let Some((command, rest)) = statement.words.split_first() else { return };
        let second = rest.first().map_or("", |word| self.raw(word));
        match (self.raw(command), second) {
            ("FROM", "DOCKERFILE") => self.overrides(&rest[1..]),
            ("WITH", "DOCKER") => self.options(&rest[1..], "--pull", "WITH DOCKER --pull"),
            ("FROM", _) => {
                if let Some(image) = rest.iter().rfind(|word| !self.raw(word).starts_with("--")) {
                    self.place(image, image.span.clone(), Sure::Certain, "FROM");
                }
                self.overrides(rest);
            }
            ("COPY", _) => {
                self.options(rest, "--from", "COPY --from");
                self.overrides(rest);
            }
            ("BUILD" | "DO", _) => self.overrides(rest),
            ("ARG" | "LET" | "SET", _) => self.assigned(rest),
            _ => statement.words.iter().for_each(|word| self.any(word)),
        }
    }

    fn raw(&self, word: &Word) -> &str {
        &self.text[word.span.clone()]
    }

    /// Notes the place at `span` of a word.
    fn place(&mut self, word: &Word, mut span: Range<usize>, sure: Sure, place: &str) {
        let text = &self.text[span.clone()];
        let quoted =
            ['"', '\''].into_iter().any(|quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote));
        if quoted {
            span = span.start + 1..span.end - 1;
        }
        let text = &self.text[span.clone()];
        // What has a `+` is a target, and what has a `$` is for the shell or for an argument to say.
        if sure == Sure::Certain && (word.broken || text.contains('$')) && !text.contains('+') {
            self.variable(span, text, place);
        } else if !word.broken && text != "scratch" && !text.contains(['+', '$', '\\']) {
            let site = Site::whole(span, text, sure, self.lines, place);
            if sure == Sure::Certain || site.reference().is_some() {
                self.sites.push(site);
            }
        }
    }

    /// `FROM $BASE`: what an argument says by default is what runs, unless somebody overrides it.
    fn variable(&mut self, span: Range<usize>, text: &str, place: &str) {
        let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let name = name.or_else(|| text.strip_prefix('$')).unwrap_or_default();
        match self.arguments.get(name).and_then(|index| self.sites.get_mut(*index)) {
            Some(argument) => argument.sure = Sure::Certain,
            None => self.sites.push(Site::open(span, self.lines, place)),
        }
    }

    /// The values of `name=value` and `name value`.
    fn options(&mut self, words: &[Word], name: &str, place: &str) {
        for (index, word) in words.iter().enumerate() {
            let Some(rest) = self.raw(word).strip_prefix(name) else { continue };
            match rest.strip_prefix('=').map(str::len) {
                Some(length) => self.place(word, word.span.end - length..word.span.end, Sure::Certain, place),
                None if rest.is_empty() => {
                    if let Some(word) = words.get(index + 1) {
                        self.place(word, word.span.clone(), Sure::Certain, place);
                    }
                }
                None => {}
            }
        }
    }

    /// The values of `--build-arg NAME=value` and `--NAME=value`.
    fn overrides(&mut self, words: &[Word]) {
        for (index, word) in words.iter().enumerate() {
            let raw = self.raw(word);
            let is_own =
                OPTIONS.iter().any(|option| raw.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')));
            let after_option = index > 0 && self.raw(&words[index - 1]) == "--build-arg";
            let overrides = (raw.starts_with("--") && !is_own) || after_option;
            if let Some(name) = raw.rsplit_once('=').map(|(name, _)| name.to_owned()).filter(|_| overrides) {
                let start = word.span.start + name.len() + 1;
                self.place(word, start..word.span.end, Sure::Default, &name);
            }
        }
    }

    /// The value of `NAME=value`, `NAME = value`, with options in front.
    fn assigned(&mut self, words: &[Word]) {
        let words: Vec<&Word> = words.iter().skip_while(|word| self.raw(word).starts_with("--")).collect();
        let value = match words[..] {
            [both] => self.raw(both).split_once('=').map(|(name, _)| (both, both.span.start + name.len() + 1)),
            [name, value] if self.raw(name).ends_with('=') => Some((value, value.span.start)),
            [_, value] if self.raw(value).starts_with('=') => Some((value, value.span.start + 1)),
            [_, equals, value] if self.raw(equals) == "=" => Some((value, value.span.start)),
            _ => None,
        };
        let Some((word, start)) = value else { return };
        let name = words.first().map_or("", |word| self.raw(word)).split('=').next().unwrap_or_default().to_owned();
        let before = self.sites.len();
        self.place(word, start..word.span.end, Sure::Default, &format!("ARG {name}"));
        if self.sites.len() > before {
            self.arguments.insert(name, before);
        }
    }

    /// A word of any command, as a whole or after `=`. Nearly any word could be a repository: one that means an image
    /// has a tag or a digest.
    fn any(&mut self, word: &Word) {
        let before = self.sites.len();
        self.place(word, word.span.clone(), Sure::Possible, "");
        if self.sites.len() == before
            && let Some((name, _)) = self.raw(word).rsplit_once('=')
        {
            let start = word.span.start + name.len() + 1;
            self.place(word, start..word.span.end, Sure::Possible, "");
        }
        let means = |site: &Site| site.reference().is_some_and(|found| found.tag.is_some() || found.digest.is_some());
        if self.sites.len() > before && !self.sites.last().is_some_and(means) {
            self.sites.truncate(before);
        }
    }
}
