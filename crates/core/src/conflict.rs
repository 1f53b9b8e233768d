//! The markers that a merge leaves in a text, and the two texts between them.

use std::ops::Range;

/// Both sides of a text in which a merge left markers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// What stands first: `ours` in a merge, and the branch that is rebased onto in a rebase.
    pub ours: Side,
    /// What both come from, where every conflict tells it (`merge.conflictStyle` is `diff3` or `zdiff3`).
    pub base: Option<Side>,
    /// What stands last.
    pub theirs: Side,
}

/// One side of a conflicted text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// What the markers call it, as in `HEAD`.
    pub label: String,
    /// The whole text as this side has it. What no conflict is about was merged before, from either side.
    pub text: String,
    /// The bytes of it that stand between markers.
    pub apart: Vec<Range<usize>>,
}

impl Side {
    fn push(&mut self, line: &str, apart: bool) {
        let start = self.text.len();
        self.text.push_str(line);
        let end = self.text.len();
        match self.apart.last_mut() {
            _ if !apart => {}
            Some(last) if last.end == start => last.end = end,
            _ => self.apart.push(start..end),
        }
    }

    /// Whether all of these bytes stand between markers, and so are this side's alone.
    pub fn is_apart(&self, span: &Range<usize>) -> bool {
        let mut at = span.start;
        for apart in &self.apart {
            if apart.start <= at && at < apart.end {
                at = apart.end;
            }
        }
        at >= span.end
    }
}

/// A line that a merge writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker<'t> {
    Ours(&'t str),
    Base,
    Middle,
    Theirs(&'t str),
}

/// Markers have seven characters; the longer ones are those of an older conflict within a base.
fn marker(line: &str) -> Option<Marker<'_>> {
    let line = line.trim_end_matches(['\n', '\r']);
    let (head, label) = line.split_at_checked(7)?;
    let label = match label {
        "" => "",
        label => label.strip_prefix(' ')?,
    };
    match head {
        "<<<<<<<" => Some(Marker::Ours(label)),
        "|||||||" => Some(Marker::Base),
        "=======" if label.is_empty() => Some(Marker::Middle),
        ">>>>>>>" => Some(Marker::Theirs(label)),
        _ => None,
    }
}

/// Finds the first line that a merge left, also where a hand has removed some of them.
pub fn first(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if marker(line).is_some() {
            return Some(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    None
}

/// Returns both sides of a conflicted text. `None` where there is no marker, or one is missing.
pub fn sides(text: &str) -> Option<Sides> {
    let (mut ours, mut base, mut theirs) = (Side::default(), Side::default(), Side::default());
    let (mut conflicts, mut bases) = (0, 0);
    let mut within: Option<Marker<'_>> = None;
    for line in text.split_inclusive('\n') {
        match (within, marker(line)) {
            (None, None) => [&mut ours, &mut base, &mut theirs].into_iter().for_each(|side| side.push(line, false)),
            (None, Some(Marker::Ours(label))) => {
                conflicts += 1;
                within = Some(Marker::Ours(label));
                label.clone_into(&mut ours.label);
            }
            (Some(Marker::Ours(_)), Some(Marker::Base)) => {
                bases += 1;
                within = Some(Marker::Base);
            }
            (Some(Marker::Ours(_) | Marker::Base), Some(Marker::Middle)) => within = Some(Marker::Middle),
            (Some(Marker::Middle), Some(Marker::Theirs(label))) => {
                within = None;
                label.clone_into(&mut theirs.label);
            }
            (Some(Marker::Ours(_)), None) => ours.push(line, true),
            // A base may have been merged with a conflict of its own.
            (Some(Marker::Base), _) => base.push(line, true),
            (Some(Marker::Middle), None) => theirs.push(line, true),
            _ => return None,
        }
    }
    let base = (bases == conflicts).then_some(base);
    (within.is_none() && conflicts > 0).then_some(Sides { ours, base, theirs })
}

/// Writes what two sides have in one place between markers, as Git does.
pub fn marked(ours: &str, theirs: &str) -> String {
    let line_end = |text: &str| if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("<<<<<<< ours\n{ours}{}=======\n{theirs}{}>>>>>>> theirs\n", line_end(ours), line_end(theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Option<(String, Option<String>, String)> {
        let Sides { ours, base, theirs } = sides(text)?;
        Some((ours.text, base.map(|base| base.text), theirs.text))
    }

    #[test]
    fn both_sides_are_whole_texts_and_what_stands_between_markers_is_known() {
        let sides = sides("a\n<<<<<<< HEAD\nb\n=======\nc\nd\n>>>>>>> feature: é\ne").unwrap();
        assert_eq!((&*sides.ours.text, &*sides.theirs.text), ("a\nb\ne", "a\nc\nd\ne"));
        assert_eq!((&*sides.ours.label, &*sides.theirs.label), ("HEAD", "feature: é"));
        assert_eq!(sides.base, None);
        assert!(sides.theirs.is_apart(&(2..6)) && sides.theirs.is_apart(&(3..3)));
        assert!(!sides.theirs.is_apart(&(0..3)) && !sides.theirs.is_apart(&(5..7)));
    }

    #[test]
    fn bases_are_told_where_every_conflict_has_one() {
        let one = "<<<<<<< a\n1\n||||||| b\n0\n=======\n2\n>>>>>>> c\n";
        let nested = "<<<<<<< a\n1\n|||||||\n<<<<<<<<< x\n7\n=========\n8\n>>>>>>>>> y\n=======\n2\n>>>>>>> c\n";
        let text = |base: Option<&str>| Some(("1\n".to_owned(), base.map(str::to_owned), "2\n".to_owned()));
        assert_eq!(texts(one), text(Some("0\n")));
        assert_eq!(texts(nested), text(Some("<<<<<<<<< x\n7\n=========\n8\n>>>>>>>>> y\n")));
        let mixed = format!("{one}<<<<<<< a\n=======\n>>>>>>> c\n");
        assert_eq!(texts(&mixed), text(None));
        assert_eq!(texts(&one.replace('\n', "\r\n")).unwrap().0, "1\r\n");
    }

    #[test]
    fn a_missing_marker_leaves_no_sides_and_is_still_found() {
        for text in [
            "<<<<<<< a\n1\n=======\n2\n",
            "<<<<<<< a\n1\n>>>>>>> b\n",
            "1\n=======\n2\n>>>>>>> b\n",
            "<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> c\n",
            "<<<<<<< a\n=======\n=======\n>>>>>>> c\n",
            "||||||| a\n",
        ] {
            assert_eq!(sides(text), None, "{text}");
            assert!(first(text).is_some(), "{text}");
        }
        for text in ["", "a\n", "<<<<<<<a\n", "========\n", " <<<<<<< a\n", "======= a\n", "é======\n"] {
            assert_eq!((sides(text), first(text)), (None, None), "{text}");
        }
        assert_eq!(first("a\r\n<<<<<<< b\r\n"), Some(3..12));
    }

    #[test]
    fn what_is_written_between_markers_is_read_from_between_them() {
        assert_eq!(texts(&marked("a\n", "b")), Some(("a\n".to_owned(), None, "b\n".to_owned())));
        assert_eq!(texts(&marked("", "b\n")), Some((String::new(), None, "b\n".to_owned())));
    }
}
