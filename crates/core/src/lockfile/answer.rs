//! Whether a lock answers a request, and if not, why.

use super::{LockedImage, Lockfile};
use crate::name::ImageName;
use crate::request::Request;

/// Whether a lock answers a request. `lock`, `lock --locked` and whatever else asks share this one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<'lock> {
    /// It does.
    Holds(&'lock LockedImage),
    /// The lock has no image of that name.
    Missing,
    /// The lock answers another request.
    RequestChanged {
        /// The request that it answers.
        was: &'lock Request,
    },
}

impl Lockfile {
    /// Tells whether the image called `name` answers `request`.
    pub fn answer(&self, name: &ImageName, request: &Request) -> Answer<'_> {
        let Some(image) = self.images.get(name) else { return Answer::Missing };
        // That the image answers its own request was told when the lock was read.
        if image.request == *request { Answer::Holds(image) } else { Answer::RequestChanged { was: &image.request } }
    }
}
