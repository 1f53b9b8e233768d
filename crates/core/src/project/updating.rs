//! Reading what is said about updates, of an image and in `[defaults]`.

use super::error::ProjectError;
use super::fields::Fields;
use crate::update::{Appetite, Defaults, Hold, Role, Settings};

/// What an image says, with the defaults where it says nothing.
pub(super) fn settings(fields: &mut Fields<'_>, defaults: &Defaults) -> Settings {
    let own = appetite(fields);
    let hold = hold(fields);
    let role = fields.parsed::<Role>("role").map(|role| role.value).unwrap_or_default();
    Settings::of(own, hold, role, defaults)
}

/// What `[defaults]` and `[defaults.build]` say.
pub(super) fn defaults(fields: &mut Fields<'_>) -> Defaults {
    let all = appetite(fields);
    let Some(entry) = fields.entry("build") else { return Defaults { all, ..Defaults::default() } };
    let mut build = Appetite::default();
    let read = Fields::new(&entry.node, "[defaults.build]").map_err(|error| vec![error]).and_then(|mut fields| {
        build = appetite(&mut fields);
        fields.finish()
    });
    read.err().into_iter().flatten().for_each(|error| fields.fail(error));
    Defaults { all, build }
}

fn appetite(fields: &mut Fields<'_>) -> Appetite {
    let updates = fields.parsed("updates").map(|level| level.value);
    let cooldown = fields.parsed("cooldown").map(|time| time.value);
    Appetite { updates, cooldown }
}

fn hold(fields: &mut Fields<'_>) -> Option<Hold> {
    let is_held = fields.has("hold");
    let reason = fields.text("hold");
    let until = fields.day("until");
    if let Some(until) = until.as_ref().filter(|_| !is_held) {
        fields.fail(ProjectError::MissingKey { what: "until".to_owned(), key: "hold", at: until.at.clone() });
    }
    let reason = reason?;
    if reason.value.trim().is_empty() {
        let message = "`hold` says why the image stays where it is: write the reason";
        fields.fail(ProjectError::invalid(message, &reason.at));
    }
    Some(Hold { reason: reason.value, until: until.map(|until| until.value) })
}
