//! A real registry on a free port of the loopback interface, with its requests counted.
//!
//! Both generations of the distribution registry read the same settings, so one type starts either.

mod log;
mod settings;

use std::{
    io::BufReader,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use self::log::Log;
pub use self::{
    log::Request,
    settings::{PASSWORD, USER},
};

/// The programs of both generations of the distribution registry: what is tried at one is tried at the other.
pub const GENERATIONS: [&str; 2] = ["docker-registry", "registry3"];

/// A running registry, stopped when it is dropped.
pub struct RealRegistry {
    process: Child,
    host: String,
    certificate: Option<String>,
    log: Arc<Log>,
    probes: AtomicUsize,
    folder: TempDir,
}

/// Collects how a [`RealRegistry`] is to run.
pub struct RealRegistryBuilder {
    program: Utf8PathBuf,
    basic_auth: bool,
    tls: bool,
    small_files: bool,
}

impl RealRegistryBuilder {
    /// Asks every client for the name [`USER`] and the password [`PASSWORD`].
    #[must_use]
    pub fn basic_auth(mut self) -> Self {
        self.basic_auth = true;
        self
    }

    /// Speaks TLS with a certificate of an authority made for this registry alone.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Keeps what is pushed in memory, where there is a folder for that: for thousands of small files.
    #[must_use]
    pub fn small_files(mut self) -> Self {
        self.small_files = true;
        self
    }

    /// Starts the registry and returns when it listens.
    ///
    /// # Panics
    ///
    /// When it ends instead, with what it printed.
    pub fn start(self) -> RealRegistry {
        // Taking thousands of files away again takes minutes on a busy disk.
        let memory = std::path::Path::new("/dev/shm");
        let folder = if self.small_files && memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let folder = folder.expect("a temporary folder can be made");
        let path = Utf8Path::from_path(folder.path()).expect("the temporary folder's name is UTF-8");
        let certificate = settings::write(path, self.basic_auth, self.tls);
        let mut process = Command::new(&self.program)
            .args(["serve", settings::FILE])
            .current_dir(path)
            .env_clear()
            // The newer generation reports traces to a collector unless it is told that there is none.
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{}`: {error}", self.program));
        let log = Arc::new(Log::default());
        let requests = process.stdout.take().expect("standard output is piped");
        thread::spawn({
            let log = Arc::clone(&log);
            move || log.follow(BufReader::new(requests))
        });
        let messages = BufReader::new(process.stderr.take().expect("standard error is piped"));
        let port = match listening(messages) {
            Ok(port) => port,
            Err(printed) => {
                drop(process.kill());
                drop(process.wait());
                panic!("`{}` does not start:\n{printed}", self.program);
            }
        };
        let host = format!("127.0.0.1:{port}");
        RealRegistry { process, host, certificate, log, probes: AtomicUsize::new(0), folder }
    }
}

impl RealRegistry {
    /// A registry of this program, either generation, that asks for no password and speaks plain HTTP.
    #[expect(clippy::new_ret_no_self, reason = "a registry exists when it runs, and it runs when it is configured")]
    pub fn new(program: &Utf8Path) -> RealRegistryBuilder {
        RealRegistryBuilder { program: program.to_owned(), basic_auth: false, tls: false, small_files: false }
    }

    /// Gives what a tag points at more tags, in the registry's own store: through its door, thousands of them take minutes.
    ///
    /// # Panics
    ///
    /// When there is no such tag.
    pub fn copy_tag(&self, repository: &str, tag: &str, more: impl IntoIterator<Item = String>) {
        let store = self.folder.path().join(settings::STORE).join("docker/registry/v2/repositories");
        let tags = store.join(repository).join("_manifests/tags");
        let link = tags.join(tag).join("current/link");
        for name in more {
            let folder = tags.join(&name).join("current");
            std::fs::create_dir_all(&folder).expect("the store can be written");
            drop(std::fs::hard_link(&link, folder.join("link")));
        }
    }

    /// Its host and port, as they stand in a reference.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its address.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }

    /// The certificate of its authority, in PEM, when it speaks TLS.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Every request that it has answered, in order.
    ///
    /// A request is written to the log just after its answer has left, so a request made here, whose entry is waited
    /// for and left out, comes last.
    ///
    /// # Panics
    ///
    /// When the registry has ended.
    pub fn requests(&self) -> Vec<Request> {
        let mark = format!("/v2/?probe={}", self.probes.fetch_add(1, Ordering::Relaxed));
        self.get(&mark);
        self.log.until(&mark)
    }

    /// How many requests with this method have a path that contains `part`.
    pub fn count(&self, method: &str, part: &str) -> usize {
        let matches = |request: &&Request| request.method == method && request.path.contains(part);
        self.requests().iter().filter(matches).count()
    }

    /// Asks for a path without credentials and returns the status of the answer.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub fn get(&self, path: &str) -> u16 {
        let mut client = reqwest::Client::builder().no_proxy();
        if let Some(certificate) = &self.certificate {
            let authority = reqwest::Certificate::from_pem(certificate.as_bytes()).expect("the certificate is PEM");
            client = client.tls_certs_only([authority]);
        }
        let client = client.build().expect("a client can be made");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let answer = runtime.block_on(client.get(format!("{}{path}", self.url())).send());
        answer.expect("the registry answers").status().as_u16()
    }
}

impl Drop for RealRegistry {
    fn drop(&mut self) {
        // One that has ended by itself needs no killing.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Waits for the message that names the port, and keeps reading afterwards so that the registry never blocks on a
/// full pipe. Returns what was printed when it ends first.
fn listening(messages: impl std::io::BufRead + Send + 'static) -> Result<u16, String> {
    let (found, port) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut printed = String::new();
        for line in messages.lines().map_while(Result::ok) {
            if let Some(port) = log::port(&line) {
                // Nobody waits for a second message.
                let _ = found.send(port);
            }
            printed.push_str(&line);
            printed.push('\n');
        }
        printed
    });
    port.recv().map_err(|_| reader.join().unwrap_or_default())
}
