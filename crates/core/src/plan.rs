//! What a run has to resolve: the difference between a project file and its lock, with the reason for each line.

use std::collections::BTreeSet;

use crate::lockfile::{Answer, LockedImage, Lockfile};
use crate::name::ImageName;
use crate::project::{Declared, Project};

/// What separates a lock from the project file it should answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The images to resolve, in the order of their names.
    pub resolve: Vec<Step<'a>>,
    /// The images of the lock that are no longer asked for.
    pub drop: Vec<&'a ImageName>,
    /// Whether the lock was made with something else than what is extended.
    pub extends: bool,
    /// How many images stay as they are.
    pub fresh: usize,
}

/// An image to resolve, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Its name.
    pub name: &'a ImageName,
    /// What is asked for.
    pub declared: &'a Declared,
    /// What the lock says now; [`Answer::Holds`] where the image is resolved although the lock answers it, and where what is
    /// extended answers it otherwise.
    pub answer: Answer<'a>,
}

impl Plan<'_> {
    /// Whether the lock answers the project file as it is.
    pub fn is_empty(&self) -> bool {
        self.resolve.is_empty() && self.drop.is_empty() && !self.extends
    }
}

/// Plans `lock`: a pin that still answers its request stays, even when its tag has moved.
pub fn lock<'a>(project: &'a Project, lockfile: &'a Lockfile) -> Plan<'a> {
    plan(project, lockfile, |_| false)
}

/// Plans `update`: also resolves again the images in `names`, or all of them where there is no name.
pub fn update<'a>(project: &'a Project, lockfile: &'a Lockfile, names: Option<&BTreeSet<ImageName>>) -> Plan<'a> {
    plan(project, lockfile, |name| names.is_none_or(|names| names.contains(name)))
}

