//! Without the feature `signatures` nothing can be verified: a project that demands a signature is refused, and never passed.

use std::collections::BTreeMap;

use imagelock_core::source::Label;
use imagelock_core::{ImageName, Lockfile};

pub(crate) use crate::demanded::{Ask, Kept, Lacking, Signed};
use crate::failure::{Failure, Kind, Problem};
use crate::session::Session;

const HELP: &str = "install imagelock with its default features";
const WITHOUT: &str = "cannot be verified: this imagelock was built without the feature `signatures`";

/// How far an image is signed: nobody knows.
pub(crate) enum Grade {
    Wrong(String, Vec<String>),
}

impl Grade {
    #[allow(clippy::unused_self, reason = "with the feature there are other grades")]
    pub(crate) fn word(&self) -> &'static str {
        "wrong"
    }

    pub(crate) fn words(&self) -> String {
        let Self::Wrong(message, _) = self;
        message.clone()
    }
}

pub(crate) fn settle(session: &Session<'_>, _: &Lockfile, new: &mut Lockfile, _: Ask) -> Result<Kept, Failure> {
    for image in new.images.values_mut() {
        image.signatures.clear();
    }
    let problem = |lacking: &Lacking| {
        let problem = Problem::new(format!("`{}` {}", lacking.name, lacking.message));
        problem.label(Label::primary(&lacking.at, "demanded here")).help(HELP)
    };
    let problems: Vec<Problem> = held(session, new)?.iter().map(problem).collect();
    if problems.is_empty() { Ok(Kept::default()) } else { Err(Failure { kind: Kind::Check, problems }) }
}

#[allow(clippy::unnecessary_wraps, reason = "with the feature, files are read for it")]
pub(crate) fn held(session: &Session<'_>, lock: &Lockfile) -> Result<Vec<Lacking>, Failure> {
    let demanded = session.project.images.iter().filter_map(|(name, declared)| {
        let signer = declared.trust.as_ref()?.signers.first()?;
        let (at, message) = (signer.at.clone(), WITHOUT.to_owned());
        let lacking = Lacking { name: name.clone(), at, message, lines: Vec::new(), help: Some(HELP) };
        lock.images.contains_key(name).then_some(lacking)
    });
    Ok(demanded.collect())
}

pub(crate) fn grades(session: &Session<'_>, lock: &Lockfile) -> Result<Vec<(ImageName, Grade)>, Failure> {
    let grade = |lacking: Lacking| (lacking.name, Grade::Wrong(lacking.message, lacking.lines));
    Ok(held(session, lock)?.into_iter().map(grade).collect())
}

pub(crate) fn grades_kept(session: &Session<'_>, lock: &Lockfile) -> Result<BTreeMap<ImageName, Grade>, Failure> {
    Ok(grades(session, lock)?.into_iter().collect())
}

pub(crate) fn write_all(session: &Session<'_>, _: &Kept, new: &Lockfile) -> Result<bool, Failure> {
    session.write_lock(new)
}

#[allow(clippy::unnecessary_wraps, reason = "with the feature, files are taken away by it")]
pub(crate) fn sweep(_: &Session<'_>, _: &Lockfile) -> Result<(), Failure> {
    Ok(())
}

pub(crate) fn roots_of(_: &[u8]) -> Result<Vec<String>, String> {
    Err("this imagelock was built without the feature `signatures`".to_owned())
}

pub(crate) fn known_root(_: &str) -> Option<&'static str> {
    None
}
