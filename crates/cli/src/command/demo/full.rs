//! Every adapter, on the sample monorepo.

use imagelock_testkit::Registry;

use super::{Stage, agree, sample, second_static};
use crate::failure::Failure;
use crate::host::{Global, Host};
use crate::session::Session;

pub(super) fn play(stage: &Stage<'_>, registry: &Registry) -> Result<(), Failure> {
    sample::write(stage.directory, registry.host())?;

    stage.say("A monorepo says once, in images.toml, which images it wants:");
    stage.show("images.toml")?;
    stage.say("`lock` asks their registry what that means today, and writes it down:");
    stage.run(&["lock"])?;
    stage.run(&["list"])?;
    stage.excerpt()?;

    stage.say("A tag moves under everybody. The lock does not:");
    registry.push("acme/static:latest", &second_static());
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
    agree::ask(&stage.host.shell, stage.directory, &stage.lock()?)?;

    stage.say("In CI, two commands prove that nothing drifts, without a network:");
    stage.run(&["lock", "--locked"])?;
    stage.run(&["render", "--check"])
}

impl Stage<'_> {
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
}
