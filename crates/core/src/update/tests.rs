//! What steps between images are called, and which of them wait.

use proptest::prelude::*;

use super::*;
use crate::seen::Ledger;
use crate::{Created, Digest, ImageName, LockedImage, Origin, arbitrary};

/// An image: `tag@content`, `version` as its publisher says it, and the day on which it was made.
fn image(request: &str, tag: &str, version: &str, day: &str) -> LockedImage {
    let (tag, content) = tag.split_once('@').unwrap_or((tag, tag));
    let digest = Digest::sha256(content.as_bytes());
    let json = format!(
        r#"{{"digest":"{digest}","mediaType":"application/vnd.oci.image.index.v1+json","platforms":{{}},
        "registry":"a.example","repository":"app","request":{{"repository":"a.example/app",{request}}},"size":2,
        "tag":"{tag}"}}"#
    );
    let mut image: LockedImage = serde_json::from_str(&json).unwrap();
    image.version = (!version.is_empty()).then(|| version.to_owned());
    image.created = (!day.is_empty()).then(|| format!("{day}T00:00:00Z").parse().unwrap());
    image
}

fn image_of(request: &str, tag: &str) -> LockedImage {
    image(request, tag, "", "")
}

const RULE: &str = r#""tags":"^(?<version>\\d+(\\.\\d+)*)(-[a-z0-9.]+)?$""#;
const BUILDS: &str = r#""select":"numeric","tags":"-(?<order>\\d+)$""#;
const FOLLOWED: &str = r#""tag":"latest""#;

/// `level`, or `level down` of a step between two images of one request.
fn step(request: &str, from: (&str, &str), to: (&str, &str)) -> String {
    let (from, to) = (image(request, from.0, from.1, ""), image(request, to.0, to.1, ""));
    let name = "app".parse().unwrap();
    let step = Move::new(&name, &from, &to);
    format!("{}{}", step.level, if step.down { " down" } else { "" })
}

#[test]
fn a_step_between_tags_of_a_rule_is_named_by_the_first_number_that_differs() {
    for (from, to, level) in [
        ("16.8", "16.9", "minor"),
        ("16.9", "17.1", "major"),
        ("1.2.3", "1.2.4", "patch"),
        ("1.2.3.4", "1.2.3.5", "patch"),
        ("1.2", "1.2.0", "patch"),
        ("1.2", "1.2.1", "patch"),
        ("1", "1.1", "minor"),
        ("0.1.0", "0.2.0", "minor"),
        ("16.9-alpine3.20", "16.9-alpine3.21", "patch"),
        ("16.9@a", "16.9@b", "digest"),
        ("16.9@a", "16.9@a", "none"),
        ("16.9@a", "17.0@a", "none"),
        ("17.1", "16.9", "major down"),
        ("1.2.4", "1.2.3", "patch down"),
    ] {
        assert_eq!(step(RULE, (from, ""), (to, "")), level, "{from} to {to}");
    }
}

#[test]
fn tags_of_a_rule_count_more_than_what_their_images_say() {
    assert_eq!(step(RULE, ("1.2.3", "5"), ("1.2.4", "6")), "patch");
    assert_eq!(step(RULE, ("1.2@a", "1.2.3"), ("1.2@b", "1.2.4")), "patch", "one tag says nothing of a step");
    assert_eq!(step(RULE, ("1.2.4", "6"), ("1.2.3", "7")), "patch down");
}

#[test]
fn tags_that_have_no_versions_are_at_least_a_patch_apart() {
    assert_eq!(step(BUILDS, ("main-7", ""), ("main-8", "")), "patch");
    assert_eq!(step(BUILDS, ("main-7", "1.4.0"), ("main-8", "2.0.0")), "major");
    assert_eq!(step(BUILDS, ("main-8", "1.4.0"), ("main-7", "1.4.0")), "patch down");
}

