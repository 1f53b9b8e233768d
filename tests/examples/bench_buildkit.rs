//! What a policy costs a build, by the number of images in it: `cargo xtask bench buildkit` runs this.
//!
//! Each build has one image, which BuildKit has pulled before, so what differs is the policy alone. The build without a
//! policy, in the same rounds, is what the others are compared with.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark stops where it cannot go on")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::Digest;
use imagelock_tests::{BuildKit, Monorepo, RealRegistry, image_that_says, need};
use serde_json::Value;

const SIZES: [usize; 4] = [10, 100, 1000, 10_000];
const ROUNDS: usize = 5;

fn main() {
    let imagelock = Utf8PathBuf::from(std::env::args().nth(1).expect("the program to time is the first argument"));
    let programs = need!("buildkitd", "buildctl", "runc");
    let (buildctl, buildx, jq) = (programs.1.clone(), need!("buildx"), need!("jq"));
    let registry = RealRegistry::new(&need!("docker-registry")).start();
    image_that_says("bench").push_to(&registry.url(), "acme/image0", "1", None).unwrap();
    let kit = BuildKit::start(&programs, registry.host());
    let mut rendering = "| images | `jq empty images.lock` | Earthfile | | JSON policy | | Rego policy | |\n|---|---|---|---|---|---|---|---|\n".to_owned();
    let mut building = "| images | `buildctl` without | with the JSON policy | | `buildx` without | with JSON | with Rego | |\n|---|---|---|---|---|---|---|---|\n".to_owned();
    for images in SIZES {
        let repo = project(&imagelock, registry.host(), images);
        let read = median(|| repo.command(&jq).args(["empty", "images.lock"]).spawned());
        let _ = write!(rendering, "| {images} | {:.2} s |", read.as_secs_f64());
        for (table, file) in [
            ("[[earthly]]\noutput = \"images/Earthfile\"\n", "images/Earthfile"),
            ("[[buildkit]]\noutput = \"policy.json\"\n", "policy.json"),
            ("[[buildkit]]\nrego = \"app/images.rego\"\n", "app/images.rego"),
        ] {
            let toml = repo.read("images.toml");
            let (declared, _) = toml.split_once("[[").unwrap_or((&toml, ""));
            repo.write("images.toml", format!("{declared}{table}"));
            // A file that is there is compared and not written: each run starts without it.
            let took = median(|| {
                drop(std::fs::remove_file(repo.path(file)));
                repo.command(&imagelock).args(["render", "--quiet"]).spawned()
            });
            let bytes = std::fs::metadata(repo.path(file)).unwrap().len();
            let _ = write!(rendering, " {:.2} s | {bytes} bytes |", took.as_secs_f64());
        }
        rendering.push('\n');
        let _ = writeln!(building, "| {images} {}", builds(&repo, &kit, &buildctl, &buildx, registry.host()));
    }
    let mut out = std::io::stdout();
    writeln!(out, "Generating, beside reading the lock:\n\n{rendering}\nBuilding from one image:\n\n{building}")
        .unwrap();
}

/// A repository whose lock has one image that the registry has, and others like it.
fn project(imagelock: &Utf8Path, host: &str, images: usize) -> Monorepo {
    let repo =
        Monorepo::builder().file("images.toml", format!("[images]\nimage0 = \"{host}/acme/image0:1\"\n")).build();
    repo.command(imagelock).args(["lock", "--quiet"]).spawned();
    let mut lock: Value = serde_json::from_str(&repo.read("images.lock")).unwrap();
    let first = lock["images"]["image0"].clone();
    let mut toml = "[images]\n".to_owned();
    for number in 0..images {
        let _ = writeln!(toml, "image{number} = \"{host}/acme/image{number}:1\"");
        if number > 0 {
            let mut image = first.clone();
            image["repository"] = format!("acme/image{number}").into();
            image["request"]["repository"] = format!("{host}/acme/image{number}").into();
            image["digest"] = Digest::sha256(number.to_string().as_bytes()).to_string().into();
            lock["images"][format!("image{number}")] = image;
        }
    }
    repo.write("images.toml", toml);
    repo.write("images.lock", serde_json::to_string_pretty(&lock).unwrap() + "\n");
    repo
}

fn builds(repo: &Monorepo, kit: &BuildKit, buildctl: &Utf8Path, buildx: &Utf8Path, host: &str) -> String {
    repo.write("app/Dockerfile", format!("FROM {host}/acme/image0:1\n"));
    repo.command(buildx).args(["create", "--use", "--driver", "remote", kit.address()]).spawned();
    let control = |policy: &[&str]| {
        let mut command = repo.command(buildctl);
        command.args(["--addr", kit.address(), "build", "--frontend", "dockerfile.v0"]);
        command.args(["--local", "context=app", "--local", "dockerfile=app"]).args(policy).spawned()
    };
    let buildx = |variable: &str, policy: &[&str]| {
        let mut command = repo.command(buildx);
        command.env("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", variable);
        command.args(["build"]).args(policy).args(["app"]).spawned()
    };
    let mut times: [Vec<Duration>; 5] = Default::default();
    control(&[]);
    for _ in 0..ROUNDS {
        times[0].push(control(&[]));
        times[1].push(control(&["--source-policy-file", "policy.json"]));
        times[2].push(buildx("", &[]));
        times[3].push(buildx("policy.json", &[]));
        times[4].push(buildx("", &["--policy", "filename=images.rego"]));
    }
    let [plain, json, x_plain, x_json, x_rego] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    });
    format!(
        "| {plain:.2} s | {json:.2} s | +{:.2} s | {x_plain:.2} s | {x_json:.2} s | {x_rego:.2} s | +{:.2} s |",
        json - plain,
        x_rego - x_plain
    )
}

fn median(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| run()).collect();
    times.sort();
    times[times.len() / 2]
}

trait Timed {
    /// Runs the command to its end, which has to be a good one, and says how long it took.
    fn spawned(&mut self) -> Duration;
}

impl Timed for Command {
    fn spawned(&mut self) -> Duration {
        let start = Instant::now();
        let output = self.stdin(Stdio::null()).output().expect("the program starts");
        let took = start.elapsed();
        assert!(output.status.success(), "{self:?}: {}", String::from_utf8_lossy(&output.stderr));
        took
    }
}
