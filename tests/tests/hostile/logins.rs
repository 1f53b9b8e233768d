//! Logins: which is shown to whom, and what is said when one is refused.

use imagelock_testkit::{Auth, Fault, Image, On, Realm, Registry, RegistryBuilder};

use crate::harness::Case;

const DENIED: &str = r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#;
const UNKNOWN: &str = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"unknown"}]}"#;
/// The login `anna:hunter-2`.
const AUTHS: &str = "{\"auths\":{\"{host}\":{\"auth\":\"YW5uYTpodW50ZXItMg==\"}}}";

fn push(registry: &Registry) {
    registry.push("app:1", &Image::linux(["amd64"]));
}

fn basic() -> RegistryBuilder {
    Registry::builder().auth(Auth::basic("anna", "hunter-2"))
}

fn token() -> RegistryBuilder {
    Registry::builder().auth(Auth::token().user("anna", "hunter-2").no_anonymous())
}

/// Somebody who is logged in, and an image.
fn logged_in(name: &'static str, registry: RegistryBuilder) -> Case {
    Case::new(name).registry(registry).login("{host}", "anna", "hunter-2").serves(push)
}

/// Likewise, and something happens to some requests.
fn met(name: &'static str, registry: RegistryBuilder, on: On, fault: Fault) -> Case {
    logged_in(name, registry).serves(move |registry| registry.fault(on, fault))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = places();
    cases.extend(services());
    cases.extend(scopes());
    cases.extend(absent());
    cases.extend(silent());
    cases.extend(helpers());
    cases.extend(plain());
    cases
}

/// Where logins are found.
fn places() -> Vec<Case> {
    let variable = |name| Case::new(name).registry(basic()).secret("hunter-2").serves(push);
    vec![
        logged_in("a login of the configuration file opens a private image", token()).locks_platforms(["linux/amd64"]),
        Case::new("without a login a private image is refused with what to run")
            .registry(basic())
            .serves(push)
            .exits(3)
            .says("401 Unauthorized, no credentials for {host}")
            .says("docker login {host}"),
        variable("a login from the environment opens a private image").env("IMAGELOCK_AUTH_{HOST}", "anna:hunter-2"),
        variable("a login of DOCKER_AUTH_CONFIG opens a private image").env("DOCKER_AUTH_CONFIG", AUTHS),
        variable("DOCKER_AUTH_CONFIG counts before the configuration file")
            .login("{host}", "anna", "an-old-password")
            .env("DOCKER_AUTH_CONFIG", AUTHS),
        variable("DOCKER_AUTH_CONFIG leaves the hosts that it does not name to the configuration file")
            .login("{host}", "anna", "hunter-2")
            .env("DOCKER_AUTH_CONFIG", "{\"auths\":{\"ghcr.io\":{\"auth\":\"YW5uYTpodW50ZXItMg==\"}}}"),
        variable("DOCKER_AUTH_CONFIG with more than logins is passed over, and that is told")
            .env(
                "DOCKER_AUTH_CONFIG",
                "{\"auths\":{\"{host}\":{\"auth\":\"YW5uYTpodW50ZXItMg==\"}},\"credsStore\":\"x\"}",
            )
            .exits(3)
            .says("no credentials ($DOCKER_AUTH_CONFIG is passed over: it may hold `auths` alone"),
        variable("DOCKER_AUTH_CONFIG that is no JSON is no obstacle to another login")
            .env("DOCKER_AUTH_CONFIG", "hunter-2")
            .env("IMAGELOCK_AUTH_{HOST}", "anna:hunter-2")
            .says("$DOCKER_AUTH_CONFIG is passed over"),
        Case::new("DOCKER_AUTH_CONFIG that is passed over is no missing login of a public image")
            .serves(push)
            .env("DOCKER_AUTH_CONFIG", "{\"auths\":{},\"credsStore\":\"x\"}")
            .says("$DOCKER_AUTH_CONFIG is passed over: it may hold `auths` alone")
            .never_says("no credentials"),
        variable("DOCKER_AUTH_CONFIG that is passed over leaves the login of the configuration file")
            .login("{host}", "anna", "hunter-2")
            .env("DOCKER_AUTH_CONFIG", "{\"auths\":{},\"credsStore\":\"x\"}")
            .says("$DOCKER_AUTH_CONFIG is passed over: it may hold `auths` alone")
            .never_says("no credentials"),
        variable("a wrong login of a variable is told with the variable")
            .env("IMAGELOCK_AUTH_{HOST}", "anna:wrong-password-2")
            .secret("wrong-password-2")
            .exits(3)
            .says("with the credentials of $IMAGELOCK_AUTH_{HOST}")
            .says("change `IMAGELOCK_AUTH_{HOST}`"),
        Case::new("a pipe in place of the configuration file is told, and not waited for")
            .serves(push)
            .home(".docker/placeholder", "")
            .then(|stage| {
                let pipe = stage.repo.home().join(".docker/config.json");
                let made = std::process::Command::new("mkfifo").arg(pipe).status();
                assert!(made.is_ok_and(|status| status.success()), "a pipe can be made");
            })
            .exits(2)
            .says("it is a pipe, not a file"),
    ]
}

