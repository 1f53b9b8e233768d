//! The languages of YAML, JSON and HCL whose images stand at the ends of fixed ways: a table each.

use imagelock_yaml::{Node, quoted};

use super::hcl::Hcl;
use super::hcl_tree::tree;
use super::json::without_comments;
use super::row::{Given, Row};
use super::table::PathTable;
use super::yaml;
use crate::comment::{Comment, speaking};
use crate::{Format, Head, Lines, Named, Parsed, Site, Unreadable};

/// A language of YAML, JSON or HCL that is a table of ways.
pub struct YamlPaths {
    /// Its name.
    pub(super) id: &'static str,
    /// What it is, for people.
    pub(super) about: &'static str,
    /// Which files are of it.
    pub(super) claims: fn(&Named<'_>, &dyn Head) -> bool,
    /// How it is written.
    pub(super) syntax: Syntax,
    /// Where images are.
    pub(super) images: &'static [Row],
    /// Where variables that images are made of are given values.
    pub(super) variables: &'static [Given],
    /// Where the file gives things names: a text that is one of them is no image.
    pub(super) names: &'static [&'static str],
}

/// How a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// YAML.
    Yaml,
    /// JSON, with the comments and the last commas that many editors allow.
    Json,
    /// HCL.
    Hcl,
}

impl Format for YamlPaths {
    fn id(&self) -> &'static str {
        self.id
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        (self.claims)(path, head)
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let (documents, comments) = documents(self.syntax, text, &lines)?;
        let table = PathTable { images: self.images, variables: self.variables, names: self.names };
        let sites = table.read(text, &lines, &documents.iter().collect::<Vec<_>>())?;
        let mut sites = in_order(sites);
        if self.syntax == Syntax::Hcl {
            // Other literals are for markers to speak of.
            let others = apart(Hcl.read(text)?.sites, &sites);
            sites.extend(others);
            sites.sort_by_key(|site| site.span().start);
        }
        Ok(Parsed { sites, comments })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        match self.syntax {
            Syntax::Yaml => yaml::quote(before, new),
            Syntax::Json if before.starts_with('"') => Some(quoted(new)),
            Syntax::Hcl if before.starts_with('"') => Hcl.quote(before, new),
            // What is inside of a longer text is as it is.
            Syntax::Json | Syntax::Hcl => Some(new.to_owned()),
        }
    }
}

/// The documents of a text and the comments that speak.
pub(super) fn documents(syntax: Syntax, text: &str, lines: &Lines) -> Result<(Vec<Node>, Vec<Comment>), Unreadable> {
    match syntax {
        Syntax::Yaml => {
            let parsed = yaml::documents(text)?;
            Ok((parsed.documents, yaml::comments(text, lines, &parsed.comments)))
        }
        Syntax::Json => {
            let (plain, comments) = without_comments(text);
            let documents =
                imagelock_yaml::parse(&plain).map_err(|error| Unreadable { reason: error.reason, at: error.at })?;
            let hidden = |at: usize| comments.binary_search_by_key(&at, |comment| comment.start).is_err();
            Ok((documents, speaking(text, lines, &["//", "/*"], hidden)))
        }
        Syntax::Hcl => Ok((vec![tree(text)?], Hcl.read(text)?.comments)),
    }
}

/// The places in the order of their bytes, each once.
pub(super) fn in_order(mut sites: Vec<Site>) -> Vec<Site> {
    // Of two that share bytes the one that was found first stays: tables have the narrower ways first.
    sites.sort_by_key(|site| site.span().start);
    let mut end = 0;
    sites.retain(|site| {
        let apart = site.span().start >= end;
        if apart {
            end = site.span().end;
        }
        apart
    });
    sites
}

/// Those of some places that share no bytes with others, which are in order.
pub(super) fn apart(sites: Vec<Site>, others: &[Site]) -> Vec<Site> {
    let is_apart = |site: &Site| {
        let after = others.partition_point(|other| other.span().end <= site.span().start);
        others.get(after).is_none_or(|other| other.span().start >= site.span().end)
    };
    sites.into_iter().filter(is_apart).collect()
}

/// Whether a file is called like one of these.
pub(super) fn is_called(path: &Named<'_>, names: &[&str]) -> bool {
    path.file_name().is_some_and(|name| names.contains(&name))
}

/// Whether a file lies in a folder that ends in this path.
pub(super) fn lies_in(path: &Named<'_>, folder: &str) -> bool {
    path.parent().is_some_and(|parent| parent.ends_with(folder))
}

/// Whether a line of a file's head starts with a key.
pub(super) fn starts_with(head: &str, key: &str) -> bool {
    head.trim_start_matches('\u{feff}')
        .lines()
        .any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
}
