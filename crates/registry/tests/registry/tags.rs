//! Lists of tags: every page, from the registry itself, or an error.

use imagelock_core::Tag;
use imagelock_core::policy::Rule;
use imagelock_core::{Request, Wanted};
use imagelock_registry::{Error, ErrorKind};
use imagelock_testkit::{Fault, Image, On, Registry};

use crate::common::{client, kind, repository, request, resolve, run, settings};

fn registry(page: usize) -> Registry {
    let registry = Registry::builder().page_size(page).start().unwrap();
    let tags: Vec<String> = (0..25).map(|minor| format!("16.{minor}")).collect();
    registry.push_tags("app", &tags, &Image::linux(["amd64"]));
    registry
}

fn tags(registry: &Registry) -> Result<Vec<Tag>, ErrorKind> {
    run(client().tags(&repository(registry, "app"))).map(|list| list.tags).map_err(kind)
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
    let elsewhere = format!("<{}/list?last=1&secret=x>; rel=\"next\"", registry.second_url());
    for link in [
        elsewhere.as_str(),
        "<//evil.example/v2/app/tags/list>; rel=next",
        "<https://evil.example/tags?last=16.3&secret=x>; rel=next",
        "</v2/app/tags/list?n=1000>; rel=next",
        "</v2/app/tags/list>; rel=next",
    ] {
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
fn a_link_by_another_name_of_the_registry_is_followed_on_the_registry_itself() {
    for link in [
        // Another scheme; a host that only the gateway can reach; Artifactory, without its virtual repository.
        "<https://HOST/v2/docker/app/tags/list?n=4&last=16.11>; rel=next",
        "<http://registry.internal:8081/v2/docker/app/tags/list?n=4&last=16.11>; rel=\"next\"",
        "</v2/app/tags/list?n=4&last=16.11>; rel=\"next\"",
        "<?n=4&last=16.11>; rel=\"next\"",
    ] {
        let registry = Registry::builder().page_size(4).start().unwrap();
        registry.push_tags("docker/app", (0..9).map(|minor| format!("16.1{minor}")), &Image::linux(["amd64"]));
        let link = link.replace("HOST", registry.host());
        registry.fault(On::tags("docker/app").page(1), Fault::set_header("link", &link));
        let tags = run(client().tags(&repository(&registry, "docker/app"))).unwrap().tags;
        // The first page has 16.10 to 16.13; the link says to go on after 16.11.
        assert_eq!(tags.len(), 9, "{link}");
        let log = registry.log();
        assert_eq!((log.len(), log.count("GET", "/v2/docker/app/tags/list")), (3, 3), "{link}: {:?}", log.lines());
    }
}

#[test]
fn a_link_of_a_registry_with_tls_to_plain_http_is_read_over_tls() {
    let registry = Registry::builder().tls().page_size(4).start().unwrap();
    registry.push_tags("app", ["1", "2", "3", "4", "5"], &Image::linux(["amd64"]));
    let link = format!("<http://{}/v2/app/tags/list?n=4&last=4>; rel=next", registry.host());
    registry.fault(On::tags("app").page(1), Fault::set_header("link", &link));
    let trusting = settings(|settings| settings.ca = registry.ca_pem().map(|pem| pem.as_bytes().to_vec()));
    let client = crate::common::builder().registry(registry.host().parse().unwrap(), trusting).build().unwrap();
    assert_eq!(run(client.tags(&repository(&registry, "app"))).unwrap().tags.len(), 5);
    assert_eq!(registry.log().len(), 2);
}

#[test]
fn pages_that_repeat_what_was_read_end_in_an_error_and_an_empty_last_page_does_not() {
    let registry = registry(100);
    // The next page is another one each time, and it is always the same.
    let page = Fault::bytes(r#"{"tags":["1"]}"#);
    registry.fault(On::tags("app"), page);
    for number in 0..100 {
        let link = format!("</v2/app/tags/list?cursor={number}>; rel=next");
        registry.fault(On::tags("app"), Fault::set_header("link", &link).after(number).times(1));
    }
    let error = tags(&registry).unwrap_err();
    assert!(matches!(error, ErrorKind::Paging { .. }), "{error}");
    assert!(registry.log().len() < 20, "{}", registry.log().len());
    registry.heal();
    let link = Fault::set_header("link", "</v2/app/tags/list?n=1000&last=zzz>; rel=next");
    registry.fault(On::tags("app").page(1), link.times(1));
    assert_eq!(tags(&registry).unwrap().len(), 25);
}

/// What Google's registry answers: all tags at once, beside a map of all manifests.
fn googles(images: usize) -> String {
    let manifests = (0..images).map(|image| {
        let tags = format!(r#"["1.{image}"]"#);
        format!(
            r#""sha256:{image:064}":{{"imageSizeBytes":"123456789","layerId":"","mediaType":"application/vnd.oci.image.index.v1+json","tag":{tags},"timeCreatedMs":"1700000000000","timeUploadedMs":"1700000000000"}}"#
        )
    });
    let manifests: Vec<String> = manifests.collect();
    let tags: Vec<String> = (0..images).map(|image| format!("\"1.{image}\"")).collect();
    format!(r#"{{"child":[],"manifest":{{{}}},"name":"app","tags":[{}]}}"#, manifests.join(","), tags.join(","))
}

#[test]
fn a_registry_that_does_not_page_is_read_in_one_answer_of_many_megabytes() {
    let registry = registry(100);
    let page = googles(20_000);
    assert!(page.len() > 5 << 20);
    registry.fault(On::tags("app"), Fault::bytes(page));
    let answer = run(client().tags(&repository(&registry, "app"))).unwrap();
    assert_eq!((answer.tags.len(), answer.invalid, registry.log().len()), (20_000, 0, 1));
}

#[test]
fn what_is_larger_than_any_list_is_refused_and_whose_limit_it_is_is_said() {
    let refused = |body: String| -> Error {
        let registry = registry(100);
        registry.fault(On::tags("app"), Fault::bytes(body));
        run(client().tags(&repository(&registry, "app"))).unwrap_err()
    };
    let tags: Vec<String> = (0..=1_000_000).map(|tag| format!("\"{tag}\"")).collect();
    let error = refused(format!("{{\"tags\":[{}]}}", tags.join(",")));
    assert_eq!(error.kind.to_string(), "the answer is larger than 1000000 tags");
    assert!(error.help().iter().any(|help| help.contains("imagelock's own")), "{:?}", error.help());
    let error = refused(format!("{{\"manifest\":{{}},{}\"tags\":[]}}", " ".repeat(64 << 20)));
    assert_eq!(error.kind.to_string(), "the answer is larger than 64 MiB");
}

#[test]
fn a_tag_of_a_registry_without_lists_is_told_as_what_is_known() {
    let registry = registry(100);
    registry.fault(On::tags("app"), Fault::status(404).body("<html>404</html>"));
    let error = resolve(client(), &request(&registry, "app:9", &[])).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such tag or repository");
    // A GET has the last word where there is no list.
    let log = registry.log();
    assert_eq!((log.count("HEAD", "/v2/app/"), log.count("GET", "/v2/app/manifests/9"), log.len()), (1, 1, 3));
    let rule = Rule::new(Some("16"), None, None).unwrap();
    let wanted = Wanted::Version { repository: repository(&registry, "app"), rule };
    let error = resolve(client(), &Request { wanted, platforms: None }).unwrap_err();
    assert_eq!(error.kind.to_string(), "no such repository, or no list of its tags");
}

#[test]
fn no_tags_and_junk_among_tags_are_no_error() {
    let registry = registry(100);
    registry.fault(On::tags("app"), Fault::bytes(r#"{"name":"app","tags":null}"#).times(1));
    assert_eq!(tags(&registry).unwrap(), []);
    registry.fault(On::tags("app"), Fault::bytes(r#"{"tags":["b","a","b","../x","\u001b[0m"]}"#).times(1));
    let list = run(client().tags(&repository(&registry, "app"))).unwrap();
    assert_eq!(list.tags, ["a".parse().unwrap(), "b".parse().unwrap()]);
    assert_eq!(list.invalid, 2);
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
    assert_eq!(
        error.kind.to_string(),
        "no tag fits version 18: 25 tags are not ^18; the newest are 16.24, 16.23, 16.22"
    );
    registry.fault(On::tags("app").page(2), Fault::status(429));
    let error = kind(resolve(client(), &rule("16")).unwrap_err());
    assert!(matches!(error, ErrorKind::RateLimited { .. }), "{error}");
}
