//! A lock in which a merge left conflict markers: both sides of it become one, by what the project file asks for.

use std::collections::BTreeMap;

use imagelock_core::lockfile::{Clash, Known, LockedImage, Lockfile, Merged};
use imagelock_core::{Digest, ImageName, Tag};
use imagelock_registry::Take;

use crate::failure::{Failure, Kind, Problem};
use crate::input::{self, LOCK_BYTES};
use crate::session::Session;
use crate::shell::{Shell, printable};

/// The lock as a run finds it, or makes it of both sides.
#[derive(Default)]
pub(crate) struct Current {
    pub(crate) lockfile: Lockfile,
    /// Whether there is a file.
    pub(crate) exists: bool,
    /// How many images were taken from either side, where the file has conflict markers.
    pub(crate) merged: Option<usize>,
    /// The images that have to be read again, by what is known of them.
    unclear: BTreeMap<ImageName, Known>,
}

impl Current {
    /// A lock without a conflict, or none.
    pub(crate) fn of(found: Option<Lockfile>) -> Self {
        Self { exists: found.is_some(), lockfile: found.unwrap_or_default(), ..Self::default() }
    }

    /// Reads the lock. Where it has conflict markers, both sides are merged; an image that both have locked differently is an
    /// error, unless it is one that is locked `again`.
    pub(crate) fn read(session: &Session<'_>, again: impl Fn(&ImageName) -> bool) -> Result<Self, Failure> {
        let Some(file) = input::source(&session.lock_path(), &session.root, &session.directory, LOCK_BYTES)? else {
            return Ok(Self::default());
        };
        let asked = session.project.images.iter().map(|(name, declared)| (name, &declared.request));
        let Some(merged) = Lockfile::merge_sides(&file, asked)? else {
            return Ok(Self::of(Some(Lockfile::parse(&file)?)));
        };
        let Merged { lockfile, taken, mut unclear, clashes, labels } = merged;
        // What is taken over is answered by what is extended.
        let again = |name: &ImageName| again(name) || session.project.inheritance.answers.contains_key(name);
        let clashes: Vec<Clash> = clashes.into_iter().filter(|clash| !again(&clash.name)).collect();
        if !clashes.is_empty() {
            let what = format!("{}: both sides have locked", session.show(&session.lock_path()));
            return Err(clash(&clashes, &labels, &what));
        }
        unclear.retain(|name, _| !again(name));
        Ok(Self { lockfile, exists: true, merged: Some(taken + unclear.len()), unclear })
    }

    /// Which answer is taken for an image that is not in the lock: the digest that a side is known to have.
    pub(crate) fn take(&self, name: &ImageName) -> Option<Take<'_>> {
        let Known { tag, digest } = self.unclear.get(name)?;
        Some(Take::Named { tag: tag.as_ref(), digest: Some(digest) })
    }

    /// Says that two sides were merged.
    pub(crate) fn tell(&self, shell: &Shell) {
        if let Some(taken) = self.merged {
            tell(shell, taken);
        }
    }
}

/// Says that two sides were merged.
pub(crate) fn tell(shell: &Shell, taken: usize) {
    let images = crate::command::count(taken);
    shell.status("Merged", &format!("images.lock: {images} from both sides"));
}

/// The failure of a merge: each image with both answers, and how to take one.
pub(crate) fn clash(clashes: &[Clash], labels: &[String; 2], what: &str) -> Failure {
    let names: Vec<String> = clashes.iter().map(|clash| format!("`{}`", clash.name)).collect();
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(5);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut problem = Problem::new(format!("{what} {shown}{more} differently"));
    let labels = labels.each_ref().map(|label| printable(if label.is_empty() { "one side" } else { label.as_str() }));
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    for Clash { name, ours, theirs } in clashes {
        problem.lines.push(format!("  {name}"));
        for (label, image) in labels.iter().zip([ours, theirs]) {
            problem.lines.push(format!("    {label:width$}  {}", answer(image.as_ref())));
        }
    }
    let (name, digest) = match clashes {
        [Clash { name, ours: Some(image), .. } | Clash { name, theirs: Some(image), .. }, ..] => (name, &image.digest),
        _ => return Failure::new(Kind::Input, problem),
    };
    let problem = problem
        .help(format!("take the newest: `{{command}} update {}`", spaced(clashes)))
        .help(format!("or one of the two, as in `{{command}} update {name} --precise {digest}`"));
    Failure::new(Kind::Input, problem)
}

fn spaced(clashes: &[Clash]) -> String {
    clashes.iter().map(|clash| clash.name.as_str()).collect::<Vec<_>>().join(" ")
}

/// `16.9-alpine  sha256:…`; the digest is whole, to be typed.
fn answer(image: Option<&LockedImage>) -> String {
    let Some(LockedImage { tag, digest, .. }) = image else { return "removed".to_owned() };
    let both = |(tag, digest): (&Tag, &Digest)| format!("{tag}  {digest}");
    tag.as_ref().map_or_else(|| digest.to_string(), |tag| both((tag, digest)))
}
