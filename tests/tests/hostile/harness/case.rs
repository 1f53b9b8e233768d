//! One case, told in the order in which things happen.

use imagelock_testkit::{Registry, RegistryBuilder};
use serde_json::Value;

use super::stage::{Ran, Stage};

/// One case: what is served, what stands in the repository, what is run, what must come of it.
///
/// Without more words, a registry that asks for nothing serves what [`serves`](Self::serves) puts there, `images.toml`
/// has `[images]` with `app = "{host}/app:1"`, the command is `lock`, and it ends with 0. In every text `{host}` and
/// `{second}` are the registry's hosts, `{other}` is another registry's, `{HOST}` (and so on) are the spellings for
/// `IMAGELOCK_AUTH_…`, `{root}` and `{home}` are folders. Where a registry speaks TLS, its authority is at `ca.pem`
/// (the other's at `other-ca.pem`).
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) registry: RegistryBuilder,
    pub(crate) other: RegistryBuilder,
    pub(crate) files: Vec<File>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) secrets: Vec<String>,
    pub(crate) trusts_second: bool,
    pub(crate) trusts_other: bool,
    pub(crate) steps: Vec<Step>,
}

/// A file that is there before anything is run.
pub(crate) struct File {
    /// Relative to the repository; `../home/` is the home.
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
    pub(crate) program: bool,
}

/// A check in words of its own.
pub(crate) type Judge = Box<dyn FnOnce(&Stage, &Ran) + Send>;

pub(crate) enum Step {
    Do(Box<dyn FnOnce(&Stage) + Send>),
    Run(Run),
}

/// One run of `imagelock` and what must come of it.
pub(crate) struct Run {
    pub(crate) arguments: String,
    pub(crate) stdin: Vec<u8>,
    pub(crate) exit: i32,
    pub(crate) checks: Vec<Check>,
}

pub(crate) enum Check {
    /// Standard error holds a text, however it is wrapped.
    Says(String),
    NeverSays(String),
    /// Standard output holds a text, however it is wrapped.
    Prints(String),
    NeverPrints(String),
    /// The JSON document on standard output has a value at a pointer.
    Json(String, Value),
    /// `images.lock` has a value at a pointer.
    LockHas(String, Value),
    /// `images.lock` has nothing at a pointer.
    LockLacks(String),
    /// A file of the repository holds a text.
    File(String, String),
    NoFile(String),
    /// That many requests of a method whose path starts with a text came to the registry, both of its hosts.
    Asks(String, String, usize),
    /// That many requests came to the other registry.
    AsksOther(usize),
    /// That many requests came to the registry in all.
    Requests(usize),
    More(Judge),
}

