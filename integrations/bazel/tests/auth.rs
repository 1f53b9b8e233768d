//! Where the module's Starlark finds credentials, and what it hands to other programs.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod starlark;

use std::collections::BTreeMap;

use imagelock_credentials::{Credential, Environment, Store};
use serde_json::{Value, json};

/// Asks for the credentials of an address as the rule does, on a machine that the input describes.
const ASK: &str = r#"
load("//private:auth.bzl", "authorization")

machine = json.decode(INPUT)
notes = []

def _path(path):
    return struct(shown = path, exists = path in machine["files"])

def _which(program):
    return "/bin/" + program if program in machine["programs"] else None

def _execute(arguments, timeout, quiet, environment = {}):
    emit(json.encode({"arguments": arguments, "environment": environment}))
    answer = machine["programs"][arguments[-1] if "credential" in arguments[-1] else "curl"]
    return struct(return_code = 0 if answer else 1, stdout = answer, stderr = "it failed")

def _download(**kwargs):
    emit(json.encode({"download": kwargs}))

found = authorization(
    struct(
        os = struct(environ = machine["environment"]),
        getenv = None,
        path = _path,
        read = lambda path, watch: machine["files"][path.shown],
        which = _which,
        execute = _execute,
        download = _download,
    ),
    machine["url"],
    notes,
)
emit(json.encode({"auth": found, "notes": notes}))
"#;

/// A machine with files, programs and variables.
#[derive(Default)]
struct Machine {
    environment: BTreeMap<String, String>,
    files: BTreeMap<String, Value>,
    programs: BTreeMap<&'static str, String>,
}

/// What came of a question.
struct SentHeaders {
    auth: Value,
    notes: String,
    /// Everything that was run or downloaded.
    actions: Vec<Value>,
}

