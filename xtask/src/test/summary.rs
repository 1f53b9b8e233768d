//! What a run of the tests comes to, in ten lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::pool::Ran;

/// How many programs are named as the slowest.
const SLOWEST: usize = 5;

/// What took how long.
pub(super) struct Times {
    pub(super) tools: Duration,
    pub(super) build: Duration,
    pub(super) tests: Duration,
}

/// What is told at the end.
pub(super) struct Summary {
    /// The tests of each package: passed, failed, ignored.
    packages: BTreeMap<String, Count>,
    slowest: Vec<String>,
    failed: Vec<String>,
    skipped: Vec<String>,
    times: Times,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Count {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Summary {
    pub(super) fn of(ran: &[Ran<'_>], times: Times, noted: &str) -> Self {
        let mut packages: BTreeMap<String, Count> = BTreeMap::new();
        let mut failed = Vec::new();
        for ran in ran {
            let name = &ran.program.name;
            packages.entry(ran.program.package.clone()).or_default().add(Count::of(&ran.output));
            let before = failed.len();
            failed.extend(failures(&ran.output).map(|test| format!("{name}: {test}")));
            if !ran.succeeded && failed.len() == before {
                failed.push(format!("{name}: it ended before its tests did"));
            }
        }
        let mut slow: Vec<_> = ran.iter().map(|ran| (ran.took, &ran.program.name)).collect();
        slow.sort_unstable_by(|left, right| right.cmp(left));
        let slowest = slow.iter().take(SLOWEST).map(|(took, name)| format!("{name} {} s", took.as_secs())).collect();
        Self { packages, slowest, failed, skipped: skipped(noted), times }
    }

    /// Whether nothing failed, and there was something that could.
    pub(super) fn passed(&self) -> bool {
        self.failed.is_empty() && self.all().passed > 0
    }

    fn all(&self) -> Count {
        let mut all = Count::default();
        self.packages.values().for_each(|count| all.add(*count));
        all
    }

    /// The lines, each with its verb.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let Count { passed, failed, ignored } = self.all();
        let packages: Vec<String> = self
            .packages
            .iter()
            .filter(|(_, count)| count.all() > 0)
            .map(|(name, count)| format!("{name} {}", count.all()))
            .collect();
        let Times { tools, build, tests } = &self.times;
        let seconds = |time: &Duration| time.as_secs();
        let mut lines = vec![
            ("Tests", format!("{passed} passed, {failed} failed, {ignored} ignored")),
            ("Packages", packages.join(", ")),
            ("Slowest", self.slowest.join(", ")),
            ("Time", format!("{} s tools, {} s build, {} s tests", seconds(tools), seconds(build), seconds(tests))),
        ];
        lines.extend(self.skipped.iter().map(|line| ("Skipped", line.clone())));
        lines.extend(self.failed.iter().map(|line| ("Failed", line.clone())));
        lines
    }
}

impl Count {
    /// Counts what the test harness says at the end: `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    fn of(output: &str) -> Self {
        let mut count = Self::default();
        for line in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            let number = |what: &str| {
                let mut parts = line.split(['.', ';']).map(str::trim);
                parts.find_map(|part| part.strip_suffix(what)?.trim().parse::<usize>().ok()).unwrap_or_default()
            };
            count.add(Self { passed: number("passed"), failed: number("failed"), ignored: number("ignored") });
        }
        count
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    fn all(self) -> usize {
        self.passed + self.failed + self.ignored
    }
}

/// The tests that failed, by what the harness says of each: `test a::b ... FAILED`.
fn failures(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
}

/// What was skipped, a line for each tool that is not there; `noted` has the tool and the test on each line.
pub(super) fn skipped(noted: &str) -> Vec<String> {
    let mut tools: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (tool, test) in noted.lines().filter_map(|line| line.split_once(' ')) {
        tools.entry(tool).or_default().insert(test);
    }
    let line = |(tool, tests): (&str, BTreeSet<&str>)| {
        let noun = if tests.len() == 1 { "test" } else { "tests" };
        let names: Vec<&str> = tests.iter().copied().collect();
        format!("{} {noun} for want of {tool}: {}", tests.len(), names.join(", "))
    };
    tools.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::program::Program;

    fn ran<'a>(program: &'a Program, succeeded: bool, took: u64, output: &str) -> Ran<'a> {
        Ran { program, succeeded, output: output.into(), took: Duration::from_secs(took) }
    }

    fn summary(ran: &[Ran<'_>], noted: &str) -> Summary {
        let [tools, build, tests] = [3, 60, 240].map(Duration::from_secs);
        Summary::of(ran, Times { tools, build, tests }, noted)
    }

    #[test]
    fn skipped_tests_are_told_by_the_tool_they_lack() {
        let noted = "helm3 b\nearth a::c\nhelm3 a\nhelm3 b\n";
        assert_eq!(skipped(noted), ["1 test for want of earth: a::c", "2 tests for want of helm3: a, b"]);
        assert!(skipped("").is_empty());
    }

    #[test]
    fn a_run_is_told_by_package_with_its_slowest_and_what_failed() {
        let [unit, tags, helm] = [("core", "imagelock_core"), ("core", "tags"), ("tests", "helm")]
            .map(|(package, name)| Program::documentation(package, name));
        let told = summary(
            &[
                ran(&unit, true, 2, "test a ... ok\ntest result: ok. 5 passed; 0 failed; 1 ignored; 0 measured\n"),
                ran(&tags, true, 9, "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\n"),
                ran(&helm, false, 4, "test x::y ... FAILED\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\n"),
            ],
            "earth a\n",
        );
        assert!(!told.passed());
        let lines: Vec<String> = told.lines().into_iter().map(|(verb, line)| format!("{verb} {line}")).collect();
        assert_eq!(
            lines,
            [
                "Tests 8 passed, 1 failed, 1 ignored",
                "Packages core 8, tests 2",
                "Slowest tags 9 s, helm 4 s, imagelock_core 2 s",
                "Time 3 s tools, 60 s build, 240 s tests",
                "Skipped 1 test for want of earth: a",
                "Failed helm: x::y",
            ]
        );
    }

    #[test]
    fn a_program_that_dies_fails_the_run() {
        let program = Program::documentation("core", "imagelock_core");
        let told = summary(&[ran(&program, false, 1, "test a ... ok\n")], "");
        assert!(!told.passed());
        assert_eq!(told.lines().last(), Some(&("Failed", "imagelock_core: it ended before its tests did".to_owned())));
    }

    #[test]
    fn a_run_of_no_tests_has_not_passed() {
        let program = Program::documentation("core", "imagelock_core");
        assert!(!summary(&[ran(&program, true, 1, "")], "").passed());
    }
}
