use std::collections::BTreeMap;

use imagelock_core::Reference;

use super::*;

const SPDX: &str = "https://spdx.dev/Document";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";
const IN_TOTO: &str = "application/vnd.in-toto+json";

fn layer(media_type: &str, annotations: &[(&str, &str)]) -> Descriptor {
    let text = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Descriptor {
        media_type: media_type.to_owned(),
        artifact_type: None,
        digest: Digest::sha256(media_type.as_bytes()),
        size: 1,
        platform: None,
        annotations: annotations.iter().map(text).collect(),
    }
}

fn statement_of(kind: &str, predicate: &str, about: &Digest) -> String {
    let subject = format!(r#"[{{"name":"x","digest":{{"sha256":"{}"}}}}]"#, about.hex());
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"{kind}","subject":{subject},"predicate":{predicate}}}"#
    )
}

fn about() -> Digest {
    Digest::sha256(b"image")
}

fn said(kind: &str, predicate: &str) -> Result<Said, String> {
    let text = statement_of(kind, predicate, &about());
    read(&layer(IN_TOTO, &[]), text.as_bytes(), &[&about()]).map_err(|error| error.to_string())
}

fn names(said: Said) -> Vec<String> {
    let Said::Packages(packages, _) = said else { panic!("packages are listed") };
    packages.iter().map(|package| package.purl.at(&package.version)).collect()
}

fn spdx_of(packages: &str) -> String {
    format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{packages}]}}"#)
}

const MUSL: &str = r#"{"name":"musl","versionInfo":"1.2.5-r0","licenseDeclared":"MIT","externalRefs":[
    {"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:musl"},
    {"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64"}]}"#;

#[test]
fn the_packages_of_both_formats_are_those_with_a_purl_each_once() {
    let others = r#"{"name":"/etc"},{"name":"x","externalRefs":null},{"name":"y","externalRefs":[{}]}"#;
    let spdx = said(SPDX, &spdx_of(&format!("{MUSL},{others},{MUSL}"))).unwrap();
    assert_eq!(names(spdx), ["pkg:apk/alpine/musl@1.2.5-r0"]);
    let cyclonedx = r#"{"bomFormat":"CycloneDX","components":[{"type":"library","name":"app","components":[
        {"purl":"pkg:npm/left-pad@1.3.0","licenses":[{"license":{"id":"MIT"}},{"expression":"ISC OR MIT"}]}]},
        {"type":"operating-system","name":"alpine"},{"purl":"pkg:oci/web@sha256%3Aaa","version":"1"}]}"#;
    let Said::Packages(packages, _) = said(CYCLONEDX, cyclonedx).unwrap() else { panic!("packages are listed") };
    assert_eq!(packages.len(), 1);
    assert_eq!((packages[0].version.as_str(), packages[0].license.as_deref()), ("1.3.0", Some("MIT AND ISC OR MIT")));
}

#[test]
fn provenance_of_both_versions_says_the_same() {
    let older = r#"{"builder":{"id":"https://ci.example.com/1"},"buildType":"https://mobyproject.org/buildkit@v1",
        "invocation":{"configSource":{"uri":"https://example.com/a.git#main","digest":{"sha1":"aa"},"entryPoint":"Dockerfile"}},
        "materials":[{"uri":"pkg:docker/alpine@3.20?platform=linux%2Famd64","digest":{"sha256":"bb"}}],
        "metadata":{"https://mobyproject.org/buildkit@v1#metadata":{"vcs":{"source":"https://example.com/a.git","revision":"cc"}}}}"#;
    let newer = r#"{"buildDefinition":{"buildType":"https://github.com/moby/buildkit","externalParameters":{"configSource":
        {"uri":"https://example.com/a.git#main","digest":{"sha1":"aa"}},"request":{}},"resolvedDependencies":[{"uri":
        "pkg:docker/alpine@3.20?platform=linux%2Famd64","digest":{"sha256":"bb"}}]},"runDetails":{"builder":{"id":
        "https://ci.example.com/1"},"metadata":{"invocationId":"x","buildkit_metadata":{"vcs":{"source":
        "https://example.com/a.git","revision":"cc"}}}}}"#;
    let expected = Provenance {
        build_type: None,
        builder: Some("https://ci.example.com/1".to_owned()),
        source: Some("https://example.com/a.git".to_owned()),
        revision: Some("cc".to_owned()),
        materials: vec![Material {
            uri: "pkg:docker/alpine@3.20?platform=linux%2Famd64".to_owned(),
            digest: Some("sha256:bb".to_owned()),
        }],
    };
    for (kind, predicate, build_type) in [
        ("https://slsa.dev/provenance/v0.2", older, "https://mobyproject.org/buildkit@v1"),
        ("https://slsa.dev/provenance/v1", newer, "https://github.com/moby/buildkit"),
    ] {
        let expected = Provenance { build_type: Some(build_type.to_owned()), ..expected.clone() };
        assert_eq!(said(kind, predicate), Ok(Said::Provenance(expected)), "{kind}");
    }
    assert_eq!(said("https://slsa.dev/provenance/v1", "{}"), Ok(Said::Provenance(Provenance::default())));
}