impl Machine {
    fn new() -> Self {
        Self::default().variable("HOME", "/home/me")
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(mut self, path: &str, content: Value) -> Self {
        self.files.insert(path.to_owned(), content);
        self
    }

    fn program(mut self, name: &'static str, answer: &str) -> Self {
        self.programs.insert(name, answer.to_owned());
        self
    }

    fn ask(&self, url: &str) -> SentHeaders {
        let files: BTreeMap<_, _> = self.files.iter().map(|(path, content)| (path, content.to_string())).collect();
        let input = json!({ "environment": self.environment, "files": files, "programs": self.programs, "url": url });
        let mut said = starlark::run(ASK, &input.to_string(), &BTreeMap::new()).unwrap();
        let found: Value = serde_json::from_str(&said.pop().unwrap()).unwrap();
        let actions = said.iter().map(|action| serde_json::from_str(action).unwrap()).collect();
        SentHeaders { auth: found["auth"].clone(), notes: found["notes"].to_string(), actions }
    }

    /// The user whose password is sent, or why nobody's is.
    fn user(&self, url: &str) -> String {
        let answer = self.ask(url);
        if answer.auth.is_null() {
            return answer.notes;
        }
        answer.auth["login"].as_str().or(answer.auth["password"].as_str()).unwrap().to_owned()
    }
}

fn login(user: &str) -> Value {
    json!({ "username": user, "password": "secret" })
}

fn auths(host: &str, user: &str) -> Value {
    json!({ "auths": { host: login(user) } })
}

const EXAMPLE: &str = "https://registry.example.com/v2/team/app";

#[test]
fn the_files_are_read_in_the_order_of_docker_and_podman() {
    let places = [
        "/auth.json",
        "/docker/config.json",
        "/run/containers/auth.json",
        "/config/containers/auth.json",
        "/home/me/.docker/config.json",
    ];
    let machine = |from: usize| {
        let machine = Machine::new()
            .variable("REGISTRY_AUTH_FILE", "/auth.json")
            .variable("XDG_RUNTIME_DIR", "/run")
            .variable("XDG_CONFIG_HOME", "/config");
        let machine = if from < 4 { machine.variable("DOCKER_CONFIG", "/docker") } else { machine };
        places[from..].iter().fold(machine, |machine, path| machine.file(path, auths("registry.example.com", path)))
    };
    for (from, place) in places.iter().enumerate() {
        assert_eq!(machine(from).user(EXAMPLE), *place);
    }
    let elsewhere = Machine::new()
        .variable("DOCKER_CONFIG", "/docker")
        .file("/home/me/.docker/config.json", auths("registry.example.com", "home"));
    assert!(elsewhere.user(EXAMPLE).contains("no credentials for registry.example.com"), "DOCKER_CONFIG is elsewhere");
    let podman = Machine::new().file("/home/me/.config/containers/auth.json", auths("registry.example.com", "podman"));
    assert_eq!(podman.user(EXAMPLE), "podman");
}

#[test]
fn a_helper_for_the_host_comes_first_then_the_file_then_the_helper_for_all() {
    let answer = |user: &str| json!({ "Username": user, "Secret": "secret" }).to_string();
    let machine = Machine::new()
        .program("sh", "")
        .program("docker-credential-one", &answer("of the host"))
        .program("docker-credential-all", &answer("for all"));
    let path = "/home/me/.docker/config.json";
    let config = |helpers: Value, auths: Value| json!({ "auths": auths, "credHelpers": helpers, "credsStore": "all" });
    let mut machine = machine
        .file(path, config(json!({ "registry.example.com": "one" }), json!({ "registry.example.com": login("file") })));
    assert_eq!(machine.user(EXAMPLE), "of the host");
    machine = machine.file(path, config(json!({}), json!({ "registry.example.com": login("file") })));
    assert_eq!(machine.user(EXAMPLE), "file");
    machine = machine.file(path, config(json!({}), json!({ "registry.example.com": {} })));
    assert_eq!(machine.user(EXAMPLE), "for all");
    machine = machine.file(path, config(json!({ "registry.example.com": "" }), json!({})));
    assert!(machine.user(EXAMPLE).contains("no credentials"), "an empty name is no helper at all");
}

#[test]
fn a_helper_that_fails_is_noted_and_nothing_is_sent() {
    for (answer, reason) in [
        ("", "docker-credential-one has nothing for registry.example.com"),
        ("[]", "docker-credential-one has nothing for registry.example.com"),
        ("not JSON", "docker-credential-one has nothing for registry.example.com"),
        (r#"{"Username": "<token>", "Secret": "s"}"#, "has an identity token for registry.example.com"),
    ] {
        let machine = Machine::new()
            .program("sh", "")
            .program("docker-credential-one", answer)
            .file("/home/me/.docker/config.json", json!({ "credHelpers": { "registry.example.com": "one" } }));
        let answer = machine.ask(EXAMPLE);
        assert_eq!(answer.auth, Value::Null);
        assert!(answer.notes.contains(reason), "{}", answer.notes);
    }
    for helper in [json!("../evil"), json!("absent"), json!(1)] {
        let machine = Machine::new()
            .program("sh", "")
            .file("/home/me/.docker/config.json", json!({ "credHelpers": { "registry.example.com": helper } }));
        let answer = machine.ask(EXAMPLE);
        assert!(answer.actions.is_empty() && answer.notes.contains("is not there"), "{helper}: {}", answer.notes);
    }
}

#[test]
fn variables_come_before_files_and_bazels_own_helper_before_all() {
    let machine = Machine::new()
        .variable("IMAGELOCK_AUTH_REGISTRY_EXAMPLE_COM", "robot:pass:word")
        .file("/home/me/.docker/config.json", auths("registry.example.com", "file"));
    let answer = machine.ask(EXAMPLE);
    assert_eq!(answer.auth, json!({ "type": "basic", "login": "robot", "password": "pass:word" }));
    let answer = machine.variable("IMAGELOCK_AUTH", "bazel").ask(EXAMPLE);
    assert_eq!((answer.auth, answer.notes.as_str()), (Value::Null, "[]"));
    let odd = Machine::new().variable("IMAGELOCK_AUTH_MY__HOST___5000", "robot:secret");
    assert_eq!(odd.user("https://my-host:5000/v2/a"), "robot");
}

#[test]
fn dockers_variable_comes_before_files_and_is_passed_over_where_docker_passes_over_it() {
    let machine = |config: &str| {
        Machine::new()
            .variable("DOCKER_AUTH_CONFIG", config)
            .file("/home/me/.docker/config.json", auths("registry.example.com", "file"))
            .ask(EXAMPLE)
    };
    let config = json!({ "auths": { "https://registry.example.com/v1/": { "auth": "bWU6cGFzcw==" } } });
    let answer = machine(&config.to_string());
    assert_eq!(answer.auth, json!({ "type": "pattern", "pattern": "Basic <password>", "password": "bWU6cGFzcw==" }));
    for (config, is_noted) in [
        (String::new(), false),
        ("{}".to_owned(), false),
        (r#"{"auths": {"ghcr.io": {"auth": "bWU6cGFzcw=="}}}"#.to_owned(), false),
        (r#"{"auths": {"registry.example.com": {"auth": "bWU6cGFzcw=="}}, "credsStore": "x"}"#.to_owned(), true),
        (r#"{"auths": {"registry.example.com": {"auth": "bWU6cGFzcw==", "email": "x"}}}"#.to_owned(), true),
        (r#"{"auths": {"registry.example.com": {"username": "me", "password": "pass"}}}"#.to_owned(), true),
        (r#"{"auths": {"registry.example.com": {"auth": ""}}}"#.to_owned(), true),
        (r#"{"auths": ["registry.example.com"]}"#.to_owned(), true),
        ("not JSON".to_owned(), true),
    ] {
        let answer = machine(&config);
        assert_eq!(answer.auth["login"], "file", "{config}");
        assert_eq!(answer.notes.contains("DOCKER_AUTH_CONFIG is passed over"), is_noted, "{config}: {}", answer.notes);
    }
}

/// The crate that every command uses finds the same user in the same file.
#[test]
fn what_the_crate_finds_in_a_file_the_module_finds() {
    let keys = [
        "registry.example.com",
        "https://registry.example.com",
        "https://registry.example.com/v1/",
        "https://registry.example.com/v2",
        "Registry.Example.com",
        "registry.example.com/team",
        "registry.example.com/team/app",
        "registry.example.com/team/ap",
        "registry.example.com/v1",
        "registry.example.com:443",
        "docker.io",
        "index.docker.io",
        "https://index.docker.io/v1/",
        "registry-1.docker.io",
        "docker.io/library",
        "example.com",
    ];
    let asked = [
        ("registry.example.com", "team/app"),
        ("registry.example.com", "v1/app"),
        ("docker.io", "library/postgres"),
        ("ghcr.example.com", "team/app"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for key in keys {
        std::fs::write(&file, auths(key, "somebody").to_string()).unwrap();
        let store = Store::load(&Environment::empty().with("REGISTRY_AUTH_FILE", &file)).unwrap();
        let machine = Machine::new()
            .variable("REGISTRY_AUTH_FILE", "/auth.json")
            .program("sh", "")
            .program("curl", r#"{"token": "a token"}"#)
            .file("/auth.json", auths(key, "somebody"));
        for (host, repository) in asked {
            let found = runtime.block_on(store.lookup(host, repository)).unwrap();
            let crate_finds = !matches!(found.for_host(host), Credential::Anonymous);
            let address = if host == "docker.io" { "registry-1.docker.io" } else { host };
            let answer = machine.ask(&format!("https://{address}/v2/{repository}"));
            let asked_with_login = answer.actions.iter().any(|action| action["environment"]["IMAGELOCK_CURL"] != "");
            let module_finds = if host == "docker.io" { asked_with_login } else { !answer.auth.is_null() };
            assert_eq!(module_finds, crate_finds, "the key {key} for {host}/{repository}: {}", answer.notes);
        }
    }
}

#[test]
fn the_realm_of_a_known_registry_gets_the_login_and_the_registry_the_token() {
    let machine = Machine::new()
        .program("sh", "")
        .program("curl", r#"{"token": "a token"}"#)
        .file("/home/me/.docker/config.json", auths("ghcr.io", "somebody"));
    let answer = machine.ask("https://ghcr.io/v2/team/app");
    assert_eq!(answer.auth, json!({ "type": "pattern", "pattern": "Bearer <password>", "password": "a token" }));
    assert_eq!(answer.actions.len(), 1);
    let action = &answer.actions[0];
    assert!(!action["arguments"].to_string().contains("secret"), "{action}");
    assert_eq!(action["environment"]["IMAGELOCK_CURL"], "user = \"somebody:secret\"");
    let arguments = action["arguments"].to_string();
    assert!(arguments.contains("https://ghcr.io/token?service=ghcr.io&scope=repository:team/app:pull"), "{arguments}");
    assert!(arguments.contains("--proto '=https'"), "{arguments}");

    let quoted = Machine::new().program("sh", "").program("curl", "{}").file(
        "/home/me/.docker/config.json",
        json!({ "auths": { "ghcr.io": { "username": "a\"b\\\n", "password": "c" } } }),
    );
    let answer = quoted.ask("https://ghcr.io/v2/team/app");
    assert_eq!(answer.actions[0]["environment"]["IMAGELOCK_CURL"], "user = \"a\\\"b\\\\\\n:c\"");
    assert!(answer.notes.contains("gave no token for team/app"), "{}", answer.notes);

    let plain = machine.ask("http://127.0.0.1:5000/v2/team/app");
    assert!(plain.actions.is_empty() && plain.auth.is_null(), "a realm is asked only for its own registry");
}

#[test]
fn no_secret_is_an_argument_or_in_a_note() {
    let answer = json!({ "Username": "u-5ecret", "Secret": "p-5ecret" }).to_string();
    let path = "/home/me/.docker/config.json";
    let with = |config: Value| {
        Machine::new()
            .program("sh", "")
            .program("curl", "")
            .program("docker-credential-one", &answer)
            .file(path, config)
    };
    for config in [
        json!({ "auths": { "ghcr.io": { "auth": "5ecret" } } }),
        json!({ "auths": { "ghcr.io": { "username": "u", "password": "p-5ecret" } } }),
        json!({ "auths": { "ghcr.io": { "identitytoken": "i-5ecret" } } }),
        json!({ "auths": { "ghcr.io": "5ecret" }, "credHelpers": "5ecret" }),
        json!({ "credHelpers": { "ghcr.io": "one" } }),
        json!({ "credsStore": "one" }),
    ] {
        let answer = with(config.clone()).ask("https://ghcr.io/v2/team/app");
        assert!(!answer.notes.contains("5ecret"), "{config}: {}", answer.notes);
        for action in answer.actions {
            assert!(!action["arguments"].to_string().contains("5ecret"), "{config}: {action}");
            assert!(!action["download"].to_string().contains("5ecret"), "{config}: {action}");
        }
    }
}
