//! Rendering allocates in proportion to what is rendered. The counting allocator is of this test's binary alone.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]
#![allow(clippy::format_collect, reason = "tests build texts of lines")]

use imagelock::ADAPTERS;
use imagelock_adapter::{Adapter, MemoryTree};
use imagelock_core::project::Source;
use imagelock_core::source::{Located as _, SourceFile};
use imagelock_core::{Lockfile, Project};
use imagelock_edit::testing;
use imagelock_kubernetes::{post_render, unpinned};
use imagelock_tests::target_of_every_image;

/// How many times more images the larger lock has.
const MORE: usize = 8;
const FEW: usize = 100;
/// Sorting and growing buffers take a little more than their share; what is quadratic takes eight times its share.
const SLACK: f64 = 1.5;
/// What an image may cost an adapter, in bytes that are allocated in all. One regular expression costs more.
const EACH: f64 = 40_000.0;

fn lock(images: usize) -> Lockfile {
    let names: Vec<(String, String)> = (0..images)
        .map(|number| (format!("image{number}"), format!("ghcr.io/acme/image{number}:1.{number}")))
        .collect();
    let images: Vec<(&str, &str, char)> = names.iter().map(|(name, image)| (&**name, &**image, 'a')).collect();
    testing::lock(&images)
}

/// The bytes that were allocated in all, and the most that were held at a time.
fn allocated(adapter: &dyn Adapter, images: usize) -> (f64, f64) {
    let lock = lock(images);
    let (table, tree) = target_of_every_image(adapter.id(), &lock);
    let project = format!("[[{}]]\n{table}\n", adapter.id());
    let measured = allocation_counter::measure(|| {
        let outputs = testing::render(adapter, &project, &lock, &tree).unwrap();
        assert!(!outputs[0].content.is_empty());
    });
    #[allow(clippy::cast_precision_loss, reason = "a ratio needs no more")]
    let pair = (measured.bytes_total as f64, measured.bytes_max as f64);
    pair
}

/// The bytes that are allocated to find as many mistakes, and to tell where they are.
fn allocated_for_mistakes(line: impl Fn(usize) -> String, mistakes: usize) -> usize {
    let lines: String = (0..mistakes).map(line).collect();
    let file = SourceFile::new("images.toml", format!("[images]\n{lines}"));
    let manifest =
        SourceFile::new("Cargo.toml", format!("[package.metadata.images]\nuses = [{}]", "\"b\",".repeat(mistakes)));
    let sources = [Source::ImagesToml(file), Source::PackageManifest(manifest)];
    let measured = allocation_counter::measure(|| {
        let errors = Project::parse(&sources, &[]).unwrap_err();
        assert_eq!(errors.len(), mistakes);
        for error in errors {
            let places = error.labels().iter().map(|label| label.at.to_string().len()).sum::<usize>();
            assert!(places > 0 && !error.to_string().is_empty());
            drop(error.help());
        }
    });
    usize::try_from(measured.bytes_total).unwrap()
}

#[test]
fn more_mistakes_take_as_much_more_memory() {
    let wrong = |number: usize| format!("i{number} = \"B:{number}\"\n");
    let right = |number: usize| format!("i{number} = \"b:{number}\"\n");
    for (what, line) in [("images", &wrong as &dyn Fn(usize) -> String), ("uses", &right)] {
        let (few, many) = (allocated_for_mistakes(line, FEW), allocated_for_mistakes(line, FEW * MORE));
        assert!(2 * many < 3 * few * MORE, "{what}: {few} bytes, then {many}");
    }
}

#[test]
fn more_images_take_as_much_more_memory() {
    for adapter in ADAPTERS {
        // Statics and caches are filled once.
        allocated(*adapter, 1);
        let (few, many) = (allocated(*adapter, FEW), allocated(*adapter, FEW * MORE));
        #[allow(clippy::cast_precision_loss, reason = "a ratio needs no more")]
        let most = MORE as f64 * SLACK;
        #[allow(clippy::cast_precision_loss, reason = "a bound needs no more")]
        let each = (many.0 - few.0) / (FEW * (MORE - 1)) as f64;
        assert!(each < EACH, "{} allocates {each} bytes for each image", adapter.id());
        for (what, few, many) in [("in all", few.0, many.0), ("at a time", few.1, many.1)] {
            assert!(
                few > 0.0 && many / few < most,
                "{}: {few} bytes {what}, then {many}: {:.1} times",
                adapter.id(),
                many / few
            );
        }
    }
}

/// A file with as many places as are asked for.
type Places = fn(usize) -> String;

