//! Strategies that make arbitrary values, for the property tests of this crate and of those that use it (feature
//! `proptest`).
//!
//! They reach into the corners on purpose: names that need quotes, hosts with ports and brackets, free text with
//! quotes, controls, template marks and letters of every script.

use camino::Utf8PathBuf;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use crate::extends::{Extended, Publisher};
use crate::lockfile::{Signature, SignedBy};
use crate::policy::{Parts, Rule};
use crate::{
    Base, Created, Digest, Host, ImageName, LockedImage, LockedPlatform, Lockfile, Origin, Platform, Reference,
    Repository, Request, Tag, Wanted,
};

/// Turns generated text into a type; a text that the grammar refuses is generated again.
fn parsed<T: std::str::FromStr + std::fmt::Debug>(text: impl Strategy<Value = String>) -> impl Strategy<Value = T> {
    text.prop_filter_map("the grammar refuses it", |text| text.parse().ok())
}

/// Any name of an image.
pub fn image_name() -> impl Strategy<Value = ImageName> {
    parsed("[a-z0-9]{1,6}([._-]{1,2}[a-z0-9]{1,4}){0,3}")
}

/// Any digest, of both algorithms.
pub fn digest() -> impl Strategy<Value = Digest> {
    parsed(prop_oneof![4 => "sha256:[0-9a-f]{64}", 1 => "sha512:[0-9a-f]{128}"])
}

/// Any tag.
pub fn tag() -> impl Strategy<Value = Tag> {
    parsed("[A-Za-z0-9_][A-Za-z0-9._-]{0,15}")
}

/// Any host, with and without port.
pub fn host() -> impl Strategy<Value = Host> {
    parsed(prop_oneof![
        2 => Just("docker.io".to_owned()),
        2 => "[a-z][a-z0-9-]{0,6}[a-z0-9]\\.[a-z]{2,3}(:[1-9][0-9]{0,3})?",
        1 => "localhost(:[1-9][0-9]{0,3})?",
        1 => "\\[::[0-9a-f]{1,4}\\](:[1-9][0-9]{0,3})?",
    ])
}

/// Any repository.
pub fn repository() -> impl Strategy<Value = Repository> {
    (host(), "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,4})?(/[a-z0-9]{1,6}){1,3}")
        .prop_filter_map("the grammar refuses it", |(host, path)| Repository::new(host, &path).ok())
}

/// Any reference.
pub fn reference() -> impl Strategy<Value = Reference> {
    (repository(), option::of(tag()), option::of(digest())).prop_map(|(repository, tag, digest)| Reference {
        repository,
        tag,
        digest,
    })
}

/// Any platform.
pub fn platform() -> impl Strategy<Value = Platform> {
    parsed(prop_oneof![
        3 => prop::sample::select(vec!["linux/amd64", "linux/arm64", "linux/arm/v7", "windows/amd64"])
            .prop_map(str::to_owned),
        1 => "[a-z0-9._-]{1,8}/[a-z0-9._-]{1,8}(/[a-z0-9._-]{1,4})?",
    ])
}

/// Text as a publisher may write it into an image, hostile included.
pub fn free_text() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[0-9]{1,2}\\.[0-9]{1,2}",
        1 => "\\PC{0,20}",
        1 => any::<String>().prop_map(|text| text.chars().take(20).collect()),
        1 => prop::sample::select(vec![
            "\"", "\\", "'", "${x}", "%{ if true }", "{{ .Values.x }}", "{% raw %}", "]]>", "\u{1b}[31m", "\r\n",
            "\u{0}", "\u{202e}", "# x", "a: b", "---", "*/", "$(id)", "`id`",
        ])
        .prop_map(str::to_owned),
    ]
}

/// Any point in time that a lock may hold.
pub fn created() -> impl Strategy<Value = Created> {
    parsed("(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")
}

