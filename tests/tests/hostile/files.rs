//! Files of a repository that nobody should trust: project files, links, globs, bytes that are no text.

use imagelock_testkit::Image;

use crate::harness::Case;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a project file that ends in a string is refused with its place")
            .toml("[images]\napp = \"{host}/app:1\n")
            .exits(2)
            .says("--> images.toml:2:")
            .no_file("images.lock"),
        Case::new("an output does not leave the repository")
            .toml("[images]\napp = \"{host}/app:1\"\n[[buildkit]]\noutput = \"../policy.json\"\n")
            .serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"]))))
            .runs("lock")
            .runs("render")
            .exits(2)
            .says("../policy.json")
            .no_file("../policy.json"),
        Case::new("an unknown key is told with the one that was meant")
            .toml("[images.app]\nrepositry = \"{host}/app\"\n")
            .exits(2)
            .says("did you mean `repository`?"),
    ]
}