#[test]
fn a_followed_tag_moves_as_far_as_its_images_say() {
    for (from, to, level) in [
        ("1.24.3", "2.0.0", "major"),
        ("1.24.3", "v1.25.0", "minor"),
        ("1.24.3", "1.24.4", "patch"),
        ("1.24.3-r1", "1.24.3-r2", "patch"),
        ("1.24.3", "v1.24.3", "digest"),
        ("", "2.0.0", "digest"),
        ("1.24.3", "", "digest"),
        ("", "", "digest"),
        ("20260112", "20260113", "digest"),
        ("stable", "1.24.3", "digest"),
        ("2.0.0", "1.24.3", "major down"),
        ("1.24.3-r2", "1.24.3-r1", "patch"),
    ] {
        assert_eq!(step(FOLLOWED, ("latest@a", from), ("latest@b", to)), level, "{from} to {to}");
    }
}

#[test]
fn where_versions_say_nothing_of_the_direction_the_times_do() {
    let direction = |from: (&str, &str), to: (&str, &str)| {
        let image = |content, (version, day)| image(FOLLOWED, content, version, day);
        Direction::between(&image("latest@a", from), &image("latest@b", to))
    };
    assert_eq!(direction(("", "2026-11-20"), ("", "2026-11-23")), Some(Direction::Up));
    assert_eq!(direction(("", "2026-11-23"), ("", "2026-11-20")), Some(Direction::Down));
    assert_eq!(direction(("", "2026-11-20"), ("", "2026-11-20")), None);
    assert_eq!(direction(("", "2026-11-20"), ("", "1970-01-01")), None);
    assert_eq!(direction(("24.04", "2026-11-23"), ("24.04", "2026-11-20")), Some(Direction::Down));
    // What two places have is not compared, whatever it says of itself.
    let here = image(FOLLOWED, "latest@a", "1.9", "2026-11-20");
    let there = image(&FOLLOWED.replace("latest", "edge"), "latest@b", "2.0", "2026-11-23");
    assert_eq!(Direction::between(&here, &there), Some(Direction::Up));
    let elsewhere = LockedImage { origin: Origin::Layout("oci".into()), ..there };
    assert_eq!(Direction::between(&here, &elsewhere), None);
    // Built later, and yet taken back.
    assert_eq!(direction(("2.0", "2026-11-20"), ("1.9", "2026-11-23")), Some(Direction::Down));
}

#[test]
fn what_exceeds_the_appetite_waits_with_the_command_that_takes_it() {
    let name: ImageName = "postgres".parse().unwrap();
    let (old, new) = (image(RULE, "16.9", "", ""), image(RULE, "17.1", "", ""));
    let now = "2026-11-30T00:00:00Z".parse().unwrap();
    let settings = |updates: Option<Level>, until: Option<&str>| {
        let hold = until.map(|day| Hold { reason: "plugins".to_owned(), until: Some(day.parse().unwrap()) });
        Settings { appetite: Appetite { updates, cooldown: None }, hold, role: Role::Run }
    };
    let judge = |settings: &Settings, step: &Move<'_>, approved: &str| {
        let approved = if approved.is_empty() { Approved::default() } else { approved.parse().unwrap() };
        let reasons = settings.judge(step, &approved, &now);
        let words: Vec<String> = reasons.iter().map(Reason::words).collect();
        (words.join("; "), approval(&name, &reasons).unwrap_or_default())
    };
    let waits = |words: &str, command: &str| (words.to_owned(), command.to_owned());
    let up = Move::new(&name, &old, &new);
    let down = Move::new(&name, &new, &old);

    let minor = settings(Some(Level::Minor), None);
    let major = waits("major, and `updates` is `minor`", "update postgres --allow major");
    assert_eq!(judge(&minor, &up, ""), major);
    assert_eq!(judge(&minor, &up, "minor,down"), major);
    assert_eq!(judge(&minor, &up, "major"), waits("", ""));
    assert_eq!(judge(&settings(Some(Level::Major), None), &up, ""), waits("", ""));
    assert_eq!(judge(&settings(None, None), &up, ""), waits("", ""));

    let back = waits("it is older than what is locked", "update postgres --allow down");
    assert_eq!(judge(&settings(Some(Level::Major), None), &down, ""), back);
    assert_eq!(judge(&settings(Some(Level::Major), None), &down, "down"), waits("", ""));
    assert_eq!(judge(&settings(None, None), &down, ""), waits("", ""), "nothing is said, and all is taken");

    let held = settings(Some(Level::Minor), Some("2026-12-31"));
    let words = "held until 31 Dec 2026: plugins; major, and `updates` is `minor`; it is older than what is locked";
    assert_eq!(judge(&held, &down, ""), waits(words, "update postgres --allow major,down,hold"));
    assert_eq!(judge(&held, &down, "major,down,hold"), waits("", ""));
    let ended = settings(None, Some("2026-11-30"));
    assert_eq!(judge(&ended, &up, ""), waits("", ""));
}