/// Files that people own, with the table that pins them.
const FILES: &[(&str, &str, &str, Places)] = &[
    ("kubernetes", "edit = 'a.yaml'", "a.yaml", |places| {
        repeated(
            places,
            "---\napiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: ghcr.io/acme/web:1.10}]}\n",
        )
    }),
    ("kubernetes", "edit = 'a.yaml'", "a.yaml", |places| {
        let containers = repeated(places, "  - image: ghcr.io/acme/web:1.10 # imagelock: web\n");
        format!("kind: Pod\nspec:\n  containers:\n{containers}")
    }),
    ("kubernetes", "edit = 'a.yaml'", "a.yaml", |places| {
        format!("kind: Pod\nspec: {{containers: [{}]}}\n", repeated(places, "{image: ghcr.io/acme/web:1.10}, "))
    }),
    ("kubernetes", "edit = 'a.yaml'", "a.yaml", |places| {
        let images: String = (0..places).map(|number| format!("- image: &a{number} ghcr.io/acme/web:1.10\n")).collect();
        let aliases: String = (0..places).map(|number| format!("- image: *a{number}\n")).collect();
        format!("containers:\n{images}initContainers:\n{aliases}")
    }),
    ("marker", "edit = 'a.sh'", "a.sh", |places| repeated(places, "IMAGE=ghcr.io/acme/web:1.9 # imagelock: web\n")),
    ("marker", "edit = 'a.sh'", "a.sh", |places| {
        format!("{} IMAGE=\"ghcr.io/acme/web:1.9\" # imagelock: web\n", repeated(places, "it's \"-x\" , "))
    }),
    ("terraform", "edit = 'a.tf'", "a.tf", |places| {
        repeated(places, "b {\n  a = \"x:1\" # imagelock: web\n  o = \"y\"\n}\n")
    }),
    ("earthly", "edit = ['Earthfile']", "Earthfile", |places| {
        format!("VERSION 0.8\n{}", repeated(places, "t:\n  FROM ghcr.io/acme/web:1.10\n  RUN x a # imagelock\n"))
    }),
    ("dockerfile", "edit = ['Dockerfile']", "Dockerfile", |places| {
        repeated(places, "# imagelock: web\nFROM ghcr.io/acme/web:1.9\nCOPY <<END /a\n# x\nEND\n")
    }),
    ("compose", "file = 'compose.yaml'\noutput = 'o.yaml'", "compose.yaml", |places| {
        let services: String =
            (0..places).map(|number| format!("  s{number}: {{image: ghcr.io/acme/web:1.10}}\n")).collect();
        format!("services:\n{services}")
    }),
    ("compose", "file = 'compose.yaml'\noutput = 'o.yaml'", "compose.yaml", |places| {
        let services: String =
            (0..places).map(|number| format!("s{number}: {{image: ghcr.io/acme/web:1.10}}, ")).collect();
        format!("services: {{{services}}}\n")
    }),
    ("compose", "file = 'compose.yaml'\noutput = 'o.yaml'", "compose.yaml", |places| {
        let bases: String =
            (0..places).map(|number| format!("  b{number}: {{image: ghcr.io/acme/web:1.10}}\n")).collect();
        let services: String =
            (0..places).map(|number| format!("  s{number}: {{extends: {{service: b{number}}}}}\n")).collect();
        format!("services:\n{bases}{services}")
    }),
    ("compose", "file = 'compose.yaml'\noutput = 'o.yaml'", "compose.yaml", |places| {
        let services: String = (0..places)
            .map(|number| {
                format!(
                    "  s{number}:\n    <<: *x\n    image: ghcr.io/acme/web:1.10\n    \
                     volumes: [{{type: image, source: 's{number}'}}]\n"
                )
            })
            .collect();
        format!("x: &x {{a: b}}\nservices:\n{services}")
    }),
    ("dockerfile", "edit = ['Dockerfile']", "Dockerfile", |places| {
        format!("FROM ghcr.io/acme/web:1.10\n{}", repeated(places, "ONBUILD COPY --from=ghcr.io/acme/web:1.10 / /\n"))
    }),
    ("marker", "edit = 'a.yaml'", "a.yaml", |places| repeated(places, "# imagelock: web\nimage: x:1\n")),
];

fn repeated(places: usize, text: &str) -> String {
    text.repeat(places)
}

/// The bytes that pinning a file allocates in all, and at a time.
fn allocated_for(id: &str, table: &str, path: &str, text: &str) -> (f64, f64) {
    let lock = testing::lock(&[("web", "ghcr.io/acme/web:1.10", 'a')]);
    allocated_in(id, table, &MemoryTree::default().file(path, text), &lock)
}

fn allocated_in(id: &str, table: &str, tree: &MemoryTree, lock: &Lockfile) -> (f64, f64) {
    let project = format!("[[{id}]]\n{table}\n");
    let adapter = ADAPTERS.iter().find(|adapter| adapter.id() == id).unwrap();
    let measured = allocation_counter::measure(|| {
        let outputs = testing::render(*adapter, &project, lock, tree).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(String::from_utf8_lossy(&outputs[0].content).contains("sha256:aaaa"), "{id}");
    });
    #[allow(clippy::cast_precision_loss, reason = "a ratio needs no more")]
    let pair = (measured.bytes_total as f64, measured.bytes_max as f64);
    pair
}