/// A path of an OCI image layout.
pub fn layout() -> impl Strategy<Value = Utf8PathBuf> {
    "[A-Za-z0-9_ $é-]{1,8}(/[A-Za-z0-9_.-]{0,6}[a-z]){0,2}".prop_map(Utf8PathBuf::from)
}

/// Tags of which every rule of [`rule`] picks one.
const TAGS: [&str; 8] = ["3.1", "16.9", "1.2.9", "2.0", "1.2.3-rc.1", "3.1-alpine", "16.9-alpine", "1.2-alpine"];

/// Any version rule, and a tag that it admits.
fn rule_and_tag() -> impl Strategy<Value = (Rule, Tag)> {
    let requirement = prop::sample::select(vec!["*", "16", "~1.2", ">=1, <3", "=1.2.3-rc.1"]);
    let version =
        prop::sample::select(vec![r"^(?<version>\d+\.\d+)-alpine$", "(?<version>.*)|'\"\n", "(?<version>[^\t]+)"]);
    let order = prop::sample::select(vec![r"(?<order>\d+)$", "é'|(?<order>[0-9])$"]);
    let rules = prop_oneof![
        Just((None, None, Some("semver"))),
        (requirement.clone(), option::of(version.clone())).prop_map(|(wanted, tags)| (Some(wanted), tags, None)),
        (option::of(requirement), version).prop_map(|(wanted, tags)| (wanted, Some(tags), Some("semver"))),
        (order, prop::sample::select(vec!["numeric", "alphabetical"])).prop_map(|(tags, select)| (
            None,
            Some(tags),
            Some(select)
        )),
        Just((None, Some("-[0-9a-f]{7}$|^1"), Some("newest"))),
    ];
    // What version 2 of the lock has beside those.
    let exclude = prop::collection::vec(prop::sample::select(vec!["^nightly", "é'\"\n"]), 0..3);
    let scheme = option::of(prop::sample::select(vec!["semver", "loose", "pep440", "calver"]));
    let more = (scheme, any::<bool>(), any::<bool>(), exclude);
    (rules, option::of(more)).prop_filter_map("no tag fits the rule", |((wanted, tags, select), more)| {
        let [version, tags, select] = [wanted, tags, select].map(|part| part.map(str::to_owned));
        let (scheme, masterminds, prerelease, exclude) = more.unwrap_or_default();
        let dialect = masterminds.then(|| "masterminds".to_owned());
        let exclude = exclude.into_iter().map(str::to_owned).collect();
        let scheme = scheme.map(str::to_owned);
        let rule = Rule::of(Parts { version, tags, select, scheme, dialect, exclude, prerelease }).ok()?;
        let tag = TAGS.into_iter().filter_map(|tag| tag.parse().ok()).find(|tag| rule.admits(tag))?;
        Some((rule, tag))
    })
}

/// Any version rule.
pub fn rule() -> impl Strategy<Value = Rule> {
    rule_and_tag().prop_map(|(rule, _)| rule)
}

/// Anything that can be asked for.
pub fn wanted() -> impl Strategy<Value = Wanted> {
    prop_oneof![
        (repository(), tag()).prop_map(|(repository, tag)| Wanted::Tag { repository, tag }),
        (repository(), option::of(tag()), digest()).prop_map(|(repository, tag, digest)| Wanted::Digest {
            repository,
            tag,
            digest
        }),
        (repository(), rule()).prop_map(|(repository, rule)| Wanted::Version { repository, rule }),
        (layout(), option::of(tag())).prop_map(|(path, tag)| Wanted::Layout { path, tag }),
    ]
}

/// Any request.
pub fn request() -> impl Strategy<Value = Request> {
    (wanted(), option::of(btree_set(platform(), 1..4))).prop_map(|(wanted, platforms)| Request { wanted, platforms })
}

fn manifest_media_type() -> impl Strategy<Value = String> {
    prop::sample::select(super::lockfile::MANIFESTS.to_vec()).prop_map(str::to_owned)
}

