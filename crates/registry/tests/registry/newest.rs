//! Rules that select the newest by the time of the build: what is read for them, and what is refused.

use imagelock_core::policy::{LIMIT, Parts, Rule};
use imagelock_core::update::{Approved, Hold, Policy, Settings};
use imagelock_core::{LockedImage, Request, Wanted};
use imagelock_registry::{Error, Resolver, Step, Take};
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{client, name, repository, run};

fn image(seed: &str, created: &str) -> Image {
    Image::linux(["amd64", "arm64"]).seed(seed).created(created)
}

/// The newest of the builds that are named by their commits.
fn builds(registry: &Registry) -> Request {
    let (tags, select) = (Some("^build-[0-9a-f]+$".to_owned()), Some("newest".to_owned()));
    let rule = Rule::of(Parts { tags, select, ..Parts::default() }).unwrap();
    Request { wanted: Wanted::Version { repository: repository(registry, "app"), rule }, platforms: None }
}

fn choose(registry: &Registry, limit: u32) -> Result<LockedImage, Error> {
    let (name, request) = (name("app"), builds(registry));
    let step = [Step { name: &name, request: &request, known: None, take: Take::Newest, limit, gate: None }];
    match run(Resolver::new(client()).resolve(&step)) {
        Ok(mut resolved) => Ok(resolved.images.remove("app").unwrap()),
        Err(mut failures) => Err(failures.remove(0).1),
    }
}

/// The tag that is chosen of these, or why none is.
fn chosen(images: &[(&str, &str)]) -> String {
    let registry = Registry::start().unwrap();
    for (tag, created) in images {
        registry.push(&format!("app:{tag}"), &image(tag, created));
    }
    match choose(&registry, LIMIT) {
        Ok(image) => image.tag.unwrap().to_string(),
        Err(error) => error.kind.to_string(),
    }
}

#[test]
fn what_was_built_last_is_the_newest_whatever_it_is_called() {
    let first =
        [("build-ff", "2026-01-02T00:00:00Z"), ("build-aa", "2026-03-01T10:00:00Z"), ("other", "2026-11-01T00:00:00Z")];
    assert_eq!(chosen(&first), "build-aa");
    // One that is older changes nothing, and no more does the order in which they came.
    let mut more = vec![("build-00", "2025-12-31T00:00:00Z")];
    more.extend(first);
    assert_eq!(chosen(&more), "build-aa");
    more.reverse();
    assert_eq!(chosen(&more), "build-aa");
}

#[test]
fn times_that_tell_nothing_are_refused() {
    let early = chosen(&[("build-aa", "2026-03-01T10:00:00Z"), ("build-bb", "1970-01-01T00:00:00Z")]);
    assert_eq!(early, "build-bb says that it was built on 1 Jan 1970, which tells nothing");
    let none = chosen(&[("build-aa", "2026-03-01T10:00:00Z"), ("build-bb", "yesterday")]);
    assert_eq!(none, "build-bb does not say when it was built, so nothing is the newest");
    let same = chosen(&[("build-aa", "2026-03-01T10:00:00Z"), ("build-bb", "2026-03-01T10:00:00Z")]);
    let told =
        "build-bb and build-aa were both built at 2026-03-01T10:00:00Z, and nothing else tells which is the newer one";
    assert_eq!(same, told);
    let lower = [
        ("build-aa", "2026-03-01T10:00:00Z"),
        ("build-bb", "2026-03-01T10:00:00Z"),
        ("build-cc", "2026-03-02T10:00:00Z"),
    ];
    assert_eq!(chosen(&lower), "build-cc", "two that are older change nothing");
    assert!(
        chosen(&[("other", "2026-11-01T00:00:00Z")]).starts_with("no tag fits tags ^build-[0-9a-f]+$, select newest")
    );
}

#[test]
fn two_tags_of_one_image_are_one() {
    let registry = Registry::start().unwrap();
    let one = image("one", "2026-03-01T10:00:00Z");
    registry.push("app:build-aa", &one);
    registry.push("app:build-bb", &one);
    let locked = choose(&registry, LIMIT).unwrap();
    assert_eq!((locked.tag.unwrap().as_str(), locked.digest.as_str()), ("build-bb", one.digest()));
}

