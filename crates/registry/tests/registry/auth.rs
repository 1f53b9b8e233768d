//! Passwords and tokens: one for all who need it, and never to somebody else.

use futures_util::future::join_all;
use imagelock_credentials::Origin;
use imagelock_registry::{Client, ErrorKind, Login};
use imagelock_testkit::{Auth, Fault, Image, On, Realm, Registry, TokenAuth};

use crate::common::{builder, client, kind, reference, run, settings, with_file, with_password};

fn registry(auth: impl Into<Auth>) -> Registry {
    let registry = Registry::builder().auth(auth).start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]));
    registry.push("lib:1", &Image::linux(["amd64"]));
    registry
}

fn head(client: &Client, registry: &Registry) -> Result<bool, ErrorKind> {
    run(client.head(&reference(registry, "app:1"))).map(|found| found.is_some()).map_err(kind)
}

/// What became of the login, in the error of a refusal.
fn shown(error: &ErrorKind) -> &Login {
    match error {
        ErrorKind::Unauthorized(refusal) | ErrorKind::Forbidden(refusal) => &refusal.login,
        other => panic!("no refusal: {other}"),
    }
}

fn with_user() -> TokenAuth {
    Auth::token().user("me", "hunter2").no_anonymous()
}

#[test]
fn twenty_requests_at_once_make_one_token_request() {
    let registry = registry(Auth::token());
    let client = client();
    let reference = reference(&registry, "app:1");
    let answers = run(join_all((0..20).map(|_| client.head(&reference))));
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_some()));
    assert_eq!(registry.log().count("*", "/token"), 1);
    assert_eq!(registry.log().count("GET", "/v2/"), 0, "no ping");
    // One went ahead, was refused and came back; nobody else was refused.
    assert_eq!(registry.log().count("HEAD", "/v2/app/"), 21);
}

#[test]
fn a_second_repository_asks_for_a_token_and_not_for_the_challenge() {
    let registry = registry(Auth::token());
    let client = client();
    run(async {
        client.head(&reference(&registry, "app:1")).await.unwrap();
        client.head(&reference(&registry, "lib:1")).await.unwrap();
        client.head(&reference(&registry, "lib:1")).await.unwrap();
    });
    let statuses: Vec<u16> = registry.log().entries().iter().map(|entry| entry.status).collect();
    assert_eq!(registry.log().count("*", "/token"), 2);
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 1);
}

#[test]
fn both_fields_of_a_token_are_read() {
    for field in ["token", "access_token"] {
        assert!(head(&client(), &registry(Auth::token().field(field))).unwrap());
    }
}

#[test]
fn credentials_are_shown_to_the_registrys_own_service() {
    let registry = registry(with_user());
    let client = with_password(registry.host(), "me:hunter2").build().unwrap();
    assert!(head(&client, &registry).unwrap());
    assert_eq!(registry.log().find("GET", "/token")[0].scheme(), Some("Basic"));
    assert!(registry.log().find("HEAD", "/v2/").iter().all(|entry| entry.scheme() != Some("Basic")));
}

#[test]
fn a_password_that_is_wrong_is_an_error_that_says_where_it_came_from() {
    let registry = registry(with_user());
    let client = with_password(registry.host(), "me:wrong-secret").build().unwrap();
    let error = run(client.head(&reference(&registry, "app:1"))).unwrap_err();
    assert!(matches!(shown(&error.kind), Login::Shown(Origin::Variable { .. })), "{error}");
    assert!(error.help()[0].starts_with("change `IMAGELOCK_AUTH_127_0_0_1___"), "{:?}", error.help());
    assert!(!format!("{error} {error:?}").contains("wrong-secret"));
}