/// Token services.
fn services() -> Vec<Case> {
    let elsewhere = || Auth::token().user("anna", "hunter-2").private("app").realm(Realm::SecondHost);
    vec![
        logged_in("a login is withheld from a token service on another host", Registry::builder().auth(elsewhere()))
            .exits(3)
            .says("401 Unauthorized, without the credentials of ~/.docker/config.json")
            .says("which the token service {second} may not see")
            .says("write `token-hosts = [\"{second}\"]` under `[registries.\"{host}\"]`")
            .never_says("docker login"),
        logged_in(
            "a token service that is named in `token-hosts` is sent the login",
            Registry::builder().auth(elsewhere()),
        )
        .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\ntoken-hosts = [\"{second}\"]\n")
        .trusts_second(),
        logged_in(
            "a public image behind a token service elsewhere needs no login",
            Registry::builder().auth(Auth::token().user("anna", "hunter-2").realm(Realm::SecondHost)),
        ),
        met(
            "a login that has run out is told where the token service refuses it with 403",
            token(),
            On::token(),
            Fault::status(403).body(DENIED),
        )
        .exits(3)
        .says("403 Forbidden from its token service, with the credentials of ~/.docker/config.json: denied")
        .says("docker login {host}")
        .says("docker logout {host}"),
        met(
            "a login that has run out is told where the token service refuses it with 401",
            token(),
            On::token(),
            Fault::status(401).body(DENIED),
        )
        .exits(3)
        .says("401 Unauthorized from its token service, with the credentials of ~/.docker/config.json"),
        met(
            "a token service that answers with anything else is told with the login",
            token(),
            On::token(),
            Fault::status(418).body(DENIED),
        )
        .exits(3)
        .says("no token from")
        .says("status 418, with the credentials of ~/.docker/config.json: denied")
        .says("docker login {host}")
        .says("docker logout {host}"),
        met(
            "a token service that answers nobody with 402 is told with the key that shows it the login",
            Registry::builder().auth(elsewhere()),
            On::token(),
            Fault::status(402).body(DENIED),
        )
        .exits(3)
        .says("status 402, without the credentials of ~/.docker/config.json, which the token service {second} may not see")
        .says("write `token-hosts = [\"{second}\"]`"),
        logged_in("a token that lasts no time is used as one of which nothing is said", {
            Registry::builder().auth(Auth::token().user("anna", "hunter-2").no_anonymous().expires_in(Some(0)))
        })
        .asks("GET", "/token", 1),
        met(
            "a realm of another machine by plain HTTP is told with who asked for it",
            Registry::builder().tls(),
            On::manifest("app"),
            Fault::challenge(["Bearer realm=\"http://auth.invalid/token\""]),
        )
        .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nca = \"ca.pem\"\n")
        .exits(3)
        .says("no token from http://auth.invalid/token: it speaks plain HTTP, and the registry does not"),
        logged_in("a realm by plain HTTP on the registry's own host is asked over TLS", {
            Registry::builder().tls().auth(Auth::token().user("anna", "hunter-2").no_anonymous())
        })
        .serves(|registry| {
            let challenge = format!("Bearer realm=\"http://{}/token\",service=\"testkit\"", registry.host());
            registry.fault(On::manifest("app").before_auth(), Fault::challenge([challenge]).times(1));
        })
        .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nca = \"ca.pem\"\n"),
        logged_in("a realm without quotes is read up to the comma", token())
            .serves(|registry| {
                let challenge = format!("Bearer realm={}/token?a=b,service=testkit", registry.url());
                registry.fault(On::manifest("app").before_auth(), Fault::challenge([challenge]).times(1));
            })
            .more(|_, ran| {
                let query =
                    ran.asked.iter().find(|entry| entry.path == "/token").and_then(|entry| entry.query.as_deref());
                assert!(query.is_some_and(|query| query.starts_with("a=b&service=testkit&scope=")), "{query:?}");
            }),
        met(
            "a realm with a space is no realm",
            Registry::builder(),
            On::manifest("app"),
            Fault::challenge(["Bearer realm=\"https://a.invalid/ token\""]),
        )
        .exits(3)
        .says("asks for a login in no way that is known: `Bearer realm=\"https://a.invalid/ token\"`"),
    ]
}

