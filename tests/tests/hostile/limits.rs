//! Limits: bytes, tags, platforms, depth, time.

use std::time::Duration;

use imagelock_testkit::{Fault, Image, On, Redirect, Registry};

use crate::harness::Case;

const VERSION_1: &str = "[images.app]\nrepository = \"{host}/app\"\nversion = \"1\"\n";
const FOR_EVER: Duration = Duration::from_mins(10);

fn push(registry: &Registry) {
    registry.push("app:1", &Image::linux(["amd64"]));
}

/// A list of tags that is answered with this.
fn list(name: &'static str, page: impl FnOnce() -> String + Send + 'static) -> Case {
    let answers = |registry: &Registry| registry.fault(On::tags("app"), Fault::bytes(page()));
    Case::new(name).toml(VERSION_1).serves(push).serves(answers).exits(3)
}

/// Something never comes, and the run has a time limit.
fn in_vain(name: &'static str, command: &str, on: On, fault: Fault) -> Case {
    Case::new(name)
        .serves(push)
        .serves(|registry| registry.fault(on, fault))
        .runs(&format!("{command} --time-limit 50ms"))
        .exits(3)
        .says("the run takes longer than 50 ms")
        .says("`--time-limit 2h` gives it longer")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = bytes();
    cases.extend(times());
    cases
}

fn bytes() -> Vec<Case> {
    vec![
        Case::new("a manifest without an end ends at its limit")
            .serves(push)
            .serves(|registry| registry.fault(On::manifest("app").method("GET"), Fault::endless()))
            .exits(3)
            .says("the answer is larger than 4 MiB")
            .says("the limit is imagelock's own"),
        Case::new("a configuration without an end ends at its limit")
            .serves(push)
            .serves(|registry| registry.fault(On::blob("app"), Fault::endless()))
            .exits(3)
            .says("the answer is larger than 8 MiB"),
        Case::new("a list of tags without an end ends at its limit")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::endless()))
            .exits(3)
            .says("the answer is larger than 64 MiB"),
        Case::new("a list of tags that says that it is too large is not read")
            .toml(VERSION_1)
            .serves(push)
            .serves(|registry| registry.fault(On::tags("app"), Fault::oversize((64 << 20) + 1)))
            .exits(3)
            .says("the answer is larger than 64 MiB"),
        list("more than a million tags are too many", || {
            let tags: Vec<String> = (0..=1_000_000).map(|tag| format!("\"1.{tag}\"")).collect();
            format!("{{\"tags\":[{}]}}", tags.join(","))
        })
        .says("the answer is larger than 1000000 tags")
        .says("an image that follows one `tag` needs no list"),
        list("a tag of a megabyte is no tag", || format!("{{\"tags\":[\"{}\"]}}", "a".repeat(1 << 20)))
            .says("a text in it is too long"),
        list("a list of tags that is nested without an end is refused", || format!("{{\"x\":{}", "[".repeat(1 << 20)))
            .says("it is nested too deep"),
        list("a list of tags in a list is none", || "[[\"1.0.0\"]]".to_owned()).says("not a list of tags"),
        list("two lists of tags in one answer are none", || r#"{"tags":["1.0.0"],"tags":["1.9.9"]}"#.to_owned())
            .says("`tags` stands there twice"),
        Case::new("redirects in a circle end")
            .serves(push)
            .serves(|registry| registry.fault(On::manifest("app"), Fault::redirect(Redirect::Loop)))
            .exits(3),
    ]
}

fn times() -> Vec<Case> {
    vec![
        in_vain("a run ends although a tag's answer never comes", "lock", On::manifest("app"), Fault::delay(FOR_EVER)),
        in_vain("a run ends although a manifest drips", "lock", On::manifest("app"), Fault::trickle(1, FOR_EVER)),
        in_vain("a run ends although a configuration drips", "lock", On::blob("app"), Fault::trickle(1, FOR_EVER)),
        in_vain("a run ends although a list of tags drips", "lock", On::tags("app"), Fault::trickle(1, FOR_EVER))
            .toml(VERSION_1),
        Case::new("a layer that drips ends with the run")
            .serves(push)
            .runs("lock")
            .serves(|registry| registry.fault(On::blob("app"), Fault::trickle(1, FOR_EVER)))
            .runs("pull out --no-cache --time-limit 50ms")
            .exits(3)
            .says("the run takes longer than 50 ms"),
        Case::new("a time limit that is none is refused")
            .runs("lock --time-limit 0s")
            .exits(2)
            .says("write a time such as `90s`, `10m` or `2h`"),
        Case::new("a pause of a century is not waited for")
            .serves(push)
            .serves(|registry| registry.fault(On::manifest("app"), Fault::status(429).retry_after("3155760000")))
            .exits(3)
            .says("429 Too Many Requests from {host}, which asks to wait 3155760000 s")
            .requests(1),
    ]
}