#[test]
fn without_credentials_the_error_says_so() {
    let registry = registry(with_user());
    let error = head(&client(), &registry).unwrap_err();
    let expected = format!("401 Unauthorized from its token service, no credentials for {}", registry.host());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_private_repository_is_unauthorized_and_not_absent() {
    let registry = registry(Auth::token().private("app"));
    let error = head(&client(), &registry).unwrap_err();
    assert_eq!(*shown(&error), Login::Absent(Origin::Nowhere), "{error}");
}

#[test]
fn a_service_that_fails_is_an_error_and_never_anonymous_use() {
    for status in [400, 404, 500] {
        let registry = registry(Auth::token());
        registry.fault(On::token(), Fault::status(status));
        let error = head(&client(), &registry).unwrap_err();
        assert!(matches!(error, ErrorKind::Token { .. }), "{error}");
        assert_eq!(registry.log().count("HEAD", "/v2/"), 1);
    }
    for body in ["{}", "<html>", r#"{"token":"a b\n"}"#] {
        let registry = registry(Auth::token());
        registry.fault(On::token(), Fault::bytes(body));
        let error = head(&client(), &registry).unwrap_err();
        assert!(matches!(error, ErrorKind::Token { .. }), "{error}");
    }
}

#[test]
fn a_token_document_without_end_is_refused() {
    let registry = registry(Auth::token());
    registry.fault(On::token(), Fault::endless());
    assert!(matches!(head(&client(), &registry), Err(ErrorKind::Token { .. })));
}

#[test]
fn a_token_that_runs_out_is_replaced_once() {
    for fault in [None, Some(403)] {
        let registry = registry(Auth::token().uses(1));
        if let Some(status) = fault {
            registry.fault(On::manifest("lib"), Fault::status(status).times(1).after(1));
        }
        let client = client();
        run(async {
            for _ in 0..3 {
                assert!(client.head(&reference(&registry, "app:1")).await.unwrap().is_some());
            }
        });
        assert_eq!(registry.log().count("*", "/token"), 3);
    }
}

#[test]
fn a_403_to_an_old_token_asks_for_a_new_one_and_to_a_new_one_does_not() {
    let registry = registry(Auth::token());
    let client = client();
    assert!(head(&client, &registry).unwrap());
    registry.fault(On::manifest("app"), Fault::status(403).times(1));
    assert!(head(&client, &registry).unwrap());
    assert_eq!(registry.log().count("*", "/token"), 2);
    registry.fault(On::manifest("lib"), Fault::status(403));
    assert!(run(client.head(&reference(&registry, "lib:1"))).is_err());
    assert_eq!(registry.log().count("*", "/token"), 3);
}

#[test]
fn the_challenges_own_scope_is_asked_for() {
    let registry = registry(Auth::token());
    let challenge =
        format!(r#"Bearer realm="{}/token",service="testkit",scope="repository:app:pull,push""#, registry.url());
    registry.fault(On::manifest("app").before_auth(), Fault::challenge(["Basic realm=\"x\"", &challenge]).times(1));
    assert!(head(&client(), &registry).unwrap());
    let query = registry.log().find("GET", "/token")[0].query.clone().unwrap();
    assert!(query.contains("scope=repository%3Aapp%3Apull%2Cpush"), "{query}");
}

#[test]
fn the_scope_of_what_answers_for_v2_is_not_the_repositorys() {
    for scope in ["repository:user/image:pull", "registry:catalog:*", ""] {
        let registry = registry(Auth::token());
        let challenge = format!(r#"Bearer realm="{}/token",service="testkit",scope="{scope}""#, registry.url());
        registry.fault(On::base().before_auth(), Fault::challenge([challenge]));
        let given = run(client().authorization(&reference(&registry, "app").repository)).unwrap();
        // These tokens are good for five minutes, and their last seconds are not used.
        let left = given.unwrap().lifetime.unwrap();
        assert!(!left.is_zero() && left.as_secs() < 300, "{scope}: {left:?}");
        let query = registry.log().find("GET", "/token")[0].query.clone().unwrap();
        assert!(query.ends_with("scope=repository%3Aapp%3Apull"), "{query}");
    }
}

#[test]
fn a_service_elsewhere_sees_no_credentials_unless_it_is_allowed() {
    let auth = || Auth::token().user("me", "hunter2").realm(Realm::SecondHost);
    let registry = registry(auth());
    let client = with_password(registry.host(), "me:hunter2").build().unwrap();
    let _ = head(&client, &registry);
    let asked = registry.log().find("GET", "/token");
    assert!(asked.iter().all(|entry| entry.second_host && entry.authorization.is_none()), "{asked:?}");
    assert_eq!(asked.len(), 1);

    let allowed = settings(|settings| settings.token_hosts.push(registry.second_host().to_owned()));
    let client = with_password(registry.host(), "me:hunter2");
    let client = client.registry(registry.host().parse().unwrap(), allowed).build().unwrap();
    registry.log().take();
    let _ = head(&client, &registry);
    assert_eq!(registry.log().find("GET", "/token")[0].scheme(), Some("Basic"));
}

#[test]
fn a_service_that_redirects_gives_no_token() {
    for redirect in [imagelock_testkit::Redirect::SecondHost, imagelock_testkit::Redirect::SameHost] {
        let registry = registry(Auth::token());
        registry.fault(On::token(), Fault::redirect(redirect));
        assert!(matches!(head(&client(), &registry), Err(ErrorKind::Token { .. })));
        assert_eq!(registry.log().count("GET", "/token"), 1);
    }
}

#[test]
fn a_service_that_fails_is_asked_once_by_all_who_wait_and_again_by_who_comes_later() {
    let registry = registry(Auth::token());
    registry.fault(On::token(), Fault::status(400));
    let client = client();
    let reference = reference(&registry, "app:1");
    let answers = run(join_all((0..8).map(|_| client.head(&reference))));
    assert!(answers.into_iter().all(|answer| answer.is_err()));
    assert_eq!(registry.log().count("*", "/token"), 1);
    registry.heal();
    assert!(head(&client, &registry).unwrap());
    assert_eq!(registry.log().count("*", "/token"), 2);
}

#[test]
fn what_a_service_that_gives_no_token_answered_is_told_to_all_who_waited() {
    for status in [400, 403, 404, 429, 500] {
        let registry = registry(Auth::token());
        registry.fault(On::token(), Fault::status(status));
        let (client, reference) = (client(), reference(&registry, "app:1"));
        for answer in run(join_all((0..4).map(|_| client.head(&reference)))) {
            assert_eq!(answer.unwrap_err().context.unwrap().status, Some(status));
        }
    }
}

#[test]
fn a_refusal_is_told_as_that_of_the_service_that_gave_it() {
    let registry = registry(with_user().realm(Realm::SecondHost));
    let error = head(&client(), &registry).unwrap_err();
    let (host, service) = (registry.host(), registry.second_host());
    let expected = format!("401 Unauthorized from {service}, the token service of {host}, no credentials for {host}");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_password_is_sent_with_every_request_after_the_first() {
    let registry = registry(Auth::basic("me", "hunter2"));
    let client = with_password(registry.host(), "me:hunter2").build().unwrap();
    assert!(head(&client, &registry).unwrap() && head(&client, &registry).unwrap());
    let schemes: Vec<Option<String>> =
        registry.log().entries().iter().map(|entry| entry.scheme().map(str::to_owned)).collect();
    assert_eq!(schemes, [None, Some("Basic".to_owned()), Some("Basic".to_owned())]);
    let error = head(&with_password(registry.host(), "me:no").build().unwrap(), &registry).unwrap_err();
    assert!(matches!(shown(&error), Login::Shown(Origin::Variable { .. })), "{error}");
    let error = head(&builder().build().unwrap(), &registry).unwrap_err();
    assert_eq!(*shown(&error), Login::Absent(Origin::Nowhere), "{error}");
}

#[test]
fn an_identity_token_is_exchanged_by_post_and_shown_by_get_where_there_is_no_post() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry(Auth::token().no_anonymous().refresh_token("refresh-me"));
    let config = format!(r#"{{"auths":{{"{}":{{"identitytoken":"refresh-me"}}}}}}"#, registry.host());
    let client = with_file(directory.path(), &config).build().unwrap();
    assert!(head(&client, &registry).unwrap());
    let asked = registry.log().find("POST", "/token");
    assert_eq!(asked.len(), 1);
    assert!(asked[0].form.contains("grant_type=refresh_token") && asked[0].authorization.is_none());

    for status in [404, 405] {
        registry.heal();
        registry.log().take();
        registry.fault(On::token().method("POST"), Fault::status(status));
        let _ = head(&with_file(directory.path(), &config).build().unwrap(), &registry);
        assert_eq!(registry.log().find("GET", "/token")[0].scheme(), Some("Basic"));
    }
}

#[test]
fn credentials_of_one_host_are_not_tried_on_another() {
    let one = registry(Auth::basic("me", "hunter2"));
    let other = registry(Auth::basic("me", "hunter2"));
    let client = with_password(one.host(), "me:hunter2").build().unwrap();
    assert!(head(&client, &one).unwrap());
    assert!(head(&client, &other).is_err());
    assert!(other.log().entries().iter().all(|entry| entry.authorization.is_none()));
}

#[test]
fn a_helper_that_is_not_installed_is_named_where_its_credentials_are_missed() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry(Auth::basic("me", "hunter2"));
    let config = format!(r#"{{"credHelpers":{{"{}":"no-such-helper-here"}}}}"#, registry.host());
    let error = head(&with_file(directory.path(), &config).build().unwrap(), &registry).unwrap_err();
    assert!(matches!(error, ErrorKind::Unauthorized { .. }), "{error}");
    assert!(error.to_string().contains("docker-credential-no-such-helper-here"), "{error}");
}

#[test]
fn credentials_that_cannot_be_read_are_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let registry = registry(Auth::basic("me", "hunter2"));
    let config = format!(r#"{{"auths":{{"{}":{{"auth":"%%%"}}}}}}"#, registry.host());
    let error = head(&with_file(directory.path(), &config).build().unwrap(), &registry).unwrap_err();
    assert!(matches!(error, ErrorKind::Credentials { .. }), "{error}");
}
