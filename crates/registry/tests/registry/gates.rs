//! Updates that somebody has to approve: what is taken, what waits, and what is asked of a registry for it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use imagelock_core::policy::{LIMIT, Rule};
use imagelock_core::update::{Appetite, Approved, Candidate, Gate, Hold, Policy, Reason, Ruling, Settings, Waiting};
use imagelock_core::{LockedImage, Platform, Request, Wanted};
use imagelock_registry::{Error, Resolver, Step, Take};
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{client, name, platforms, repository, request, resolve, run};

fn image(seed: &str) -> Image {
    Image::linux(["amd64", "arm64"]).seed(seed)
}

/// An image that says which version it is.
fn version(version: &str) -> Image {
    image(version).label("org.opencontainers.image.version", version)
}

fn asked(wanted: &[&str]) -> BTreeSet<Platform> {
    platforms(wanted).into_iter().collect()
}

fn updates(level: &str) -> Settings {
    let appetite = Appetite { updates: Some(level.parse().unwrap()), cooldown: None };
    Settings { appetite, ..Settings::default() }
}

struct Locked {
    registry: Registry,
    request: Request,
    known: LockedImage,
}

impl Locked {
    fn new(registry: Registry, request: Request) -> Self {
        let known = resolve(client(), &request).unwrap();
        registry.log().take();
        Self { registry, request, known }
    }

    /// Follows the tag `1`.
    fn tag(first: &Image) -> Self {
        let registry = Registry::start().unwrap();
        registry.push("app:1", first);
        let request = request(&registry, "app:1", &["linux/amd64", "linux/arm64"]);
        Self::new(registry, request)
    }

    /// Follows a rule, of which these tags are there.
    fn rule(tags: &[&str], rule: (Option<&str>, Option<&str>, Option<&str>)) -> Self {
        let registry = Registry::start().unwrap();
        for tag in tags {
            registry.push(&format!("app:{tag}"), &image(tag));
        }
        let rule = Rule::new(rule.0, rule.1, rule.2).unwrap();
        let wanted = Wanted::Version { repository: repository(&registry, "app"), rule };
        Self::new(registry, Request { wanted, platforms: Some(asked(&["linux/amd64", "linux/arm64"])) })
    }

    fn versions(tags: &[&str]) -> Self {
        Self::rule(tags, (Some("*"), None, None))
    }

    fn push(&self, tag: &str, image: &Image) {
        self.registry.push(&format!("app:{tag}"), image);
    }

    fn update(&self, settings: &Settings, approved: &str) -> Result<(LockedImage, Option<Waiting>), Error> {
        let (name, as_of) = (name("app"), "2026-11-30T00:00:00Z".parse().unwrap());
        let approved = if approved.is_empty() { Approved::default() } else { approved.parse().unwrap() };
        let gate = Policy { name: &name, from: &self.known, settings, approved, as_of: &as_of };
        let (request, known) = (&self.request, Some(&self.known));
        let step = [Step { name: &name, request, known, take: Take::Changed, limit: LIMIT, gate: Some(&gate) }];
        match run(Resolver::new(client()).resolve(&step)) {
            Ok(mut resolved) => Ok((resolved.images.remove("app").unwrap(), resolved.waiting.remove("app"))),
            Err(mut failures) => Err(failures.remove(0).1),
        }
    }

    /// The tag that is taken; and `tag level: reasons` of what waits.
    fn taken(&self, settings: &Settings, approved: &str) -> (String, String) {
        let (image, waiting) = self.update(settings, approved).unwrap();
        let waiting = waiting.map(|waiting| {
            let level = waiting.held.level.map(|level| format!(" {level}")).unwrap_or_default();
            let reasons: Vec<String> = waiting.held.reasons.iter().map(Reason::words).collect();
            format!("{}{level}: {}", waiting.tag.unwrap(), reasons.join("; "))
        });
        (image.tag.unwrap().to_string(), waiting.unwrap_or_default())
    }
}

fn says(taken: &str, waits: &str) -> (String, String) {
    (taken.to_owned(), waits.to_owned())
}