/// Challenges whose scope is not the repository's.
fn scopes() -> Vec<Case> {
    let scoped = |name, on: On, scope: &'static str| {
        logged_in(name, token()).serves(move |registry| {
            let realm = registry.url();
            let challenge = format!("Bearer realm=\"{realm}/token\",service=\"testkit\",scope=\"{scope}\"");
            registry.fault(on, Fault::challenge([challenge]).times(1));
        })
    };
    let asks_its_own = |case: Case| {
        case.more(|_, ran| {
            let asked: Vec<_> = ran.asked.iter().filter(|entry| entry.path == "/token").collect();
            let own = |query: &String| query.ends_with("scope=repository%3Aapp%3Apull");
            assert!(!asked.is_empty() && asked.iter().all(|entry| entry.query.as_ref().is_some_and(own)));
        })
    };
    let manifest = || On::manifest("app").before_auth();
    let at_base = |name, scope| {
        let hides = move |registry: &Registry| registry.fault(manifest(), Fault::status(404).times(1));
        scoped(name, On::base().before_auth(), scope).serves(hides)
    };
    let example = "repository:user/image:pull";
    let cases = [
        at_base("the scope of an example in the challenge of /v2/ is not asked for", example),
        at_base("the scope of a catalogue in the challenge of /v2/ is not asked for", "registry:catalog:*"),
        at_base("no scope in the challenge of /v2/ is not asked for", ""),
        scoped("a scope without a word is none", manifest(), ""),
        scoped("Bazel's question is answered with a token for what it asks for", On::base().before_auth(), example)
            .runs("credential-helper get")
            .reads("{\"uri\":\"http://{host}/v2/app/manifests/1\"}")
            .prints("Bearer "),
    ];
    cases.map(asks_its_own).into()
}

/// Registries that say 404 whoever asks.
fn absent() -> Vec<Case> {
    let hides = |registry: &Registry| {
        registry.fault(On::manifest("app").before_auth(), Fault::status(404));
        registry.fault(On::tags("app").before_auth(), Fault::status(404).body(UNKNOWN));
    };
    let hidden = |name, registry: RegistryBuilder, base: u16| {
        logged_in(name, registry).serves(hides).serves(move |registry| {
            if base == 404 {
                registry.fault(On::base().before_auth(), Fault::status(404));
            }
        })
    };
    let told = |case: Case, text| case.exits(3).says("no such repository").says(text);
    let shown = "{host} was asked with the credentials of ~/.docker/config.json; some registries say the same";
    let unshown = "{host} was asked without the credentials of ~/.docker/config.json, since the registry does not say";
    vec![
        told(hidden("a 404 to a login that was shown is told with the login", token(), 401), shown),
        told(hidden("a 404 to a password that was shown is told with the login", basic(), 401), shown),
        told(hidden("a 404 of a registry that never asks is told with the login", Registry::builder(), 200), unshown),
        told(hidden("a 404 of a registry without /v2/ is told with the login", Registry::builder(), 404), unshown),
        Case::new("a 404 without any login speaks of none").serves(hides).exits(3).never_says("was asked with"),
        logged_in("an absent tag beside others is absent for everybody", token())
            .toml("[images]\napp = \"{host}/app:2\"\n")
            .exits(3)
            .says("no such tag; the newest are 1")
            .never_says("was asked with"),
    ]
}

