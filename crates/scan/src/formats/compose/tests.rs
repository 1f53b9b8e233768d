use proptest::prelude::*;

use super::*;

/// The places as `LINE:BYTES TEXT (PLACE)`, with what is written there where that is something else.
fn told(text: &str) -> Vec<String> {
    let parsed = Compose.read(text).unwrap();
    let lines = Lines::new(text);
    let told = parsed.sites.iter().map(|site| {
        let (written, column) = (&text[site.span().clone()], site.span().start - lines.range(site.line).start + 1);
        match site.text() {
            Some(says) if says == written => format!("{}:{column} {says} ({})", site.line, site.place),
            Some(says) => format!("{}:{column} {says} {written:?} ({})", site.line, site.place),
            None => match &site.says {
                Says::Open { default: Some(default), .. } => {
                    format!("{}:{column} open {written:?} by default {default} ({})", site.line, site.place)
                }
                _ => format!("{}:{column} open {written:?} ({})", site.line, site.place),
            },
        }
    });
    told.collect()
}

#[test]
fn files_are_told_by_their_names() {
    for name in ["compose.yaml", "docker-compose.yml", "Compose.prod.yaml", "web.docker-compose_dev.yml"] {
        assert!(Compose.claims(&Named::new(name), &"services:\n"), "{name}");
    }
    for name in ["composer.yaml", "compose.json", "compose", "values.yaml"] {
        assert!(!Compose.claims(&Named::new(name), &"services:\n"), "{name}");
    }
    assert!(!Compose.claims(&Named::new("compose.yaml"), &"apiVersion: v1\nkind: Pod\n"));
}

#[test]
fn a_default_is_a_place_inside_of_its_braces_and_what_several_variables_make_is_open() {
    for (image, column, expected) in [
        ("${I:-r:7}", 15, "r:7"),
        ("'${I-r:7}'", 15, "r:7"),
        ("\"${I:-${J:-r:7}}\"", 21, "r:7"),
        ("${I:-${J:-${K:-r:7}}}", 25, "r:7"),
        ("${I}", 10, "open \"${I}\""),
        ("${I:-r:${T:-7}}", 10, "open \"${I:-r:${T:-7}}\" by default docker.io/library/r:7"),
        ("${I:-r}:${T:-7}", 10, "open \"${I:-r}:${T:-7}\" by default docker.io/library/r:7"),
        ("${I:+r:7}", 10, "open \"${I:+r:7}\""),
        ("r:7$$", 10, "open \"r:7$$\""),
        ("\"${I:-\\x72:7}\"", 10, r#"open "\"${I:-\\x72:7}\"" by default docker.io/library/r:7"#),
    ] {
        let text = format!("services:\n a:\n  image: {image}\n");
        assert_eq!(told(&text), [format!("3:{column} {expected} (services.a.image)")], "{text}");
    }
}

#[test]
fn images_of_hooks_volumes_contexts_and_inline_dockerfiles_are_places() {
    let text = "services:\n  a:\n    build:\n      context: .\n      additional_contexts:\n        x: docker-image://x:1\n        y: ../y\n      dockerfile_inline: |\n        # c\n        FROM f:1 AS b\n\n          COPY --from=g:1 / /\n        FROM b\n        FROM $$Z\n    pre_start: [{image: h:1}]\n    image: out:1\n  b:\n    build:\n      additional_contexts: [ 'z=docker-image://z:1', 'v=../v' ]\n      dockerfile_inline: FROM no:1\n";
    assert_eq!(
        told(text),
        [
            "6:12 docker-image://x:1 (services.a.build.additional_contexts)",
            "10:14 f:1 (services.a.build, FROM)",
            "12:23 g:1 (services.a.build, COPY --from)",
            "14:14 open \"$$Z\" (services.a.build, FROM)",
            "15:25 h:1 (services.a.pre_start)",
            "19:33 docker-image://z:1 (services.b.build.additional_contexts)",
        ]
    );
}

#[test]
fn what_is_built_is_no_place_and_what_is_pulled_and_built_is_open() {
    let inherited = "services:\n  base: {build: .}\n  a: {extends: base, image: out:1}\n  b: {extends: {service: a}, image: out:2}\n";
    assert_eq!(told(inherited), [""; 0]);
    let both = "x: &x {image: out:1}\nservices:\n  a: {<<: *x, build: .}\n  b: {<<: *x}\n";
    assert_eq!(told(both), ["1:15 open \"out:1\" (services.b.image)"]);
    let circle = "services:\n  a: {extends: b, image: a:1}\n  b: {extends: a}\n";
    assert_eq!(told(circle), ["2:26 a:1 (services.a.image)"]);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let twice = Compose.read("services:\n  a: {image: x, image: y}\n").unwrap_err();
    assert_eq!((twice.reason.as_str(), twice.at), ("`image` is there twice", 26..31));
    assert!(Compose.read("services:\n  a:\n    image: {{ x }}\n").unwrap_err().reason.contains("template"));
    let chain = |length: usize| {
        let keys: Vec<String> = (0..2000).map(|key| format!("k{key}: 1, ")).collect();
        let services: Vec<String> = (0..length).map(|name| format!("  s{name}: {{<<: *x}}\n")).collect();
        format!("x: &x {{{}}}\nservices:\n{}", keys.concat(), services.concat())
    };
    assert!(Compose.read(&chain(100)).is_ok());
    assert!(Compose.read(&chain(1000)).unwrap_err().reason.contains("more than anybody reads"));
}

proptest! {
    #[test]
    fn no_block_and_no_braces_stop_the_reader(text in "[ \\n\\t:{}\\[\\]&*'\"|>#a-c0-9@!%$<-]{0,30}") {
        drop(Compose.read(&format!("services:\n  a:\n    image: {text}")));
        drop(Compose.read(&format!("services:\n  a:\n    build:\n      dockerfile_inline: |{text}\n       FROM a\n{text}")));
    }
}