#[test]
fn the_best_tag_that_may_be_taken_is_and_the_best_of_all_waits() {
    let mut locked = Locked::versions(&["16.8"]);
    for tag in ["16.9", "17.0", "17.1", "18.0"] {
        locked.push(tag, &image(tag));
    }
    let waits = "18.0 major: major, and `updates` is `minor`";
    assert_eq!(locked.taken(&updates("minor"), ""), says("16.9", waits));
    let log = locked.registry.log();
    assert_eq!((log.count("GET", "/v2/app/tags/list"), log.count("HEAD", "/")), (1, 1));
    // Once it is locked, one list and one `HEAD` tell all.
    locked.known = locked.update(&updates("minor"), "").unwrap().0;
    locked.registry.log().take();
    assert_eq!(locked.taken(&updates("minor"), ""), says("16.9", waits));
    assert_eq!(locked.registry.log().len(), 2);

    assert_eq!(locked.taken(&updates("minor"), "major"), says("18.0", ""));
    assert_eq!(locked.taken(&Settings::default(), ""), says("18.0", ""));
    assert_eq!(locked.taken(&updates("digest"), ""), says("16.9", "18.0 major: major, and `updates` is `digest`"));
}

#[test]
fn a_followed_tag_moves_as_far_as_its_images_say() {
    let locked = Locked::tag(&version("1.24.3"));
    locked.push("1", &version("2.0.0"));
    let (stays, waiting) = locked.update(&updates("minor"), "").unwrap();
    let waiting = waiting.unwrap();
    assert_eq!(stays, locked.known);
    assert_eq!(waiting.held.reasons[0].words(), "major, and `updates` is `minor`");
    assert_eq!(waiting.image.unwrap().version.as_deref(), Some("2.0.0"));
    assert_eq!(locked.update(&updates("minor"), "major").unwrap().0.version.as_deref(), Some("2.0.0"));
    locked.push("1", &version("1.25.0"));
    assert_eq!(locked.update(&updates("minor"), "").unwrap().0.version.as_deref(), Some("1.25.0"));
    locked.push("1", &image("nothing is said"));
    assert_eq!(locked.taken(&updates("digest"), ""), says("1", ""));
    assert_eq!(locked.taken(&updates("none"), ""), says("1", "1 digest: digest, and `updates` is `none`"));
}

#[test]
fn an_image_that_did_not_move_costs_one_head_whatever_its_gate_says() {
    let locked = Locked::tag(&image("one"));
    for level in ["none", "digest", "major"] {
        assert_eq!(locked.taken(&updates(level), ""), says("1", ""));
        assert_eq!(locked.registry.log().take().len(), 1);
    }
}

#[test]
fn a_held_image_stays_and_what_is_new_is_told() {
    let hold = Some(Hold { reason: "plugins".to_owned(), until: Some("2026-12-31".parse().unwrap()) });
    let held = Settings { hold, ..Settings::default() };
    let locked = Locked::versions(&["16.8"]);
    locked.push("16.9", &image("16.9"));
    assert_eq!(locked.taken(&held, ""), says("16.8", "16.9 minor: held until 31 Dec 2026: plugins"));
    assert_eq!(locked.taken(&held, "major"), says("16.8", "16.9 minor: held until 31 Dec 2026: plugins"));
    assert_eq!(locked.taken(&held, "hold"), says("16.9", ""));
}

#[test]
fn a_tag_that_was_taken_back_is_a_step_back() {
    let locked = Locked::versions(&["16.8", "16.9"]);
    assert!(locked.registry.delete_tag("app", "16.9"));
    assert_eq!(locked.taken(&updates("major"), ""), says("16.9", "16.8 minor: it is older than what is locked"));
    assert_eq!(locked.taken(&updates("major"), "down"), says("16.8", ""));
    assert_eq!(locked.taken(&Settings::default(), ""), says("16.8", ""));
}

#[test]
fn a_tag_that_waits_is_not_told_where_a_better_one_is_taken() {
    let locked = Locked::versions(&["16.7", "16.8"]);
    locked.push("16.9", &image("16.9"));
    assert!(locked.registry.delete_tag("app", "16.8"));
    assert_eq!(locked.taken(&updates("minor"), ""), says("16.9", ""));
}

#[test]
fn an_index_that_lacks_a_platform_waits_for_it() {
    let locked = Locked::tag(&image("one"));
    locked.push("1", &Image::linux(["amd64"]).index().seed("two"));
    for settings in [Settings::default(), updates("major")] {
        let (image, waiting) = locked.update(&settings, "major,down,hold").unwrap();
        assert_eq!(image, locked.known);
        assert_eq!(waiting.unwrap().held.reasons[0].words(), "it has no linux/arm64 yet");
    }
    locked.push("1", &image("two"));
    assert_eq!(locked.taken(&Settings::default(), ""), says("1", ""));
    assert_ne!(locked.update(&Settings::default(), "").unwrap().0, locked.known);
    // What was never locked has nothing to stay at.
    locked.push("1", &Image::linux(["amd64"]).index().seed("three"));
    assert!(resolve(client(), &locked.request).is_err());
}

