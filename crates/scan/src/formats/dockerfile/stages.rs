//! Which stages of a Dockerfile ship, and which only build.
//!
//! The last stage ships, and what it is built on. A stage that nothing else refers to may be somebody's `--target`, so it
//! ships too. What is left is copied or mounted from by others, and nothing is built on it that ships.

/// The stages so far.
#[derive(Default)]
pub(super) struct Stages {
    all: Vec<Stage>,
    /// Whether a variable names a stage, or may: then nothing is known.
    unclear: bool,
}

struct Stage {
    name: Option<String>,
    /// The stage that it is built on.
    parent: Option<usize>,
    /// Whether others copy or mount from it.
    is_source: bool,
    /// Which of the places is its image.
    site: Option<usize>,
}

impl Stages {
    /// A stage begins; `site` is which of the places its image is, where it is one.
    pub(super) fn begin(&mut self, name: Option<&str>, base: &str, site: Option<usize>) {
        self.unclear |= base.contains('$');
        let parent = self.named(base);
        self.all.push(Stage { name: name.map(str::to_lowercase), parent, is_source: false, site });
    }

    /// The stage that has begun copies or mounts from something.
    pub(super) fn takes_from(&mut self, written: &str) {
        self.unclear |= written.contains('$');
        let number = written.parse::<usize>().ok().filter(|number| *number < self.all.len());
        if let Some(stage) = number.or_else(|| self.named(written)).and_then(|index| self.all.get_mut(index)) {
            stage.is_source = true;
        }
    }

    fn named(&self, written: &str) -> Option<usize> {
        let name = written.to_lowercase();
        self.all.iter().rposition(|stage| stage.name.as_ref() == Some(&name))
    }

    /// The places of the images of stages that only build.
    pub(super) fn building(&self) -> Vec<usize> {
        if self.unclear {
            return Vec::new();
        }
        let is_base = |index| self.all.iter().any(|stage| stage.parent == Some(index));
        let mut ships = vec![false; self.all.len()];
        for (index, stage) in self.all.iter().enumerate().rev() {
            // What stands on it comes behind it, and was looked at before.
            ships[index] |= index + 1 == self.all.len() || !(stage.is_source || is_base(index));
            if let Some(parent) = stage.parent.filter(|_| ships[index]) {
                ships[parent] = true;
            }
        }
        let building = self.all.iter().zip(ships).filter(|(_, ships)| !ships);
        building.filter_map(|(stage, _)| stage.site).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::Format as _;
    use crate::formats::dockerfile::Dockerfile;

    /// The images that only build.
    fn building(text: &str) -> Vec<String> {
        let sites = Dockerfile.read(text).unwrap().sites;
        sites.iter().filter(|site| site.builds).filter_map(|site| site.text().map(str::to_owned)).collect()
    }

    #[test]
    fn an_image_that_is_only_copied_from_only_builds() {
        let text = "FROM golang:1 AS build\nRUN go build\nFROM alpine:3\nCOPY --from=build /a /a\n";
        assert_eq!(building(text), ["golang:1"]);
        assert_eq!(building(&text.replace("--from=build", "--from=0")), ["golang:1"]);
        assert_eq!(building(&text.replace("AS build", "AS Build")), ["golang:1"]);
        assert_eq!(
            building(&text.replace("COPY --from=build /a /a", "RUN --mount=from=build,target=/a cp /a /b")),
            ["golang:1"]
        );
    }

    #[test]
    fn what_ships_is_built_on_ships() {
        let text =
            "FROM golang:1 AS base\nFROM base AS build\nFROM alpine:3 AS run\nFROM run\nCOPY --from=build /a /a\n";
        assert_eq!(building(text), ["golang:1"]);
        assert_eq!(
            building(&text.replace("FROM run\n", "FROM base\n").replace("AS run", "AS other")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_stage_that_nothing_refers_to_may_be_a_target() {
        assert_eq!(building("FROM node:22 AS dev\nFROM alpine:3\n"), Vec::<String>::new());
        assert_eq!(building("FROM alpine:3\nCOPY --from=busybox:1 /a /a\n"), Vec::<String>::new());
        assert_eq!(building("FROM alpine:3\n"), Vec::<String>::new());
    }

    #[test]
    fn where_a_variable_may_name_a_stage_nothing_is_known() {
        let text = "FROM golang:1 AS build\nFROM alpine:3\nCOPY --from=build /a /a\n";
        for more in ["COPY --from=$FROM /b /b\n", "FROM $BASE\nCOPY --from=1 /b /b\n"] {
            assert_eq!(building(&format!("ARG FROM\nARG BASE\n{text}{more}")), Vec::<String>::new(), "{more}");
        }
    }
}
