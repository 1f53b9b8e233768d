//! A real BuildKit daemon: run by root in a state folder of its own, listening on a Unix socket.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use imagelock_testkit::{Image, Layer};
use tempfile::TempDir;

use crate::{Monorepo, Output};

/// The folder in a repository into which builds are written.
pub const BUILT: &str = "built";

/// A running daemon, stopped when it is dropped. When a test fails, it prints the daemon's log.
pub struct BuildKit {
    process: Child,
    client: Utf8PathBuf,
    log: Arc<Mutex<String>>,
    address: String,
    _folder: TempDir,
}

impl BuildKit {
    /// Starts the daemon, which asks the registry at `host`, over plain HTTP, for its images and for those of
    /// `docker.io`; no other host is reached. `programs` are `buildkitd`, `buildctl` and `runc`.
    ///
    /// # Panics
    ///
    /// When the daemon ends instead of listening, with its log: a sandbox without the right to mount shows as that.
    pub fn start(programs: &(Utf8PathBuf, Utf8PathBuf, Utf8PathBuf), host: &str) -> Self {
        let (daemon, client, runc) = programs;
        let folder = TempDir::new().expect("a temporary folder can be made");
        let path = Utf8Path::from_path(folder.path()).expect("the temporary folder's name is UTF-8");
        let address = format!("unix://{}", path.join("buildkitd.sock"));
        fs::write(path.join("buildkitd.toml"), settings(path, &address, runc, host)).expect("settings can be written");
        let mut process = Command::new(daemon)
            .args(["--config", "buildkitd.toml"])
            .current_dir(path)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("TMPDIR", path)
            // Nobody listens there: a build that wants another host than the loopback one fails at once.
            .envs(["HTTP_PROXY", "HTTPS_PROXY"].map(|name| (name, "http://127.0.0.1:1")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{daemon}`: {error}"));
        let log = Arc::new(Mutex::new(String::new()));
        let (ready, listens) = mpsc::channel();
        let messages = BufReader::new(process.stderr.take().expect("standard error is piped"));
        thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in messages.lines().map_while(Result::ok) {
                    let listening = line.contains("running server on");
                    // Writing to a string cannot fail.
                    let _ = writeln!(log.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
                    if listening {
                        // Nobody waits for a second message.
                        let _ = ready.send(());
                    }
                }
            }
        });
        if listens.recv().is_err() {
            drop(process.wait());
            let log = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
            panic!("`{daemon}` does not start; it needs root and the right to mount:\n{log}");
        }
        Self { process, client: client.clone(), log, address, _folder: folder }
    }

    /// Where it listens, as clients write it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Builds `folder/Dockerfile` of the repository with `buildctl`, with these arguments more, into [`BUILT`].
    #[must_use = "a build whose outcome nobody looks at tests nothing"]
    pub fn build(&self, repo: &Monorepo, folder: &str, arguments: &[&str]) -> Output {
        // Another build's files are not this one's.
        match fs::remove_dir_all(repo.path(BUILT)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
        let (context, dockerfile) = (format!("context={folder}"), format!("dockerfile={folder}"));
        let output = format!("type=local,dest={BUILT}");
        let mut all = vec!["--addr", &self.address, "build", "--frontend", "dockerfile.v0", "--progress", "plain"];
        all.extend(["--local", &context, "--local", &dockerfile, "--output", &output]);
        all.extend(arguments);
        repo.run(&self.client, all)
    }
}

impl Drop for BuildKit {
    fn drop(&mut self) {
        // Killed, it would leave what it has mounted; `kill` is a command of every shell.
        let end = format!("kill -TERM {}", self.process.id());
        drop(Command::new("/bin/sh").args(["-c", &end]).status());
        drop(self.process.wait());
        if thread::panicking() {
            let log = self.log();
            drop(std::io::Write::write_all(&mut std::io::stderr(), format!("buildkitd's log:\n{log}").as_bytes()));
        }
    }
}

fn settings(folder: &Utf8Path, address: &str, runc: &Utf8Path, host: &str) -> String {
    format!(
        "root = '{folder}/state'
[grpc]
address = ['{address}']
[otel]
socketPath = '{folder}/otel.sock'
[cdi]
disabled = true
[worker.containerd]
enabled = false
[worker.oci]
enabled = true
binary = '{runc}'
gc = false
networkMode = 'host'
[registry.'docker.io']
mirrors = ['{host}']
[registry.'{host}']
http = true
"
    )
}

/// An image for `linux/amd64` whose file `/which` says `which`.
pub fn image_that_says(which: &str) -> Image {
    Image::linux(["amd64"]).layer(Layer::files([("which", which)]))
}

/// A layer with a static program and links to it: `programs` are `(path, content)`, `links` are `(path, to)`.
pub fn executables(programs: &[(&str, &[u8])], links: &[(&str, &str)]) -> Layer {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in programs {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o755);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, *content).expect("a program fits into an archive");
    }
    for (path, to) in links {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        archive.append_link(&mut header, path, to).expect("a link fits into an archive");
    }
    Layer::bytes("application/vnd.oci.image.layer.v1.tar", archive.into_inner().expect("memory can be written"))
}

/// A layer with a shell: what `RUN` needs. `busybox` is the tool of that name.
pub fn shell(busybox: &Utf8Path) -> Layer {
    let starter = busybox.canonicalize_utf8().expect("the tool is there");
    // The installed tool is a script beside the unpacked package.
    let program = starter.ancestors().nth(2).expect("the tool lies in a folder").join("root/bin/busybox");
    let program = fs::read(program).expect("the package has the program");
    executables(&[("bin/busybox", &program)], &[("bin/sh", "busybox"), ("bin/cat", "busybox"), ("bin/cp", "busybox")])
}
