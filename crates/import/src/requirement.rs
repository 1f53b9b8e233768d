//! Ranges of versions as JavaScript and Go write them (npm's `semver`, Masterminds/semver of Flux), in Cargo's grammar.
//! The two agree with each other and not with Cargo: a version alone is exact there, spaces and commas both mean `and`.

use imagelock_core::policy::Rule;

/// Returns the range in Cargo's grammar, or why that has no words for it.
pub(crate) fn requirement(range: &str) -> Result<String, String> {
    let range = range.trim();
    for (part, what) in [("||", "alternatives (`||`)"), ("!", "exceptions (`!=`)")] {
        if range.contains(part) {
            return Err(format!("requirements have no {what}"));
        }
    }
    let comparators = match range.split_once(" - ") {
        Some((from, to)) => vec![format!(">={}", from.trim()), format!("<={}", to.trim())],
        None => comparators(range),
    };
    let written: Result<Vec<String>, String> = comparators.iter().map(|text| comparator(text)).collect();
    let written = written?;
    let all = written.iter().all(|text| text == "*");
    let text = if all {
        "*".to_owned()
    } else {
        written.iter().filter(|text| *text != "*").cloned().collect::<Vec<_>>().join(", ")
    };
    Rule::new(Some(&text), None, None).map_err(|error| error.to_string())?;
    Ok(text)
}

/// The parts of a range; an operator may stand apart from its version.
fn comparators(range: &str) -> Vec<String> {
    let mut comparators: Vec<String> = Vec::new();
    for word in range.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        match comparators.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=', '~', '^']) => last.push_str(word),
            _ => comparators.push(word.to_owned()),
        }
    }
    comparators
}

fn comparator(text: &str) -> Result<String, String> {
    let version = text.trim_start_matches(['<', '>', '=', '~', '^']);
    let operator = &text[..text.len() - version.len()];
    let version = version.trim_start_matches(['v', 'V']);
    if version.contains(['-', '+']) {
        return Err(format!("`{text}` admits pre-releases, which Cargo's grammar does for one version at a time"));
    }
    let parts: Vec<&str> = version.split('.').take_while(|part| !matches!(*part, "" | "x" | "X" | "*")).collect();
    let numbers = parts.join(".");
    let operator = match operator {
        "=>" => ">=",
        "=<" => "<=",
        "==" => "=",
        // A version alone is exact, as far as it goes.
        "" if parts.len() == 3 => "=",
        "" | "~>" => "~",
        other => other,
    };
    Ok(if numbers.is_empty() { "*".to_owned() } else { format!("{operator}{numbers}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_others_mean_the_same_in_cargos_grammar() {
        for (range, written) in [
            ("1.2.3", "=1.2.3"),
            ("v1.2.3", "=1.2.3"),
            ("16", "~16"),
            ("2.1", "~2.1"),
            ("1.x", "~1"),
            ("1.2.*", "~1.2"),
            ("*", "*"),
            ("", "*"),
            ("x", "*"),
            ("^1.2", "^1.2"),
            ("~1.2.3", "~1.2.3"),
            ("~>1.2", "~1.2"),
            (">=1.0.0 <2.0.0", ">=1.0.0, <2.0.0"),
            (">= 1.0, < 2", ">=1.0, <2"),
            ("=>1.0", ">=1.0"),
            ("<17", "<17"),
            ("<= 2.x", "<=2"),
            ("1.1 - 2.3.4", ">=1.1, <=2.3.4"),
            ("* <3", "<3"),
        ] {
            assert_eq!(requirement(range).as_deref(), Ok(written), "{range}");
        }
    }

    #[test]
    fn what_cargo_has_no_words_for_is_refused() {
        for range in ["^1 || ^2", "!=1.2", ">=1.0.0-0", "1.2.3.4", "latest", ">=a", "1.2.3-rc.1"] {
            assert!(requirement(range).is_err(), "{range}: {:?}", requirement(range));
        }
    }
}
