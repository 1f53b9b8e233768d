//! `demo`

mod agree;
mod sample;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use imagelock_core::Lockfile;
use imagelock_testkit::{Image, Registry};

use crate::failure::Failure;
use crate::host::{Global, Host};
use crate::session::Session;

/// Show the main job on a sample monorepo, with a registry of its own
///
/// Needs no network: the registry runs in this process, and nothing outside the sample is written.
#[derive(Args, Debug)]
pub struct Demo {
    /// Where to build the sample; a temporary directory otherwise, gone at the end
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    dir: Option<Utf8PathBuf>,
}

impl Demo {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let registry = Registry::start()?;
        let (_temporary, directory) = self.directory()?;
        fill(&registry);
        sample::write(&directory, registry.host())?;
        let stage = Stage::new(host, &directory);

        stage.say("A monorepo says once, in images.toml, which images it wants:");
        stage.show("images.toml")?;
        stage.say("`lock` asks their registry what that means today, and writes it down:");
        stage.run(&["lock"])?;
        stage.run(&["list"])?;
        stage.excerpt()?;

        stage.say("A tag moves under everybody. The lock does not:");
        registry.push("acme/static:latest", &image("static-2", "1.24.4", "2026-11-23T06:00:00Z"));
        stage.run(&["lock"])?;
        stage.say("until somebody asks for it:");
        stage.run(&["update"])?;
        stage.run(&["why", "static"])?;

        stage.say("What was locked reaches every tool that builds and deploys:");
        stage.run(&["render"])?;
        stage.show("deploy/chart/values.images.yaml")?;
        stage.say("An Earthfile imports its images, from a file with one target for each:");
        stage.show("services/jobs/Earthfile")?;
        stage.part("images/Earthfile", "# static", 3)?;
        stage.say("A Dockerfile stays as it is. The policy pins what it names, and denies what nobody locked:");
        stage.show("services/web/Dockerfile")?;
        stage.part("services/web/Dockerfile.rego", "tags := {", 5)?;
        stage.picture()?;
        stage.say("The real tools, where they are installed, say which images they would use:");
        agree::ask(&host.shell, &directory, &stage.lock()?)?;

        stage.say("In CI, two commands prove that nothing drifts, without a network:");
        stage.run(&["lock", "--locked"])?;
        stage.run(&["render", "--check"])?;
        stage.end(self.dir.as_deref());
        Ok(())
    }

    /// The sample's directory, and what removes it at the end if nobody asked to keep it.
    fn directory(&self) -> Result<(Option<tempfile::TempDir>, Utf8PathBuf), Failure> {
        if let Some(directory) = &self.dir {
            fs_err::create_dir_all(directory)?;
            let taken = directory.read_dir_utf8()?.next().is_some();
            if taken {
                return Err(Failure::input(format!("`{directory}` is not empty")));
            }
            return Ok((None, directory.canonicalize_utf8()?));
        }
        let temporary = tempfile::Builder::new().prefix("imagelock-demo-").tempdir()?;
        let path = Utf8PathBuf::from_path_buf(temporary.path().canonicalize()?);
        let path = path.map_err(|_| Failure::input("the temporary directory's path is not UTF-8"))?;
        Ok((Some(temporary), path))
    }
}

fn image(seed: &str, version: &str, created: &str) -> Image {
    let repository = seed.split('-').next().unwrap_or(seed);
    Image::linux(["amd64", "arm64"])
        .seed(seed)
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.source", &format!("https://example.com/acme/{repository}"))
}

/// What the sample's registry has.
fn fill(registry: &Registry) {
    registry.push("acme/static:latest", &image("static-1", "1.24.3", "2026-11-20T06:00:00Z"));
    for (tag, version, created) in [
        ("16.8-alpine", "16.8", "2026-08-14T09:00:00Z"),
        ("16.9-alpine", "16.9", "2026-11-12T08:31:02Z"),
        ("16.9", "16.9", "2026-11-12T08:20:00Z"),
        ("17.1-alpine", "17.1", "2026-11-13T10:00:00Z"),
    ] {
        registry.push(&format!("acme/postgres:{tag}"), &image(&format!("postgres-{tag}"), version, created));
    }
    registry.push("acme/redis:8", &image("redis-8", "8.4.0", "2026-10-30T12:00:00Z"));
}

