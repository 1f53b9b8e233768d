//! Strategies that make arbitrary values, for the property tests of this crate and of those that use it (feature
//! `proptest`).
//!
//! They reach into the corners on purpose: names that need quotes, hosts with ports and brackets, free text with
//! quotes, controls, template marks and letters of every script.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;

use crate::version::Rule;
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

/// Any version rule.
pub fn rule() -> impl Strategy<Value = Rule> {
    let requirement = prop::sample::select(vec!["*", "16", "~1.2", ">=1, <3", "=1.2.3-rc.1"]);
    let version = prop::sample::select(vec![r"^(?<version>\d+\.\d+)-alpine$", "'(?<version>.*)\"\n", "(?<version>\t)"]);
    let order = prop::sample::select(vec![r"-(?<order>\d+)$", "é(?<order>.)'"]);
    prop_oneof![
        (requirement.clone(), option::of(version.clone())).prop_filter_map("no rule", |(wanted, tags)| Rule::new(
            Some(wanted),
            tags,
            None
        )
        .ok()),
        (option::of(requirement), version).prop_filter_map("no rule", |(wanted, tags)| Rule::new(
            wanted,
            Some(tags),
            Some("semver")
        )
        .ok()),
        (order, prop::sample::select(vec!["numeric", "alphabetical"]))
            .prop_filter_map("no rule", |(tags, select)| Rule::new(None, Some(tags), Some(select)).ok()),
    ]
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

fn media_type() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ])
    .prop_map(str::to_owned)
}

fn locked_platform() -> impl Strategy<Value = LockedPlatform> {
    (digest(), digest(), media_type(), any::<u64>()).prop_map(|(config, digest, media_type, size)| LockedPlatform {
        config,
        digest,
        media_type,
        size,
    })
}

fn base() -> impl Strategy<Value = Base> {
    (option::of(digest()), option::of(free_text())).prop_map(|(digest, name)| Base { digest, name })
}

/// Any locked image whose answer fits its request.
pub fn locked_image() -> impl Strategy<Value = LockedImage> {
    let content = (digest(), media_type(), any::<u64>(), option::of(tag()), option::of(created()));
    let said = (option::of(free_text()), option::of(free_text()), option::of(free_text()), base());
    (request(), btree_map(platform(), locked_platform(), 0..4), locked_platform(), content, said).prop_map(
        |(
            request,
            mut platforms,
            other,
            (digest, media_type, size, tag, created),
            (version, revision, source, base),
        )| {
            // What was asked for is there, as in every lock that `lock` writes.
            let wanted: BTreeSet<Platform> = request.platforms.iter().flatten().cloned().collect();
            for platform in wanted {
                platforms.entry(platform).or_insert_with(|| other.clone());
            }
            let origin = match &request.wanted {
                Wanted::Layout { path, .. } => Origin::Layout(path.clone()),
                Wanted::Tag { repository, .. }
                | Wanted::Digest { repository, .. }
                | Wanted::Version { repository, .. } => Origin::Registry(repository.clone()),
            };
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
            }
        },
    )
}

/// Any lock.
pub fn lockfile() -> impl Strategy<Value = Lockfile> {
    btree_map(image_name(), locked_image(), 0..5).prop_map(|images| Lockfile { images })
}
