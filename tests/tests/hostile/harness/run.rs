//! Runs cases in parallel, and tells every one that comes out otherwise.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use imagelock_core::text::steers;
use imagelock_testkit::Entry;
use walk::files_under;

use super::case::{Case, Check, Run, Step};
use super::stage::{Ran, Stage};

/// Runs the cases, and fails with all that came out otherwise than told.
pub(crate) fn run_all(cases: Vec<Case>) {
    let wanted = std::env::var("IMAGELOCK_CASE").unwrap_or_default();
    let cases: Vec<Case> = cases.into_iter().filter(|case| case.name.contains(&wanted)).collect();
    let count = cases.len();
    let queue = Mutex::new(cases.into_iter());
    let failures = Mutex::new(Vec::new());
    // A case mostly waits: for its registry, for its process, between attempts.
    let workers = 4 * thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(case) = queue.lock().expect("no worker panics").next() else { return };
                    let name = case.name;
                    let failed = match catch_unwind(AssertUnwindSafe(|| play(case))) {
                        Ok(problems) => problems,
                        Err(panic) => vec![text_of(panic.as_ref())],
                    };
                    if !failed.is_empty() {
                        let told = format!("--- {name}\n{}\n", failed.join("\n"));
                        failures.lock().expect("no worker panics").push(told);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no worker panics");
    assert!(failures.is_empty(), "{} of {count} cases came out otherwise:\n{}", failures.len(), failures.join("\n"));
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

/// Plays a case up to the first run that comes out otherwise; returns what is wrong with it.
fn play(mut case: Case) -> Vec<String> {
    if !case.steps.iter().any(|step| matches!(step, Step::Run(_))) {
        case = case.whole();
    }
    let mut stage = Stage::new(case.registry, case.other);
    stage.set(&case.files, &case.environment);
    let secrets: Vec<String> = case.secrets.iter().map(|secret| stage.text(secret)).collect();
    let trust = Trust { secrets, second: case.trusts_second, other: case.trusts_other };
    let given = files_under(&stage);
    for step in case.steps {
        match step {
            Step::Do(change) => change(&stage),
            Step::Run(run) => {
                let before = stage.lock();
                let ran = stage.run(&run);
                let mut problems = always(&stage, &run, &ran, before.as_deref());
                trust.kept(&ran, &mut problems);
                trust.unwritten(&stage, &given, &mut problems);
                let told = format!(
                    "$ imagelock {}\nexit: {:?}\n{}{}{}",
                    run.arguments,
                    ran.code,
                    ran.stdout,
                    ran.stderr,
                    asked(&ran.asked, &ran.asked_other)
                );
                problems.extend(run.checks.into_iter().filter_map(|check| fails(check, &stage, &ran)));
                if !problems.is_empty() {
                    problems.push(told);
                    return problems;
                }
            }
        }
    }
    Vec::new()
}

fn asked(entries: &[Entry], other: &[Entry]) -> String {
    let mut text = String::new();
    for (who, entries) in [("asked", entries), ("asked the other", other)] {
        for entry in entries {
            let side = if entry.second_host { " (second host)" } else { "" };
            let query = entry.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
            let Entry { method, path, status, .. } = entry;
            let _ = writeln!(text, "{who}{side}: {method} {path}{query} {status} {:?}", entry.scheme());
        }
    }
    text
}

/// What holds for every run.
fn always(stage: &Stage, run: &Run, ran: &Ran, before: Option<&[u8]>) -> Vec<String> {
    let mut problems = Vec::new();
    if ran.code != Some(run.exit) {
        problems.push(format!("it ends with {:?} and not with {}", ran.code, run.exit));
    }
    if ran.stderr.contains("panicked at") {
        problems.push("it panics".to_owned());
    }
    if ran.code != Some(0) && stage.lock().as_deref() != before {
        problems.push("it fails, and images.lock is another".to_owned());
    }
    if run.arguments.contains("--format json") && serde_json::from_str::<serde_json::Value>(&ran.stdout).is_err() {
        problems.push("its output is not one JSON document".to_owned());
    }
    let obeyed = |character: &char| steers(*character) && !matches!(character, '\n' | '\t');
    if let Some(raw) = ran.stderr.chars().find(obeyed) {
        problems.push(format!("{raw:?} stands raw in what people read"));
    }
    if let Some(raw) = ran.stdout.chars().find(obeyed).filter(|_| run.arguments.contains("--format json")) {
        problems.push(format!("{raw:?} stands raw in JSON"));
    }
    problems
}

/// The secrets of a case, and to whom they may go.
struct Trust {
    secrets: Vec<String>,
    second: bool,
    other: bool,
}

impl Trust {
    fn in_text(&self, text: &str) -> Option<&str> {
        self.secrets.iter().map(String::as_str).find(|secret| text.contains(secret))
    }

    fn in_request(&self, entry: &Entry) -> bool {
        let texts = [Some(&entry.path), entry.query.as_ref(), entry.authorization.as_ref(), Some(&entry.form)];
        texts.into_iter().flatten().any(|text| self.in_text(text).is_some())
    }

    fn kept(&self, ran: &Ran, problems: &mut Vec<String>) {
        for (name, text) in [("standard output", &ran.stdout), ("standard error", &ran.stderr)] {
            if let Some(secret) = self.in_text(text) {
                problems.push(format!("the secret `{secret}` stands in {name}"));
            }
        }
        let second = |entry: &&Entry| entry.second_host && !self.second && self.in_request(entry);
        if let Some(entry) = ran.asked.iter().find(second) {
            problems.push(format!("a secret is sent to the second host: {entry:?}"));
        }
        if let Some(entry) = ran.asked_other.iter().find(|entry| !self.other && self.in_request(entry)) {
            problems.push(format!("a secret is sent to the other registry: {entry:?}"));
        }
    }

    /// No file that a run wrote holds a secret.
    fn unwritten(&self, stage: &Stage, given: &[(String, Vec<u8>)], problems: &mut Vec<String>) {
        if self.secrets.is_empty() {
            return;
        }
        for (path, content) in files_under(stage) {
            let known = given.iter().any(|(known, bytes)| *known == path && *bytes == content);
            if !known && self.in_text(&String::from_utf8_lossy(&content)).is_some() {
                problems.push(format!("a secret is written to `{path}`"));
            }
        }
    }
}

fn fails(check: Check, stage: &Stage, ran: &Ran) -> Option<String> {
    let holds = |whole: &str, part: &str| one_line(whole).contains(&one_line(&stage.text(part)));
    match check {
        Check::Says(text) => (!holds(&ran.stderr, &text)).then(|| format!("it does not say `{text}`")),
        Check::NeverSays(text) => holds(&ran.stderr, &text).then(|| format!("it says `{text}`")),
        Check::Prints(text) => (!holds(&ran.stdout, &text)).then(|| format!("it does not print `{text}`")),
        Check::NeverPrints(text) => holds(&ran.stdout, &text).then(|| format!("it prints `{text}`")),
        Check::Json(pointer, value) => {
            let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
            differs("its JSON", &pointer, document.pointer(&pointer), &value, stage)
        }
        Check::LockHas(pointer, value) => differs("images.lock", &pointer, ran.lock.pointer(&pointer), &value, stage),
        Check::LockLacks(pointer) => {
            ran.lock.pointer(&pointer).map(|value| format!("images.lock has {value} at {pointer}"))
        }
        Check::File(path, text) => {
            let content = std::fs::read_to_string(stage.repo.path(&path)).unwrap_or_default();
            let text = stage.text(&text);
            (!content.contains(&text)).then(|| format!("`{path}` does not hold `{text}`:\n{content}"))
        }
        Check::NoFile(path) => stage.repo.path(&path).exists().then(|| format!("`{path}` is there")),
        Check::Asks(method, path, count) => {
            let asks = |entry: &&Entry| (method == "*" || entry.method == method) && entry.path.starts_with(&path);
            counts(&format!("{method} {path}"), ran.asked.iter().filter(asks).count(), count)
        }
        Check::AsksOther(count) => counts("requests to the other registry", ran.asked_other.len(), count),
        Check::Requests(count) => counts("requests", ran.asked.len(), count),
        Check::More(check) => catch_unwind(AssertUnwindSafe(|| check(stage, ran))).err().map(|panic| text_of(&*panic)),
    }
}

fn differs(
    what: &str,
    pointer: &str,
    found: Option<&serde_json::Value>,
    wanted: &serde_json::Value,
    stage: &Stage,
) -> Option<String> {
    let wanted = match wanted {
        serde_json::Value::String(text) => stage.text(text).into(),
        other => other.clone(),
    };
    (found != Some(&wanted)).then(|| format!("{what} has {found:?} at {pointer}, and not {wanted}"))
}

fn counts(what: &str, found: usize, wanted: usize) -> Option<String> {
    (found != wanted).then(|| format!("{found} {what}, and not {wanted}"))
}

/// Wrapping at the terminal's width is no part of what is said.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

mod walk {
    //! The files of the repository and of the home.

    use std::path::Path;

    use super::Stage;

    /// Every file under the repository and the home, with its bytes; links are not followed.
    pub(super) fn files_under(stage: &Stage) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for folder in [stage.repo.root().to_owned(), stage.repo.home()] {
            collect(folder.as_std_path(), &mut files);
        }
        files
    }

    fn collect(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => collect(&path, files),
                Ok(kind) if kind.is_file() => {
                    let name = path.to_string_lossy().into_owned();
                    files.extend(std::fs::read(&path).ok().map(|content| (name, content)));
                }
                _ => {}
            }
        }
    }
}
