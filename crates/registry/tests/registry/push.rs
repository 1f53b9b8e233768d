//! Writing: what was verified and nothing else, to whoever was meant and nobody else.

use bytes::Bytes;
use imagelock_core::{Digest, Repository, Tag};
use imagelock_registry::{BlobSource, Client, Error, ErrorKind, Holding};
use imagelock_testkit::{Auth, Descriptor, Fault, Image, Layer, On, Redirect, Registry, media_type};

use crate::common::{client, kind, repository, run, with_file, with_password};

/// A source with a layer of several pieces, and an empty target.
struct Setup {
    source: Registry,
    target: Registry,
    image: Image,
}

impl Setup {
    fn new() -> Self {
        Self::with(Registry::start().unwrap(), Registry::start().unwrap())
    }

    fn with(source: Registry, target: Registry) -> Self {
        let noise: Vec<u8> = (0..300_000_u32).map(|at| at.to_le_bytes()[usize::try_from(at % 3).unwrap()]).collect();
        let image = Image::linux(["amd64"]).layer(Layer::files([("a", noise)]));
        source.push("app:1", &image);
        Self { source, target, image }
    }

    fn layer(&self) -> &Descriptor {
        &self.image.layers_of("linux/amd64")[0]
    }

    fn digest(&self) -> Digest {
        self.layer().digest.parse().unwrap()
    }

    fn size(&self) -> u64 {
        self.layer().size as u64
    }

    fn to(&self) -> Repository {
        repository(&self.target, "copy/app")
    }

    fn upload(&self) -> Result<(), Error> {
        self.upload_by(&client(), &client())
    }

    fn upload_by(&self, reader: &Client, writer: &Client) -> Result<(), Error> {
        let repository = repository(&self.source, "app");
        let source = BlobSource::Registry { client: reader, repository: &repository };
        run(writer.upload(&self.to(), &self.digest(), self.size(), &source))
    }

    fn mount(&self) -> bool {
        let other = repository(&self.target, "other");
        run(client().mount(&self.to(), &self.digest(), &other)).unwrap()
    }

    fn holds(&self) -> Holding {
        let (reader, from) = (client(), repository(&self.source, "app"));
        let source = BlobSource::Registry { client: &reader, repository: &from };
        run(client().holds_blob(&self.to(), &self.digest(), self.size(), &source)).unwrap()
    }

    fn arrived(&self) -> bool {
        let got = self.target.content("copy/app", &self.layer().digest);
        got.is_some_and(|bytes| Some(bytes) == self.image.content(&self.layer().digest))
    }

    /// The methods and statuses of what the target was asked.
    fn asked(&self) -> Vec<String> {
        let asked = self.target.log().entries();
        asked.iter().map(|entry| format!("{} {}", entry.method, entry.status)).collect()
    }
}

#[test]
fn a_blob_goes_from_one_registry_to_another_in_two_requests() {
    let setup = Setup::new();
    setup.upload().unwrap();
    assert!(setup.arrived());
    assert_eq!(setup.asked(), ["POST 202", "PUT 201"]);
    assert_eq!(setup.source.log().lines().len(), 1);
}

#[test]
fn a_manifest_is_written_under_its_tag_or_its_digest() {
    let setup = Setup::new();
    let bytes = Bytes::from("{}");
    let source = BlobSource::Bytes(bytes.clone());
    let tag: Tag = "1".parse().unwrap();
    run(async {
        let client = client();
        client.upload(&setup.to(), &Digest::sha256(&bytes), 2, &source).await.unwrap();
        for tag in [None, Some(&tag)] {
            let digest = client.put_manifest(&setup.to(), tag, media_type::OCI_MANIFEST, b"{\"layers\":[]}").await;
            assert_eq!(digest.unwrap(), Digest::sha256(b"{\"layers\":[]}"));
        }
    });
    let digest = Digest::sha256(b"{\"layers\":[]}");
    assert_eq!(setup.target.digest_of("copy/app", "1").as_deref(), Some(digest.as_str()));
    let paths: Vec<String> = setup.target.log().entries().into_iter().map(|entry| entry.path).skip(2).collect();
    assert_eq!(paths, [format!("/v2/copy/app/manifests/{digest}"), "/v2/copy/app/manifests/1".to_owned()]);
}

#[test]
fn an_empty_blob_is_a_blob() {
    let setup = Setup::new();
    let source = BlobSource::Bytes(Bytes::new());
    run(client().upload(&setup.to(), &Digest::sha256(b""), 0, &source)).unwrap();
    assert_eq!(setup.target.content("copy/app", Digest::sha256(b"").as_str()), Some(Bytes::new()));
}

