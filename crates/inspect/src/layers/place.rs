//! Where images keep what says which packages they have.

use crate::database::java;

/// What a file is, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    OsRelease,
    Apk,
    Dpkg,
    /// A file for one package, as distroless images have them.
    DpkgPart,
    Rpm,
    /// SUSE's.
    RpmSlots,
    /// Berkeley DB.
    RpmOld,
    /// Changes that SQLite has not written into the database yet.
    RpmLog,
    RpmManifest,
    Python,
    Npm,
    Java,
    /// What may be executed: its first bytes tell what it is.
    Executable,
}

/// Which of several files is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// There is one, that of the newest layer that has any.
    Apk,
    Rpm,
    Os,
    /// Each says something of its own.
    Each,
}

/// The files of the distributions. The first of a group counts, where a layer has several.
const SYSTEM: [(&str, Place); 18] = [
    ("etc/os-release", Place::OsRelease),
    ("usr/lib/os-release", Place::OsRelease),
    ("lib/apk/db/installed", Place::Apk),
    ("usr/lib/apk/db/installed", Place::Apk),
    ("var/lib/dpkg/status", Place::Dpkg),
    ("usr/lib/sysimage/rpm/rpmdb.sqlite", Place::Rpm),
    ("var/lib/rpm/rpmdb.sqlite", Place::Rpm),
    ("usr/share/rpm/rpmdb.sqlite", Place::Rpm),
    ("usr/lib/sysimage/rpm/Packages.db", Place::RpmSlots),
    ("var/lib/rpm/Packages.db", Place::RpmSlots),
    ("usr/share/rpm/Packages.db", Place::RpmSlots),
    ("usr/lib/sysimage/rpm/Packages", Place::RpmOld),
    ("var/lib/rpm/Packages", Place::RpmOld),
    ("usr/share/rpm/Packages", Place::RpmOld),
    ("var/lib/rpmmanifest/container-manifest-2", Place::RpmManifest),
    ("usr/lib/sysimage/rpm/rpmdb.sqlite-wal", Place::RpmLog),
    ("var/lib/rpm/rpmdb.sqlite-wal", Place::RpmLog),
    ("usr/share/rpm/rpmdb.sqlite-wal", Place::RpmLog),
];

const DPKG_PARTS: &[u8] = b"var/lib/dpkg/status.d/";

impl Place {
    /// What a file at a path is.
    pub(super) fn of(path: &[u8], executable: bool) -> Option<Self> {
        if let Some(part) = path.strip_prefix(DPKG_PARTS) {
            return (!part.ends_with(b".md5sums") && !part.contains(&b'/')).then_some(Self::DpkgPart);
        }
        let system = SYSTEM.iter().find(|(place, _)| place.as_bytes() == path).map(|(_, place)| *place);
        system.or_else(|| language(path)).or(executable.then_some(Self::Executable))
    }

    pub(super) fn group(self) -> Group {
        match self {
            Self::OsRelease => Group::Os,
            Self::Apk => Group::Apk,
            Self::Rpm | Self::RpmSlots | Self::RpmOld | Self::RpmManifest => Group::Rpm,
            _ => Group::Each,
        }
    }

    /// Whether an image that has this has no other list of the distribution's packages.
    pub(super) fn is_whole_database(self) -> bool {
        matches!(self, Self::Apk | Self::Dpkg) || self.group() == Group::Rpm
    }

    /// Whether it says something of the distribution.
    pub(super) fn is_system(self) -> bool {
        !matches!(self, Self::Python | Self::Npm | Self::Java | Self::Executable)
    }
}

fn language(path: &[u8]) -> Option<Place> {
    let mut components = path.rsplit(|byte| *byte == b'/');
    let name = components.next()?;
    let folder = components.next().unwrap_or_default();
    let is_python = match name {
        b"METADATA" => folder.ends_with(b".dist-info"),
        b"PKG-INFO" => folder.ends_with(b".egg-info") || folder == b"EGG-INFO",
        _ => name.ends_with(b".egg-info"),
    };
    let above = components.next().unwrap_or_default();
    let is_scoped = above.starts_with(b"@") && components.next() == Some(b"node_modules");
    match name {
        _ if is_python => Some(Place::Python),
        b"package.json" if above == b"node_modules" || is_scoped => Some(Place::Npm),
        _ if java::is_archive(name) => Some(Place::Java),
        _ => None,
    }
}

/// The place of a path among those of its group.
pub(super) fn rank(path: &[u8]) -> usize {
    SYSTEM.iter().position(|(place, _)| place.as_bytes() == path).unwrap_or(SYSTEM.len())
}

/// Whether a link at this path leads a file of a distribution to where it is not looked for.
pub(super) fn is_moved(path: &[u8], target: &[u8]) -> bool {
    SYSTEM.iter().any(|(place, kind)| {
        let below = place.as_bytes().strip_prefix(path).filter(|below| below.starts_with(b"/"));
        below.is_some_and(|below| Place::of(&[target, below].concat(), false) != Some(*kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_languages_is_known_wherever_it_lies() {
        let place = |path: &str| Place::of(path.as_bytes(), false);
        for path in ["opt/v/lib/python3.12/site-packages/a-1.dist-info/METADATA", "a.egg-info", "x/a.egg-info/PKG-INFO"]
        {
            assert_eq!(place(path), Some(Place::Python), "{path}");
        }
        for path in ["app/node_modules/a/package.json", "node_modules/@types/node/package.json"] {
            assert_eq!(place(path), Some(Place::Npm), "{path}");
        }
        assert_eq!(place("opt/app/lib/A-1.JAR"), Some(Place::Java));
        for path in [
            "package.json",
            "node_modules/package.json",
            "node_modules/a/test/package.json",
            "a/b/METADATA",
            "METADATA",
            ".jar",
            "",
        ] {
            assert_eq!(place(path), None, "{path}");
        }
    }
}
