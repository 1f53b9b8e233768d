//! What of the machine's settings counts, and what must not: proxies, time zone, language, terminal.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, MonorepoBuilder, need};

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64", "arm64"]).created("2026-11-20T23:30:00-05:00"));
    registry
}

/// A repository that asks for an image on a host that no resolver knows, so that only a proxy can reach it.
fn elsewhere(settings: &str) -> MonorepoBuilder {
    let toml = format!("[images]\nweb = \"registry.test/acme/web:1\"\n\n[registries.\"registry.test\"]\n{settings}\n");
    Monorepo::builder().file("images.toml", toml)
}

#[test]
fn a_proxy_of_the_environment_is_asked_unless_the_host_is_excepted() {
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let proxy = registry();
        elsewhere("insecure = true").env(variable, proxy.url()).build().imagelock(["lock"]).success();
        let hosts: Vec<String> = proxy.log().take().into_iter().map(|entry| entry.host).collect();
        assert!(!hosts.is_empty() && hosts.iter().all(|host| host == "registry.test"), "{variable}: {hosts:?}");

        let excepted = elsewhere("insecure = true").env(variable, proxy.url()).env("NO_PROXY", "registry.test").build();
        excepted.imagelock(["lock"]).exit(3);
        assert_eq!(proxy.log().len(), 0, "{variable}");
    }
}

#[test]
fn this_machine_is_not_asked_through_a_proxy() {
    let registry = registry();
    let repo = Monorepo::builder()
        .file("images.toml", format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host()))
        .env("HTTP_PROXY", "http://proxy.test:1")
        .env("HTTPS_PROXY", "http://proxy.test:1")
        .build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["demo", "--quiet"]).success();
}

/// A proxy that opens tunnels to one address, whatever is asked for, and writes down what was.
fn tunnels(to: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://user:hunter2@{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (to, written) = (to.to_owned(), Arc::clone(&asked));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (to, written) = (to.clone(), Arc::clone(&written));
            std::thread::spawn(move || tunnel(&client, &to, &written));
        }
    });
    (address, asked)
}

/// Reads the request for a tunnel, opens it, and carries bytes both ways until either side ends.
fn tunnel(client: &TcpStream, to: &str, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(head.join("\n"));
    let server = TcpStream::connect(to)?;
    let mut answer = client;
    answer.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut back, mut front) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        drop(std::io::copy(&mut back, &mut front));
        drop(front.shutdown(Shutdown::Both));
    });
    std::io::copy(&mut reader, &mut &server)?;
    server.shutdown(Shutdown::Both)
}

#[test]
fn https_goes_through_a_tunnel_and_the_proxys_password_to_the_proxy_alone() {
    let registry = Registry::builder().tls().start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]));
    let (address, asked) = tunnels(registry.host());
    let repo =
        elsewhere("ca = \"ca.pem\"").file("ca.pem", registry.ca_pem().unwrap()).env("HTTPS_PROXY", &address).build();
    repo.imagelock(["lock"]).success();
    let asked = asked.lock().unwrap().clone();
    assert!(!asked.is_empty());
    for head in asked {
        assert!(head.starts_with("CONNECT registry.test:443 HTTP/1.1"), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{head}");
    }
    assert!(registry.log().entries().iter().all(|entry| entry.authorization.is_none()));
}