#[test]
fn an_upload_of_other_bytes_is_never_finished() {
    let other = Bytes::from(vec![7; 300_000]);
    for (fault, expected) in [
        (Fault::bytes(other), "other bytes than it promised"),
        (Fault::bytes("short"), "5 bytes instead of"),
        (Fault::oversize(1 << 20), "larger than"),
        (Fault::status(404), "no such blob"),
    ] {
        let setup = Setup::new();
        setup.source.fault(On::blob("app"), fault);
        let size = if expected.contains("promised") { 300_000 } else { setup.size() };
        let (reader, from) = (client(), repository(&setup.source, "app"));
        let source = BlobSource::Registry { client: &reader, repository: &from };
        let error = run(client().upload(&setup.to(), &setup.digest(), size, &source)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains(setup.source.host()), "{error}");
        assert!(setup.target.log().find("PUT", "/v2/").iter().all(|entry| entry.status == 0), "{:?}", setup.asked());
        assert!(!setup.arrived());
    }
}

#[test]
fn an_upload_that_fails_begins_anew() {
    let broken = [Fault::close(), Fault::cut(0), Fault::cut(100_000), Fault::lost()];
    for fault in broken.into_iter().chain([503, 404, 416].map(Fault::status)) {
        let setup = Setup::new();
        setup.target.fault(On::upload("copy/app").method("PUT"), fault.times(1));
        setup.upload().unwrap();
        assert!(setup.arrived());
        let asked = setup.asked();
        assert_eq!((asked[0].as_str(), &asked[2..]), ("POST 202", &["POST 202".to_owned(), "PUT 201".to_owned()][..]));
        let sessions = setup.target.log().find("PUT", "/v2/");
        assert_ne!(sessions[0].path, sessions[1].path, "a session is not continued");
    }
}

#[test]
fn an_upload_that_never_gets_through_names_the_blob_and_who_did_not_take_it() {
    for fault in [Fault::cut(100_000), Fault::lost()] {
        let setup = Setup::new();
        setup.target.fault(On::upload("copy/app").method("PUT"), fault);
        let error = setup.upload().unwrap_err();
        let host = setup.target.host();
        let expected = format!("cannot write the blob {host}/copy/app@{}: cannot reach {host}: ", setup.digest());
        let said = error.to_string();
        assert!(said.starts_with(&expected) && said.ends_with(", after 4 attempts"), "{said}");
        assert!(matches!(kind(error), ErrorKind::Network { .. }));
        setup.target.heal();
        setup.upload().unwrap();
        assert!(setup.arrived());
    }
}

#[test]
fn a_source_that_breaks_off_is_read_on_within_one_upload() {
    let setup = Setup::new();
    setup.source.fault(On::blob("app"), Fault::truncate(100_000).times(2));
    setup.upload().unwrap();
    assert!(setup.arrived());
    assert_eq!(setup.asked(), ["POST 202", "PUT 201"]);
}

#[test]
fn a_blob_that_another_repository_has_is_taken_over() {
    let setup = Setup::new();
    setup.target.put_blob("other", setup.image.content(&setup.layer().digest).unwrap());
    assert!(setup.mount());
    assert!(setup.arrived());
    assert_eq!(setup.asked(), ["POST 201"]);
    assert!(run(client().blob_exists(&setup.to(), &setup.digest())).unwrap());
    assert!(!run(client().blob_exists(&setup.to(), &Digest::sha256(b"none"))).unwrap());
}

#[test]
fn a_mount_that_was_not_done_leaves_no_session() {
    let setup = Setup::new();
    assert!(!setup.mount());
    assert_eq!(setup.asked(), ["POST 202", "DELETE 204"]);
}

#[test]
fn whoever_may_not_read_where_the_blob_is_does_not_take_it_over() {
    let setup = Setup::new();
    setup.target.fault(On::upload("copy/app").method("POST"), Fault::status(403).times(1));
    assert!(!setup.mount());
    assert_eq!(setup.asked(), ["POST 403"]);
}

#[test]
fn an_answer_of_another_digest_is_an_error() {
    let lie = Digest::sha256(b"something else");
    let setup = Setup::new();
    setup.target.fault(On::upload("*").method("PUT"), Fault::digest_header(lie.as_str()));
    setup.target.fault(On::manifest("*"), Fault::digest_header(lie.as_str()));
    assert!(matches!(kind(setup.upload().unwrap_err()), ErrorKind::HeaderMismatch { .. }));
    let put = run(client().put_manifest(&setup.to(), None, media_type::OCI_MANIFEST, b"{}"));
    let error = put.unwrap_err().to_string();
    assert!(error.starts_with("cannot write ") && error.contains("is not that of the bytes"), "{error}");
}

