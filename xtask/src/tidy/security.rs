//! What `SECURITY.md` names has to be there: its tests, the cases of the hostile suite, and the bounds as the code has them.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use regex::Regex;

const PAGE: &str = "SECURITY.md";
const CASES: &str = "tests/tests/hostile/";

/// Whatever the page names and the repository does not have.
pub(super) fn findings(files: &[(String, String)]) -> Result<Vec<String>> {
    let Some((_, page)) = files.iter().find(|(name, _)| name == PAGE) else { return Ok(Vec::new()) };
    let code = || files.iter().filter(|(name, _)| super::has_extension(name, "rs") && name != file!());
    let mut found = Vec::new();
    let functions = Regex::new(r"\bfn ([a-z0-9_]+)")?;
    let functions: BTreeSet<&str> = code().flat_map(|(_, text)| captured(&functions, text)).collect();
    let tests = Regex::new(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`")?;
    found.extend(
        captured(&tests, page).filter(|test| !functions.contains(test)).map(|test| format!("no test `{test}`")),
    );
    let cases = || code().filter(|(name, _)| name.starts_with(CASES));
    let sentences = Regex::new("“([^”]+ [^”]+ [^”]+)”")?;
    let is_case = |sentence: &&str| cases().any(|(_, text)| text.contains(&format!("\"{sentence}\"")));
    found.extend(captured(&sentences, page).filter(|case| !is_case(case)).map(|case| format!("no case “{case}”")));
    let row = Regex::new(r"(?m)^\|[^|]*\| ([0-9][^|]*) \| `([A-Z_]+)` \|$")?;
    for row in row.captures_iter(page) {
        let (told, name) = (&row[1], &row[2]);
        let constant = Regex::new(&format!(r"\bconst {name}: [a-z0-9]+ = ([^;]+);"))?;
        let values = code().flat_map(|(_, text)| captured(&constant, text).collect::<Vec<_>>());
        let values = values.map(value).collect::<Result<Vec<u64>>>()?;
        if !values.contains(&value(told)?) {
            found.push(format!("`{name}` is {values:?} and not {told}"));
        }
    }
    Ok(found.into_iter().map(|finding| format!("{PAGE}: {finding}")).collect())
}

fn captured<'t>(pattern: &Regex, text: &'t str) -> impl Iterator<Item = &'t str> {
    pattern
        .captures_iter(text)
        .filter_map(|found| found.get(1))
        .map(|found| found.as_str())
        .collect::<Vec<_>>()
        .into_iter()
}

/// `16 << 20`, `64 * 1024`, `20_000`, `16 MiB` and `20,000` as numbers.
fn value(text: &str) -> Result<u64> {
    let number =
        |text: &str| text.trim().replace(['_', ','], "").parse().with_context(|| format!("`{text}` is no number"));
    for (unit, shift) in [(" KiB", 10), (" MiB", 20), (" GiB", 30)] {
        if let Some(text) = text.strip_suffix(unit) {
            return Ok(number(text)? << shift);
        }
    }
    match (text.split_once("<<"), text.split_once('*')) {
        (Some((left, right)), _) => Ok(number(left)? << number(right)?),
        (_, Some((left, right))) => Ok(number(left)? * number(right)?),
        _ => number(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(page: &str, code: &str) -> Vec<String> {
        let files =
            [(PAGE, page), ("crates/x/src/lib.rs", code), ("tests/tests/hostile/a.rs", "Case::new(\"a case it is\")")];
        findings(&files.map(|(name, text)| (name.to_owned(), text.to_owned()))).unwrap()
    }

    #[test]
    fn a_page_that_names_what_is_there_is_fine() {
        let page = "`a_test_of_it`, “a case it is”, “it”\n| x | 16 MiB | `MOST` |\n| y | 1,000 | `FEWER` |\n";
        assert_eq!(
            of(page, "fn a_test_of_it() {}\nconst MOST: u64 = 16 << 20;\nconst FEWER: usize = 1_000;\n"),
            [""; 0]
        );
    }

    #[test]
    fn what_is_not_there_or_another_number_is_found() {
        let page = "`a_test_of_it`, “another case it is”\n| x | 16 MiB | `MOST` |\n";
        let found = of(page, "const MOST: u64 = 8 * 1024;\n");
        assert_eq!(
            found,
            [
                "SECURITY.md: no test `a_test_of_it`",
                "SECURITY.md: no case “another case it is”",
                "SECURITY.md: `MOST` is [8192] and not 16 MiB",
            ]
        );
    }
}