#[test]
fn certificates_of_the_environment_are_trusted() {
    let registry = Registry::builder().tls().start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64"]));
    let (address, asked) = tunnels(registry.host());
    // A registry on this machine without `ca` is asked without TLS: this one is elsewhere, behind a proxy.
    let stage = || elsewhere("").file("ca.pem", registry.ca_pem().unwrap()).env("https_proxy", &address);
    let distrusted = stage().build().imagelock(["lock"]).exit(3);
    assert!(distrusted.stderr.contains("trust its authority with `ca"), "{}", distrusted.stderr);
    for (variable, value) in [("SSL_CERT_FILE", "ca.pem"), ("SSL_CERT_DIR", "certs")] {
        let repo = stage().env(variable, value).build();
        // Folders of certificates have them by the hash of their subject, which is not looked at here.
        repo.write("certs/0a1b2c3d.0", registry.ca_pem().unwrap());
        repo.imagelock(["lock"]).success();
    }
    assert!(!asked.lock().unwrap().is_empty());

    asked.lock().unwrap().clear();
    stage().env("NO_PROXY", ".test").build().imagelock(["lock"]).exit(3);
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn a_proxy_that_is_not_there_is_told_without_its_password() {
    let repo = elsewhere("insecure = true").env("HTTP_PROXY", "http://user:hunter2@127.0.0.1:1").build();
    let failed = repo.imagelock(["lock", "--format", "json"]).exit(3);
    assert!(failed.stderr.contains("registry.test"), "{}", failed.stderr);
    assert!(!format!("{}{}", failed.stdout, failed.stderr).contains("hunter2"), "{}", failed.stderr);
}

#[test]
fn the_lock_is_the_same_bytes_in_every_time_zone_and_language() {
    let registry = registry();
    let settings: [&[(&str, &str)]; 5] = [
        &[],
        &[("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8")],
        &[("TZ", "America/St_Johns"), ("LC_ALL", "C"), ("LANGUAGE", "ar:de")],
        &[("TZ", ":/no/such/zone"), ("LC_ALL", "no_such_LOCALE"), ("SOURCE_DATE_EPOCH", "1")],
        &[("TZ", "UTC-14"), ("LC_NUMERIC", "de_DE.UTF-8"), ("USER", "somebody"), ("HOSTNAME", "elsewhere")],
    ];
    let mut locks = Vec::new();
    for (number, variables) in settings.iter().enumerate() {
        let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
        let repo = variables.iter().fold(Monorepo::builder(), |repo, (name, value)| repo.env(name, value));
        let repo = repo.file("images.toml", toml).build();
        repo.imagelock(["lock", "--jobs", ["1", "2", "8", "64", "256"][number]]).success();
        locks.push(repo.read("images.lock"));
    }
    assert!(locks[0].contains("\"created\": \"2026-11-21T04:30:00Z\""), "{}", locks[0]);
    assert!(locks.iter().all(|lock| *lock == locks[0]), "{locks:#?}");
}

/// Runs `imagelock` on a terminal of its own, and returns what it showed there; nothing where there is no `script`.
fn on_a_terminal(repo: &Monorepo, arguments: &str) -> Option<String> {
    let script = camino::Utf8Path::new("/usr/bin/script");
    let command = format!("{} {arguments}", imagelock_tests::binary());
    let run = || repo.run(script, ["--quiet", "--return", "--command", &command, "/dev/null"]).stdout;
    script.exists().then(run)
}

#[test]
fn colour_is_for_terminals_unless_somebody_asks_otherwise() {
    let registry = registry();
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n\n[[kustomize]]\noutput = \"k.yaml\"\n", registry.host());
    let stage = |no_color| {
        Monorepo::builder().file("images.toml", &toml).env("NO_COLOR", no_color).env("TERM", "xterm").build()
    };
    let repo = stage("");
    assert!(!repo.imagelock(["lock"]).success().stderr.contains('\u{1b}'), "a pipe is no terminal");
    let check = repo.imagelock(["render", "--check"]).exit(1);
    assert!(check.stdout.contains("\n+kind: Component\n"), "{:?}", check.stdout);
    std::fs::remove_file(repo.path("images.lock")).unwrap();
    let asked = repo.imagelock(["lock", "--color", "always"]).success();
    assert!(asked.stderr.contains("\u{1b}["), "{:?}", asked.stderr);
    let asked = repo.imagelock(["render", "--check", "--color", "always"]).exit(1);
    assert!(asked.stdout.contains("\n\u{1b}[32m+kind: Component\u{1b}[0m\n"), "{:?}", asked.stdout);

    let (bright, plain) = (stage(""), stage("1"));
    for (arguments, line) in [("lock", "Wrote"), ("render --check", "+kind: Component")] {
        let styled = |text: &str| text.lines().any(|shown| shown.contains(line) && shown.contains("\u{1b}["));
        let Some(shown) = on_a_terminal(&bright, arguments) else { return };
        assert!(styled(&shown), "a terminal has colour: {shown:?}");
        let shown = on_a_terminal(&plain, arguments).unwrap();
        assert!(shown.contains(line) && !styled(&shown), "{shown:?}");
    }
}

