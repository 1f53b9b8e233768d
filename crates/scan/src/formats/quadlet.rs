//! Where units of Podman's Quadlet name images: `Image=` of containers, of images and of volumes.
//!
//! A name that ends in `.image` or `.build` is another unit's. After podman-systemd.unit(5).

use camino::Utf8Path;

use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

/// Units of Quadlet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quadlet;

/// The sections whose `Image` is an image.
const SECTIONS: &[&str] = &["[Container]", "[Image]", "[Volume]"];

/// Transports that lead to files and to stores of this machine.
const LOCAL: &[&str] = &["containers-storage:", "dir:", "docker-archive:", "docker-daemon:", "oci-archive:", "oci:"];

impl Format for Quadlet {
    fn id(&self) -> &'static str {
        "quadlet"
    }

    fn about(&self) -> &'static str {
        "a unit of Quadlet"
    }

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        // Parts of a unit lie in `web.container.d/10-image.conf`.
        let part = || path.parent().and_then(Utf8Path::file_name).and_then(|folder| folder.strip_suffix(".d"));
        let is_part = path.extension() == Some("conf");
        let kind = if is_part { part().and_then(|part| Utf8Path::new(part).extension()) } else { path.extension() };
        matches!(kind, Some("container" | "image" | "volume"))
            && head.text().lines().any(|line| SECTIONS.contains(&line.trim()))
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let (mut sites, mut at, mut section, mut goes_on) = (Vec::new(), 0, "", false);
        for line in text.split_inclusive('\n') {
            let (start, content) = (at, line.trim_end());
            at += line.len();
            let inner = content.trim_start_matches(['\u{feff}', ' ', '\t']);
            // A comment between the lines of a value does not end it.
            if inner.starts_with(['#', ';']) {
                continue;
            }
            let is_value = std::mem::replace(&mut goes_on, content.ends_with('\\'));
            if is_value {
                continue;
            }
            if inner.starts_with('[') {
                section = inner;
            }
            let value = inner.strip_prefix("Image").and_then(|rest| rest.trim_start().strip_prefix('='));
            let Some(value) = value.map(str::trim_start).filter(|_| SECTIONS.contains(&section)) else { continue };
            let start = start + content.len() - value.len();
            sites.extend(site(value, start, &lines));
        }
        Ok(Parsed { sites, comments: speaking(text, &lines, &["#", ";"], |_| false) })
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        Some(new.to_owned())
    }
}

fn site(value: &str, start: usize, lines: &Lines) -> Option<Site> {
    let is_unit = value.ends_with(".image") || value.ends_with(".build");
    if value.is_empty() || is_unit || LOCAL.iter().any(|transport| value.starts_with(transport)) {
        return None;
    }
    let span = start..start + value.len();
    // `%i` is what systemd puts in, and a value of several lines is no text of the file.
    let open = value.contains(['%', '$']) || value.ends_with('\\');
    Some(if open { Site::open(span, lines, "Image") } else { Site::whole(span, value, Sure::Certain, lines, "Image") })
}
