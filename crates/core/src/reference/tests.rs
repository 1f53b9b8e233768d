//! References that Docker takes and refuses, and what they mean.

use proptest::prelude::*;

use super::parse::ReferenceErrorKind as Kind;
use super::*;
use crate::digest::{Algorithm, DigestError};

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Replaces `SHA256` and `SHA512` with whole digests, so that the tables can be read.
fn expand(text: &str) -> String {
    text.replace("SHA256", &format!("sha256:{HEX}")).replace("SHA512", &format!("sha512:{HEX}{HEX}"))
}

/// What is written, what it means in full, and what is the shortest way to say it.
const ACCEPTED: &[(&str, &str, &str)] = &[
    // Docker Hub and its official images.
    ("nginx", "docker.io/library/nginx", "nginx"),
    ("nginx:latest", "docker.io/library/nginx:latest", "nginx:latest"),
    ("nginx:1.27-alpine", "docker.io/library/nginx:1.27-alpine", "nginx:1.27-alpine"),
    ("library/nginx", "docker.io/library/nginx", "nginx"),
    ("docker.io/nginx", "docker.io/library/nginx", "nginx"),
    ("docker.io/library/nginx", "docker.io/library/nginx", "nginx"),
    ("index.docker.io/nginx", "docker.io/library/nginx", "nginx"),
    ("index.docker.io/library/nginx:1", "docker.io/library/nginx:1", "nginx:1"),
    ("index.docker.io/acme/web", "docker.io/acme/web", "acme/web"),
    ("registry-1.docker.io/library/nginx", "registry-1.docker.io/library/nginx", "registry-1.docker.io/library/nginx"),
    ("acme/web", "docker.io/acme/web", "acme/web"),
    ("acme/web:2", "docker.io/acme/web:2", "acme/web:2"),
    ("acme/team/web", "docker.io/acme/team/web", "acme/team/web"),
    ("docker.io/acme/web", "docker.io/acme/web", "acme/web"),
    ("docker.io/library/acme/web", "docker.io/library/acme/web", "library/acme/web"),
    ("library/acme/web", "docker.io/library/acme/web", "library/acme/web"),
    ("library", "docker.io/library/library", "library"),
    ("docker.io/library", "docker.io/library/library", "library"),
    ("docker.io", "docker.io/library/docker.io", "docker.io"),
    ("ghcr.io", "docker.io/library/ghcr.io", "ghcr.io"),
    ("index.docker.io", "docker.io/library/index.docker.io", "index.docker.io"),
    ("scratch", "docker.io/library/scratch", "scratch"),
    ("a", "docker.io/library/a", "a"),
    ("0", "docker.io/library/0", "0"),
    ("1/2", "docker.io/1/2", "1/2"),
    // Hosts.
    ("ghcr.io/acme/web", "ghcr.io/acme/web", "ghcr.io/acme/web"),
    ("ghcr.io/web", "ghcr.io/web", "ghcr.io/web"),
    ("cgr.dev/chainguard/static:latest", "cgr.dev/chainguard/static:latest", "cgr.dev/chainguard/static:latest"),
    ("quay.io/a/b/c/d/e", "quay.io/a/b/c/d/e", "quay.io/a/b/c/d/e"),
    ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
    ("gcr.io/distroless/static-debian12", "gcr.io/distroless/static-debian12", "gcr.io/distroless/static-debian12"),
    ("mcr.microsoft.com/dotnet/sdk:8.0", "mcr.microsoft.com/dotnet/sdk:8.0", "mcr.microsoft.com/dotnet/sdk:8.0"),
    ("europe-docker.pkg.dev/p/r/i:t", "europe-docker.pkg.dev/p/r/i:t", "europe-docker.pkg.dev/p/r/i:t"),
    (
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
    ),
    ("Ghcr.io/acme/web", "ghcr.io/acme/web", "ghcr.io/acme/web"),
    ("DOCKER.IO/nginx", "docker.io/library/nginx", "nginx"),
    ("Index.Docker.Io/nginx", "docker.io/library/nginx", "nginx"),
    ("localhost/app", "localhost/app", "localhost/app"),
    ("localhost/acme/app:1", "localhost/acme/app:1", "localhost/acme/app:1"),
    ("localhost:5000/app", "localhost:5000/app", "localhost:5000/app"),
    ("localhost:5000/app:2", "localhost:5000/app:2", "localhost:5000/app:2"),
    ("localhost", "docker.io/library/localhost", "localhost"),
    ("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"),
    ("registry:5000/app", "registry:5000/app", "registry:5000/app"),
    ("registry:5000", "docker.io/library/registry:5000", "registry:5000"),
    ("registry/app", "docker.io/registry/app", "registry/app"),
    ("a.b/c", "a.b/c", "a.b/c"),
    ("a-b.c-d/e", "a-b.c-d/e", "a-b.c-d/e"),
    ("xn--7o8h.com/app", "xn--7o8h.com/app", "xn--7o8h.com/app"),
    ("1.2.3.4/app", "1.2.3.4/app", "1.2.3.4/app"),
    ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c"),
    ("0.0.0.0:1/a", "0.0.0.0:1/a", "0.0.0.0:1/a"),
    ("host:65535/a", "host:65535/a", "host:65535/a"),
    ("host:0/a", "host:0/a", "host:0/a"),
    ("[::1]/app", "[::1]/app", "[::1]/app"),
    ("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"),
    ("[::1]:5000/app:1", "[::1]:5000/app:1", "[::1]:5000/app:1"),
    ("[2001:db8::1]/a/b", "[2001:db8::1]/a/b", "[2001:db8::1]/a/b"),
    ("[2001:DB8::1]:443/a/b:t", "[2001:db8::1]:443/a/b:t", "[2001:db8::1]:443/a/b:t"),
    ("[fe80::1:2:3]:80/a", "[fe80::1:2:3]:80/a", "[fe80::1:2:3]:80/a"),
    // On Docker Hub, but short they would have another host, or none that can be told.
    ("docker.io/a.b/c", "docker.io/a.b/c", "docker.io/a.b/c"),
    ("docker.io/localhost/c:1", "docker.io/localhost/c:1", "docker.io/localhost/c:1"),
    (
        "docker.io/library/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "docker.io/library/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "docker.io/library/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    // Paths.
    ("a.b", "docker.io/library/a.b", "a.b"),
    ("a_b", "docker.io/library/a_b", "a_b"),
    ("a__b", "docker.io/library/a__b", "a__b"),
    ("a-b", "docker.io/library/a-b", "a-b"),
    ("a--b", "docker.io/library/a--b", "a--b"),
    ("a---b", "docker.io/library/a---b", "a---b"),
    ("a-----b/c", "docker.io/a-----b/c", "a-----b/c"),
    ("x/a.b_c-d__e", "docker.io/x/a.b_c-d__e", "x/a.b_c-d__e"),
    ("ghcr.io/a.b/c_d/e-f", "ghcr.io/a.b/c_d/e-f", "ghcr.io/a.b/c_d/e-f"),
    ("ghcr.io/0/1/2", "ghcr.io/0/1/2", "ghcr.io/0/1/2"),
    ("ghcr.io/acme/scratch:1", "ghcr.io/acme/scratch:1", "ghcr.io/acme/scratch:1"),
    // Tags.
    ("a:1", "docker.io/library/a:1", "a:1"),
    ("a:_", "docker.io/library/a:_", "a:_"),
    ("a:_-.", "docker.io/library/a:_-.", "a:_-."),
    ("a:A", "docker.io/library/a:A", "a:A"),
    ("a:V1.0_RC-2", "docker.io/library/a:V1.0_RC-2", "a:V1.0_RC-2"),
    ("a:20240101", "docker.io/library/a:20240101", "a:20240101"),
    ("a:no", "docker.io/library/a:no", "a:no"),
    ("a:0o7", "docker.io/library/a:0o7", "a:0o7"),
    ("a:1e3", "docker.io/library/a:1e3", "a:1e3"),
    (
        "a:RELEASE.2024-01-16T16-07-38Z",
        "docker.io/library/a:RELEASE.2024-01-16T16-07-38Z",
        "a:RELEASE.2024-01-16T16-07-38Z",
    ),
    ("a:21.0.11_10-jre", "docker.io/library/a:21.0.11_10-jre", "a:21.0.11_10-jre"),
    ("a:main-abc1234-1700000000", "docker.io/library/a:main-abc1234-1700000000", "a:main-abc1234-1700000000"),
    ("a:1..2", "docker.io/library/a:1..2", "a:1..2"),
    ("a:1-", "docker.io/library/a:1-", "a:1-"),
    ("a:sha256", "docker.io/library/a:sha256", "a:sha256"),
    ("a:sha256-0123.sig", "docker.io/library/a:sha256-0123.sig", "a:sha256-0123.sig"),
    ("a/b:c", "docker.io/a/b:c", "a/b:c"),
    // Digests.
    ("nginx@SHA256", "docker.io/library/nginx@SHA256", "nginx@SHA256"),
    ("nginx:1@SHA256", "docker.io/library/nginx:1@SHA256", "nginx:1@SHA256"),
    ("nginx@SHA512", "docker.io/library/nginx@SHA512", "nginx@SHA512"),
    ("nginx:1@SHA512", "docker.io/library/nginx:1@SHA512", "nginx:1@SHA512"),
    ("docker.io/nginx@SHA256", "docker.io/library/nginx@SHA256", "nginx@SHA256"),
    ("ghcr.io/a/b:v1@SHA256", "ghcr.io/a/b:v1@SHA256", "ghcr.io/a/b:v1@SHA256"),
    ("localhost:5000/a@SHA256", "localhost:5000/a@SHA256", "localhost:5000/a@SHA256"),
    ("localhost:5000/a:1@SHA512", "localhost:5000/a:1@SHA512", "localhost:5000/a:1@SHA512"),
    ("[::1]:5000/a:1@SHA256", "[::1]:5000/a:1@SHA256", "[::1]:5000/a:1@SHA256"),
    ("registry:5000@SHA256", "docker.io/library/registry:5000@SHA256", "registry:5000@SHA256"),
];

#[test]
fn what_docker_accepts_is_accepted_and_normalised() {
    for (text, canonical, familiar) in ACCEPTED {
        let (text, canonical, familiar) = (expand(text), expand(canonical), expand(familiar));
        let reference: Reference = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(reference.to_string(), canonical, "{text}");
        assert_eq!(reference.familiar(), familiar, "{text}");
        // A name like `docker.io`, which looks like a host, can only be told from one in full.
        assert_eq!(canonical.parse(), Ok(reference.clone()), "{text}");
        assert_eq!(familiar.parse(), Ok(reference), "{text}");
    }
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
/// What is refused, why, and which part of the text shows it.
fn refused() -> Vec<(String, Kind, &'static str)> {
    let text = str::to_owned;
    let component = |part: &str| Kind::Component(part.to_owned());
    let host = |part: &str| Kind::Host(part.to_owned());
    let port = |part: &str| Kind::Port(part.to_owned());
    let tag = |part: &str| Kind::Tag(part.to_owned());
    let upper = |lower: &str| Kind::Uppercase { lower: lower.to_owned() };
    let digest = |error| Kind::Digest(error);
    vec![
        (text(""), Kind::Empty, ""),
        (text(":1"), Kind::Empty, ""),
        (text("@SHA256"), Kind::Empty, ""),
        (text("ghcr.io/"), Kind::Empty, ""),
        (text("localhost:5000/"), Kind::Empty, ""),
        (text("https://ghcr.io/a/b"), Kind::Scheme("https://".to_owned()), "https://"),
        (text("docker://nginx"), Kind::Scheme("docker://".to_owned()), "docker://"),
        (text("oci://ghcr.io/a/b"), Kind::Scheme("oci://".to_owned()), "oci://"),
        (text("Nginx"), upper("nginx"), "Nginx"),
        (text("NGINX:1"), upper("nginx"), "NGINX"),
        (text("docker.io/Library/nginx"), upper("docker.io/library/nginx"), "Library/nginx"),
        (text("ghcr.io/Acme/Web"), upper("ghcr.io/acme/web"), "Acme/Web"),
        (text("FOO/bar"), upper("foo/bar"), "FOO/bar"),
        (text("acme/Web:1"), upper("acme/web"), "acme/Web"),
        (text("localhost:5000/App"), upper("localhost:5000/app"), "App"),
        (text("Uppercase/Uppercase"), upper("uppercase/uppercase"), "Uppercase/Uppercase"),
        (text("/nginx"), component(""), ""),
        (text("a//b"), component(""), ""),
        (text("a/"), component(""), ""),
        (text("ghcr.io//a"), component(""), ""),
        (text("ghcr.io/a/"), component(""), ""),
        (text("-a"), component("-a"), "-a"),
        (text("a-"), component("a-"), "a-"),
        (text("_a"), component("_a"), "_a"),
        (text("a_"), component("a_"), "a_"),
        (text(".a"), component(".a"), ".a"),
        (text("a."), component("a."), "a."),
        (text("a..b"), component("a..b"), "a..b"),
        (text("a___b"), component("a___b"), "a___b"),
        (text("a.-b"), component("a.-b"), "a.-b"),
        (text("a-_b"), component("a-_b"), "a-_b"),
        (text("x/-a/b"), component("-a"), "-a"),
        (text("ghcr.io/a/b_/c"), component("b_"), "b_"),
        (text("a b"), component("a b"), "a b"),
        (text(" nginx"), component(" nginx"), " nginx"),
        (text("nginx "), component("nginx "), "nginx "),
        (text("nginx\n"), component("nginx\n"), "nginx\n"),
        (text("né"), component("né"), "né"),
        (text("a$b"), component("a$b"), "a$b"),
        (text("{{image}}"), component("{{image}}"), "{{image}}"),
        (text("a+b"), component("a+b"), "a+b"),
        (text("+target"), component("+target"), "+target"),
        (text("../a"), host(".."), ".."),
        (text("./a"), host("."), "."),
        (text("a/../b"), component(".."), ".."),
        (text("a\\b"), component("a\\b"), "a\\b"),
        (text("a%2fb"), component("a%2fb"), "a%2fb"),
        (text("a?b"), component("a?b"), "a?b"),
        (text("a#b"), component("a#b"), "a#b"),
        (text("a\"b"), component("a\"b"), "a\"b"),
        (text("-host.io/a"), host("-host.io"), "-host.io"),
        (text("host-.io/a"), host("host-.io"), "host-.io"),
        (text("ho_st.io/a"), host("ho_st.io"), "ho_st.io"),
        (text("a.b_c-d__e/f"), host("a.b_c-d__e"), "a.b_c-d__e"),
        (text("host..io/a"), host("host..io"), "host..io"),
        (text(".io/a"), host(".io"), ".io"),
        (text("host./a"), host("host."), "host."),
        (text("hôst.io/a"), host("hôst.io"), "hôst.io"),
        (text("user@host.io/a"), digest(DigestError::NoAlgorithm), "host.io/a"),
        (text("host.io:/a"), port(""), ""),
        (text("host:port/a"), port("port"), "port"),
        (text("host:-1/a"), port("-1"), "-1"),
        (text("host:65536/a"), port("65536"), "65536"),
        (text("host:99999999999/a"), port("99999999999"), "99999999999"),
        (text("host:1:2/a"), port("1:2"), "1:2"),
        (text("::1/a"), host("::1"), "::1"),
        (text("[::1/a"), host("[::1"), "[::1"),
        (text("[::g]/a"), host("[::g]"), "[::g]"),
        (text("[]:1/a"), host("[]:1"), "[]:1"),
        (text("[::1]x/a"), host("[::1]x"), "[::1]x"),
        (text("[fe80::1%25eth0]:5000/a"), host("[fe80::1%25eth0]:5000"), "[fe80::1%25eth0]:5000"),
        (text("[127.0.0.1]:5000/a"), host("[127.0.0.1]:5000"), "[127.0.0.1]:5000"),
        (text("[::1]:x/a"), port("x"), "x"),
        (text("a:"), tag(""), ""),
        (text("a:-1"), tag("-1"), "-1"),
        (text("a:.1"), tag(".1"), ".1"),
        (text("a:1 "), tag("1 "), "1 "),
        (text("a:1+2"), tag("1+2"), "1+2"),
        (text("a:$TAG"), tag("$TAG"), "$TAG"),
        (text("a:é"), tag("é"), "é"),
        (text("a:1\n"), tag("1\n"), "1\n"),
        (text("a:1\"x"), tag("1\"x"), "1\"x"),
        (text("localhost:5000/a:"), tag(""), ""),
        (format!("a:{}", "x".repeat(129)), Kind::TagLength(129), ""),
        (text("a@"), digest(DigestError::NoAlgorithm), ""),
        (text("a@latest"), digest(DigestError::NoAlgorithm), "latest"),
        (text("a@sha256"), digest(DigestError::NoAlgorithm), "sha256"),
        (text("a@sha384:00"), digest(DigestError::Algorithm("sha384".to_owned())), "sha384:00"),
        (text("a@SHA256@SHA256"), digest(DigestError::Character { character: '@', at: 71 }), ""),
        (format!("a@sha256:{}", HEX.to_uppercase()), digest(DigestError::Character { character: 'E', at: 7 }), ""),
        (
            format!("a@sha256:{}", &HEX[1..]),
            digest(DigestError::Length { algorithm: Algorithm::Sha256, found: 63 }),
            "",
        ),
        (format!("a@sha512:{HEX}"), digest(DigestError::Length { algorithm: Algorithm::Sha512, found: 64 }), ""),
        (HEX.to_owned(), Kind::Identifier, HEX),
        (format!("{HEX}:1"), Kind::Identifier, HEX),
        ("a".repeat(256), Kind::PathLength(256), ""),
        (format!("ghcr.io/{}", "a".repeat(256)), Kind::PathLength(256), ""),
        // `library/` counts: the path that would be asked for is too long.
        ("a".repeat(248), Kind::PathLength(256), ""),
    ]
}

#[test]
fn what_docker_refuses_is_refused_with_the_rule_and_the_place() {
    for (text, kind, part) in refused() {
        let text = expand(&text);
        let error = text.parse::<Reference>().expect_err(&text);
        assert_eq!(error.kind, kind, "{text}");
        if !part.is_empty() {
            assert_eq!(&text[error.at], part, "{text}");
        }
    }
}

#[test]
fn a_path_that_is_too_long_is_shown_whole_and_without_its_host() {
    for (host, length) in [("", 256), ("", 248), ("docker.io/", 248), ("index.docker.io/", 248), ("ghcr.io/", 256)] {
        let text = format!("{host}{}", "a".repeat(length));
        let error = text.parse::<Reference>().unwrap_err();
        assert_eq!(error.at, host.len()..text.len(), "{host} {length}");
    }
    let host: Host = "docker.io".parse().unwrap();
    assert_eq!(Repository::new(host, &"a".repeat(248)).unwrap_err().at, 0..248);
}

#[test]
fn the_tables_hold_at_least_150_references() {
    assert!(ACCEPTED.len() + refused().len() >= 150, "{}", ACCEPTED.len() + refused().len());
}

#[test]
fn the_longest_path_and_tag_are_accepted() {
    let path = format!("ghcr.io/{}", "a".repeat(255));
    assert_eq!(path.parse::<Reference>().unwrap().to_string(), path);
    let tag = format!("ghcr.io/a:{}", "x".repeat(128));
    assert_eq!(tag.parse::<Reference>().unwrap().to_string(), tag);
}

#[test]
fn loopback_hosts_are_told_from_hosts_that_only_look_like_it() {
    let loopback = |host: &str| host.parse::<Host>().unwrap().is_loopback();
    for host in ["localhost", "localhost:5000", "127.0.0.1:1", "127.9.9.9", "[::1]:5000", "a.localhost"] {
        assert!(loopback(host), "{host}");
    }
    for host in ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1:1", "[::2]:5000", "docker.io"] {
        assert!(!loopback(host), "{host}");
    }
}

fn any_reference() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        Just(String::new()),
        "[a-z][a-z0-9]{0,8}\\.[a-z]{2,3}(:[0-9]{1,4})?/".prop_map(String::from),
        "localhost(:[0-9]{1,4})?/".prop_map(String::from),
        Just("[::1]:5000/".to_owned()),
    ];
    let path = "[a-z0-9]{1,8}([._]|__|-{1,3})[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,3}";
    let tag = prop_oneof![Just(String::new()), "[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}".prop_map(|tag| format!(":{tag}"))];
    let digest = prop_oneof![
        Just(String::new()),
        "[0-9a-f]{64}".prop_map(|hex| format!("@sha256:{hex}")),
        "[0-9a-f]{128}".prop_map(|hex| format!("@sha512:{hex}")),
    ];
    (host, path, tag, digest).prop_map(|(host, path, tag, digest)| format!("{host}{path}{tag}{digest}"))
}

proptest! {
    #[test]
    fn printing_and_parsing_agree(text in any_reference()) {
        // `a.b/c` is a host and a path: what the grammar makes of a text is the text's meaning.
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(reference.to_string().parse(), Ok(reference.clone()));
            prop_assert_eq!(reference.familiar().parse(), Ok(reference));
        }
    }

    #[test]
    fn no_text_makes_the_parser_fail_and_every_error_points_into_it(text in "\\PC{0,80}") {
        match text.parse::<Reference>() {
            Ok(reference) => prop_assert_eq!(reference.to_string().parse(), Ok(reference)),
            Err(error) => prop_assert!(text.get(error.at.clone()).is_some(), "{:?}", error.at),
        }
    }
}