/// A repository with an image that has much to say, and that another file uses.
fn wide(registry: &Registry, columns: &str) -> Monorepo {
    let facts = Image::linux(["amd64", "arm64"]).created("2026-11-20T23:30:00-05:00");
    registry.push("acme/teams/web-frontend:1.24.3-bookworm-slim", &facts.clone().seed("old"));
    let host = registry.host();
    let toml = format!(
        "[images]\nweb-frontend = \"{host}/acme/teams/web-frontend:1.24.3-bookworm-slim\"\n\n\
         [[kubernetes]]\nedit = \"deploy/pod.yaml\"\n\n[[kustomize]]\noutput = \"deploy/kustomization.yaml\"\n"
    );
    let pod = format!("kind: Pod\nspec:\n  image: {host}/acme/teams/web-frontend:1.24.3-bookworm-slim\n");
    let repo = Monorepo::builder().file("images.toml", toml).file("deploy/pod.yaml", pod);
    // A dumb terminal has no progress bar.
    let repo = repo.env("COLUMNS", columns).env("TERM", "dumb").build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["render"]).success();
    registry.push("acme/teams/web-frontend:1.24.3-bookworm-slim", &facts.seed("new"));
    repo
}

#[test]
fn what_is_shown_on_a_terminal_fits_it_and_a_pipe_gets_all() {
    let registry = Registry::start().unwrap();
    for columns in [40, 80, 120] {
        let repo = wide(&registry, &columns.to_string());
        let digest = repo.read("images.lock").split("sha256:").nth(1).unwrap()[..12].to_owned();
        for arguments in ["list", "why web-frontend", "update --dry-run", "render"] {
            let Some(shown) = on_a_terminal(&repo, arguments) else { return };
            assert!(!shown.is_empty());
            for line in shown.lines() {
                let line = line.trim_end_matches('\r');
                // A word alone on its line can be copied.
                let one_word = !line.trim().contains(' ');
                assert!(line.chars().count() <= columns || one_word, "{columns}: {line}");
                let cut = line.contains(&digest[..6]) && !line.contains(&digest);
                assert!(!cut, "{columns}: {line} is cut in the middle of {digest}");
            }
        }
        let piped = repo.imagelock(["list"]).success().stdout;
        let users = "kubernetes deploy/pod.yaml:3:10, kustomize deploy/kustomization.yaml";
        assert!(piped.lines().nth(1).unwrap().ends_with(users), "{piped}");
        assert!(piped.contains("/acme/teams/web-frontend  1.24.3-bookworm-slim  "), "{piped}");
        let shown = on_a_terminal(&repo, "list").unwrap();
        assert_eq!(shown.contains("USED BY"), columns == 120, "{shown}");
        assert_eq!(shown.contains("REPOSITORY"), columns > 40, "{shown}");
        let shown = on_a_terminal(&repo, "list --wide").unwrap();
        assert!(shown.lines().nth(1).unwrap().trim_end().ends_with(users), "{shown}");
        let whole = repo.read("images.lock").split("sha256:").nth(1).unwrap()[..64].to_owned();
        assert!(shown.contains(&whole), "{shown}");
    }
}

#[test]
fn what_other_programs_log_in_with_is_read() {
    // Both write their own file: Docker's and Podman's.
    let (docker_registry, crane, skopeo) = need!("docker-registry", "crane", "skopeo");
    let registry = imagelock_tests::RealRegistry::new(&docker_registry).basic_auth().start();
    let (user, password) = (imagelock_tests::USER, imagelock_tests::PASSWORD);
    let credentials = imagelock_testkit::Credentials { user, password };
    Image::linux(["amd64"]).push_to(&registry.url(), "acme/web", "1", Some(credentials)).unwrap();
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    let stage = || Monorepo::builder().file("images.toml", &toml).env("REGISTRY_AUTH_FILE", "auth.json").build();

    let docker = Monorepo::builder().file("images.toml", &toml).build();
    docker.imagelock(["lock"]).exit(3);
    docker.run(&crane, ["auth", "login", registry.host(), "--username", user, "--password", password]).success();
    docker.imagelock(["lock"]).success();

    let podman = stage();
    podman.imagelock(["lock"]).exit(3);
    let login = ["login", "--tls-verify=false", "--username", user, "--password", password, registry.host()];
    podman.run(&skopeo, login).success();
    podman.imagelock(["lock"]).success();
    assert_eq!(podman.read("images.lock"), docker.read("images.lock"));
}
