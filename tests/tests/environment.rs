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

/// Runs `lock` on a terminal of its own and returns what it showed there.
fn on_a_terminal(script: &camino::Utf8Path, no_color: &str) -> String {
    let registry = registry();
    let repo = Monorepo::builder()
        .file("images.toml", format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host()))
        .env("TERM", "xterm")
        .env("NO_COLOR", no_color)
        .build();
    let command = format!("{} lock", imagelock_tests::binary());
    let shown = repo.run(script, ["--quiet", "--return", "--command", &command, "/dev/null"]);
    shown.success().stdout
}

#[test]
fn colour_is_for_terminals_unless_somebody_asks_otherwise() {
    let registry = registry();
    let toml = format!("[images]\nweb = \"{}/acme/web:1\"\n", registry.host());
    let repo = Monorepo::builder().file("images.toml", toml).env("NO_COLOR", "").build();
    assert!(!repo.imagelock(["lock"]).success().stderr.contains('\u{1b}'), "a pipe is no terminal");
    let asked = repo.imagelock(["lock", "--color", "always"]).success();
    assert!(asked.stderr.contains("\u{1b}["), "{:?}", asked.stderr);

    let script = camino::Utf8Path::new("/usr/bin/script");
    if script.exists() {
        assert!(on_a_terminal(script, "").contains("\u{1b}[1m"), "a terminal has colour");
        let plain = on_a_terminal(script, "1");
        assert!(plain.contains("Wrote images.lock") && !plain.contains("\u{1b}[1m"), "{plain:?}");
    }
}

#[test]
fn a_shell_completes_commands_and_options_with_the_script_that_is_printed() {
    let repo = Monorepo::builder().build();
    for (shell, word) in [("bash", "COMPREPLY"), ("zsh", "#compdef"), ("fish", "complete -c"), ("elvish", "edit:")] {
        let script = repo.imagelock(["completions", shell]).success().stdout;
        assert!(script.contains(word), "{shell}: {script}");
    }
    repo.write("completions.bash", repo.imagelock(["completions", "bash"]).success().stdout);
    let complete = |typed: &str| {
        let words: Vec<&str> = typed.split(' ').collect();
        let ask = format!(
            "source completions.bash; COMP_WORDS=({typed}); COMP_CWORD={}; \
             _imagelock imagelock '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2],
        );
        repo.run(camino::Utf8Path::new("/bin/bash"), ["-c", &ask]).success().stdout
    };
    assert_eq!(complete("imagelock upd"), "update\n");
    assert!(complete("imagelock lock --loc").lines().any(|word| word == "--locked"));
    repo.imagelock(["completions", "tcsh"]).exit(2);
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
