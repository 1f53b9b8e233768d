//! What a case plays on: two registries and a repository.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use imagelock_testkit::{Entry, Registry, RegistryBuilder};
use imagelock_tests::{Monorepo, binary};
use serde_json::Value;

use super::case::{File, Run};

pub(crate) struct Stage {
    pub(crate) registry: Registry,
    pub(crate) other: Registry,
    pub(crate) repo: Monorepo,
    environment: Vec<(String, String)>,
}

/// What a run did.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `images.lock` after the run; null where it is absent or no JSON.
    pub(crate) lock: Value,
    /// What the registry was asked by the run.
    pub(crate) asked: Vec<Entry>,
    /// What the other registry was asked by the run.
    pub(crate) asked_other: Vec<Entry>,
}

impl Stage {
    pub(crate) fn new(registry: RegistryBuilder, other: RegistryBuilder) -> Self {
        let registry = registry.start().expect("a registry starts");
        let other = other.start().expect("a registry starts");
        Self { registry, other, repo: Monorepo::builder().build(), environment: Vec::new() }
    }

    /// Writes the files and keeps the environment of the runs.
    pub(crate) fn set(&mut self, files: &[File], environment: &[(String, String)]) {
        if !files.iter().any(|file| file.path == "images.toml") {
            self.repo.write("images.toml", self.text("[images]\napp = \"{host}/app:1\"\n"));
        }
        for (path, pem) in [("ca.pem", self.registry.ca_pem()), ("other-ca.pem", self.other.ca_pem())] {
            if let Some(pem) = pem {
                self.repo.write(path, pem);
            }
        }
        for file in files {
            match std::str::from_utf8(&file.content) {
                Ok(text) => self.repo.write(&file.path, self.text(text)),
                Err(_) => self.repo.write(&file.path, &file.content),
            }
            if file.program {
                let path = self.repo.path(&file.path);
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("the program may be run");
            }
        }
        self.environment = environment.iter().map(|(name, value)| (self.text(name), self.text(value))).collect();
    }

    /// Fills in the placeholders of a text.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text
            .replace("{root}", self.repo.root().as_str())
            .replace("{home}", self.repo.home().as_str())
            .replace("{lock}", "images.lock");
        let hosts =
            [("host", self.registry.host()), ("second", self.registry.second_host()), ("other", self.other.host())];
        for (name, host) in hosts {
            let variable = host.to_ascii_uppercase().replace('.', "_").replace('-', "__").replace(':', "___");
            text = text.replace(&format!("{{{name}}}"), host);
            text = text.replace(&format!("{{{}}}", name.to_ascii_uppercase()), &variable);
        }
        text
    }

    /// The bytes of `images.lock`, where it is there.
    pub(crate) fn lock(&self) -> Option<Vec<u8>> {
        // A pipe in its place would be waited for.
        let path = self.repo.path("images.lock");
        if path.is_file() { std::fs::read(path).ok() } else { None }
    }

    /// Runs `imagelock`; what was asked before is forgotten.
    pub(crate) fn run(&self, run: &Run) -> Ran {
        self.registry.log().take();
        self.other.log().take();
        let mut command = self.repo.command(binary());
        command.env("PATH", format!("{}/bin:/usr/bin:/bin", self.repo.home()));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(run.arguments.split_whitespace().map(|argument| self.text(argument)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("imagelock starts");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        let given = match std::str::from_utf8(&run.stdin) {
            Ok(text) => self.text(text).into_bytes(),
            Err(_) => run.stdin.clone(),
        };
        // A command that does not read its input closes it, which is no failure of the case.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&given)));
        let done = child.wait_with_output().expect("imagelock ends");
        feeder.join().expect("the input is written");
        Ran {
            code: done.status.code(),
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
            lock: self.lock().and_then(|lock| serde_json::from_slice(&lock).ok()).unwrap_or_default(),
            asked: self.registry.log().take(),
            asked_other: self.other.log().take(),
        }
    }
}
