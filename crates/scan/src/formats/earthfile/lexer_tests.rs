//! Lines, words and comments.

use super::{Statement, lex};

/// Each statement as its words, joined by `|`; a word that goes on in another line ends in `~`.
#[track_caller]
fn check(text: &str, statements: &[&str], comments: &[&str]) {
    let lexed = lex(text);
    let words = |statement: &Statement| {
        let words = statement
            .words
            .iter()
            .map(|word| format!("{}{}", &text[word.span.clone()], if word.broken { "~" } else { "" }));
        words.collect::<Vec<_>>().join("|")
    };
    assert_eq!(lexed.statements.iter().map(words).collect::<Vec<_>>(), statements);
    let found: Vec<&str> = lexed.comments.iter().map(|span| &text[span.clone()]).collect();
    assert_eq!(found, comments);
}

#[test]
fn a_line_is_a_statement_and_blanks_part_words() {
    check("VERSION 0.8\n\nt:\n\tFROM  a:1 \r\n", &["VERSION|0.8", "t:", "FROM|a:1"], &[]);
}

#[test]
fn a_comment_starts_where_a_word_could() {
    check("# a\nRUN x#y # b\n  # c\n", &["RUN|x#y"], &["# a", "# b", "# c"]);
    check("RUN \"# a\" '# b' \\# c\n", &["RUN|\"# a\"|'# b'|\\#|c"], &[]);
}

#[test]
fn a_backslash_at_the_end_goes_on_with_comments_between() {
    check("RUN a \\\n  # note\n  b \\ \t\n\n", &["RUN|a|b"], &["# note"]);
    check("RUN a \\", &["RUN|a"], &[]);
    check("RUN a \\\r\n b\r\nX", &["RUN|a|b", "X"], &[]);
}

#[test]
fn a_word_in_two_lines_is_broken() {
    check("RUN a\\\nb c\n", &["RUN|a~|b~|c"], &[]);
    check("RUN a\\\n b\n", &["RUN|a|b"], &[]);
    check("RUN 'a \\\n b' c\n", &["RUN|'a ~|b'~|c"], &[]);
}

#[test]
fn a_quote_that_nothing_ends_ends_with_its_statement() {
    check("RUN \"a\nFROM b\n", &["RUN|\"a~", "FROM|b"], &[]);
    check("RUN \"a\\\" b\" c\n", &["RUN|\"a\\\" b\"|c"], &[]);
}
