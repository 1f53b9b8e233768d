//! Adding to a project file what is no image: what is built here, and targets.

use toml_edit::{Array, Document, DocumentMut, Item, TableLike};

use super::{EditError, insert, lines, meaning, split_mark};

/// Returns the text with these patterns added to `built`. A list that stands in the file keeps its comments.
pub fn add_built(text: &str, prefix: &[&'static str], patterns: &[String]) -> Result<String, EditError> {
    if patterns.is_empty() {
        return Ok(text.to_owned());
    }
    let (mark, body) = split_mark(text);
    let mut document: DocumentMut = body.parse()?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for key in prefix {
        let entry = table.entry(key).or_insert_with(|| {
            let mut implicit = toml_edit::Table::new();
            implicit.set_implicit(true);
            Item::Table(implicit)
        });
        table = entry.as_table_like_mut().ok_or(EditError::NotATable(key))?;
    }
    let after = match table.get_mut("built") {
        None if prefix.is_empty() => at_the_top(body, patterns)?,
        None => {
            table.insert("built", toml_edit::value(patterns.iter().collect::<Array>()));
            printed(body, &document)
        }
        Some(built) => {
            let built = built.as_array_mut().ok_or_else(|| EditError::Unclear("built".to_owned()))?;
            let stands = |pattern: &&String| built.iter().any(|value| value.as_str() == Some(pattern.as_str()));
            let new: Vec<&String> = patterns.iter().filter(|pattern| !stands(pattern)).collect();
            if new.is_empty() {
                return Ok(text.to_owned());
            }
            append(built, &new);
            printed(body, &document)
        }
    };
    if meaning::is_but_for(body, &after, prefix, "built") {
        return Ok(format!("{mark}{after}"));
    }
    Err(EditError::Unclear("built".to_owned()))
}

fn append(built: &mut Array, patterns: &[&String]) {
    // A list with a line for each goes on so; what stands between two lines may be a comment.
    let last = built.iter().last().and_then(|last| last.decor().prefix()?.as_str().map(str::to_owned));
    let line = last.and_then(|before| Some(format!("\n{}", before.rsplit_once('\n')?.1)));
    for pattern in patterns {
        match &line {
            Some(before) => built.push_formatted(toml_edit::Value::from(pattern.as_str()).decorated(before, "")),
            None => built.push(pattern.as_str()),
        }
    }
}

/// A document with the line ends of the text that it was made of.
fn printed(body: &str, document: &DocumentMut) -> String {
    let after = document.to_string();
    let windows = lines::end(body) == "\r\n";
    if windows { after.replace("\r\n", "\n").replace('\n', "\r\n") } else { after }
}

/// A line below the other keys that stand before all tables, or above the first table.
fn at_the_top(body: &str, patterns: &[String]) -> Result<String, EditError> {
    let document = Document::parse(body)?;
    let line = format!("built = {}", patterns.iter().collect::<Array>());
    let spans = document.iter().filter_map(|(key, item)| Some((document.key(key)?.span()?, item)));
    let own = |item: &Item| item.is_value();
    let last = spans.filter(|(_, item)| own(item)).filter_map(|(_, item)| Some(item.span()?.end)).max();
    if let Some(last) = last {
        return Ok(lines::insert(body, lines::end_of(body, last), &[line]));
    }
    let header = first_header(body);
    let at = header.map_or(body.len(), |header| lines::with_comments_above(body, header));
    let blank = if body[at..].trim().is_empty() { vec![line] } else { vec![line, String::new()] };
    let after = lines::insert(body, at, &blank);
    Document::parse(after.as_str())?;
    Ok(after)
}

/// The start of the first line that is the head of a table. Only keys stand before it, and there is none here.
fn first_header(body: &str) -> Option<usize> {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// Returns the text with a table of a target's at its end: `keys` are its lines, such as `edit = ["**"]`.
pub fn add_target(text: &str, prefix: &[&'static str], adapter: &str, keys: &[String]) -> Result<String, EditError> {
    let (mark, body) = split_mark(text);
    let header = prefix.iter().copied().chain([adapter]).collect::<Vec<_>>().join(".");
    let mut block = vec![format!("[[{header}]]")];
    block.extend(keys.iter().cloned());
    let unclear = || EditError::Unclear(format!("[[{header}]]"));
    let after = insert::at_the_end(body, block);
    if meaning::is_but_for(body, &after, prefix, adapter) { Ok(format!("{mark}{after}")) } else { Err(unclear()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(text: &str) -> String {
        add_built(text, &[], &["web".to_owned(), "ghcr.io/acme/*".to_owned()]).unwrap()
    }

    #[test]
    fn what_is_built_stands_before_all_tables() {
        const LINE: &str = "built = [\"web\", \"ghcr.io/acme/*\"]\n";
        assert_eq!(built(""), LINE);
        assert_eq!(built("[images]\na = \"a:1\"\n"), format!("{LINE}\n[images]\na = \"a:1\"\n"));
        let headed = "# The images of acme.\n\n# Pulled.\n[images]\n";
        assert_eq!(built(headed), format!("# The images of acme.\n\n{LINE}\n# Pulled.\n[images]\n"));
        assert_eq!(built("images.a = \"a:1\"\n"), format!("images.a = \"a:1\"\n{LINE}"));
    }

    #[test]
    fn a_list_of_what_is_built_goes_on_as_it_began() {
        assert_eq!(built("built = [\"api\"] # ours\n"), "built = [\"api\", \"web\", \"ghcr.io/acme/*\"] # ours\n");
        let lines = "built = [\n  \"api\", # the api\n  \"job\",\n]\n\n[images]\n";
        let after = built(lines);
        assert!(
            after.starts_with("built = [\n  \"api\", # the api\n  \"job\",\n  \"web\",\n  \"ghcr.io/acme/*\""),
            "{after}"
        );
        let again = "built = [ 'web', \"ghcr.io/acme/*\" ]\n";
        assert_eq!(built(again), again, "what stands there is not added again");
        let refused = add_built("built = 1\n", &[], &["web".to_owned()]).unwrap_err();
        assert_eq!(refused.to_string(), "nothing can be added to `built` as it is written");
        let prefix = &["workspace", "metadata", "images"];
        let cargo = add_built("[workspace]\nmembers = []\n", prefix, &["web".to_owned()]).unwrap();
        assert_eq!(cargo, "[workspace]\nmembers = []\n\n[workspace.metadata.images]\nbuilt = [\"web\"]\n");
    }

    #[test]
    fn a_target_stands_at_the_end() {
        let keys = ["edit = [\"**\"]".to_owned()];
        assert_eq!(add_target("", &[], "files", &keys).unwrap(), "[[files]]\nedit = [\"**\"]\n");
        let after = add_target("[images]\na = \"a:1\" # last", &[], "files", &keys).unwrap();
        assert_eq!(after, "[images]\na = \"a:1\" # last\n\n[[files]]\nedit = [\"**\"]");
        let refused = add_target("files = 1\n", &[], "files", &keys).unwrap_err().to_string();
        assert_eq!(refused, "nothing can be added to `[[files]]` as it is written");
        let prefix = &["workspace", "metadata", "images"];
        let cargo = add_target("[workspace]\n", prefix, "files", &keys).unwrap();
        assert_eq!(cargo, "[workspace]\n\n[[workspace.metadata.images.files]]\nedit = [\"**\"]\n");
    }
}
