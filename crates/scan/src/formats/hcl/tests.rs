use hcl_edit::expr::Expression;
use imagelock_core::escape::hcl as quote;
use proptest::prelude::*;

fn read(text: &str) -> Option<String> {
    let expression: Expression = format!("\"{}\"", quote(text)).parse().ok()?;
    expression.as_str().map(str::to_owned)
}

#[test]
fn templates_quotes_and_line_ends_are_text() {
    for text in [
        "${path.module}",
        "%{ if true }x%{ endif }",
        "$${x}",
        "$$${x}",
        "%%{x}",
        "$",
        "$$",
        "{",
        "${",
        "%{",
        "\"",
        "\\",
        "\\\"",
        "a\nb\r\n\tc",
        "\u{202e}txt",
        "# x",
        "*/",
        "{{ .Values }}",
        "\u{0}",
        "\u{7f}",
        "😀${",
        "$%{",
        "%${",
    ] {
        assert_eq!(read(text).as_deref(), Some(text), "{}", quote(text));
    }
}

#[test]
fn the_usual_escapes_are_the_ones_people_know() {
    assert_eq!(quote("${a} %{b} \"c\" \\"), r#"$${a} %%{b} \"c\" \\"#);
}

proptest! {
    #[test]
    fn any_text_is_read_back_as_it_was(text in "([$%{}\"\\\\#*/\n\r\t \u{202e}a-z]|\\PC){0,40}") {
        prop_assert_eq!(read(&text), Some(text));
    }
}