#[test]
fn a_registry_that_says_nothing_of_what_became_of_a_blob_is_not_believed() {
    let setup = Setup::new();
    setup.target.fault(On::upload("*").method("POST"), Fault::status(201));
    assert!(setup.upload().unwrap_err().to_string().contains("before a byte of it was sent"));
    setup.target.heal();
    setup.target.fault(On::upload("*").method("PUT"), Fault::status(202));
    assert!(setup.upload().unwrap_err().to_string().contains("says nothing of whether"));
}

#[test]
fn nothing_is_written_where_a_registry_leads_elsewhere() {
    for location in ["/take/it", "/v2/copy/app/blobs/uploads/upload-1"] {
        let setup = Setup::new();
        let address = format!("{}{location}", setup.target.second_url());
        setup.target.fault(On::upload("*").method("POST"), Fault::set_header("location", &address));
        // The path is the registry's all the same, which its gateway has given another host.
        assert_eq!(setup.upload().is_ok(), location.starts_with("/v2/"), "{location}");
        assert!(setup.target.log().entries().iter().all(|entry| !entry.second_host));
    }
    let setup = Setup::new();
    setup.target.fault(On::upload("*"), Fault::redirect(Redirect::SecondHost));
    assert!(setup.upload().unwrap_err().to_string().contains("status 307"));
    assert!(setup.target.log().entries().iter().all(|entry| !entry.second_host));
}

#[test]
fn what_is_shown_to_one_registry_is_never_shown_to_the_other() {
    let auth = |user: &str| Auth::token().user(user, &format!("{user}-secret")).no_anonymous();
    let start = |user: &str| Registry::builder().auth(auth(user)).start().unwrap();
    let setup = Setup::with(start("reader"), start("writer"));
    let reader = with_password(setup.source.host(), "reader:reader-secret").build().unwrap();
    let writer = with_password(setup.target.host(), "writer:writer-secret").build().unwrap();
    setup.upload_by(&reader, &writer).unwrap();
    assert!(setup.arrived());
    let scopes = |registry: &Registry| -> Vec<String> {
        registry.log().find("GET", "/token").into_iter().filter_map(|entry| entry.query).collect()
    };
    assert_eq!(scopes(&setup.source), ["service=testkit&scope=repository%3Aapp%3Apull"]);
    assert_eq!(scopes(&setup.target), ["service=testkit&scope=repository%3Acopy%2Fapp%3Apull%2Cpush"]);
    let shown = |registry: &Registry| -> Vec<String> {
        registry.log().entries().into_iter().filter_map(|entry| entry.authorization).collect()
    };
    // Both call their tokens alike, so the passwords tell them apart.
    assert!(shown(&setup.source).iter().all(|shown| !shown.contains("d3JpdGVy")));
    assert!(shown(&setup.target).iter().all(|shown| !shown.contains("cmVhZGVy")));
}

#[test]
fn a_mount_asks_for_what_both_repositories_take() {
    let auth = Auth::token().user("writer", "secret").no_anonymous();
    let setup = Setup::with(Registry::start().unwrap(), Registry::builder().auth(auth).start().unwrap());
    setup.target.put_blob("other", setup.image.content(&setup.layer().digest).unwrap());
    let writer = with_password(setup.target.host(), "writer:secret").build().unwrap();
    let other = repository(&setup.target, "other");
    assert!(run(writer.mount(&setup.to(), &setup.digest(), &other)).unwrap());
    let query = setup.target.log().find("GET", "/token")[0].query.clone().unwrap();
    let scopes = "scope=repository%3Acopy%2Fapp%3Apull%2Cpush&scope=repository%3Aother%3Apull";
    assert!(query.ends_with(scopes), "{query}");
}

