//! What was compared, in words.

use imagelock_core::compare::{self, About, Evidence, Says, Speaker, Verdict};

use super::{Known, Pair};
use crate::report::day;
use crate::table::Table;

pub(super) fn of(images: &[Pair]) -> String {
    if images.is_empty() {
        return "both locks are the same\n".to_owned();
    }
    images.iter().map(image).collect::<Vec<_>>().join("\n")
}

fn image(pair: &Pair) -> String {
    let name = pair.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let mut lines = vec![format!("{name}{}", verdict(pair))];
    for (side, known) in [("first", &pair.first), ("second", &pair.second)] {
        if let Some(Known { reference, .. }) = known {
            lines.push(format!("  {side:6}  {reference}"));
        }
    }
    let told = pair.evidence.iter().filter(|evidence| evidence.about != About::Content);
    let rows = told.clone().map(row).collect();
    let table = Table { heads: None, rows, steps: &[] }.lines(None);
    for (line, evidence) in table.iter().zip(told) {
        lines.push(format!("  {line}"));
        lines.extend(evidence.link.as_ref().map(|link| format!("            {link}")));
    }
    lines.join("\n") + "\n"
}

/// `newer: version step`
fn verdict(pair: &Pair) -> String {
    let (Some(verdict), Some(change)) = (pair.verdict, pair.change) else {
        return if pair.second.is_some() { "only in the second" } else { "only in the first" }.to_owned();
    };
    let change = change.words();
    let says = |wanted| {
        let about = pair.evidence.iter().filter(|evidence| evidence.says == wanted);
        about.map(|evidence| name(evidence.about)).collect::<Vec<_>>().join(", ")
    };
    match verdict {
        Verdict::Same => change.to_owned(),
        Verdict::Newer => format!("newer, {change}"),
        Verdict::Older => format!("older, {change}"),
        Verdict::Unknown => format!("unknown, {change}: nothing says which of the two is newer"),
        Verdict::Conflicting => {
            format!("conflicting, {change}: newer by {}, older by {}", says(Says::Newer), says(Says::Older))
        }
    }
}

fn name(about: About) -> &'static str {
    match about {
        About::Content => "content",
        About::Platforms => "platforms",
        About::Tags => "tags",
        About::Aliases => "point there",
        About::Version => "version",
        About::Built => "built",
        About::Revision => "revision",
        About::Source => "source",
        About::Base => "base",
    }
}

/// `version  1.24.3 -> 1.24.4  newer  says the publisher`
fn row(evidence: &Evidence) -> [String; 4] {
    let Evidence { about, says, by, first, second, .. } = evidence;
    let shown = |value: &Option<String>| {
        let value = value.as_ref()?;
        Some(match about {
            // A time that nobody believes is shown whole.
            About::Built => value.parse().ok().and_then(|created| day(&created)).unwrap_or_else(|| value.clone()),
            About::Revision | About::Base => compare::shortened(value).to_owned(),
            _ => value.clone(),
        })
    };
    let values = match (shown(first), shown(second)) {
        (Some(first), Some(second)) if first == second => first,
        (first, second) => {
            let side = |side: Option<String>| side.unwrap_or_else(|| "nothing".to_owned());
            format!("{} -> {}", side(first), side(second))
        }
    };
    let says = match says {
        Says::Newer => "newer",
        Says::Older => "older",
        Says::Same => "same",
        Says::Differs => "differs",
        Says::Nothing => "says nothing",
    };
    let by = match by {
        Speaker::Registry => "says the registry",
        Speaker::Rule => "by the project's rule",
        Speaker::Publisher => "says the publisher",
    };
    [name(*about).to_owned(), values, says.to_owned(), by.to_owned()]
}