/// Runs commands in the sample and shows them as if they had been typed.
struct Stage<'a> {
    host: &'a Host,
    directory: &'a Utf8Path,
}

impl<'a> Stage<'a> {
    fn new(host: &'a Host, directory: &'a Utf8Path) -> Self {
        Self { host, directory }
    }

    fn say(&self, text: &str) {
        self.host.shell.result(&format!("\n{text}\n"));
    }

    fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.host.shell.result(&format!("\n$ {} {}\n", self.host.command, arguments.join(" ")));
        let program = crate::program(arguments).map_err(|error| Failure::input(error.to_string()))?;
        let global = Global { no_cache: true, color: self.host.global.color, ..Global::default() };
        let host = Host::new(global).directory(self.directory).command(self.host.command.clone());
        program.attempt(&host)
    }

    fn show(&self, path: &str) -> Result<(), Failure> {
        let text = fs_err::read_to_string(self.directory.join(path))?;
        let indented: Vec<String> = text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
        self.host.shell.result(&format!("\n{}\n", indented.join("\n")));
        Ok(())
    }

    /// Some lines of a file, from the first that starts so.
    fn part(&self, path: &str, start: &str, lines: usize) -> Result<(), Failure> {
        let text = fs_err::read_to_string(self.directory.join(path))?;
        let part = text.lines().skip_while(|line| !line.starts_with(start)).take(lines);
        let part: Vec<String> = part.map(|line| format!("    {}", line.replace('\t', "    "))).collect();
        self.host.shell.result(&format!("\n  {path}:\n\n{}\n", part.join("\n")));
        Ok(())
    }

    /// One image as it stands in the lock.
    fn excerpt(&self) -> Result<(), Failure> {
        let text = fs_err::read_to_string(self.directory.join("images.lock"))?;
        let lines = text.lines().skip_while(|line| !line.starts_with("    \"redis\""));
        let image: Vec<&str> = lines.take_while(|line| !line.starts_with("    \"static\"")).collect();
        self.host.shell.result(&format!("\nOne image in images.lock:\n\n{}\n", image.join("\n")));
        Ok(())
    }

    /// Which tool reads which pin.
    fn picture(&self) -> Result<(), Failure> {
        let host = Host::new(Global::default()).directory(self.directory);
        let session = Session::open(&host)?;
        let lock = self.lock()?;
        let users = crate::users::Users::of(&session, &lock)?;
        let mut text = String::from("\n  images.toml -> images.lock\n");
        for (name, image) in &lock.images {
            let tag = image.tag.as_ref().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("    {name:10} {tag:14} {}\n", image.digest.short()));
            let mut adapters: Vec<&str> = users.users(name).iter().map(|user| user.adapter).collect();
            adapters.dedup();
            text.push_str(&format!("    {:10} `-> bazel, terraform, {}\n", "", adapters.join(", ")));
        }
        self.host.shell.result(&text);
        Ok(())
    }

    fn lock(&self) -> Result<Lockfile, Failure> {
        Session::open(&Host::new(Global::default()).directory(self.directory))?.lockfile()
    }

    fn end(&self, kept: Option<&Utf8Path>) {
        let command = &self.host.command;
        let kept = kept.map(|directory| format!("  The sample is in {directory}.\n")).unwrap_or_default();
        self.host.shell.result(&format!(
            "\nNext, in a repository of yours:\n\
             \x20 {command} add docker.io/library/redis:8     start images.toml and images.lock\n\
             \x20 {command} update                            see what moved since\n\
             \x20 {command} lock --locked                     in CI\n{kept}"
        ));
    }
}