fn locked_platform() -> impl Strategy<Value = LockedPlatform> {
    (digest(), digest(), manifest_media_type(), any::<u64>())
        .prop_map(|(config, digest, media_type, size)| LockedPlatform { config, digest, media_type, size })
}

/// The tag that a request is answered with.
fn answered(wanted: &Wanted) -> Option<Tag> {
    match wanted {
        Wanted::Tag { tag, .. } => Some(tag.clone()),
        Wanted::Digest { tag, .. } | Wanted::Layout { tag, .. } => tag.clone(),
        Wanted::Version { rule, .. } => {
            TAGS.into_iter().filter_map(|tag| tag.parse().ok()).find(|tag| rule.admits(tag))
        }
    }
}

fn base() -> impl Strategy<Value = Base> {
    (option::of(digest()), option::of(free_text())).prop_map(|(digest, name)| Base { digest, name })
}

fn signature() -> impl Strategy<Value = Signature> {
    let by = prop_oneof![
        layout().prop_map(SignedBy::Key),
        (free_text(), free_text()).prop_map(|(identity, issuer)| SignedBy::Identity { identity, issuer }),
    ];
    (digest(), by).prop_map(|(bundle, by)| Signature { bundle, by })
}

/// Any locked image whose answer fits its request.
pub fn locked_image() -> impl Strategy<Value = LockedImage> {
    let content = (digest(), prop::sample::select(super::lockfile::INDEXES.to_vec()), any::<u64>());
    let found = (btree_map(platform(), locked_platform(), 1..4), locked_platform(), content, any::<bool>());
    let said =
        (option::of(created()), option::of(free_text()), option::of(free_text()), option::of(free_text()), base());
    let signatures = vec(signature(), 0..3);
    (request(), found, said, signatures).prop_map(|(request, found, said, signatures)| {
        let (created, version, revision, source, base) = said;
        let (mut platforms, other, (digest, index, size), single) = found;
        // What was asked for is there and nothing else, as in every lock that `lock` writes.
        if let Some(wanted) = &request.platforms {
            platforms.retain(|platform, _| wanted.contains(platform));
            for platform in wanted {
                platforms.entry(platform.clone()).or_insert_with(|| other.clone());
            }
        }
        let (mut digest, mut media_type, mut size) = (digest, index.to_owned(), size);
        if let Wanted::Digest { digest: asked, .. } = &request.wanted {
            digest = asked.clone();
        }
        if single && platforms.len() == 1 {
            for locked in platforms.values_mut() {
                locked.digest = digest.clone();
                (media_type, size) = (locked.media_type.clone(), locked.size);
            }
        }
        let origin = match &request.wanted {
            Wanted::Layout { path, .. } => Origin::Layout(path.clone()),
            Wanted::Tag { repository, .. } | Wanted::Digest { repository, .. } | Wanted::Version { repository, .. } => {
                Origin::Registry(repository.clone())
            }
        };
        let tag = answered(&request.wanted);
        LockedImage {
            request,
            origin,
            tag,
            digest,
            media_type,
            size,
            platforms,
            created,
            version,
            revision,
            source,
            base,
            signatures,
        }
    })
}

/// What any lock may extend.
pub fn extended() -> impl Strategy<Value = Extended> {
    let path = prop_oneof![Just("../platform/images.lock"), Just("a b/é.lock")];
    let publisher = prop_oneof![
        path.prop_map(|path| Publisher::Path(path.into())),
        (repository(), option::of(tag())).prop_map(|(repository, tag)| Publisher::Registry(repository, tag)),
    ];
    (publisher, digest()).prop_map(|(publisher, digest)| Extended { publisher, digest })
}

/// Any lock.
pub fn lockfile() -> impl Strategy<Value = Lockfile> {
    let images = btree_map(image_name(), locked_image(), 0..5);
    (option::weighted(0.2, extended()), images).prop_map(|(extends, images)| Lockfile { extends, images })
}