/// Registries that do not ask.
fn silent() -> Vec<Case> {
    let first = || On::manifest("app").before_auth();
    vec![
        logged_in("a 401 without a challenge is answered with the password", basic()).serves(move |registry| {
            registry.fault(first(), Fault::status(401).times(1));
            registry.fault(On::base().before_auth(), Fault::status(401));
        }),
        Case::new("a 401 without a challenge is a 401 where there is no login")
            .registry(basic())
            .serves(push)
            .serves(move |registry| registry.fault(first(), Fault::status(401)))
            .exits(3)
            .says("401 Unauthorized, no credentials for {host}")
            .requests(1),
        met(
            "a registry that wants what nobody speaks is told with its header",
            Registry::builder(),
            On::any(),
            Fault::challenge(["Negotiate"]),
        )
        .exits(3)
        .says("without the credentials of ~/.docker/config.json, since the registry asks for a login in no way that")
        .says("`Negotiate`"),
        met("what is hidden behind a 404 is found with the login", token(), first(), Fault::status(404).times(1)).asks(
            "GET",
            "/v2/",
            1 + 2,
        ),
        met("what is hidden behind a 403 is found with the login", token(), first(), Fault::status(403).times(1)),
        logged_in("a public image costs nothing more where there is a login", Registry::builder()).requests(3),
        logged_in("a host may ask for a password here and for a token there", {
            let auth = Auth::token().user("anna", "hunter-2").no_anonymous().password_for("app").password_for("b");
            Registry::builder().auth(auth)
        })
        .toml("[images]\napp = \"{host}/app:1\"\nb = \"{host}/b:1\"\nc = \"{host}/c:1\"\n")
        .serves(|registry| {
            for name in ["b:1", "c:1"] {
                registry.push(name, &Image::linux(["amd64"]).seed(name));
            }
        }),
    ]
}

/// Helpers that give no answer.
fn helpers() -> Vec<Case> {
    let failing = |name, config: &str| {
        Case::new(name)
            .home(".docker/config.json", config)
            .program("docker-credential-x", "echo 'Cannot autolaunch D-Bus without X11 $DISPLAY'; exit 1")
            .serves(push)
    };
    let store = "{\"credsStore\":\"x\"}";
    vec![
        failing("a helper that fails does not stop what anybody may read", store)
            .registry(Registry::builder().auth(Auth::token().user("anna", "hunter-2"))),
        failing("a helper that fails leaves the login beside it", {
            "{\"credsStore\":\"x\",\"auths\":{\"{host}\":{\"auth\":\"YW5uYTpodW50ZXItMg==\"}}}"
        })
        .registry(token())
        .secret("hunter-2"),
        failing("a helper that fails is told where a login is missed", store)
            .registry(token())
            .exits(3)
            .says("no credentials (docker-credential-x, named in ~/.docker/config.json, failed (exit status: 1)")
            .never_says("autolaunch"),
        failing("a helper that fails is told where the anonymous token opens nothing", store)
            .registry(Registry::builder().auth(Auth::token().user("anna", "hunter-2").private("app")))
            .exits(3)
            .says("no credentials (docker-credential-x, named in ~/.docker/config.json, failed"),
        failing("a time for helpers that is no number is told", store)
            .env("IMAGELOCK_HELPER_TIMEOUT", "soon")
            .exits(2)
            .says("`IMAGELOCK_HELPER_TIMEOUT` must be a number of seconds from 1 to 3600"),
    ]
}

/// What Bazel's question is answered with.
fn plain() -> Vec<Case> {
    let asked = |name, uri: &'static str| {
        Case::new(name)
            .env("IMAGELOCK_AUTH_REG_TEST", "anna:hunter-2")
            .secret("hunter-2")
            .runs("credential-helper get")
            .reads(format!("{{\"uri\":\"{uri}\"}}"))
            .never_prints("Authorization")
    };
    vec![
        asked("no login is given for plain HTTP", "http://reg.test/v2/a/blobs/sha256:00").says("`insecure = true`"),
        asked("no login is given for plain HTTP in capitals", "HTTP://REG.TEST/v2/a/blobs/sha256:00")
            .says("`insecure = true`"),
        asked("no login is given for plain HTTP at its own port", "http://reg.test:80/v2/a/blobs/sha256:00")
            .says("`insecure = true`"),
        asked("no login is given for an address with a user", "https://x@reg.test/v2/a/blobs/sha256:00"),
        asked("no login is given for an address with two hosts", "https://reg.test#@evil.invalid/v2/a/blobs/x"),
    ]
}
