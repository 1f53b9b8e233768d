//! Lists of tags: every page, from the registry itself, or an error.

use imagelock_core::Tag;
use imagelock_core::version::Rule;
use imagelock_core::{Request, Wanted};
use imagelock_registry::ErrorKind;
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{client, kind, repository, resolve, run};

fn registry(page: usize) -> Registry {
    let registry = Registry::builder().page_size(page).start().unwrap();
    let tags: Vec<String> = (0..25).map(|minor| format!("16.{minor}")).collect();
    registry.push_tags("app", &tags, &Image::linux(["amd64"]));
    registry
}

fn tags(registry: &Registry) -> Result<Vec<Tag>, ErrorKind> {
    run(client().tags(&repository(registry, "app"))).map_err(kind)
}

#[test]
fn every_page_is_read_and_the_order_is_the_bytes() {
    let registry = registry(4);
    let tags = tags(&registry).unwrap();
    assert_eq!(tags.len(), 25);
    assert!(tags.is_sorted());
    assert_eq!(registry.log().count("GET", "/v2/app/tags/list"), 7);
}

#[test]
fn a_page_that_fails_fails_the_whole() {
    for (fault, requests) in [(Fault::status(429), 6), (Fault::bytes("<html>"), 3), (Fault::status(404), 3)] {
        let registry = registry(4);
        registry.fault(On::tags("app").page(3), fault);
        assert!(tags(&registry).is_err());
        assert_eq!(registry.log().count("GET", "/v2/app/tags/list"), requests);
    }
}

#[test]
fn a_page_that_fails_once_is_read_again_and_only_that_one() {
    let registry = registry(4);
    registry.fault(On::tags("app").page(3), Fault::status(503).times(1));
    assert_eq!(tags(&registry).unwrap().len(), 25);
    assert_eq!(registry.log().count("GET", "/v2/app/tags/list"), 8);
}

#[test]
fn a_list_that_leads_elsewhere_or_around_is_refused() {
    let registry = registry(100);
    let elsewhere = format!("<{}/v2/app/tags/list?last=1&secret=x>; rel=\"next\"", registry.second_url());
    for link in
        [elsewhere.as_str(), "<//evil.example/v2/app/tags/list>; rel=next", "</v2/app/tags/list?n=1000>; rel=next"]
    {
        registry.heal();
        registry.log().take();
        registry.fault(On::tags("app"), Fault::set_header("link", link));
        let error = tags(&registry).unwrap_err();
        assert!(matches!(error, ErrorKind::Paging { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(registry.log().len(), 1);
    }
}

#[test]
fn no_tags_and_junk_among_tags_are_no_error() {
    let registry = registry(100);
    registry.fault(On::tags("app"), Fault::bytes(r#"{"name":"app","tags":null}"#).times(1));
    assert_eq!(tags(&registry).unwrap(), []);
    registry.fault(On::tags("app"), Fault::bytes(r#"{"tags":["b","a","b","../x","\u001b[0m"]}"#).times(1));
    assert_eq!(tags(&registry).unwrap(), ["a".parse().unwrap(), "b".parse().unwrap()]);
}

#[test]
fn a_rule_picks_among_all_pages_and_costs_one_head() {
    let registry = registry(4);
    let rule = |version| Request {
        wanted: Wanted::Version {
            repository: repository(&registry, "app"),
            rule: Rule::new(Some(version), None, None).unwrap(),
        },
        platforms: None,
    };
    let image = resolve(client(), &rule("16")).unwrap();
    assert_eq!(image.tag, Some("16.24".parse().unwrap()));
    assert_eq!(registry.log().count("HEAD", "/v2/app/manifests/"), 1);
    let error = resolve(client(), &rule("18")).unwrap_err();
    assert_eq!(error.kind.to_string(), "no tag fits version 18; the newest are 16.24, 16.23, 16.22");
    registry.fault(On::tags("app").page(2), Fault::status(429));
    let error = kind(resolve(client(), &rule("16")).unwrap_err());
    assert!(matches!(error, ErrorKind::RateLimited { .. }), "{error}");
}
