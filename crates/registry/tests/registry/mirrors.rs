//! Mirrors answer for what a digest names, verified; tags are the registry's own word.

use imagelock_core::Host;
use imagelock_registry::{ClientBuilder, ErrorKind};
use imagelock_testkit::{Auth, Fault, Image, On, Registry};

use crate::common::{builder, client, kind, listening, reference, request, resolve, run, settings, with_password};

fn pair() -> (Registry, Registry, Image) {
    let image = Image::linux(["amd64", "arm64"]);
    let (registry, mirror) = (Registry::start().unwrap(), Registry::start().unwrap());
    registry.push("app:1", &image);
    mirror.push("hub/app:1", &image);
    (registry, mirror, image)
}

fn through(builder: ClientBuilder, registry: &Registry, mirrors: &[String]) -> ClientBuilder {
    let mirrored = settings(|settings| settings.mirrors = mirrors.iter().map(|text| text.parse().unwrap()).collect());
    builder.registry(registry.host().parse::<Host>().unwrap(), mirrored)
}

fn under(mirror: &Registry) -> [String; 1] {
    [format!("{}/hub", mirror.host())]
}

#[test]
fn the_tag_is_asked_of_the_registry_and_the_rest_of_the_mirror() {
    let (registry, mirror, _) = pair();
    let direct = resolve(client(), &request(&registry, "app:1", &[])).unwrap();
    registry.log().take();
    let client = through(builder(), &registry, &under(&mirror)).build().unwrap();
    let mirrored = resolve(client, &request(&registry, "app:1", &[])).unwrap();
    assert_eq!(mirrored, direct);
    assert_eq!(registry.log().lines().len(), 1);
    assert_eq!(mirror.log().count("GET", "/v2/hub/app/"), 5);
}

#[test]
fn a_mirror_that_is_behind_does_not_move_the_lock_back() {
    let (registry, mirror, _) = pair();
    let new = registry.push("app:1", &Image::linux(["amd64"]).seed("new"));
    let (client, events) = listening(through(builder(), &registry, &under(&mirror)));
    let image = resolve(client, &request(&registry, "app:1", &[])).unwrap();
    assert_eq!(image.digest.as_str(), new);
    assert!(events.lock().unwrap().iter().any(|event| event.starts_with("MirrorFailed")));
}

#[test]
fn a_mirror_that_lies_or_fails_is_passed_over() {
    let faults =
        [Fault::bytes("{}"), Fault::status(500), Fault::status(429).retry_after("9"), Fault::close(), Fault::endless()];
    for fault in faults {
        let (registry, mirror, _) = pair();
        mirror.fault(On::any(), fault);
        let (client, events) = listening(through(builder(), &registry, &under(&mirror)));
        assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
        assert!(!events.lock().unwrap().iter().any(|event| event.starts_with("Waiting")));
    }
}

#[test]
fn mirrors_are_asked_in_their_order() {
    let (registry, first, image) = pair();
    let second = Registry::start().unwrap();
    second.push("app:1", &image);
    let mirrors = [format!("{}/hub", first.host()), second.host().to_owned()];
    let client = through(builder(), &registry, &mirrors).build().unwrap();
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
    assert_eq!(second.log().len(), 0);
    first.fault(On::any(), Fault::status(404));
    let client = through(builder(), &registry, &mirrors).build().unwrap();
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
    assert_eq!(second.log().count("GET", "/v2/app/"), 5);
}

#[test]
fn a_mirror_stands_in_for_a_registry_that_cannot_be_reached_and_says_so() {
    let (registry, mirror, image) = pair();
    let request = request(&registry, "app:1", &[]);
    let unreachable = registry.host().to_owned();
    let (client, events) = listening(through(builder(), &registry, &under(&mirror)));
    drop(registry);
    let locked = resolve(client, &request).unwrap();
    assert_eq!(locked.digest.as_str(), image.digest());
    assert_eq!(locked.repository().unwrap().host().as_str(), unreachable);
    let events = events.lock().unwrap();
    assert_eq!(events.iter().filter(|event| event.starts_with("StandIn")).count(), 1, "{events:?}");
}

#[test]
fn since_when_a_mirror_has_an_image_says_nothing_of_the_registry() {
    let (registry, mirror, _) = pair();
    mirror.fault(On::any(), Fault::set_header("last-modified", "Mon, 09 Nov 2026 06:00:00 GMT"));
    let client = through(builder(), &registry, &under(&mirror)).build().unwrap();
    let asked = reference(&registry, "app:1");
    drop(registry);
    assert_eq!(run(client.head(&asked)).unwrap().unwrap().modified, None);
}

#[test]
fn a_registry_that_refuses_is_not_replaced_by_its_mirror() {
    for status in [401, 403, 404, 429, 500] {
        let (registry, mirror, _) = pair();
        registry.fault(On::manifest("app"), Fault::status(status));
        let client = through(builder(), &registry, &under(&mirror)).build().unwrap();
        assert!(resolve(client, &request(&registry, "app:1", &[])).is_err());
        assert_eq!(mirror.log().len(), 0, "{status}");
    }
}

#[test]
fn a_mirror_sees_its_own_credentials_and_not_the_registrys() {
    let image = Image::linux(["amd64"]);
    let registry = Registry::builder().auth(Auth::basic("me", "hunter2")).start().unwrap();
    let mirror = Registry::builder().auth(Auth::basic("other", "pw")).start().unwrap();
    registry.push("app:1", &image);
    mirror.push("app:1", &image);
    let client = through(with_password(registry.host(), "me:hunter2"), &registry, &[mirror.host().to_owned()]);
    assert!(resolve(client.build().unwrap(), &request(&registry, "app:1", &[])).is_ok());
    assert!(mirror.log().entries().iter().all(|entry| entry.authorization.is_none()));
}

#[test]
fn the_error_is_the_registrys_and_names_the_canonical_reference() {
    let (registry, mirror, _) = pair();
    let client = through(builder(), &registry, &under(&mirror)).build().unwrap();
    registry.fault(On::any(), Fault::status(503));
    let error = run(client.head(&reference(&registry, "app:1"))).unwrap_err();
    assert!(error.to_string().contains(&format!("{}/app:1", registry.host())), "{error}");
    assert!(matches!(kind(error), ErrorKind::Status { status: 503, .. }));
}