#[test]
fn while_a_new_version_lacks_a_platform_the_one_before_it_is_taken() {
    let locked = Locked::versions(&["16.7"]);
    locked.push("16.8", &image("16.8"));
    locked.push("16.9", &Image::linux(["amd64"]).index().seed("16.9"));
    assert_eq!(locked.taken(&Settings::default(), ""), says("16.8", "16.9: it has no linux/arm64 yet"));
}

#[test]
fn tags_without_versions_are_judged_by_what_their_images_say() {
    let builds = (None, Some(r"-(?<order>\d+)$"), Some("numeric"));
    let locked = Locked::rule(&["main-7"], builds);
    locked.push("main-8", &image("8"));
    assert_eq!(locked.taken(&updates("patch"), ""), says("main-8", ""));
    locked.registry.log().take();
    assert_eq!(locked.taken(&updates("digest"), ""), says("main-7", "main-8 patch: patch, and `updates` is `digest`"));
    assert_eq!(locked.registry.log().len(), 2, "its image is not read for that");
}

#[test]
fn content_that_only_has_another_index_is_no_step_for_a_gate() {
    let build = |number| image("one").index_annotation("com.example.build", number);
    let locked = Locked::tag(&build("1"));
    locked.push("1", &build("2"));
    let (image, waiting) = locked.update(&updates("none"), "").unwrap();
    assert_eq!((image, waiting), (locked.known.clone(), None));
    assert!(locked.registry.delete_manifest("app", locked.known.digest.as_str()));
    let (image, waiting) = locked.update(&updates("none"), "").unwrap();
    assert_ne!(image.digest, locked.known.digest, "the locked index is gone");
    assert_eq!(waiting, None);
}

#[test]
fn another_request_is_answered_without_its_gate() {
    let mut locked = Locked::versions(&["16.8"]);
    locked.push("17.0", &image("17.0"));
    locked.request.platforms = Some(asked(&["linux/amd64"]));
    assert_eq!(locked.taken(&updates("none"), ""), says("17.0", ""));
}

#[test]
fn what_no_tag_fits_is_an_error_with_a_gate_too() {
    let locked = Locked::versions(&["16.8"]);
    assert!(locked.registry.delete_tag("app", "16.8"));
    locked.push("latest", &image("latest"));
    let error = locked.update(&updates("major"), "").unwrap_err();
    assert!(error.to_string().contains("no tag fits"), "{error}");
}

/// A gate that asks for all that there is, and notes what it was told each time.
#[derive(Debug, Default)]
struct Curious(Mutex<Vec<String>>);

impl Gate for Curious {
    fn judge(&self, Candidate { tag, digest, since, image }: Candidate<'_>) -> Ruling {
        let known = [
            (tag.is_some(), "tag"),
            (digest.is_some(), "digest"),
            (since.is_some(), "since"),
            (image.is_some(), "image"),
        ];
        let known: Vec<&str> = known.iter().filter(|(is_known, _)| *is_known).map(|(_, what)| *what).collect();
        self.0.lock().unwrap().push(known.join(" "));
        Ruling::Ask
    }
}

#[test]
fn a_gate_is_told_what_is_known_of_a_candidate_before_its_image_is_read() {
    let asked = |moves: &[&str]| {
        let locked = Locked::versions(&["1.1"]);
        for tag in moves {
            locked.push(tag, &image("new"));
        }
        let since = Fault::set_header("last-modified", "Mon, 09 Nov 2026 06:00:00 GMT");
        locked.registry.fault(On::manifest("app"), since);
        let (app, gate) = (name("app"), Curious::default());
        let (request, known) = (&locked.request, Some(&locked.known));
        let step = [Step { name: &app, request, known, take: Take::Newest, limit: LIMIT, gate: Some(&gate) }];
        assert!(run(Resolver::new(client()).resolve(&step)).is_ok());
        gate.0.into_inner().unwrap()
    };
    let (before, after) = ("tag digest since", "tag digest since image");
    assert_eq!(asked(&[]), ["tag", after], "what has not moved is there already");
    for moved in ["1.1", "1.2"] {
        let told = asked(&[moved]);
        assert_eq!(told[told.len() - 2..], [before, after], "{moved}");
    }
}