#[test]
fn a_login_in_the_address_of_a_source_is_not_told() {
    let predicate = r#"{"materials":[{"uri":"https://anna:hunter2@git.example/a.git#main"}],"metadata":{
        "https://mobyproject.org/buildkit@v1#metadata":{"vcs":{"source":"https://anna:hunter2@git.example/a.git"}}}}"#;
    let Ok(Said::Provenance(made)) = said("https://slsa.dev/provenance/v0.2", predicate) else {
        panic!("it is provenance")
    };
    assert_eq!(
        (made.source.as_deref(), made.materials[0].uri.as_str()),
        (Some("https://git.example/a.git"), "https://git.example/a.git#main")
    );
}

#[test]
fn a_material_is_told_without_its_version() {
    for (uri, what) in [
        (
            "pkg:docker/docker.io/library/alpine@3.20?digest=sha256:aa&platform=linux%2Famd64",
            "pkg:docker/docker.io/library/alpine",
        ),
        ("https://example.com/a.git#refs/heads/main", "https://example.com/a.git"),
        ("git+https://anna@example.com/a@v1", "git+https://anna@example.com/a"),
        ("", ""),
    ] {
        assert_eq!(Material { uri: uri.to_owned(), digest: None }.what(), what);
    }
}

#[test]
fn what_is_worth_fetching_is_known_by_annotations_alone() {
    let kinds = |layers: Vec<Descriptor>, annotations: &[(&str, &str)]| {
        let own = layer("x", annotations).annotations;
        let artifact = Document { layers, annotations: own, ..Document::default() };
        offered(&artifact).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    let buildkit = |kind: &str| layer(IN_TOTO, &[("in-toto.io/predicate-type", kind)]);
    let two = vec![buildkit("https://slsa.dev/provenance/v0.2"), buildkit(SPDX), buildkit("https://example.com/x")];
    assert_eq!(kinds(two, &[]), [Kind::Spdx, Kind::Provenance]);
    let cosign = layer("application/vnd.dsse.envelope.v1+json", &[("predicateType", "https://spdx.dev/Document/v2.3")]);
    assert_eq!(kinds(vec![cosign], &[]), [Kind::Spdx]);
    let bundle = layer("application/vnd.dev.sigstore.bundle.v0.3+json", &[]);
    assert_eq!(
        kinds(vec![bundle], &[("dev.sigstore.bundle.predicateType", "https://cyclonedx.org/bom/v1.6")]),
        [Kind::CycloneDx]
    );
    assert_eq!(kinds(vec![layer("application/spdx+json", &[]), layer("text/plain", &[])], &[]), [Kind::Spdx]);
    assert_eq!(Kind::of_predicate("https://spdx.dev/Documentary"), None);
}

#[test]
fn a_statement_is_found_in_an_envelope_and_a_document_without_one() {
    let text = statement_of(SPDX, &spdx_of(MUSL), &about());
    let envelope = format!(r#"{{"payloadType":"{IN_TOTO}","payload":"{}","signatures":[]}}"#, STANDARD.encode(&text));
    let bundle = format!(r#"{{"mediaType":"x","dsseEnvelope":{envelope}}}"#);
    for (kind, bytes) in [
        ("application/vnd.dsse.envelope.v1+json", envelope.as_str()),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", &bundle),
        (IN_TOTO, &text),
        ("application/spdx+json", &spdx_of(MUSL)),
    ] {
        assert_eq!(names(read(&layer(kind, &[]), bytes.as_bytes(), &[&about()]).unwrap()).len(), 1, "{kind}");
    }
    let broken = r#"{"payload":"%%"}"#;
    assert!(read(&layer("application/vnd.dsse.envelope.v1+json", &[]), broken.as_bytes(), &[]).is_err());
}

#[test]
fn a_statement_about_something_else_is_refused_where_a_name_alone_led_to_it() {
    let text = statement_of(SPDX, &spdx_of(MUSL), &Digest::sha256(b"other"));
    let error = read(&layer(IN_TOTO, &[]), text.as_bytes(), &[&about()]).unwrap_err();
    assert_eq!(error.to_string(), "the statement is about something else");
    assert!(read(&layer(IN_TOTO, &[]), text.as_bytes(), &[]).is_ok());
}

/// The images of a file, each with the build that it went into.
fn images(text: &str) -> Vec<String> {
    let image = |build: &Build, material: &Material| {
        let image = material.image()?;
        let digests: Vec<&str> = image.digests.iter().map(Digest::short).collect();
        let reference = image.reference.map(|reference| Reference { digest: None, ..reference }.to_string());
        let platform = image.platform.unwrap_or_default();
        Some(format!("{}|{}|{}|{platform}", build.name, reference.unwrap_or_default(), digests.join("+")))
    };
    let all = builds(text.as_bytes()).unwrap();
    all.iter().flat_map(|build| build.provenance.materials.iter().filter_map(|made| image(build, made))).collect()
}

#[test]
fn the_images_that_went_into_a_build_are_read_wherever_builders_write_them() {
    let hex = "a".repeat(64);
    let image = format!(r#"{{"uri":"pkg:docker/node@22?platform=linux%2Famd64","digest":{{"sha256":"{hex}"}}}}"#);
    let old = format!(r#"{{"buildType":"https://mobyproject.org/buildkit@v1","materials":[{image}]}}"#);
    let new = format!(r#"{{"buildDefinition":{{"buildType":"x","resolvedDependencies":[{image}]}}}}"#);
    let expected = |name: &str| format!("{name}|docker.io/library/node:22|sha256:aaaaaaaaaaaa|linux/amd64");
    let statement = statement_of("https://slsa.dev/provenance/v0.2", &old, &about());
    let envelope = format!(r#"{{"payload":"{}","signatures":[]}}"#, STANDARD.encode(&statement));
    let bundle = format!(r#"{{"mediaType":"x","dsseEnvelope":{envelope}}}"#);
    for text in [&old, &new, &statement, &envelope, &bundle] {
        assert_eq!(images(text), [expected("")], "{text}");
    }
    let sbom = statement_of(SPDX, "{}", &about());
    assert_eq!(images(&format!("{bundle}\n{sbom}\n{statement}\n")), [expected(""), expected("")]);
    let metadata = format!(
        r#"{{"buildx.build.ref":"x","a":[1,{{}}],"b":null,"c":1.5,"containerimage.digest":"sha256:x",
        "buildx.build.provenance/linux/amd64":{new},"buildx.build.provenance/linux/arm64":{old}}}"#
    );
    assert_eq!(images(&metadata), [expected("linux/amd64"), expected("linux/arm64")]);
    let bake = format!(r#"{{"web":{{"buildx.build.provenance":{new},"x":[]}},"db":{metadata},"w":[]}}"#);
    assert_eq!(images(&bake), [expected("web"), expected("db linux/amd64"), expected("db linux/arm64")]);
    assert_eq!(images(&format!(r#"{{"SLSA":{old}}}"#)), [expected("")]);
    assert_eq!(images(&format!(r#"{{"linux/arm64":{{"SLSA":{old}}}}}"#)), [expected("linux/arm64")]);
    for none in ["", "{}", r#"{"a":{"b":{"SLSA":{}}}}"#, &sbom] {
        assert_eq!(builds(none.as_bytes()), Ok(Vec::new()), "{none}");
    }
}

#[test]
fn every_address_of_an_image_is_one_and_no_other_is() {
    let image = |uri: &str, digest: Option<&str>| {
        let material = Material { uri: uri.to_owned(), digest: digest.map(str::to_owned) };
        material.image().map(|image| {
            let reference = image.reference.map(|reference| Reference { digest: None, ..reference }.to_string());
            (reference.unwrap_or_default(), image.digests.len())
        })
    };
    let (one, two) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
    let is = |reference: &str, digests| Some((reference.to_owned(), digests));
    assert_eq!(image("pkg:docker/127.0.0.1:5000/acme/base@1", Some(&one)), is("127.0.0.1:5000/acme/base:1", 1));
    assert_eq!(image("pkg:docker/ghcr.io/acme/web@1?platform=x", None), is("ghcr.io/acme/web:1", 0));
    let pinned = format!("pkg:docker/acme/base@1?digest={one}&platform=linux%2Famd64");
    assert_eq!(image(&pinned, Some(&one)), is("docker.io/acme/base:1", 1));
    // Two digests for one image: neither is passed over.
    assert_eq!(image(&pinned, Some(&two)), is("docker.io/acme/base:1", 2));
    assert_eq!(
        image(&format!("docker-image://docker.io/library/alpine@{one}"), None),
        is("docker.io/library/alpine", 1)
    );
    // What cannot be read is no way around.
    for odd in ["pkg:docker/UPPER@1", "pkg:docker/", "PKG:docker/node", "oci-layout://x y", "pkg:docker/a@1?%"] {
        assert!(image(odd, None).is_some(), "{odd}");
    }
    for other in ["https://github.com/acme/web.git#main", "http://x/pkg:docker/node@1", "pkg:npm/docker@1", "", "é"] {
        assert_eq!(image(other, Some(&one)), None, "{other}");
    }
}

#[test]
fn provenance_beside_an_image_is_about_it_or_names_nothing() {
    let (kind, other) = ("https://slsa.dev/provenance/v1", Digest::sha256(b"other"));
    let of =
        |text: &str| provenance(&layer(IN_TOTO, &[]), text.as_bytes(), &about()).map_err(|error| error.to_string());
    assert_eq!(of(&statement_of(kind, "{}", &about())), Ok(Provenance::default()));
    let silent = format!(r#"{{"predicateType":"{kind}","subject":[],"predicate":{{}}}}"#);
    assert_eq!(of(&silent), Ok(Provenance::default()));
    assert_eq!(of(&statement_of(kind, "{}", &other)), Err("the statement is about something else".to_owned()));
    assert!(of(&statement_of(CYCLONEDX, r#"{"bomFormat":"CycloneDX"}"#, &about())).is_err());
    assert!(of("{").is_err());
}

#[test]
fn hostile_statements_are_refused_and_named() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested =
        (0..200).fold("{}".to_owned(), |inner, _| format!(r#"{{"purl":"pkg:npm/a@1","components":[{inner}]}}"#));
    let many = vec![r#"{"purl":"pkg:npm/a@1"}"#; bounded::MOST_ENTRIES + 1].join(",");
    for (kind, predicate, says) in [
        (SPDX, deep.as_str(), "expected a string"),
        (CYCLONEDX, &format!(r#"{{"bomFormat":"CycloneDX","components":[{nested}]}}"#), "recursion limit"),
        (CYCLONEDX, &format!(r#"{{"bomFormat":"CycloneDX","components":[{many}]}}"#), "more than 200000 entries"),
        (CYCLONEDX, "{}", "`bomFormat` says otherwise"),
        (SPDX, "{}", "only SPDX 2"),
        (SPDX, r#"{"spdxVersion":"SPDX-3.0"}"#, "only SPDX 2"),
        (SPDX, "7", "not what the statement should be"),
        (SPDX, r#"{"spdxVersion":"SPDX-2.3","packages":{}}"#, "a list"),
        ("https://example.com/vex", "{}", "nobody here reads `https://example.com/vex`"),
        ("https://slsa.dev/provenance/v1", r#"{"builder":7}"#, "not what the statement should be"),
    ] {
        let error = said(kind, predicate).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_hundred_thousand_packages_are_read() {
    let package = |number: usize| {
        format!(
            r#"{{"name":"p{number}","versionInfo":"1","externalRefs":[{{"referenceType":"purl","referenceLocator":"pkg:npm/p{number}@1"}}]}}"#
        )
    };
    let all: Vec<String> = (0..100_000).map(package).collect();
    assert_eq!(names(said(SPDX, &spdx_of(&all.join(","))).unwrap()).len(), 100_000);
}

#[test]
fn whatever_a_publisher_writes_stays_text() {
    let hostile = "\u{1b}[31m\u{202e}<script>";
    let predicate = serde_json::json!({ "builder": { "id": hostile }, "materials": [{ "uri": hostile }] }).to_string();
    let Said::Provenance(provenance) = said("https://slsa.dev/provenance/v0.2", &predicate).unwrap() else {
        panic!("it is provenance")
    };
    assert_eq!((provenance.builder.as_deref(), provenance.materials[0].uri.as_str()), (Some(hostile), hostile));
    let none: BTreeMap<String, String> = BTreeMap::new();
    assert!(layer("x", &[]).annotations == none);
}
