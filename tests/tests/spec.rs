//! The specification of `images.lock`: its corpus, as readers in other languages than Rust read it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_tests::{Monorepo, need};
use serde_json::{Value, json};

fn repository() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize_utf8().unwrap()
}

fn corpus() -> Utf8PathBuf {
    repository().join("docs/spec/corpus")
}

fn reader(name: &str) -> Utf8PathBuf {
    repository().join("docs/spec/readers").join(name)
}

fn listed(name: &str) -> BTreeMap<String, Value> {
    serde_json::from_str(&std::fs::read_to_string(corpus().join(name)).unwrap()).unwrap()
}

/// The invalid locks that every reader refuses.
fn refused_by_every_reader() -> Vec<String> {
    listed("reasons.json").into_iter().filter(|(_, reason)| reason["every"] == true).map(|(name, _)| name).collect()
}

/// The questions about a valid lock, and the answers.
fn asked(expected: &Value) -> (Value, Value) {
    let all = expected["answers"].as_array().unwrap();
    let column = |key: &str| json!(all.iter().map(|asked| &asked[key]).collect::<Vec<_>>());
    (column("question"), column("answer"))
}

fn run(mut command: Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A reader that refuses its lock does not read the questions.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

/// Holds a reader against the corpus. `command` makes the command for a lock and the questions, which it may also read.
fn holds(command: impl Fn(&Utf8Path, &str) -> Command) {
    for (name, expected) in listed("answers.json") {
        let (questions, answers) = asked(&expected);
        let lock = corpus().join("valid").join(format!("{name}.lock"));
        let read = run(command(&lock, &questions.to_string()), &questions.to_string());
        assert!(read.status.success(), "{name} is refused: {}", String::from_utf8_lossy(&read.stderr));
        assert_eq!(serde_json::from_slice::<Value>(&read.stdout).unwrap(), answers, "{name}");
    }
    for name in refused_by_every_reader() {
        let lock = corpus().join("invalid").join(format!("{name}.lock"));
        let read = run(command(&lock, "[]"), "[]");
        let said = String::from_utf8_lossy(&read.stderr);
        assert!(!read.status.success() && !said.is_empty(), "{name} is taken");
        for crash in ["Traceback", "panic", "TypeError", "    at "] {
            assert!(!said.contains(crash), "{name} breaks the reader: {said}");
        }
    }
}

#[test]
fn the_reader_in_python_reads_the_corpus() {
    let python = need!("python3");
    holds(|lock, _| {
        let mut command = Command::new(&python);
        command.arg(reader("images_lock.py")).arg(lock);
        command
    });
}

#[test]
fn the_reader_in_javascript_reads_the_corpus() {
    let node = need!("node");
    holds(|lock, _| {
        let mut command = Command::new(&node);
        command.arg(reader("images_lock.mjs")).arg(lock);
        command
    });
}

#[test]
fn the_reader_in_go_reads_the_corpus() {
    let go = need!("go");
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("images_lock");
    let built = Command::new(&go).arg("build").arg("-o").arg(&program).arg(reader("images_lock.go")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    holds(|lock, _| {
        let mut command = Command::new(&program);
        command.arg(lock);
        command
    });
}

#[test]
fn the_reader_in_jq_reads_the_corpus() {
    let jq = need!("jq");
    holds(|lock, questions| {
        let mut command = Command::new(&jq);
        command.args(["--compact-output", "--slurp", "--argjson", "questions", questions, "--from-file"]);
        command.arg(reader("images_lock.jq")).arg(lock);
        command
    });
}

#[test]
fn the_readers_are_short() {
    for entry in std::fs::read_dir(reader("")).unwrap() {
        let path = entry.unwrap().path();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 100, "{} has {lines} lines", path.display());
    }
}

/// A text as HCL writes it.
fn hcl(text: &str) -> String {
    json!(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

/// What the module's outputs answer, as an expression.
fn expression(question: &Value) -> String {
    const PINNED: &str = "[for digest in concat([image.digest], values(image.platforms)) : \
         \"${image.registry}/${image.repository}@${digest}\" if image.registry != null]";
    let word = |at: usize| question[at].as_str().map(hcl);
    let (what, platform) = (word(1).unwrap(), word(2));
    let image = format!("output.images[{what}]");
    match (question[0].as_str().unwrap(), platform) {
        ("reference", None) => format!("try(output.refs[{what}], null)"),
        ("tagged", None) => format!("try(output.tagged[{what}], null)"),
        ("digest", None) => format!("try({image}.digest, null)"),
        ("digest", Some(platform)) => format!("try({image}.platforms[{platform}], null)"),
        ("reference", Some(platform)) => {
            format!("try(\"${{{image}.registry}}/${{{image}.repository}}@${{{image}.platforms[{platform}]}}\", null)")
        }
        ("tagged", Some(platform)) => {
            format!("try(replace(output.tagged[{what}], \"/@.*/\", \"@${{{image}.platforms[{platform}]}}\"), null)")
        }
        ("locked", _) => format!("contains(flatten([for image in output.images : {PINNED}]), {what})"),
        (_, _) => format!("[for name, image in output.images : name if contains({PINNED}, {what})]"),
    }
}

/// A test of the module for every lock of the corpus.
fn module_tests() -> String {
    let mut runs = String::new();
    let mut run = |name: &str, folder: &str, rest: &str| {
        let lock = hcl(corpus().join(folder).join(format!("{name}.lock")).as_str());
        let name = format!("{folder}_{}", name.replace('-', "_"));
        writeln!(
            runs,
            "run \"{name}\" {{\n  command = plan\n  variables {{\n    lock_file = {lock}\n  }}\n{rest}\n}}\n"
        )
        .unwrap();
    };
    for (name, expected) in listed("answers.json") {
        let (questions, answers) = asked(&expected);
        let given: Vec<String> = questions.as_array().unwrap().iter().map(expression).collect();
        let rest = format!(
            "  assert {{\n    condition = jsonencode([{0}]) == jsonencode(jsondecode({1}))\n    \
             error_message = jsonencode([{0}])\n  }}",
            given.join(", "),
            hcl(&answers.to_string())
        );
        run(&name, "valid", &rest);
    }
    for name in refused_by_every_reader() {
        let text = std::fs::read_to_string(corpus().join("invalid").join(format!("{name}.lock"))).unwrap();
        let is_json = serde_json::from_str::<Value>(&text).is_ok();
        let failing = if is_json { "output.refs, output.tagged, output.images" } else { "var.lock_file" };
        run(&name, "invalid", &format!("  expect_failures = [{failing}]"));
    }
    runs
}

#[test]
fn the_module_in_hcl_reads_the_corpus() {
    let tofu = need!("tofu");
    let repo = Monorepo::builder().build();
    let module = repository().join("integrations/terraform/module");
    for file in std::fs::read_dir(&module).unwrap() {
        let path = Utf8PathBuf::from_path_buf(file.unwrap().path()).unwrap();
        if path.extension() == Some("tf") {
            repo.write(format!("module/{}", path.file_name().unwrap()), std::fs::read_to_string(path).unwrap());
        }
    }
    repo.write("module/tests/corpus.tftest.hcl", module_tests());
    repo.run(&tofu, ["-chdir=module", "init", "-no-color", "-backend=false"]).success();
    let tested = repo.run(&tofu, ["-chdir=module", "test", "-no-color"]).success();
    assert!(tested.stdout.contains(" 0 failed"), "{}", tested.stdout);
}
