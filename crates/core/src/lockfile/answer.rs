//! Whether a lock answers a request, and if not, why.

use super::{LockedImage, Lockfile};
use crate::name::ImageName;
use crate::request::{Request, Wanted};

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

    /// The image whose answer stays although its request is another one now: a digest was cut from `repository:tag@digest`, and
    /// the tag is followed from then on. What is locked was the tag's answer all the time, so no registry is asked, and
    /// nothing moves until somebody updates it. Without a tag beside the digest nothing says whose answer it was.
    pub fn stays(&self, name: &ImageName, request: &Request) -> Option<&LockedImage> {
        let image = self.images.get(name)?;
        let cut = match (&image.request.wanted, &request.wanted) {
            (Wanted::Digest { repository, tag: Some(tag), .. }, Wanted::Tag { repository: again, tag: followed }) => {
                (repository, tag) == (again, followed)
            }
            _ => false,
        };
        (cut && image.request.platforms == request.platforms).then_some(image)
    }
}