#[test]
fn more_than_the_limit_is_refused_before_anything_is_read() {
    let registry = Registry::start().unwrap();
    for n in 0..4 {
        registry.push(&format!("app:build-{n}"), &image(&n.to_string(), &format!("2026-03-0{}T10:00:00Z", n + 1)));
    }
    let told = "4 tags compete, and at most 3 are read to find the newest; narrow `tags`, or set `limit`";
    assert_eq!(choose(&registry, 3).unwrap_err().kind.to_string(), told);
    assert_eq!(registry.log().count("HEAD", "/"), 0);
    assert_eq!(choose(&registry, 4).unwrap().tag.unwrap().as_str(), "build-3");
}

#[test]
fn descriptors_are_read_before_configurations() {
    let registry = Registry::start().unwrap();
    for (tag, created) in [("build-aa", "2026-03-01T10:00:00Z"), ("build-bb", "2026-03-02T10:00:00Z")] {
        let image =
            Image::linux(["amd64", "arm64"]).seed(tag).entry_annotation("org.opencontainers.image.created", created);
        registry.push(&format!("app:{tag}"), &image);
    }
    let (name, request) = (name("app"), builds(&registry));
    let step = Step { name: &name, request: &request, known: None, take: Take::Newest, limit: LIMIT, gate: None };
    let built = run(Resolver::new(client()).dated(&step)).unwrap();
    let told: Vec<String> = built.iter().map(|built| format!("{} {}", built.tag, built.created)).collect();
    assert_eq!(told, ["build-bb 2026-03-02T10:00:00Z", "build-aa 2026-03-01T10:00:00Z"]);
    let log = registry.log();
    // A list, and for each a `HEAD` and the index.
    assert_eq!((log.count("GET", "/v2/app/tags/list"), log.count("HEAD", "/v2/app/")), (1, 2));
    assert_eq!((log.count("GET", "/v2/app/manifests/"), log.count("GET", "/v2/app/blobs/")), (2, 0));
}

#[test]
fn one_that_cannot_be_read_fails_all() {
    let registry = Registry::start().unwrap();
    registry.push("app:build-aa", &image("a", "2026-03-01T10:00:00Z"));
    registry.push("app:build-bb", &image("b", "2026-03-02T10:00:00Z"));
    registry.fault(On::manifest("app").reference("build-aa"), Fault::status(404));
    let error = choose(&registry, LIMIT).unwrap_err();
    assert!(error.to_string().contains("app:build-aa"), "{error}");
}

#[test]
fn what_waits_by_its_gate_is_told_and_what_is_locked_stays() {
    let registry = Registry::start().unwrap();
    registry.push("app:build-ff", &image("f", "2026-03-01T10:00:00Z"));
    let known = choose(&registry, LIMIT).unwrap();
    registry.push("app:build-00", &image("0", "2026-03-02T10:00:00Z"));
    registry.push("app:build-11", &image("1", "2025-03-02T10:00:00Z"));
    let (name, request, as_of) = (name("app"), builds(&registry), "2026-11-30T00:00:00Z".parse().unwrap());
    let update = |settings: &Settings| {
        let gate = Policy { name: &name, from: &known, settings, approved: Approved::default(), as_of: &as_of };
        let (known, take) = (Some(&known), Take::Changed);
        let step = [Step { name: &name, request: &request, known, take, limit: LIMIT, gate: Some(&gate) }];
        let mut resolved = run(Resolver::new(client()).resolve(&step)).unwrap();
        let waiting = resolved.waiting.remove("app").map(|waiting| waiting.tag.unwrap().to_string());
        (resolved.images.remove("app").unwrap().tag.unwrap().to_string(), waiting)
    };
    assert_eq!(update(&Settings::default()), ("build-00".to_owned(), None));
    let hold = Some(Hold { reason: "not yet".to_owned(), until: None });
    let held = Settings { hold, ..Settings::default() };
    assert_eq!(update(&held), ("build-ff".to_owned(), Some("build-00".to_owned())));
}
