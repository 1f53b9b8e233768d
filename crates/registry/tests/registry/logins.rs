//! Who is shown which login, and who is told to have refused.

use imagelock_registry::{Client, ClientBuilder, Error, ErrorKind, RegistrySettings};
use imagelock_testkit::{Auth, Fault, Image, On, Realm, Redirect, Registry};

use crate::common::{builder, reference, request, resolve, resolve_all, run, settings, with_file};

const DENIED: &str = r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#;

fn registry(auth: impl Into<Auth>) -> Registry {
    started(Registry::builder().auth(auth))
}

fn started(builder: imagelock_testkit::RegistryBuilder) -> Registry {
    let registry = builder.start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]));
    registry
}

/// A client with the login `me:hunter2` of `~/.docker/config.json` for some hosts.
fn logged_in(hosts: &[&str]) -> ClientBuilder {
    let auths: Vec<String> = hosts.iter().map(|host| format!(r#""{host}":{{"auth":"bWU6aHVudGVyMg=="}}"#)).collect();
    let home = tempfile::tempdir().unwrap();
    let builder = with_file(home.path(), &format!(r#"{{"auths":{{{}}}}}"#, auths.join(",")));
    drop(home);
    builder
}

fn with(client: ClientBuilder, registry: &Registry, edit: impl FnOnce(&mut RegistrySettings)) -> Client {
    client.registry(registry.host().parse().unwrap(), settings(edit)).build().unwrap()
}

fn head(client: &Client, registry: &Registry) -> Result<bool, Error> {
    run(client.head(&reference(registry, "app:1"))).map(|found| found.is_some())
}

/// What is printed: the kind, and what to do.
fn told(error: &Error) -> (String, Vec<String>) {
    let text = error.kind.to_string();
    let origin = text.find("/config.json").and_then(|end| text[..end].rfind(" of /").map(|start| (start + 4, end)));
    // The folder of the configuration has another name in every run.
    let text = origin.map_or_else(|| text.clone(), |(start, end)| format!("{}~{}", &text[..start], &text[end..]));
    (text, error.help())
}

#[test]
fn a_login_that_a_token_service_may_not_see_is_named_with_the_key_that_allows_it() {
    let auth = Auth::token().user("me", "hunter2").private("app").realm(Realm::SecondHost);
    let registry = started(Registry::builder().tls().auth(auth));
    let ca = || registry.ca_pem().map(|pem| pem.as_bytes().to_vec());
    let client = with(logged_in(&[registry.host()]), &registry, |settings| settings.ca = ca());
    // Both speak with the same authority, which only the registry's settings name.
    let service: imagelock_core::Host = registry.second_host().parse().unwrap();
    let trusting = |client: ClientBuilder| client.registry(service.clone(), settings(|settings| settings.ca = ca()));
    drop(client);
    let client = with(trusting(logged_in(&[registry.host()])), &registry, |settings| settings.ca = ca());
    let error = head(&client, &registry).unwrap_err();
    let (host, service) = (registry.host(), registry.second_host());
    let (text, help) = told(&error);
    let expected = format!(
        "401 Unauthorized, without the credentials of ~/config.json, which the token service {service} may not see"
    );
    assert_eq!(text, expected);
    let expected = format!(
        "if {service} may see the login for {host}, write `token-hosts = [\"{service}\"]` under `[registries.\"{host}\"]`"
    );
    assert_eq!(help, [expected]);
    assert!(registry.log().find("GET", "/token").iter().all(|entry| entry.authorization.is_none()));

    let client = with(trusting(logged_in(&[registry.host()])), &registry, |settings| {
        settings.ca = ca();
        settings.token_hosts.push(service.to_owned());
    });
    assert!(head(&client, &registry).unwrap());
}

#[test]
fn an_absent_tag_of_a_registry_that_was_asked_without_the_login_says_so() {
    let registry = registry(Auth::token().user("me", "hunter2").realm(Realm::SecondHost));
    let client = logged_in(&[registry.host()]).build().unwrap();
    registry.fault(On::manifest("app"), Fault::status(404));
    registry.fault(On::tags("app"), Fault::status(404));
    let error = resolve(client, &request(&registry, "app:1", &[])).unwrap_err();
    let help = error.help().join("\n");
    assert!(help.contains("was asked without the credentials of ") && help.contains("`token-hosts = ["), "{help}");
}

#[test]
fn a_refusal_without_a_challenge_is_answered_with_the_password_once() {
    let silent = |registry: &Registry| {
        registry.fault(On::manifest("app").before_auth(), Fault::status(401).times(1));
        registry.fault(On::base().before_auth(), Fault::status(401));
    };
    let own = registry(Auth::basic("me", "hunter2"));
    silent(&own);
    let client = logged_in(&[own.host()]).build().unwrap();
    assert!(head(&client, &own).unwrap() && head(&client, &own).unwrap());
    let schemes: Vec<_> = own.log().entries().iter().map(|entry| entry.scheme().map(str::to_owned)).collect();
    let basic = Some("Basic".to_owned());
    assert_eq!(schemes, [None, None, basic.clone(), basic], "one look at /v2/, and one refusal");

    let wrong = registry(Auth::basic("me", "another"));
    silent(&wrong);
    let error = head(&logged_in(&[wrong.host()]).build().unwrap(), &wrong).unwrap_err();
    assert_eq!(told(&error).0, "401 Unauthorized, with the credentials of ~/config.json");
    assert_eq!(wrong.log().len(), 3);

    let without = registry(Auth::basic("me", "hunter2"));
    silent(&without);
    let error = head(&builder().build().unwrap(), &without).unwrap_err();
    assert_eq!(told(&error).0, format!("401 Unauthorized, no credentials for {}", without.host()));
    assert_eq!(without.log().len(), 1, "where there is no login nothing is asked for");
}

#[test]
fn a_login_that_nobody_knows_how_to_show_is_named() {
    let registry = registry(Auth::None);
    registry.fault(On::any(), Fault::challenge(["Negotiate"]));
    let error = head(&logged_in(&[registry.host()]).build().unwrap(), &registry).unwrap_err();
    assert_eq!(
        told(&error).0,
        "401 Unauthorized, without the credentials of ~/config.json, since the registry asks for a login in no way that \
         is known: `Negotiate`"
    );
    assert_eq!(error.help(), [""; 0]);
    registry.heal();
    registry.fault(On::any(), Fault::challenge(["Basic realm=\"x\""]));
    let home = tempfile::tempdir().unwrap();
    let config = format!(r#"{{"auths":{{"{}":{{"identitytoken":"refresh-me"}}}}}}"#, registry.host());
    let error = head(&with_file(home.path(), &config).build().unwrap(), &registry).unwrap_err();
    assert!(told(&error).0.ends_with(", since it is a token, and the registry asks for a password"), "{error}");
}

/// A registry whose every answer for `app:1` is to ask another.
fn gateway(behind: &Registry) -> Registry {
    let gateway = registry(Auth::None);
    let image = Image::linux(["amd64"]);
    for reference in ["1", image.digest()] {
        let to = format!("{}/v2/app/manifests/{reference}", behind.url());
        gateway.fault(On::manifest("app").reference(reference), Fault::redirect(Redirect::To(to)));
    }
    let config = format!("{}/v2/app/blobs/{}", behind.url(), config_of(behind));
    gateway.fault(On::blob("app"), Fault::redirect(Redirect::To(config)));
    gateway
}

fn config_of(registry: &Registry) -> String {
    let manifest = registry.content("app", Image::linux(["amd64"]).digest()).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["config"]["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_registry_that_another_redirects_to_is_shown_its_own_login_where_the_user_names_it() {
    let behind = registry(Auth::token().user("me", "hunter2").no_anonymous());
    let gateway = gateway(&behind);
    let named = |client: ClientBuilder| {
        with(client, &gateway, |settings| settings.redirect_hosts.push(behind.host().to_owned()))
    };
    let asked = request(&gateway, "app:1", &[]);
    assert!(resolve(named(logged_in(&[behind.host(), gateway.host()])), &asked).is_ok());
    assert_eq!(behind.log().count("GET", "/token"), 1);
    assert!(gateway.log().entries().iter().all(|entry| entry.authorization.is_none()));
    let refused = behind.log().entries().iter().filter(|entry| entry.status == 401).count();
    assert_eq!(refused, 1, "what it asks for is kept");

    // The gateway's own login is not the other's.
    behind.log().take();
    let error = resolve(named(logged_in(&[gateway.host()])), &asked).unwrap_err();
    let (host, target) = (gateway.host(), behind.host());
    let expected = format!("401 Unauthorized from its token service, no credentials for {target}");
    assert_eq!(told(&error), (expected, vec![format!("docker login {target}")]), "{host}");
    assert!(behind.log().entries().iter().all(|entry| entry.authorization.is_none()));
}

#[test]
fn a_public_registry_behind_a_gateway_gives_its_anonymous_token() {
    let behind = registry(Auth::token());
    let gateway = gateway(&behind);
    let client = with(builder(), &gateway, |settings| settings.redirect_hosts.push(behind.host().to_owned()));
    assert!(resolve(client, &request(&gateway, "app:1", &[])).is_ok());
}

#[test]
fn whoever_refuses_behind_a_redirect_is_named_and_the_key_that_lets_it_be_asked() {
    let behind = registry(Auth::basic("me", "hunter2"));
    let gateway = registry(Auth::None);
    let config = format!("{}/v2/app/blobs/{}", behind.url(), config_of(&behind));
    gateway.fault(On::blob("app"), Fault::redirect(Redirect::To(config)));
    let client = logged_in(&[behind.host(), gateway.host()]).build().unwrap();
    let error = resolve(client, &request(&gateway, "app:1", &[])).unwrap_err();
    let (host, target) = (gateway.host(), behind.host());
    let expected = format!(
        "401 Unauthorized from {target}, to which {host} redirects, without the credentials of ~/config.json, which \
         {target} may not see"
    );
    let help = format!(
        "if {host} may lead to {target}, write `redirect-hosts = [\"{target}\"]` under `[registries.\"{host}\"]`"
    );
    assert_eq!(told(&error), (expected, vec![help]));

    behind.fault(On::blob("app").before_auth(), Fault::status(403).body(DENIED));
    let error = resolve(builder().build().unwrap(), &request(&gateway, "app:1", &[])).unwrap_err();
    let expected = format!("403 Forbidden from {target}, to which {host} redirects: denied");
    assert_eq!(told(&error), (expected, Vec::new()), "no login is the matter");
}

#[test]
fn a_token_service_that_refuses_a_login_is_told_with_the_login() {
    for status in [401, 403] {
        let registry = registry(Auth::token().user("me", "hunter2"));
        registry.fault(On::token(), Fault::status(status).body(DENIED));
        let error = head(&logged_in(&[registry.host()]).build().unwrap(), &registry).unwrap_err();
        let (text, help) = told(&error);
        let host = registry.host();
        assert!(text.contains(" from its token service, with the credentials of ~/config.json"), "{text}");
        assert_eq!(text.ends_with(": denied"), status == 403, "{text}");
        let logout =
            format!("docker logout {host}, if anybody may read the image: a login that has run out is refused");
        assert_eq!(help, [format!("docker login {host}"), logout]);
    }
    let registry = registry(Auth::token().user("me", "hunter2"));
    registry.fault(On::token(), Fault::status(400).body(DENIED));
    let error = head(&logged_in(&[registry.host()]).build().unwrap(), &registry).unwrap_err();
    let ((text, help), host) = (told(&error), registry.host());
    assert_eq!(
        text,
        format!("no token from http://{host}/token: status 400, with the credentials of ~/config.json: denied")
    );
    assert_eq!(help[0], format!("docker login {host}"));
}

#[test]
fn a_service_that_a_registry_behind_tls_names_by_plain_http_is_asked_over_tls() {
    let registry = started(Registry::builder().tls().auth(Auth::token().user("me", "hunter2").no_anonymous()));
    let ca = || registry.ca_pem().map(|pem| pem.as_bytes().to_vec());
    let (host, on) = (registry.host(), || On::manifest("app").before_auth());
    registry
        .fault(on(), Fault::challenge([format!("Bearer realm=\"http://{host}/token\",service=\"testkit\"")]).times(1));
    let client = with(logged_in(&[host]), &registry, |settings| settings.ca = ca());
    assert!(head(&client, &registry).unwrap());

    // Where nothing speaks TLS on that port, the error says what was tried.
    let plain = Registry::start().unwrap();
    let realm = format!("http://{}/token", plain.host());
    registry.fault(on(), Fault::challenge([format!("Bearer realm=\"{realm}\"")]).times(1));
    let client = with(logged_in(&[host]), &registry, |settings| settings.ca = ca());
    let text = told(&head(&client, &registry).unwrap_err()).0;
    let expected = format!(
        "no token from {realm}: it speaks plain HTTP, and the registry does not; over HTTPS: no trusted connection to "
    );
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!(plain.log().len(), 0);

    registry.fault(on(), Fault::challenge(["Bearer realm=\"http://auth.example/token\""]).times(1));
    let client = with(logged_in(&[host]), &registry, |settings| settings.ca = ca());
    let text = told(&head(&client, &registry).unwrap_err()).0;
    assert!(text.contains("and its `token-hosts` are tried"), "{text}");
}

#[test]
fn a_helper_that_fails_is_told_only_where_a_login_is_missed() {
    let failing = |registry: &Registry| {
        let home = tempfile::tempdir().unwrap();
        let config = format!(r#"{{"credHelpers":{{"{}":"../fails"}}}}"#, registry.host());
        with_file(home.path(), &config).build().unwrap()
    };
    for auth in [Auth::None, Auth::token().into()] {
        let public = registry(auth);
        assert!(head(&failing(&public), &public).unwrap());
    }
    for auth in [Auth::basic("me", "hunter2"), Auth::token().no_anonymous().into(), Auth::token().private("app").into()]
    {
        let private = registry(auth);
        let error = head(&failing(&private), &private).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("cannot read ") && text.contains("401 Unauthorized"), "{text}");
        assert!(text.contains("no credentials (docker-credential-../fails, named in "), "{text}");
    }
}

#[test]
fn what_a_registry_hides_from_everybody_is_asked_for_again_with_the_login() {
    for status in [403, 404] {
        let registry = registry(Auth::token().user("me", "hunter2").no_anonymous());
        registry.push("lib:1", &Image::linux(["amd64"]));
        for repository in ["app", "lib"] {
            registry.fault(On::manifest(repository).before_auth(), Fault::status(status).times(1));
        }
        let client = logged_in(&[registry.host()]).build().unwrap();
        run(async {
            for name in ["app:1", "lib:1", "app:1"] {
                assert!(client.head(&reference(&registry, name)).await.unwrap().is_some(), "{status} {name}");
            }
        });
        assert_eq!(registry.log().count("GET", "/v2/"), 1, "the challenge is asked for once in a run");
        assert_eq!(registry.log().count("HEAD", "/v2/"), 5);
        assert_eq!(registry.log().count("GET", "/token"), 2);
    }
}

#[test]
fn a_public_image_costs_no_more_where_there_is_a_login() {
    let public = registry(Auth::None);
    let client = logged_in(&[public.host()]).build().unwrap();
    assert!(head(&client, &public).unwrap());
    assert_eq!(public.log().len(), 1);
    // What is really absent is asked for once more at most, and only where somebody could be logged in.
    let absent = |client: &Client| run(client.head(&reference(&public, "none:1"))).unwrap().is_none();
    assert!(absent(&client) && absent(&client));
    assert_eq!(public.log().count("HEAD", "/v2/none/"), 2);
    assert_eq!(public.log().count("GET", "/v2/"), 1);
    public.log().take();
    assert!(absent(&builder().build().unwrap()));
    assert_eq!(public.log().len(), 1);
}

#[test]
fn a_403_without_a_challenge_says_which_login_there_is() {
    let registry = registry(Auth::None);
    registry.fault(On::tags("app"), Fault::status(403).body(DENIED));
    let refused = |client: ClientBuilder| {
        told(&run(client.build().unwrap().tags(&reference(&registry, "app").repository)).unwrap_err())
    };
    assert_eq!(
        refused(logged_in(&[registry.host()])).0,
        "403 Forbidden, without the credentials of ~/config.json, since the registry does not say how to log in: denied"
    );
    let host = registry.host();
    let expected = (format!("403 Forbidden, no credentials for {host}: denied"), vec![format!("docker login {host}")]);
    assert_eq!(refused(builder()), expected);
}

#[test]
fn what_a_registry_says_is_cut_at_a_kilobyte_and_steers_no_terminal() {
    let registry = registry(Auth::None);
    let message = format!("a\u{1b}b\n{}", "é".repeat(1000));
    let body = serde_json::json!({ "errors": [{ "code": "DENIED", "message": message }] });
    registry.fault(On::tags("app"), Fault::status(403).body(body.to_string()));
    let error = run(builder().build().unwrap().tags(&reference(&registry, "app").repository)).unwrap_err();
    let ErrorKind::Forbidden(refusal) = error.kind else { panic!("{error}") };
    assert!(refusal.message.starts_with("a b éé"), "{}", refusal.message);
    assert_eq!((refusal.message.len(), refusal.status, refusal.host()), (1024, 403, registry.host()));
}

#[test]
fn whose_bytes_are_wrong_is_told() {
    let registry = registry(Auth::None);
    registry.fault(On::manifest("app").method("GET"), Fault::bytes("{}"));
    let error = resolve(builder().build().unwrap(), &request(&registry, "app:1", &[])).unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::DigestMismatch { host, .. } if host == registry.host()), "{error}");
    assert!(error.help()[0].starts_with("nothing was written; a broken proxy or an attack looks like this"));
}

#[test]
fn passwords_for_some_repositories_and_tokens_for_others_do_not_displace_each_other() {
    let names: Vec<String> = (0..6).flat_map(|n| [format!("basic{n}"), format!("bearer{n}")]).collect();
    let auth = Auth::token().user("me", "hunter2").no_anonymous();
    let auth = (0..6).fold(auth, |auth, n| auth.password_for(&format!("basic{n}")));
    let registry = Registry::builder().auth(auth).start().unwrap();
    let images: Vec<Image> = names.iter().map(|name| Image::linux(["amd64", "arm64"]).seed(name)).collect();
    let mut requests = std::collections::BTreeMap::new();
    for (name, image) in names.iter().zip(&images) {
        registry.push(&format!("{name}:1"), image);
        requests.insert(name.parse().unwrap(), request(&registry, &format!("{name}:1"), &[]));
    }
    resolve_all(logged_in(&[registry.host()]).build().unwrap(), &requests);
    let refused = registry.log().entries().iter().filter(|entry| entry.status == 401).count();
    // The first of all, and the first of each repository of the other kind.
    assert_eq!(refused, 7);
    let tokens = registry.log().count("GET", "/token");
    assert_eq!(registry.log().len() - refused - tokens, 12 * 6, "an index, two manifests and two configurations");
    assert!(tokens <= 12, "{tokens}");
}
