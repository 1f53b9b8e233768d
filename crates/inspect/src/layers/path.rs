//! Paths of entries: where an image has them, and which of them say that something is gone.

/// The longest path that is looked at, in bytes: what Linux opens.
pub(super) const LONGEST: usize = 4096;

/// A path from the root of the image, without a leading `/`, `.`, `..` and empty components.
///
/// Runtimes keep `..` below the root, and so does this: it leads nowhere else. The root itself is the empty path.
pub(super) fn normal(raw: &[u8]) -> Vec<u8> {
    let mut path: Vec<u8> = Vec::with_capacity(raw.len());
    for component in raw.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                let parent = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                path.truncate(parent);
            }
            _ => {
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(component);
            }
        }
    }
    path
}

/// Where a link of this path leads.
pub(super) fn target(path: &[u8], link: &[u8]) -> Vec<u8> {
    if link.starts_with(b"/") {
        return normal(link);
    }
    normal(&[folder(path), b"/", link].concat())
}

/// The folder of a path; the root's is the root.
pub(super) fn folder(path: &[u8]) -> &[u8] {
    &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)]
}

/// The last component of a path.
pub(super) fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// Every folder above a path, without the root.
pub(super) fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

/// What the name of an entry says of older layers (OCI image-spec, layer.md, "Whiteouts").
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing.
    None,
    /// This path of older layers is gone, with all that is below.
    Gone(Vec<u8>),
    /// What older layers have in this folder is gone.
    Opaque(Vec<u8>),
    /// What a storage driver keeps for itself.
    Private,
}

/// Reads the mark in a path's name.
pub(super) fn mark(path: &[u8]) -> Mark {
    let folder = folder(path);
    match name(path).strip_prefix(b".wh.") {
        None => Mark::None,
        Some(b".wh..opq") => Mark::Opaque(folder.to_vec()),
        // A whiteout of `..` or of nothing names no entry of its folder.
        Some(b"" | b"." | b"..") => Mark::Private,
        Some(rest) if rest.starts_with(b".wh.") => Mark::Private,
        Some(rest) => Mark::Gone(normal(&[folder, b"/", rest].concat())),
    }
}

/// A path for people.
pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_root() {
        for (raw, expected) in [
            ("./usr/lib/x", "usr/lib/x"),
            ("/usr//lib/./x/", "usr/lib/x"),
            ("../../etc/os-release", "etc/os-release"),
            ("a/../../b", "b"),
            ("./", ""),
            ("", ""),
        ] {
            assert_eq!(shown(&normal(raw.as_bytes())), expected, "{raw}");
        }
    }

    #[test]
    fn a_link_leads_from_its_folder() {
        for (path, link, expected) in [
            ("etc/os-release", "../usr/lib/os-release", "usr/lib/os-release"),
            ("lib", "usr/lib", "usr/lib"),
            ("var/lib/rpm", "/usr/lib/sysimage/rpm", "usr/lib/sysimage/rpm"),
            ("lib", "../../../usr/lib", "usr/lib"),
        ] {
            assert_eq!(shown(&target(path.as_bytes(), link.as_bytes())), expected, "{path}");
        }
    }

    #[test]
    fn marks_are_told_from_names() {
        assert_eq!(mark(b"a/.wh.b"), Mark::Gone(b"a/b".to_vec()));
        assert_eq!(mark(b".wh.b"), Mark::Gone(b"b".to_vec()));
        assert_eq!(mark(b"a/.wh..wh..opq"), Mark::Opaque(b"a".to_vec()));
        assert_eq!(mark(b".wh..wh..opq"), Mark::Opaque(Vec::new()));
        for private in ["a/.wh..wh.plnk", "a/.wh...", "a/.wh.", "a/.wh.."] {
            assert_eq!(mark(private.as_bytes()), Mark::Private, "{private}");
        }
        assert_eq!(mark(b"a/x.wh.b"), Mark::None);
    }
}