#[test]
fn whoever_may_not_write_is_told_what_to_do() {
    let auth = Auth::token().user("me", "secret");
    let setup = Setup::with(Registry::start().unwrap(), Registry::builder().auth(auth).start().unwrap());
    let error = setup.upload().unwrap_err();
    let host = setup.target.host();
    let expected = format!("cannot write the blob {host}/copy/app@{}: 401 Unauthorized", setup.digest());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert_eq!(error.help(), [format!("docker login {host}")]);
    let basic = Registry::builder().auth(Auth::basic("me", "secret")).start().unwrap();
    let setup = Setup::with(Registry::start().unwrap(), basic);
    let host = setup.target.host();
    setup.target.fault(On::upload("*"), Fault::status(403));
    let folder = tempfile::tempdir().unwrap();
    let config = format!(r#"{{"auths":{{"{host}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#);
    let writer = with_file(folder.path(), &config).build().unwrap();
    let help = setup.upload_by(&client(), &writer).unwrap_err().help();
    assert_eq!(help, [format!("`docker login {host}` as somebody who may write there, or ask who runs {host}")]);
    let setup = Setup::new();
    setup.target.fault(On::upload("*"), Fault::status(405));
    assert!(setup.upload().unwrap_err().help()[0].contains("like a cache"));
}

#[test]
fn a_blob_that_is_there_is_shown_and_not_only_said_to_be() {
    let setup = Setup::new();
    assert_eq!(setup.holds(), Holding::Absent);
    setup.target.put_blob("copy/app", setup.image.content(&setup.layer().digest).unwrap());
    assert_eq!(setup.holds(), Holding::Shown);
    assert_eq!(setup.asked(), ["GET 404", "GET 206"]);
    assert!(setup.target.log().entries()[1].bytes_sent() < 40_000);
    // A store that lost what its database has.
    setup.target.fault(On::blob("copy/app").method("GET"), Fault::status(404));
    assert!(run(client().blob_exists(&setup.to(), &setup.digest())).unwrap());
    assert_eq!(setup.holds(), Holding::Absent);
}

#[test]
fn a_manifest_is_shown_by_its_tag_or_its_digest() {
    let setup = Setup::new();
    let (digest, other) = (setup.target.push("copy/app:1", &setup.image), Image::linux(["arm64"]));
    let digest: Digest = digest.parse().unwrap();
    let shows = |tag: Option<&str>, digest: &Digest| {
        let tag: Option<Tag> = tag.map(|tag| tag.parse().unwrap());
        run(client().shows_manifest(&setup.to(), tag.as_ref(), digest)).unwrap()
    };
    assert_eq!(shows(Some("1"), &digest), Holding::Shown);
    assert_eq!(shows(None, &digest), Holding::Shown);
    assert_eq!(shows(Some("2"), &digest), Holding::Absent);
    setup.target.push("copy/app:1", &other);
    assert_eq!(shows(Some("1"), &digest), Holding::False);
    assert_eq!(shows(None, &digest), Holding::Shown);
}

#[test]
fn whoever_shows_something_else_does_not_have_a_blob() {
    for lie in [
        Fault::status(206).body(vec![b'x'; 32 << 10]),
        Fault::status(206).body("too little"),
        Fault::status(206).body(vec![b'x'; 64 << 10]),
        Fault::status(416),
        Fault::status(200).body(vec![b'x'; 1 << 20]),
        Fault::status(200),
    ] {
        let setup = Setup::new();
        setup.target.fault(On::blob("copy/app"), lie);
        assert_eq!(setup.holds(), Holding::False);
    }
}

#[test]
fn where_there_are_no_pieces_all_of_a_blob_is_read() {
    let setup = Setup::new();
    let bytes = setup.image.content(&setup.layer().digest).unwrap();
    setup.target.put_blob("copy/app", bytes.clone());
    let whole = || Fault::status(200).body(bytes.clone());
    setup.target.fault(On::blob("copy/app"), whole().times(2));
    assert_eq!(setup.holds(), Holding::Shown);
    setup.source.fault(On::blob("app"), whole());
    assert_eq!(setup.holds(), Holding::Shown);
    assert_eq!(setup.source.log().entries()[0].bytes_sent(), setup.size());
}

#[test]
fn what_a_layout_has_is_sent_and_verified() {
    let setup = Setup::new();
    let folder = tempfile::tempdir().unwrap();
    setup.image.write_layout(folder.path(), "1").unwrap();
    let path = camino::Utf8Path::from_path(folder.path()).unwrap();
    let layout = imagelock_registry::Layout::open(path).unwrap();
    let source = BlobSource::Layout(&layout);
    let send = || run(client().upload(&setup.to(), &setup.digest(), setup.size(), &source));
    send().unwrap();
    assert!(setup.arrived());
    let holds = run(client().holds_blob(&setup.to(), &setup.digest(), setup.size(), &source)).unwrap();
    assert_eq!(holds, Holding::Shown);
    let blob = path.join("blobs/sha256").join(setup.digest().hex());
    std::fs::write(&blob, vec![7; usize::try_from(setup.size()).unwrap()]).unwrap();
    assert!(send().unwrap_err().to_string().contains("are others"));
    std::fs::write(&blob, "short").unwrap();
    assert!(send().unwrap_err().to_string().contains("5 bytes instead of"));
}
