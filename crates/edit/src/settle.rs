//! Reading again what was written, before anybody keeps it.

use std::sync::Arc;

use imagelock_adapter::{Problem, RenderError};
use imagelock_core::source::{Location, SourceFile};

use crate::{Change, splice};

/// What a reader of a file wants changed, and what else it found there.
pub struct Reading<T> {
    /// The bytes to replace; those that say what they should already may be among them.
    pub changes: Vec<Change>,
    /// What else was found.
    pub found: T,
}

/// The text with the changes of `read`, and what it found in the text of before.
///
/// What comes out is read again: the same reader has to find its own work in it, with nothing left to change, so that
/// the next run neither fails nor changes its mind. A text in which it does not is refused, and stays as it is.
pub fn settled<T>(
    file: &Arc<SourceFile>,
    read: impl Fn(&Arc<SourceFile>) -> Result<Reading<T>, RenderError>,
) -> Result<(String, T), RenderError> {
    let Reading { changes, found } = read(file)?;
    let text = file.text();
    let first = changes.iter().filter(|change| text.get(change.span.clone()) != Some(&*change.text));
    let Some(first) = first.min_by_key(|change| change.span.start).map(|change| change.span.clone()) else {
        return Ok((text.to_owned(), found));
    };
    let edited = splice(text, changes);
    let after = SourceFile::new(file.path(), edited.as_str());
    if read(&after).is_ok_and(|again| splice(&edited, again.changes) == edited) {
        return Ok((edited, found));
    }
    let at = Location::new(file, first);
    let problem = Problem::at(&at, format!("`{}` would not read back as it was pinned", file.path()));
    Err(problem.help("write the value plainly, on a line of its own: what stands round it is in the way").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that wants `to` in the place of the first `from`, if there is any.
    fn edit(text: &str, from: &'static str, to: &'static str) -> Result<String, String> {
        let file = SourceFile::new("a.txt", text);
        let read = |file: &Arc<SourceFile>| {
            let changes = file.text().find(from).map(|at| Change { span: at..at + from.len(), text: to.to_owned() });
            Ok(Reading { changes: changes.into_iter().collect(), found: () })
        };
        settled(&file, read).map(|(text, ())| text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_read_back_is_kept_and_what_is_not_is_refused() {
        assert_eq!(edit("a b", "b", "c").unwrap(), "a c");
        assert_eq!(edit("a b", "x", "y").unwrap(), "a b");
        assert_eq!(edit("a b", "b", "b").unwrap(), "a b");
        assert_eq!(edit("a b", "b", "bb").unwrap_err(), "`a.txt` would not read back as it was pinned");
    }
}
