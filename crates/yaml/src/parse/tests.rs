use super::*;

/// The nodes as a text: `{key: value}`, `[item]`, with the source of every scalar behind a `~`.
fn shown(text: &str) -> Vec<String> {
    parse(text).unwrap().iter().map(|node| show(text, node)).collect()
}

fn show(text: &str, node: &Node) -> String {
    match &node.kind {
        Kind::Scalar { text: says, .. } => format!("{says:?}~{:?}", &text[node.span.clone()]),
        Kind::Alias(anchor) => format!("*{}", anchor.name),
        Kind::Sequence(nodes) => {
            format!("[{}]", nodes.iter().map(|node| show(text, node)).collect::<Vec<_>>().join(", "))
        }
        Kind::Mapping { entries, .. } => {
            let shown = entries.iter().map(|entry| format!("{}: {}", entry.key, show(text, &entry.value)));
            format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
        }
    }
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err().reason
}

#[test]
fn every_scalar_knows_what_it_says_and_its_bytes() {
    for (text, expected) in [
        ("a: 'it''s'", r#"{a: "it's"~"'it''s'"}"#),
        ("a: \"\\u0069\" # c", r#"{a: "i"~"\"\\u0069\""}"#),
        ("a: x\n   y\n", r#"{a: "x y"~"x\n   y"}"#),
        ("a:\nb:", r#"{a: ""~"", b: ""~""}"#),
        ("- - é\n  - {k: v}\n", r#"[["é"~"é", {k: "v"~"v"}]]"#),
        ("\u{feff}a: 1\r\nb: 2", r#"{a: "1"~"1", b: "2"~"2"}"#),
        ("a: &x !!str # > no\n  >- # c\n  t\nb: 1", "{a: \"t\"~\">- # c\\n  t\\n\", b: \"1\"~\"1\"}"),
        ("a: |\n\n  t\n", "{a: \"\\nt\\n\"~\"|\\n\\n  t\\n\"}"),
    ] {
        assert_eq!(shown(text), [expected], "{text}");
    }
}

#[test]
fn keys_are_keys_however_they_are_written() {
    for text in [
        "image: x",
        "!!str image: x",
        "! image: x",
        "&k image: x",
        "\"im\\u0061ge\": x",
        "'image': x",
        "? image\n: x",
        "{image: x}",
        "{\"image\":x}",
        "%YAML 1.1\n--- !!map\nimage: x",
    ] {
        let documents = parse(text).unwrap();
        assert_eq!(documents[0].get("image").and_then(Node::present), Some("x"), "{text}");
    }
    assert_eq!(shown("k: &k image\n*k : x"), [r#"{k: "image"~"image", image: "x"~"x"}"#]);
}

#[test]
fn what_readers_of_yaml_take_differently_is_refused() {
    for text in ["? [a]\n: b", "? {a: b}\n: c", "x: &x [a]\n*x : b", "!!binary aW1hZ2U=: x"] {
        assert!(refused(text).starts_with("a key is a text"), "{text}");
    }
    for text in ["a: 1 # x\u{2028}b: 2", "a: x\u{85}b", "a: |\n  x\u{2029}b: 2\n"] {
        assert!(refused(text).contains("starts a new line for some readers"), "{text}");
    }
    assert_eq!(
        shown("a: \"x\u{2028}y\""),
        ["{a: \"x\u{2028}y\"~\"\\\"x\u{2028}y\\\"\"}".replace('\u{2028}', "\\u{2028}")]
    );
}

#[test]
fn documents_end_at_their_marks_and_comments_alone_are_none() {
    assert_eq!(shown("# c\n---\n# nothing\n---\na: 1\n...\n# c\n--- [b]\n---\n"), [r#"{a: "1"~"1"}"#, r#"["b"~"b"]"#]);
    assert!(shown("").is_empty());
    assert!(parse("{\"a\":1}{\"b\":2}").is_err());
}

#[test]
fn an_alias_means_the_latest_anchor_of_its_name() {
    let value = crate::Value::of(&parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n").unwrap()[0]).unwrap();
    assert_eq!(value.get("b").and_then(crate::Value::as_text), Some("1"));
    assert_eq!(value.get("d").and_then(crate::Value::as_text), Some("2"));
    assert!(parse("a: *x\nb: &x 1").is_err());
}

#[test]
fn an_alias_may_repeat_a_key() {
    for text in ["&k a: 1\nb: *k\n", "? a\n: &k a: 1\n  b: *k\n", "&k a: 1\n*k : 2\nb: *k"] {
        let documents = parse(text).unwrap();
        let value = crate::Value::of(&documents[0]).unwrap();
        let value = value.get("b").or_else(|| value.get("a").and_then(|inside| inside.get("b")));
        assert_eq!(value.and_then(crate::Value::as_text), Some("a"), "{text}");
    }
}

#[test]
fn comments_are_told_with_their_bytes_and_texts_are_no_comments() {
    let text = "\u{feff}# é\na: \"# no\" # c\nb: |\n  # no\n";
    let comments = read(text).unwrap().comments;
    assert_eq!(comments.iter().map(|span| &text[span.clone()]).collect::<Vec<_>>(), ["# é", "# c"]);
    let many = "# c\n".repeat(1000);
    assert_eq!(read(&format!("a:\n{many}  b: 1\n{many}")).unwrap().comments.len(), 2000);
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(DEEPEST)).is_ok());
    for text in [nested(DEEPEST + 1), "[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        assert!(parse(&text).is_err());
    }
    assert!(refused(&" ".repeat(MOST_BYTES + 1)).contains("at most 67108864 are read"));
}