impl Case {
    /// Starts a case; its name is a sentence.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            registry: Registry::builder(),
            other: Registry::builder(),
            files: Vec::new(),
            environment: Vec::new(),
            secrets: Vec::new(),
            trusts_second: false,
            trusts_other: false,
            steps: Vec::new(),
        }
    }

    /// The registry is another than the usual.
    pub(crate) fn registry(mut self, registry: RegistryBuilder) -> Self {
        self.registry = registry;
        self
    }

    /// The other registry is another than the usual.
    pub(crate) fn other(mut self, other: RegistryBuilder) -> Self {
        self.other = other;
        self
    }

    /// The registry serves this, from here on.
    pub(crate) fn serves(self, serve: impl FnOnce(&Registry) + Send + 'static) -> Self {
        self.then(move |stage| serve(&stage.registry))
    }

    /// Something happens to the registries or to the repository, from here on.
    pub(crate) fn then(mut self, change: impl FnOnce(&Stage) + Send + 'static) -> Self {
        self.steps.push(Step::Do(Box::new(change)));
        self
    }

    /// `images.toml` says this.
    pub(crate) fn toml(self, text: &str) -> Self {
        self.file("images.toml", text)
    }

    /// A file stands in the repository. The placeholders of a text are filled in; other bytes stay as they are.
    pub(crate) fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.push(File { path: path.to_owned(), content: content.as_ref().to_vec(), program: false });
        self
    }

    /// A file stands in the home.
    pub(crate) fn home(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.file(&format!("../home/{path}"), content)
    }

    /// A program is on `PATH`, such as a credential helper; the text is its script.
    pub(crate) fn program(mut self, name: &str, script: &str) -> Self {
        let content = format!("#!/bin/sh\n{script}\n").into_bytes();
        self.files.push(File { path: format!("../home/bin/{name}"), content, program: true });
        self
    }

    /// `~/.docker/config.json` has a login for a host; its password is a secret.
    pub(crate) fn login(self, host: &str, user: &str, password: &str) -> Self {
        let encoded = encoded_login(user, password);
        let config = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{encoded}\"}}}}}}");
        self.home(".docker/config.json", config).secret(password).secret(&encoded)
    }

    /// A variable of the environment is set.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A text must stand in nothing that is printed or written, and be sent to no other host.
    pub(crate) fn secret(mut self, text: &str) -> Self {
        self.secrets.push(text.to_owned());
        self
    }

    /// The registry's second host may be sent the secrets.
    pub(crate) fn trusts_second(mut self) -> Self {
        self.trusts_second = true;
        self
    }

    /// The other registry may be sent the secrets.
    pub(crate) fn trusts_other(mut self) -> Self {
        self.trusts_other = true;
        self
    }

    /// Runs `imagelock` with arguments, which are divided by spaces.
    pub(crate) fn runs(mut self, arguments: &str) -> Self {
        self.steps.push(Step::Run(Run {
            arguments: arguments.to_owned(),
            stdin: Vec::new(),
            exit: 0,
            checks: Vec::new(),
        }));
        self
    }

    /// Nothing but `lock` is run, where nothing was said.
    pub(crate) fn whole(mut self) -> Self {
        self.run();
        self
    }

    fn run(&mut self) -> &mut Run {
        if !self.steps.iter().any(|step| matches!(step, Step::Run(_))) {
            let run = Run { arguments: "lock".to_owned(), stdin: Vec::new(), exit: 0, checks: Vec::new() };
            self.steps.push(Step::Run(run));
        }
        let runs = self.steps.iter_mut().rev().filter_map(|step| match step {
            Step::Run(run) => Some(run),
            Step::Do(_) => None,
        });
        runs.into_iter().next().expect("there is a run by now")
    }

    fn check(mut self, check: Check) -> Self {
        self.run().checks.push(check);
        self
    }

    /// The last run reads this.
    pub(crate) fn reads(mut self, stdin: impl AsRef<[u8]>) -> Self {
        self.run().stdin = stdin.as_ref().to_vec();
        self
    }

    /// The last run ends with this exit code.
    pub(crate) fn exits(mut self, code: i32) -> Self {
        self.run().exit = code;
        self
    }

    /// The last run says this to people, however it is wrapped.
    pub(crate) fn says(self, text: &str) -> Self {
        self.check(Check::Says(text.to_owned()))
    }

    /// The last run says this nowhere to people.
    pub(crate) fn never_says(self, text: &str) -> Self {
        self.check(Check::NeverSays(text.to_owned()))
    }

    /// The last run has this in its result.
    pub(crate) fn prints(self, text: &str) -> Self {
        self.check(Check::Prints(text.to_owned()))
    }

    /// The last run has this nowhere in its result.
    pub(crate) fn never_prints(self, text: &str) -> Self {
        self.check(Check::NeverPrints(text.to_owned()))
    }

    /// The JSON of the last run has this value at a pointer such as `/changes/0/name`.
    pub(crate) fn json(self, pointer: &str, value: impl Into<Value>) -> Self {
        self.check(Check::Json(pointer.to_owned(), value.into()))
    }

    /// `images.lock` has this value at a pointer such as `/images/app/tag`, after the last run.
    pub(crate) fn lock_has(self, pointer: &str, value: impl Into<Value>) -> Self {
        self.check(Check::LockHas(pointer.to_owned(), value.into()))
    }

    /// `images.lock` has nothing at a pointer, after the last run. A platform's `/` is `~1`.
    pub(crate) fn lock_lacks(self, pointer: &str) -> Self {
        self.check(Check::LockLacks(pointer.to_owned()))
    }

    /// `images.lock` has exactly these platforms of `app`, after the last run.
    pub(crate) fn locks_platforms<const N: usize>(self, platforms: [&'static str; N]) -> Self {
        self.more(move |_, ran| {
            let found: Vec<&str> = ran.lock["images"]["app"]["platforms"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| &**key)
                .collect();
            assert_eq!(found, platforms, "the platforms of `app`");
        })
    }

    /// A file of the repository holds a text, after the last run.
    pub(crate) fn file_has(self, path: &str, text: &str) -> Self {
        self.check(Check::File(path.to_owned(), text.to_owned()))
    }

    /// A file of the repository is not there, after the last run.
    pub(crate) fn no_file(self, path: &str) -> Self {
        self.check(Check::NoFile(path.to_owned()))
    }

    /// The last run sent that many requests of a method (`*` is any) whose path starts with a text.
    pub(crate) fn asks(self, method: &str, path: &str, count: usize) -> Self {
        self.check(Check::Asks(method.to_owned(), path.to_owned(), count))
    }

    /// The last run sent that many requests to the other registry.
    pub(crate) fn asks_other(self, count: usize) -> Self {
        self.check(Check::AsksOther(count))
    }

    /// The last run sent that many requests to the registry.
    pub(crate) fn requests(self, count: usize) -> Self {
        self.check(Check::Requests(count))
    }

    /// Whatever no other word says about the last run; it panics where it does not hold.
    pub(crate) fn more(self, check: impl FnOnce(&Stage, &Ran) + Send + 'static) -> Self {
        self.check(Check::More(Box::new(check)))
    }
}

fn encoded_login(user: &str, password: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
}
