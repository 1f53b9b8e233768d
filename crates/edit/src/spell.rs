//! How an image is written.

use imagelock_adapter::{Pinned, Problem, RenderError};
use imagelock_core::source::Spanned;
use imagelock_core::{Digest, Platform, Reference};

/// How an image is written, the same in every place of a target.
#[derive(Clone, Debug)]
pub struct Spell {
    /// Whether the tag stands in front of the digest.
    pub tagged: bool,
    /// The platform whose own manifest is pinned; the whole image where it is absent.
    pub platform: Option<Spanned<Platform>>,
}

impl Default for Spell {
    fn default() -> Self {
        Self { tagged: true, platform: None }
    }
}

impl Spell {
    /// The digest to pin: the platform's own manifest where one is asked for.
    pub fn digest(&self, image: &Pinned<'_>) -> Result<Digest, RenderError> {
        let Some(platform) = &self.platform else { return Ok(image.digest().clone()) };
        if let Some(manifest) = image.image.platforms.get(&platform.value) {
            return Ok(manifest.digest.clone());
        }
        let problem = Problem::at(&platform.at, format!("`{}` is not locked for `{}`", image.name, platform.value));
        Err(problem.help("add it to the image's `platforms` and run `{command} lock`").into())
    }

    /// The whole reference.
    pub fn reference(&self, image: &Pinned<'_>) -> Result<Reference, RenderError> {
        let tag = image.tag().filter(|_| self.tagged).cloned();
        Ok(image.repository.with(tag, Some(self.digest(image)?)))
    }

    /// The reference to write where `written` stands: the repository stays spelled as the person spelled it, where it is
    /// the same, and the manifest of a platform stays where it is still the locked one.
    pub fn over(&self, written: &str, image: &Pinned<'_>) -> Result<String, RenderError> {
        let bare = imagelock_scan::bare(written);
        let scheme = &written[..written.len() - bare.len()];
        let locked = self.reference(image)?;
        let before: Option<Reference> = bare.parse().ok();
        let Some(before) = before.filter(|before| before.repository == image.repository) else {
            return Ok(format!("{scheme}{locked}"));
        };
        if before.digest.as_ref().is_some_and(|digest| digest != image.digest() && image.image.has(digest))
            && self.platform.is_none()
            && before.tag.as_ref() == image.tag().filter(|_| self.tagged)
        {
            return Ok(written.to_owned());
        }
        let name = bare.split('@').next().unwrap_or(bare);
        // A colon before the last slash belongs to a port.
        let path = name.rfind('/').unwrap_or_default();
        let repository = name[path..].find(':').map_or(name, |colon| &name[..path + colon]);
        let tag = locked.tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = locked.digest.map(|digest| format!("@{digest}")).unwrap_or_default();
        Ok(format!("{scheme}{repository}{tag}{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use imagelock_core::LockedPlatform;

    use imagelock_core::source::Located as _;

    use super::*;
    use crate::testing::{digest, lock, with_context};

    #[test]
    fn a_repository_stays_as_it_is_spelled() {
        let locked = lock(&[("db", "postgres:16.9", 'a'), ("web", "localhost:5000/web:1", 'b')]);
        let over = |name: &str, written: &str| {
            with_context(&locked, |context| {
                Spell::default().over(written, &context.image(&name.parse().unwrap(), None).unwrap()).unwrap()
            })
        };
        let (a, b) = (digest('a'), digest('b'));
        assert_eq!(over("db", "postgres"), format!("postgres:16.9@{a}"));
        assert_eq!(over("db", "docker://postgres:15"), format!("docker://postgres:16.9@{a}"));
        assert_eq!(over("db", &format!("docker.io/postgres:15@{b}")), format!("docker.io/postgres:16.9@{a}"));
        assert_eq!(over("web", "localhost:5000/web"), format!("localhost:5000/web:1@{b}"));
        assert_eq!(over("web", "postgres:1"), format!("localhost:5000/web:1@{b}"));
        assert_eq!(over("web", "not a reference"), format!("localhost:5000/web:1@{b}"));
    }

    #[test]
    fn the_locked_manifest_of_a_platform_stays_and_an_old_one_does_not() {
        let mut locked = lock(&[("db", "postgres:16.9", 'a')]);
        let platform = LockedPlatform { config: digest('c'), digest: digest('d'), media_type: String::new(), size: 1 };
        locked.images.get_mut("db").unwrap().platforms.insert("linux/arm64".parse().unwrap(), platform);
        with_context(&locked, |context| {
            let image = context.image(&"db".parse().unwrap(), None).unwrap();
            let over = |digit| Spell::default().over(&format!("postgres:16.9@{}", digest(digit)), &image).unwrap();
            assert_eq!(over('d'), format!("postgres:16.9@{}", digest('d')));
            assert_eq!(over('e'), format!("postgres:16.9@{}", digest('a')));
            // With another tag than the locked one, all of it is written.
            let written = format!("postgres:16.8@{}", digest('d'));
            assert_eq!(Spell::default().over(&written, &image).unwrap(), format!("postgres:16.9@{}", digest('a')));
        });
    }

    #[test]
    fn the_manifest_of_one_platform_is_written_where_it_is_asked_for_and_locked() {
        let mut locked = lock(&[("db", "postgres:16.9", 'a')]);
        let platform = LockedPlatform { config: digest('c'), digest: digest('d'), media_type: String::new(), size: 1 };
        locked.images.get_mut("db").unwrap().platforms.insert("linux/arm64".parse().unwrap(), platform);
        let file = imagelock_core::source::SourceFile::new("images.toml", "platform");
        let at = imagelock_core::source::Location::new(&file, 0..8);
        let spell = |platform: &str, tagged: bool| {
            let platform = Some(Spanned { value: platform.parse().unwrap(), at: at.clone() });
            Spell { tagged, platform }
        };
        with_context(&locked, |context| {
            let image = context.image(&"db".parse().unwrap(), None).unwrap();
            let one = format!("postgres:16.9@{}", digest('d'));
            assert_eq!(spell("linux/arm64", true).digest(&image).unwrap(), digest('d'));
            // What was pinned for all platforms is pinned for the one.
            for before in ["postgres:16.9".to_owned(), format!("postgres:16.9@{}", digest('a')), one.clone()] {
                assert_eq!(spell("linux/arm64", true).over(&before, &image).unwrap(), one);
            }
            let untagged = format!("postgres@{}", digest('d'));
            for before in ["postgres:16.8", "postgres", &untagged] {
                assert_eq!(spell("linux/arm64", false).over(before, &image).unwrap(), untagged);
            }
            let error = spell("linux/s390x", true).over("postgres", &image).unwrap_err();
            assert_eq!(error.to_string(), "`db` is not locked for `linux/s390x`");
            assert_eq!(error.labels()[0].at, at);
        });
    }
}