/// Values of as many images, in a chart that reads a key which none of them has.
fn allocated_for_values(values: fn(usize) -> String, places: usize) -> (f64, f64) {
    let lock = testing::lock(&[("web", "ghcr.io/acme/web:1.10", 'a')]);
    let template = "image: {{ .Values.i0.repository }}:{{ .Values.i0.tag }}@{{ .Values.i0.digest }}\n";
    let tree = MemoryTree::default()
        .file("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
        .file("web/templates/pod.yaml", template)
        .file("web/values.yaml", values(places));
    let wanted: String =
        (0..places).map(|number| format!("i{number} = {{image = 'web', shape = 'digest'}}, ")).collect();
    allocated_in("helm", &format!("chart = 'web'\nin-place = true\nvalues = {{ {wanted} }}"), &tree, &lock)
}

/// What doubles may grow its buffers once more.
fn in_proportion(id: &str, text: &str, sizes: [(f64, f64); 3]) {
    for pair in sizes.windows(2) {
        for (what, few, many) in [("in all", pair[0].0, pair[1].0), ("at a time", pair[0].1, pair[1].1)] {
            assert!(many / few < 2.0 * SLACK, "{id}: {few} bytes {what}, then {many}: {:.1} times\n{text}", many / few);
        }
    }
}

const SIZES: [usize; 3] = [1_000, 2_000, 4_000];

#[test]
fn more_places_take_as_much_more_memory() {
    for (id, table, path, places) in FILES {
        allocated_for(id, table, path, &places(1));
        in_proportion(id, &places(1), SIZES.map(|count| allocated_for(id, table, path, &places(count))));
    }
}

#[test]
fn more_values_take_as_much_more_memory() {
    let styles: [fn(usize) -> String; 2] = [
        |places| {
            (0..places).map(|number| format!("i{number}:\n  repository: ghcr.io/acme/web\n  tag: '1'\n")).collect()
        },
        |places| {
            let values: Vec<String> = (0..places)
                .map(|number| format!("\"i{number}\": {{\"repository\": \"ghcr.io/acme/web\", \"tag\": \"1\"}}"))
                .collect();
            format!("{{{}}}\n", values.join(", "))
        },
    ];
    for values in styles {
        allocated_for_values(values, 1);
        in_proportion("helm", &values(1), [500, 1_000, 2_000].map(|count| allocated_for_values(values, count)));
    }
}

#[test]
fn what_runs_without_a_digest_is_looked_up_in_the_lock_and_not_searched_for() {
    let allocated = |count: usize| {
        let lock = lock(count);
        let pods = repeated(count, "  - image: ghcr.io/acme/absent:1\n");
        let text = format!("kind: Pod\nspec:\n  containers:\n{pods}");
        let measured = allocation_counter::measure(|| {
            let found = testing::with_context(&lock, |context| unpinned(&text, context, &[])).unwrap();
            assert_eq!(found.len(), count);
        });
        #[allow(clippy::cast_precision_loss, reason = "a ratio needs no more")]
        let bytes = measured.bytes_total as f64;
        bytes
    };
    let (few, many) = (allocated(FEW), allocated(MORE * FEW));
    #[allow(clippy::cast_precision_loss, reason = "a ratio needs no more")]
    let most = MORE as f64 * SLACK;
    assert!(many / few < most, "{few} bytes, then {many}: {:.1} times", many / few);
}

#[test]
fn a_stream_of_manifests_takes_memory_in_proportion_and_no_more_than_its_bound() {
    let lock = testing::lock(&[("web", "ghcr.io/acme/web:1.10", 'a')]);
    let held = |text: &str| {
        let measured = allocation_counter::measure(|| {
            testing::with_context(&lock, |context| {
                drop(post_render(&SourceFile::new("-", text), context, &[]));
            });
        });
        #[allow(clippy::cast_precision_loss, reason = "a ratio needs no more")]
        let ratio = measured.bytes_max as f64 / text.len() as f64;
        ratio
    };
    for (name, text) in [
        ("pods", FILES[0].3(16_000)),
        ("a list of short texts", format!("[{}]", "a,".repeat(400_000))),
        ("anchors", (0..100_000).map(|number| format!("- &a{number} x\n")).collect()),
        ("open braces", "[".repeat(1_000_000)),
        ("dashes", "- ".repeat(500_000)),
        ("comments", format!("a: 1\n{}", "# c\n".repeat(300_000))),
    ] {
        let ratio = held(&text);
        assert!(ratio < 200.0, "{name}: {ratio:.0} bytes are held for each byte");
    }
}
