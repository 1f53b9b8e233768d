//! Redirects: manifests stay at home, blobs may travel, credentials never do.

use imagelock_registry::ErrorKind;
use imagelock_testkit::{Auth, Fault, Image, On, Redirect, Registry};

use crate::common::{builder, client, kind, reference, request, resolve, run, settings, with_password};

fn registry(auth: impl Into<Auth>) -> Registry {
    let registry = Registry::builder().auth(auth).start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]));
    registry
}

#[test]
fn blobs_may_come_from_another_host_which_sees_no_credentials() {
    let registry = registry(Auth::basic("me", "hunter2"));
    registry.fault(On::blob("app"), Fault::redirect(Redirect::SecondHost));
    let client = with_password(registry.host(), "me:hunter2").build().unwrap();
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
    let elsewhere: Vec<_> = registry.log().entries().into_iter().filter(|entry| entry.second_host).collect();
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0].authorization, None);
}

#[test]
fn a_redirect_within_the_host_keeps_the_credentials() {
    let registry = registry(Auth::basic("me", "hunter2"));
    registry.fault(On::manifest("app"), Fault::redirect(Redirect::SameHost));
    let client = with_password(registry.host(), "me:hunter2").build().unwrap();
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
}

#[test]
fn manifests_and_tags_do_not_come_from_another_host_unless_it_is_allowed() {
    let registry = registry(Auth::None);
    for on in [On::manifest("app"), On::tags("app")] {
        registry.fault(on, Fault::redirect(Redirect::SecondHost));
    }
    let error = kind(run(client().head(&reference(&registry, "app:1"))).unwrap_err());
    assert!(matches!(error, ErrorKind::Redirect { .. }), "{error}");
    let error = kind(run(client().tags(&reference(&registry, "app").repository)).unwrap_err());
    assert!(matches!(error, ErrorKind::Redirect { .. }), "{error}");
    assert!(registry.log().entries().iter().all(|entry| !entry.second_host));
    let allowed = settings(|settings| settings.redirect_hosts.push("localhost".to_owned()));
    let client = builder().registry(registry.host().parse().unwrap(), allowed).build().unwrap();
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
}

#[test]
fn a_circle_ends() {
    let registry = registry(Auth::None);
    registry.fault(On::manifest("app"), Fault::redirect(Redirect::Loop));
    let error = kind(run(client().head(&reference(&registry, "app:1"))).unwrap_err());
    assert!(matches!(error, ErrorKind::Redirect { .. }), "{error}");
    assert_eq!(registry.log().len(), 6);
}

#[test]
fn the_query_of_a_signed_address_is_in_no_error() {
    let registry = registry(Auth::None);
    let to = "https://storage.example/x?X-Amz-Signature=secret".to_owned();
    registry.fault(On::manifest("app"), Fault::redirect(Redirect::To(to)));
    let error = run(client().head(&reference(&registry, "app:1"))).unwrap_err();
    assert!(error.to_string().contains("storage.example"), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn a_challenge_from_where_a_redirect_led_is_not_answered() {
    let registry = registry(Auth::None);
    registry.fault(On::blob("app").first_host(), Fault::redirect(Redirect::SecondHost));
    let challenge = format!("Bearer realm=\"{}/token\"", registry.second_url());
    registry.fault(On::blob("app").second_host(), Fault::challenge([challenge]));
    let client = with_password(registry.host(), "me:hunter2").build().unwrap();
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_err());
    assert_eq!(registry.log().count("*", "/token"), 0);
    assert!(registry.log().entries().iter().all(|entry| entry.authorization.is_none()));
}