fn plan<'a>(project: &'a Project, lockfile: &'a Lockfile, again: impl Fn(&ImageName) -> bool) -> Plan<'a> {
    let extends = project.inheritance.extended != lockfile.extends;
    let mut plan = Plan { resolve: Vec::new(), drop: Vec::new(), extends, fresh: 0 };
    for (name, declared) in &project.images {
        let answer = lockfile.answer(name, &declared.request);
        let holds = match project.inheritance.answers.get(name) {
            // What is taken over moves with what is extended, and no registry knows better.
            Some(inherited) => {
                let locked = lockfile.images.get(name);
                locked.is_some_and(|locked| LockedImage { signatures: Vec::new(), ..locked.clone() } == *inherited)
            }
            None => matches!(answer, Answer::Holds(_)) && !again(name),
        };
        if holds {
            plan.fresh += 1;
        } else {
            plan.resolve.push(Step { name, declared, answer });
        }
    }
    plan.drop = lockfile.images.keys().filter(|name| !project.images.contains_key(*name)).collect();
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Source;
    use crate::source::SourceFile;

    const LOCK: &str = include_str!("lockfile/golden.json");
    /// What the golden lock answers.
    const PROJECT: &str = r#"
[images]
static = "cgr.dev/chainguard/static:latest"
tools = { layout = "third_party/tools-oci" }

[images.postgres]
repository = "docker.io/library/postgres"
version = "16"
tags = '^(?<version>\d+\.\d+)-alpine$'
platforms = ["linux/arm64", "linux/amd64"]
"#;

    fn project(text: &str) -> Project {
        Project::parse(&[Source::ImagesToml(SourceFile::new("images.toml", text))], &[]).unwrap()
    }

    fn golden() -> Lockfile {
        Lockfile::parse(&SourceFile::new("images.lock", LOCK)).unwrap()
    }

    fn describe(plan: &Plan<'_>) -> Vec<String> {
        let resolve = plan.resolve.iter().map(|step| {
            let why = match &step.answer {
                Answer::Holds(_) => "again".to_owned(),
                Answer::Missing => "missing".to_owned(),
                Answer::RequestChanged { was } => format!("was {}", was.wanted),
            };
            format!("{}: {why}", step.name)
        });
        let drop = plan.drop.iter().map(|name| format!("{name}: dropped"));
        resolve.chain(drop).chain([format!("{} fresh", plan.fresh)]).collect()
    }

    #[test]
    fn a_lock_that_answers_everything_leaves_nothing_to_do() {
        let (project, lockfile) = (project(PROJECT), golden());
        let plan = lock(&project, &lockfile);
        assert!(plan.is_empty());
        assert_eq!(describe(&plan), ["3 fresh"]);
    }

    #[test]
    fn a_new_a_changed_and_a_removed_image_are_told_apart() {
        let text = PROJECT.replace("static:latest", "static:nonroot").replace("tools = ", "other = ");
        let (project, lockfile) = (project(&text), golden());
        let plan = lock(&project, &lockfile);
        assert!(!plan.is_empty());
        let expected = ["other: missing", "static: was cgr.dev/chainguard/static:latest", "tools: dropped", "1 fresh"];
        assert_eq!(describe(&plan), expected);
        assert_eq!(plan.resolve[1].declared.at.to_string(), "images.toml:3:1");
    }

    #[test]
    fn only_dropping_is_also_something_to_do() {
        let (project, lockfile) = (project(""), golden());
        let plan = lock(&project, &lockfile);
        assert!(!plan.is_empty());
        assert_eq!(describe(&plan), ["postgres: dropped", "static: dropped", "tools: dropped", "0 fresh"]);
    }

    #[test]
    fn everything_is_missing_from_an_empty_lock() {
        let (project, lockfile) = (project(PROJECT), Lockfile::default());
        let expected = ["postgres: missing", "static: missing", "tools: missing", "0 fresh"];
        assert_eq!(describe(&lock(&project, &lockfile)), expected);
    }

    #[test]
    fn other_platforms_are_another_request() {
        let text = PROJECT.replace("\"linux/arm64\", ", "");
        let (project, lockfile) = (project(&text), golden());
        let plan = lock(&project, &lockfile);
        assert_eq!(plan.resolve.len(), 1);
        assert!(matches!(plan.resolve[0].answer, Answer::RequestChanged { .. }));
    }

    #[test]
    fn the_order_of_platforms_and_the_spelling_of_a_reference_are_no_change() {
        let text =
            PROJECT.replace("\"linux/arm64\"", "\"linux/aarch64\"").replace("docker.io/library/postgres", "postgres");
        let (project, lockfile) = (project(&text), golden());
        assert!(lock(&project, &lockfile).is_empty());
    }

    #[test]
    fn update_resolves_all_again_or_those_it_was_given() {
        let (project, lockfile) = (project(PROJECT), golden());
        let expected = ["postgres: again", "static: again", "tools: again", "0 fresh"];
        assert_eq!(describe(&update(&project, &lockfile, None)), expected);
        let names = ["static".parse().unwrap(), "absent".parse().unwrap()].into();
        assert_eq!(describe(&update(&project, &lockfile, Some(&names))), ["static: again", "2 fresh"]);
        assert!(update(&project, &lockfile, Some(&BTreeSet::new())).is_empty());
    }

    #[test]
    fn update_of_one_image_still_locks_what_is_not_locked() {
        let text = PROJECT.replace("tools = ", "other = ");
        let (project, lockfile) = (project(&text), golden());
        let names = ["static".parse().unwrap()].into();
        let expected = ["other: missing", "static: again", "tools: dropped", "1 fresh"];
        assert_eq!(describe(&update(&project, &lockfile, Some(&names))), expected);
    }

    #[test]
    fn a_digest_that_is_cut_from_a_request_stays_locked_and_its_tag_is_followed() {
        let digest = golden().images["static"].digest.clone();
        let pinned = PROJECT.replace("static:latest", &format!("static:latest@{digest}"));
        let mut lockfile = golden();
        let image = lockfile.images.get_mut("static").unwrap();
        image.request = project(&pinned).images["static"].request.clone();
        let lockfile = Lockfile::parse(&SourceFile::new("images.lock", lockfile.encode())).unwrap();
        assert!(lock(&project(&pinned), &lockfile).is_empty());

        let stays = |text: &str| {
            let (project, name) = (project(text), "static".parse().unwrap());
            lockfile.stays(&name, &project.images["static"].request).map(|image| image.digest.clone())
        };
        assert_eq!(stays(PROJECT), Some(digest), "the digest is cut");
        assert_eq!(describe(&lock(&project(PROJECT), &lockfile)).len(), 2, "the lock is written with the new request");
        for other in ["static:nonroot", "other:latest", "static@sha256:"] {
            let digest = if other.ends_with(':') { "0".repeat(64) } else { String::new() };
            assert_eq!(stays(&PROJECT.replace("static:latest", &format!("{other}{digest}"))), None, "{other}");
        }
        let platforms = "static = { repository = \"cgr.dev/chainguard/static\", platforms = [\"linux/amd64\"] }";
        let platforms = PROJECT.replace("static = \"cgr.dev/chainguard/static:latest\"", platforms);
        assert_eq!(stays(&platforms), None, "another platform has to be read");
        assert_eq!(golden().stays(&"static".parse().unwrap(), &project(&pinned).images["static"].request), None);
    }
}
