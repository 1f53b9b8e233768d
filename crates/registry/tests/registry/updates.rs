//! An update that changes nothing that runs, and answers that somebody names.

use imagelock_core::policy::LIMIT;
use imagelock_core::policy::Rule;
use imagelock_core::{Digest, LockedImage, Request, Tag, Wanted};
use imagelock_registry::{Cache, Client, Error, ErrorKind, Resolver, Step, Take};
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{builder, client, name, repository, request, resolve, run, update};

/// The image as a build makes it; the attestation tells of the build, and so gives the index another digest.
fn build(number: &str) -> Image {
    Image::linux(["amd64", "arm64"]).index_annotation("com.example.build", number)
}

struct Locked {
    registry: Registry,
    request: Request,
    known: LockedImage,
}

impl Locked {
    fn new(platforms: &[&str]) -> Self {
        let registry = Registry::start().unwrap();
        registry.push("app:1", &build("1"));
        let request = request(&registry, "app:1", platforms);
        let known = resolve(client(), &request).unwrap();
        registry.log().take();
        Self { registry, request, known }
    }

    fn update_with(&self, client: Client, take: Take<'_>) -> Result<(LockedImage, Option<Digest>), Error> {
        let app = name("app");
        let step =
            [Step { name: &app, request: &self.request, known: Some(&self.known), take, limit: LIMIT, gate: None }];
        match run(Resolver::new(client).resolve(&step)) {
            Ok(mut resolved) => Ok((resolved.images.remove("app").unwrap(), resolved.rebuilt.remove("app"))),
            Err(mut failures) => Err(failures.remove(0).1),
        }
    }

    fn update(&self, take: Take<'_>) -> Result<(LockedImage, Option<Digest>), Error> {
        self.update_with(client(), take)
    }

    fn digest(&self, tag: &str) -> Digest {
        self.registry.digest_of("app", tag).unwrap().parse().unwrap()
    }
}

#[test]
fn an_image_that_was_built_again_with_the_same_content_stays_as_it_is_locked() {
    for platforms in [&[][..], &["linux/amd64"]] {
        let locked = Locked::new(platforms);
        locked
            .registry
            .push("app:1", &build("2").index_annotation("org.opencontainers.image.created", "2026-11-29T00:00:00Z"));
        let (image, rebuilt) = locked.update(Take::Changed).unwrap();
        assert_eq!(image, locked.known);
        assert_eq!(rebuilt, Some(locked.digest("1")));
        let log = locked.registry.log();
        let old = format!("/v2/app/manifests/{}", locked.known.digest);
        assert_eq!((log.count("HEAD", &old), log.count("HEAD", "/")), (1, 2));
    }
}

#[test]
fn another_tag_of_the_locked_content_is_locked_without_reading_it_again() {
    let registry = Registry::start().unwrap();
    registry.push("app:1.1", &build("1"));
    let rule = Rule::new(Some("*"), None, None).unwrap();
    let wanted = Wanted::Version { repository: repository(&registry, "app"), rule };
    let request = Request { wanted, platforms: None };
    let known = resolve(client(), &request).unwrap();
    registry.push("app:1.2", &build("1"));
    registry.log().take();
    let image = update(client(), &request, Some(&known)).unwrap();
    assert_eq!(image, LockedImage { tag: Some("1.2".parse().unwrap()), ..known });
    assert_eq!(registry.log().count("GET", "/v2/app/manifests/"), 0);
}

#[test]
fn the_old_digest_is_asked_for_in_that_case_only() {
    let locked = Locked::new(&[]);
    let (_, rebuilt) = locked.update(Take::Changed).unwrap();
    assert_eq!((rebuilt, locked.registry.log().len()), (None, 1));
    locked.registry.push("app:1", &build("2").seed("other"));
    let (image, rebuilt) = locked.update(Take::Changed).unwrap();
    assert_eq!((image.digest, rebuilt), (locked.digest("1"), None));
    assert_eq!(locked.registry.log().count("HEAD", "/"), 2);
}

#[test]
fn with_a_cache_a_second_update_costs_two_heads() {
    let locked = Locked::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let cached = || builder().cache(Cache::at(&path)).build().unwrap();
    locked.registry.push("app:1", &build("2"));
    locked.update_with(cached(), Take::Changed).unwrap();
    locked.registry.log().take();
    let (image, rebuilt) = locked.update_with(cached(), Take::Changed).unwrap();
    assert_eq!(image, locked.known);
    assert!(rebuilt.is_some());
    assert_eq!((locked.registry.log().len(), locked.registry.log().count("HEAD", "/")), (2, 2));
}

