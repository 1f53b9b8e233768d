//! Commands that read what others send them, and commands that are asked for nonsense.

use imagelock_testkit::Image;

use crate::harness::Case;

fn locked(name: &'static str) -> Case {
    Case::new(name).serves(|registry| drop(registry.push("app:1", &Image::linux(["amd64"])))).runs("lock")
}

fn without_a_lock(name: &'static str, command: &str) -> Case {
    Case::new(name).runs(command).reads("").exits(2).says("imagelock lock").requests(0).no_file("images.lock")
}

fn helper(name: &'static str, question: &str) -> Case {
    Case::new(name)
        .login("{host}", "anna", "hunter-2")
        .runs("credential-helper get")
        .reads(question)
        .never_prints("hunter-2")
        .requests(0)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        locked("nothing to pin is nothing to do").runs("post-render").reads(""),
        locked("a stream of bytes that are no text is refused").runs("post-render").reads(b"kind: \xff\xfe").exits(2),
        locked("a stream with a broken document is refused with its place")
            .runs("post-render")
            .reads("kind: Pod\nspec: {containers: [\n")
            .exits(2),
        locked("an alias that nobody defined is refused")
            .runs("post-render")
            .reads("kind: Pod\nspec: *nothing\n")
            .exits(2),
        locked("a manifest that is nested without end is refused")
            .runs("post-render")
            .reads("[".repeat(100_000))
            .exits(2),
        locked("aliases that multiply without end are refused")
            .runs("post-render")
            .reads(laughs())
            .exits(2)
            .says("aliases"),
        helper("a question that is no JSON is refused", "hello").exits(2),
        helper("a question without an address is refused", "{}").exits(2),
        helper("a question for no registry of ours is answered with nothing", "{\"uri\":\"https://evil.example/v2/\"}"),
        helper(
            "a host that only begins like ours is not ours",
            "{\"uri\":\"https://{host}.evil.example/v2/a/blobs/x\"}",
        ),
        helper(
            "a login in the address does not make a host ours",
            "{\"uri\":\"https://{host}@evil.example/v2/a/blobs/x\"}",
        ),
        Case::new("an image that nobody declared is told").runs("why nothing").exits(2).says("nothing"),
        without_a_lock("a check without a lock is told with what to run", "verify"),
        without_a_lock("nothing is rendered without a lock", "render").exits(1),
        without_a_lock("nothing is copied without a lock", "pull out"),
        Case::new("an unknown command is told").runs("locck").exits(2).says("lock"),
        locked("an image is added once").runs("add {host}/app:1").exits(2).says("app"),
        locked("what is added is a reference").runs("add ../../etc/passwd").exits(2),
        locked("a name that is an option is told").runs("remove --force-all").exits(2),
    ]
}

/// Nine times nine lists of nine, each by an alias.
fn laughs() -> String {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ["b", "c", "d", "e", "f", "g", "h", "i"].into_iter().zip('a'..) {
        let aliases = vec![format!("*{before}"); 9].join(", ");
        text.push_str(&format!("{name}: &{name} [{aliases}]\n"));
    }
    format!("{text}kind: Pod\n")
}
