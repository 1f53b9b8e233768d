//! Rules over long lists: what they cost, and what they choose.

use std::collections::BTreeMap;

use imagelock_core::policy::{LIMIT, Parts, Rule};
use imagelock_core::update::{Appetite, Approved, Policy, Settings};
use imagelock_core::{ImageName, Request, Wanted};
use imagelock_registry::{Resolver, Step, Take};
use imagelock_testkit::{Image, Registry};

use crate::common::{client, repository, resolve, resolve_all, run};

/// The newest 1 on Alpine.
fn alpine(registry: &Registry, path: &str) -> Request {
    let rule = Rule::of(Parts {
        version: Some("1".to_owned()),
        tags: Some(r"^(?<version>\d+(\.\d+)*(-r\d+)?)-(?<flavour>alpine3(\.\d+)*)$".to_owned()),
        scheme: Some("loose".to_owned()),
        exclude: vec!["^1\\.9\\.".to_owned()],
        ..Parts::default()
    });
    Request { wanted: Wanted::Version { repository: repository(registry, path), rule: rule.unwrap() }, platforms: None }
}

/// As many tags, of which few fit the rule.
fn tags(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| match n % 5 {
        0 => format!("1.{}.{}-r{}-alpine3.{}", n % 10, n / 10, n % 3, 18 + n % 4),
        1 => format!("2.{}.{}-alpine3.20", n % 10, n / 10),
        2 => format!("1.{}.{}", n % 10, n / 10),
        3 => format!("1.{}.{}-bookworm", n % 10, n / 10),
        _ => format!("sha256-{n:064x}.sig"),
    })
}

#[test]
fn ten_thousand_tags_cost_their_pages_and_one_head() {
    let registry = Registry::builder().page_size(1000).start().unwrap();
    registry.push_tags("app", tags(10_000), &Image::linux(["amd64"]));
    let image = resolve(client(), &alpine(&registry, "app")).unwrap();
    assert_eq!(image.tag.unwrap().as_str(), "1.5.999-r2-alpine3.21");
    assert_eq!(registry.log().count("GET", "/v2/app/tags/list"), 10);
    assert_eq!(registry.log().count("HEAD", "/v2/app/manifests/"), 1);
}

#[test]
fn two_hundred_images_of_five_hundred_tags_cost_one_list_and_one_head_each() {
    let registry = Registry::start().unwrap();
    let image = Image::linux(["amd64"]);
    let names: Vec<ImageName> = (0..200).map(|n| format!("app{n}").parse().unwrap()).collect();
    for name in &names {
        registry.push_tags(name.as_str(), tags(500), &image);
    }
    let asked = |name: &ImageName| (name.clone(), alpine(&registry, name.as_str()));
    let requests: BTreeMap<ImageName, Request> = names.iter().map(asked).collect();
    let known = resolve_all(client(), &requests);
    registry.log().take();
    let as_of = "2026-11-30T00:00:00Z".parse().unwrap();
    let appetite = Appetite { updates: Some("minor".parse().unwrap()), cooldown: None };
    let settings = Settings { appetite, ..Settings::default() };
    let approved = Approved::default();
    let gates: Vec<Policy<'_>> =
        known.iter().map(|(name, from)| Policy { name, from, settings: &settings, approved, as_of: &as_of }).collect();
    let steps = gates.iter().map(|gate| Step {
        name: gate.name,
        request: &requests[gate.name],
        known: Some(gate.from),
        take: Take::Changed,
        limit: LIMIT,
        gate: Some(gate),
    });
    let steps: Vec<Step<'_>> = steps.collect();
    let resolved = run(Resolver::new(client()).resolve(&steps)).unwrap();
    assert_eq!(resolved.images, known);
    let log = registry.log().take();
    let lists = log.iter().filter(|entry| entry.path.ends_with("/tags/list")).count();
    let heads = log.iter().filter(|entry| entry.method == "HEAD").count();
    assert_eq!((lists, heads), (200, 200));
    // Asking which API the registry speaks is no request for an image.
    assert!(log.len() <= 401, "{}", log.len());
}
