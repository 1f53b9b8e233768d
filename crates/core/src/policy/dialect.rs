//! Requirements as others spell them, for who writes one where Cargo's grammar is read.

/// What a text that is no requirement of Cargo's would be in its grammar, if another grammar has it.
pub(super) fn in_ours(text: &str) -> Option<String> {
    const MASTERMINDS: &str = "`dialect = \"masterminds\"` reads it as Flux and Helm do";
    let text = text.trim();
    let write = |ours: &str, whose: &str| Some(format!("that is how {whose} writes it; here it is `{ours}`"));
    if text.contains("||") {
        return Some(format!("`||` is of other grammars; {MASTERMINDS}"));
    }
    if let Some(rest) = text.strip_prefix("~>") {
        return write(&format!("~{}", rest.trim()), "Ruby or Terraform");
    }
    if let Some(rest) = text.strip_prefix("~=") {
        return compatible(rest.trim()).and_then(|ours| write(&ours, "Python"));
    }
    if let Some(ours) = interval(text) {
        return write(&ours, "Maven or NuGet");
    }
    if text.contains("!=") {
        return Some(format!("`!=` is of other grammars; `exclude` leaves tags out, and {MASTERMINDS}"));
    }
    if text.contains("==") {
        return write(&text.replace("===", "=").replace("==", "="), "Python");
    }
    if text.contains("=>") || text.contains("=<") {
        return write(&text.replace("=>", ">=").replace("=<", "<="), "Go's Masterminds/semver");
    }
    if let Some((from, to)) = text.split_once(" - ") {
        return write(&format!(">={}, <={}", from.trim(), to.trim()), "npm");
    }
    if let Some(before) = text.strip_suffix("-0") {
        let ours = before.trim_end_matches(".x").trim_end_matches(".*");
        return Some(format!(
            "`-0` lets pre-releases in for Flux and Helm; here it is `{ours}` with `prerelease = true`"
        ));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let comparator = |word: &&str| {
        word.starts_with(['<', '>', '=', '^', '~']) && word.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if words.len() > 1 && words.iter().all(comparator) {
        return write(&words.join(", "), "npm, Flux or Helm");
    }
    let (operator, version) = text.split_at(text.find(|c: char| !"<>=^~ ".contains(c))?);
    let version = version.strip_prefix(['v', 'V']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(format!("a requirement has no `v`, whatever the tags have; write `{operator}{version}`"))
}

/// `~=1.4.2` is `>=1.4.2, <1.5` (PEP 440, "Compatible release").
fn compatible(version: &str) -> Option<String> {
    let mut numbers: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.pop()?;
    let last = numbers.last_mut()?;
    *last = last.checked_add(1)?;
    let next: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Some(format!(">={version}, <{}", next.join(".")))
}

/// `[1.0,2.0)` is `>=1.0, <2.0`.
fn interval(text: &str) -> Option<String> {
    let (from, rest) = match text.split_at_checked(1)? {
        ("[", rest) => (">=", rest),
        ("(", rest) => (">", rest),
        _ => return None,
    };
    let (between, to) = match rest.split_at_checked(rest.len().checked_sub(1)?)? {
        (between, "]") => (between, "<="),
        (between, ")") => (between, "<"),
        _ => return None,
    };
    let (low, high) = between.split_once(',').unwrap_or((between, between));
    let bounds = [(from, low.trim()), (to, high.trim())].into_iter().filter(|(_, bound)| !bound.is_empty());
    let bounds: Vec<String> = bounds.map(|(operator, bound)| format!("{operator}{bound}")).collect();
    (!bounds.is_empty()).then(|| bounds.join(", "))
}