#[test]
fn the_new_index_is_taken_where_the_old_one_is_gone() {
    let locked = Locked::new(&[]);
    locked.registry.push("app:1", &build("2"));
    assert!(locked.registry.delete_manifest("app", locked.known.digest.as_str()));
    let (image, rebuilt) = locked.update(Take::Changed).unwrap();
    assert_eq!((image.digest, rebuilt), (locked.digest("1"), None));
    // A registry that only does not answer has not lost anything.
    let locked = Locked::new(&[]);
    locked.registry.push("app:1", &build("2"));
    locked.registry.fault(On::manifest("app").reference(locked.known.digest.as_str()), Fault::status(503));
    assert!(locked.update(Take::Changed).is_err());
}

#[test]
fn a_new_platform_is_a_change_where_all_are_locked_and_none_where_some_are_named() {
    let more = |number| build(number).platform("linux/s390x");
    let locked = Locked::new(&[]);
    locked.registry.push("app:1", &more("2"));
    let (image, rebuilt) = locked.update(Take::Changed).unwrap();
    assert_eq!((image.platforms.len(), rebuilt), (3, None));
    let locked = Locked::new(&["linux/amd64", "linux/arm64"]);
    locked.registry.push("app:1", &more("2"));
    let (image, rebuilt) = locked.update(Take::Changed).unwrap();
    assert_eq!(image, locked.known);
    assert_eq!(rebuilt, Some(locked.digest("1")));
    // One less is a change too.
    let locked = Locked::new(&[]);
    locked.registry.push("app:1", &Image::linux(["amd64"]).index().index_annotation("com.example.build", "2"));
    let (image, rebuilt) = locked.update(Take::Changed).unwrap();
    assert_eq!((image.platforms.len(), rebuilt), (1, None));
}

#[test]
fn lock_and_an_update_that_allows_it_take_the_new_index() {
    let locked = Locked::new(&[]);
    locked.registry.push("app:1", &build("2"));
    let tag: Tag = "1".parse().unwrap();
    for take in [Take::Newest, Take::Named { tag: Some(&tag), digest: None }] {
        let (image, rebuilt) = locked.update(take).unwrap();
        assert_eq!((image.digest, rebuilt), (locked.digest("1"), None));
    }
}

#[test]
fn another_request_or_another_tag_with_the_same_content_is_an_answer_of_its_own() {
    let mut locked = Locked::new(&[]);
    locked.registry.push("app:2", &build("2"));
    locked.request = request(&locked.registry, "app:2", &[]);
    let (image, rebuilt) = locked.update(Take::Changed).unwrap();
    assert_eq!((image.digest, image.tag, rebuilt), (locked.digest("2"), Some("2".parse().unwrap()), None));
}

#[test]
fn a_digest_that_somebody_names_is_locked_under_the_followed_tag() {
    let locked = Locked::new(&[]);
    locked.registry.push("app:1", &build("2").seed("other"));
    let (image, _) = locked.update(Take::Named { tag: None, digest: Some(&locked.known.digest) }).unwrap();
    assert_eq!(image, locked.known);
    assert_eq!(locked.registry.log().len(), 0, "it is what is locked");
    let new = locked.digest("1");
    let (image, _) = locked.update(Take::Named { tag: None, digest: Some(&new) }).unwrap();
    assert_eq!((image.digest, image.tag), (new, Some("1".parse().unwrap())));
    assert_eq!(locked.registry.log().count("HEAD", "/"), 0);
    let absent = Digest::sha256(b"absent");
    let error = locked.update(Take::Named { tag: None, digest: Some(&absent) }).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such manifest");
}

#[test]
fn under_a_rule_a_digest_needs_a_tag_that_points_at_it() {
    let registry = Registry::start().unwrap();
    registry.push("app:1.0", &build("0"));
    registry.push("app:1.1", &build("1"));
    let rule = Rule::new(Some("1"), None, None).unwrap();
    let request =
        Request { wanted: Wanted::Version { repository: repository(&registry, "app"), rule }, platforms: None };
    let known = resolve(client(), &request).unwrap();
    assert_eq!(known.tag, Some("1.1".parse().unwrap()));
    let locked = Locked { registry, request, known };
    let old = locked.digest("1.0");
    let error = locked.update(Take::Named { tag: None, digest: Some(&old) }).unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Unnamed { asked, .. } if asked.len() == 1), "{error}");
    assert_eq!(error.help(), [format!("say which tag it had: `--precise TAG@{old}`")]);
    let tag: Tag = "1.0".parse().unwrap();
    for digest in [None, Some(&old)] {
        let (image, _) = locked.update(Take::Named { tag: Some(&tag), digest }).unwrap();
        assert_eq!((image.tag, image.digest), (Some(tag.clone()), old.clone()));
    }
    let best = locked.digest("1.1");
    let (image, _) = locked.update(Take::Named { tag: None, digest: Some(&best) }).unwrap();
    assert_eq!((image.tag, image.digest), (Some("1.1".parse().unwrap()), best));
}