#[test]
fn what_is_not_there_yet_cannot_be_approved() {
    let name: ImageName = "postgres".parse().unwrap();
    let missing = ["linux/arm64", "linux/arm/v7"].map(|platform| platform.parse().unwrap()).into();
    let reasons = [Reason::Level { level: Level::Major, allowed: Level::Patch }, Reason::Platforms { missing }];
    assert_eq!(reasons[1].words(), "it has no linux/arm/v7, linux/arm64 yet");
    assert_eq!(approval(&name, &reasons), None);
    assert_eq!(approval(&name, &[]), None);
}

#[test]
fn reasons_have_their_kind_in_json() {
    let json = |reason: &Reason| serde_json::to_string(reason).unwrap();
    let level = Reason::Level { level: Level::Major, allowed: Level::Patch };
    assert_eq!(json(&level), r#"{"kind":"level","level":"major","allowed":"patch"}"#);
    assert_eq!(json(&Reason::Down), r#"{"kind":"down"}"#);
    let held = Reason::Held { reason: "x".to_owned(), until: Some("2026-12-31".parse().unwrap()) };
    assert_eq!(json(&held), r#"{"kind":"held","reason":"x","until":"2026-12-31"}"#);
}

#[test]
fn a_gate_asks_for_no_more_of_a_candidate_than_tells() {
    let name: ImageName = "app".parse().unwrap();
    let now = "2026-11-30T00:00:00Z".parse().unwrap();
    let appetite = |level| Appetite { updates: Some(level), cooldown: None };
    let judge = |request: &str, from: &str, level, tag: &str, image: Option<&LockedImage>| {
        let from = image_of(request, from);
        let settings = Settings { appetite: appetite(level), ..Settings::default() };
        let gate = Policy { name: &name, from: &from, settings: &settings, approved: Approved::default(), as_of: &now };
        let tag = tag.parse().unwrap();
        match gate.judge(Candidate { tag: Some(&tag), image, ..Candidate::default() }) {
            Ruling::Take => "take".to_owned(),
            Ruling::Ask => "ask".to_owned(),
            Ruling::Wait(held) => format!("wait {}", held.level.unwrap()),
        }
    };
    // Tags of a rule tell.
    assert_eq!(judge(RULE, "16.8", Level::Minor, "16.9", None), "take");
    assert_eq!(judge(RULE, "16.8", Level::Minor, "17.0", None), "wait major");
    // The same tag may point anywhere, and so may a followed one.
    assert_eq!(judge(RULE, "16.8", Level::None, "16.8", None), "ask");
    assert_eq!(judge(FOLLOWED, "latest", Level::None, "latest", None), "ask");
    let other = image(FOLLOWED, "latest@b", "", "");
    assert_eq!(judge(FOLLOWED, "latest", Level::None, "latest", Some(&other)), "wait digest");
    assert_eq!(judge(FOLLOWED, "latest", Level::Digest, "latest", Some(&other)), "take");
    // Without versions in the tags the images have to tell, but for the least that another tag is.
    assert_eq!(judge(BUILDS, "main-7", Level::Minor, "main-8", None), "ask");
    assert_eq!(judge(BUILDS, "main-7", Level::Digest, "main-8", None), "wait patch");
}

/// What a gate says of a candidate at its digest, and of its image, with a cool-down of three days on 23 Nov 2026.
fn aged(seen: &[(&str, &str)], to: &LockedImage, since: Option<&str>, approved: &str) -> [String; 2] {
    let name: ImageName = "app".parse().unwrap();
    let time = |day: &str| format!("{day}T06:00:00Z").parse::<Created>().unwrap();
    let (now, since) = (time("2026-11-23"), since.map(time));
    let from = match to.tag.as_ref().unwrap().as_str() {
        "latest" => image_of(FOLLOWED, "latest@locked"),
        _ => image_of(RULE, "16.8"),
    };
    let mut ledger = Ledger::default();
    for (content, day) in seen {
        let (tag, digest) = (to.tag.as_ref().unwrap(), Digest::sha256(content.as_bytes()));
        ledger.note(to.repository().unwrap(), tag, &digest, &time(day));
    }
    let appetite = Appetite { updates: None, cooldown: Some("3d".parse().unwrap()) };
    let settings = Settings { appetite, ..Settings::default() };
    let approved = approved.parse().unwrap_or_default();
    let gate = Aged {
        policy: Policy { name: &name, from: &from, settings: &settings, approved, as_of: &now },
        ledger: &ledger,
    };
    let candidate = Candidate { tag: to.tag.as_ref(), digest: Some(&to.digest), since: since.as_ref(), image: None };
    [candidate, Candidate { image: Some(to), ..candidate }].map(|candidate| match gate.judge(candidate) {
        Ruling::Take => "take".to_owned(),
        Ruling::Ask => "ask".to_owned(),
        Ruling::Wait(held) => held.reasons[0].words(),
    })
}

#[test]
fn what_is_younger_than_its_cool_down_waits_and_says_until_when() {
    let old = |day| image(RULE, "16.9", "", day);
    let young = "first seen 21 Nov 2026, cool-down 3 days, eligible 24 Nov 2026";
    let before = ("locked", "2026-11-01");
    // Seen for two days: whatever it says itself.
    assert_eq!(aged(&[before, ("16.9", "2026-11-21")], &old("2020-01-01"), None, ""), [young, young]);
    assert_eq!(aged(&[before, ("16.9", "2026-11-20")], &old("2026-11-22"), None, ""), ["take", "take"]);
    let now = "first seen 23 Nov 2026, cool-down 3 days, eligible 26 Nov 2026";
    assert_eq!(aged(&[before], &old("2020-01-01"), None, ""), [now, now]);
    assert_eq!(aged(&[before], &old("2020-01-01"), Some("2026-11-19"), ""), ["take", "take"]);
    assert_eq!(aged(&[before], &old("2020-01-01"), None, "cooldown"), ["take", "take"]);
}

#[test]
fn what_is_too_big_and_too_young_waits_for_both() {
    let name = "app".parse().unwrap();
    let (from, to) = (image_of(RULE, "16.8"), image_of(RULE, "17.1"));
    let (now, ledger) = ("2026-11-30T00:00:00Z".parse().unwrap(), Ledger::default());
    let appetite = Appetite { updates: Some(Level::Minor), cooldown: Some("3d".parse().unwrap()) };
    let settings = Settings { appetite, ..Settings::default() };
    let policy = Policy { name: &name, from: &from, settings: &settings, approved: Approved::default(), as_of: &now };
    let candidate = Candidate { tag: to.tag.as_ref(), digest: Some(&to.digest), since: Some(&now), image: Some(&to) };
    let Ruling::Wait(held) = (Aged { policy, ledger: &ledger }).judge(candidate) else { panic!("it is taken") };
    assert_eq!((held.level, held.down), (Some(Level::Major), false));
    assert!(matches!(held.reasons[..], [Reason::Level { .. }, Reason::Cooldown { .. }]), "{:?}", held.reasons);
    assert_eq!(approval(&name, &held.reasons).as_deref(), Some("update app --allow major,cooldown"));
}

#[test]
fn only_a_cool_down_wants_to_know_what_waits() {
    let (name, from) = ("app".parse().unwrap(), image_of(RULE, "16.8"));
    let (now, ledger) = ("2026-11-30T00:00:00Z".parse().unwrap(), Ledger::default());
    for (cooldown, wants) in [(None, false), (Some("3d"), true)] {
        let appetite = Appetite { updates: None, cooldown: cooldown.map(|text: &str| text.parse().unwrap()) };
        let settings = Settings { appetite, ..Settings::default() };
        let policy =
            Policy { name: &name, from: &from, settings: &settings, approved: Approved::default(), as_of: &now };
        assert!(!policy.wants_digest(), "{cooldown:?}");
        assert_eq!(Aged { policy, ledger: &ledger }.wants_digest(), wants, "{cooldown:?}");
    }
}

#[test]
fn of_what_waits_the_first_is_told_whole_and_the_others_as_far_as_their_digests_are_known() {
    let images = ["17.2", "17.1", "17.0"].map(|tag| image_of(RULE, tag));
    let held = Held { level: Some(Level::Major), down: false, reasons: vec![Reason::Down] };
    let mut waiting = None;
    for (image, is_known) in images.iter().zip([true, true, false]) {
        let digest = is_known.then_some(&image.digest);
        let candidate = Candidate { tag: image.tag.as_ref(), digest, since: None, image: Some(image) };
        Waiting::note(&mut waiting, candidate, held.clone());
    }
    let [first, second, _] = images;
    let others = vec![(second.tag.unwrap(), second.digest)];
    let (tag, digest) = (first.tag.clone(), Some(first.digest.clone()));
    assert_eq!(waiting, Some(Waiting { tag, digest, image: Some(Box::new(first)), held, others }));
}

#[test]
fn an_image_tells_when_it_was_built_where_nobody_looked_before() {
    let built = |day| aged(&[], &image(RULE, "16.9", "", day), None, "");
    assert_eq!(built("2026-11-19"), ["take", "take"], "a tag that may be taken, before its image is asked");
    assert_eq!(built("2026-11-22")[1], "built 22 Nov 2026, cool-down 3 days, eligible 25 Nov 2026");
    assert_eq!(built("1970-01-01")[1], "first seen 23 Nov 2026, cool-down 3 days, eligible 26 Nov 2026");
}

#[test]
fn what_stands_behind_the_same_tag_is_read_before_it_waits_and_what_is_locked_never_does() {
    let latest = image(FOLLOWED, "latest@new", "", "2020-01-01");
    let [at_digest, whole] = aged(&[("locked", "2026-11-01")], &latest, None, "");
    assert_eq!((&*at_digest, &whole[..24]), ("ask", "first seen 23 Nov 2026, "));
    let locked = image(FOLLOWED, "latest@locked", "", "2026-11-23");
    assert_eq!(aged(&[("other", "2026-11-01")], &locked, None, ""), ["ask", "take"]);
}

proptest! {
    #[test]
    fn a_step_has_one_level_in_both_directions(old in arbitrary::locked_image(), new in arbitrary::locked_image()) {
        let old = LockedImage { request: new.request.clone(), ..old };
        prop_assert_eq!(Level::between(&old, &new), Level::between(&new, &old));
        prop_assert_eq!(Level::between(&new, &new), Level::None);
        prop_assert_eq!(Direction::between(&new, &new), None);
        prop_assert_eq!(Level::between(&old, &new) == Level::None, old.digest == new.digest);
        let back = Direction::between(&new, &old);
        prop_assert_eq!(Direction::between(&old, &new) == back, back.is_none());
    }

    #[test]
    fn what_is_approved_is_taken(
        old in arbitrary::locked_image(),
        new in arbitrary::locked_image(),
        allowed in prop::sample::select(Level::ALL.to_vec()),
    ) {
        let old = LockedImage { request: new.request.clone(), ..old };
        let name = "app".parse().unwrap();
        let step = Move::new(&name, &old, &new);
        let hold = Some(Hold { reason: String::new(), until: None });
        let settings = Settings { appetite: Appetite { updates: Some(allowed), cooldown: None }, hold, role: Role::Run };
        let now = "2026-11-30T00:00:00Z".parse().unwrap();
        let reasons = settings.judge(&step, &Approved::default(), &now);
        let command = approval(&name, &reasons).unwrap();
        let approved = command.strip_prefix("update app --allow ").unwrap().parse().unwrap();
        prop_assert_eq!(settings.judge(&step, &approved, &now), Vec::new());
    }
}
