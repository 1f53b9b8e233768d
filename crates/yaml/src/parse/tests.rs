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
fn length_depth_and_number_of_values_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(DEEPEST)).is_ok());
    for text in [nested(DEEPEST + 1), "[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        assert!(parse(&text).is_err());
    }
    assert!(refused(&" ".repeat(MOST_BYTES + 1)).contains("at most 67108864 are read"));

    let within = |text: &str, bytes, values| build(text, false, Limits { bytes, values }).map_err(|error| error.reason);
    // Two lists, a mapping, its key and the value of that.
    assert!(within("[[{a: b}]]", 10, 5).is_ok());
    assert_eq!(within("[[{a: b}]]", 9, 5).unwrap_err(), "it has 10 bytes, and at most 9 are read");
    assert_eq!(within("[[{a: b}]]", 10, 4).unwrap_err(), "it has more than 4 values");
}

#[test]
fn a_document_that_is_one_value_is_a_document() {
    for (text, expected) in [
        ("a", r#""a"~"a""#),
        ("--- 'a'", r#""a"~"'a'""#),
        ("--- ''", r#"""~"''""#),
        ("--- !!str", r#"""~"""#),
        ("--- |\n  a\n", "\"a\\n\"~\"|\\n  a\\n\""),
    ] {
        assert_eq!(shown(text), [expected], "{text}");
    }
}

#[test]
fn a_block_of_text_starts_at_its_sign_whatever_stands_in_front() {
    for head in ["|", ">-", "|+1", "| # > no"] {
        for (front, behind) in [
            ("a: ", ""),
            ("a: &x ", ""),
            ("a: &x|y ", ""),
            ("a: &x#y\t", ""),
            ("a: !!str &x>y ", ""),
            ("a:\n  # | no\n  ", ""),
            ("a: !!str # > no\n  ", ""),
            ("%FOO a|b # >\n--- ", ""),
            ("- - ", "- b\n"),
        ] {
            let text = format!("{front}{head}\n   t\n{behind}");
            let documents = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let mut starts = Vec::new();
            documents[0].walk(&mut |node| {
                if matches!(node.kind, Kind::Scalar { style: Style::Block, .. }) {
                    starts.push(node.span.start);
                }
            });
            assert_eq!(starts, [front.len()], "{text}");
        }
    }
}

#[test]
fn a_question_mark_between_brackets_is_refused_where_its_readers_differ() {
    for text in ["[a?b]", "[?a]", "{a?: b}", "{a: [b, ?c : d]}", "{a: {b: c?}}"] {
        assert!(refused(text).starts_with("`?` between brackets or braces is read in two ways"), "{text}");
    }
    for text in ["a?b", "- a?", "a: b?c", "{a: \"b?\"}", "['?']", "{? a : b}", "? [a]", "a: [b]\nc: d?e"] {
        let read = parse(text);
        assert!(read.as_ref().err().is_none_or(|error| error.reason.starts_with("a key is a text")), "{text}");
    }
}

#[test]
fn braces_are_told_from_indentation_and_an_anchor_from_none() {
    let documents = parse("a: {b: &x {}}\nc:\n  d: *x\n").unwrap();
    let is_flow = |node: &Node| matches!(node.kind, Kind::Mapping { flow: true, .. });
    let (a, c) = (documents[0].get("a").unwrap(), documents[0].get("c").unwrap());
    assert!(is_flow(a) && is_flow(a.get("b").unwrap()) && !is_flow(c) && !is_flow(&documents[0]));
    assert_eq!((a.anchor, a.get("b").unwrap().anchor), (None, Some(1)));
}

#[test]
fn a_mistake_is_told_at_its_bytes() {
    for (text, at) in [
        ("a: b\n? [c]\n: d", 7..10),
        ("a: {b: 1, c?}", 10..12),
        ("a: 1 # x\u{2028}b: 2", 8..11),
        ("a: é\u{85}b", 5..7),
        ("a: [", 3..3),
    ] {
        assert_eq!(parse(text).unwrap_err().at, at, "{text:?}");
    }
    let text = format!("{}{}", "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1));
    assert_eq!(parse(&text).unwrap_err().at.start, DEEPEST);
    // What is too much is told, behind a byte order mark too.
    for (text, values, at) in [("[a, b]", 2, 4..5), ("\u{feff}[a, b]", 2, 7..8), ("\u{feff}- a\n- {}", 2, 9..10)] {
        assert_eq!(build(text, false, Limits { bytes: 20, values }).unwrap_err().at, at, "{text}");
    }
}

/// The bytes of all nodes, keys and comments, or those of the mistake.
fn places(text: &str) -> Vec<Range<usize>> {
    let Parsed { documents, comments } = match read(text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![error.at],
    };
    let mut places = comments;
    for document in documents {
        document.walk(&mut |node| {
            places.push(node.span.clone());
            places.extend(node.entries().iter().map(|entry| entry.key_span.clone()));
        });
    }
    places
}

#[test]
fn a_byte_order_mark_moves_every_place_by_its_length_and_no_other() {
    for text in [
        "a: b # c\nd:\n- e\n- |\n  f\n",
        "- a: >-\n    b\n\n  c: [d, {e: f}]\n-\n",
        "x: &x y\n*x : *x\n",
        "? [a]\n: b",
        "a: [b, c?]",
        "a: \"b",
        "a: 1 # x\u{2028}b",
        &format!("{}{}", "- ".repeat(DEEPEST / 2 + 1), "[".repeat(DEEPEST / 2)),
        &format!("{}{}", "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1)),
    ] {
        let moved: Vec<_> = places(text).into_iter().map(|at| at.start + BOM.len()..at.end + BOM.len()).collect();
        assert_eq!(places(&format!("{BOM}{text}")), moved, "{text}");
    }
}
