//! Whether a lock answers a request, and if not, why.

use super::{LockedImage, Lockfile};
use crate::name::ImageName;
use crate::platform::Platform;
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
    /// The lock says that it answers this request, and lacks platforms of it: somebody edited it.
    PlatformsMissing(Vec<Platform>),
}

impl Lockfile {
    /// Tells whether the image called `name` answers `request`.
    pub fn answer(&self, name: &ImageName, request: &Request) -> Answer<'_> {
        let Some(image) = self.images.get(name) else { return Answer::Missing };
        if image.request != *request {
            return Answer::RequestChanged { was: &image.request };
        }
        let wanted = request.platforms.iter().flatten();
        let missing: Vec<Platform> =
            wanted.filter(|platform| !image.platforms.contains_key(*platform)).cloned().collect();
        if missing.is_empty() { Answer::Holds(image) } else { Answer::PlatformsMissing(missing) }
    }
}
