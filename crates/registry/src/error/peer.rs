//! What others wrote in an error: the one list of it, so that what must not be repeated can be taken out.

use imagelock_core::Platform;

use super::{Error, ErrorKind, Login, NotAnImage, Refusal, Refuser, Withheld};

impl Error {
    /// Every text of the error that a registry, a token service or the target of a redirect may have written.
    pub(crate) fn quoted_mut(&mut self) -> Vec<&mut String> {
        let mut texts = self.kind.quoted_mut();
        let login = self.context.as_deref_mut().and_then(|context| context.login.as_mut());
        texts.extend(login.and_then(Login::quoted_mut));
        texts
    }

    /// Takes tags and platforms out of what is told to be there.
    pub(crate) fn retain(&mut self, tags: &dyn Fn(&str) -> bool, platforms: &dyn Fn(&Platform) -> bool) {
        match &mut self.kind {
            ErrorKind::NotFound { newest: named, .. }
            | ErrorKind::NoTagFits { newest: named, .. }
            | ErrorKind::Unnamed { asked: named, .. } => {
                named.retain(|tag| tags(tag.as_str()));
            }
            ErrorKind::MissingPlatforms { has, .. } => has.retain(platforms),
            _ => {}
        }
    }
}

impl ErrorKind {
    fn quoted_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Unauthorized(refusal) | Self::Forbidden(refusal) => refusal.quoted_mut(),
            Self::Status { message, .. } => vec![message],
            Self::Network { reason, .. }
            | Self::Tls { reason, .. }
            | Self::Malformed { reason }
            | Self::Redirect { reason } => vec![reason],
            Self::HeaderMismatch { header, .. } => vec![header],
            Self::NotAnImage(NotAnImage::Artifact(media_type) | NotAnImage::Unknown(media_type)) => vec![media_type],
            Self::NotAnImage(NotAnImage::NoImages(texts) | NotAnImage::Unreadable(texts))
            | Self::MissingPlatforms { unreadable: texts, .. } => texts.iter_mut().collect(),
            Self::LockDiffers { what } => vec![what],
            Self::Token { realm, reason, login } => [realm, reason].into_iter().chain(login.quoted_mut()).collect(),
            Self::Paging { next, .. } => vec![next],
            // Nothing in these is a text that others wrote; tags and platforms are judged by `Error::retain`.
            Self::NotFound { .. }
            | Self::NoTagFits { .. }
            | Self::NoNewest(_)
            | Self::RateLimited { .. }
            | Self::DigestMismatch { .. }
            | Self::SizeMismatch { .. }
            | Self::TooLarge { .. }
            | Self::TooMuch { .. }
            | Self::Unnamed { .. }
            | Self::Slow { .. }
            | Self::OutOfTime { .. }
            | Self::NotAnImage(_)
            | Self::Credentials { .. }
            | Self::Layout(_)
            | Self::File { .. } => Vec::new(),
        }
    }
}

impl Refusal {
    fn quoted_mut(&mut self) -> Vec<&mut String> {
        let by = match &mut self.by {
            Refuser::Registry => None,
            Refuser::TokenService(host) | Refuser::Target(host) => Some(host),
        };
        by.into_iter().chain(self.login.quoted_mut()).chain([&mut self.message]).collect()
    }
}

impl Login {
    fn quoted_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Withheld {
                why: Withheld::TokenHost(text) | Withheld::RedirectHost(text) | Withheld::NoChallenge(text),
                ..
            } => Some(text),
            Self::Withheld { .. } | Self::Unasked | Self::Absent(_) | Self::Shown(_) => None,
        }
    }
}
