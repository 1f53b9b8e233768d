//! Rendering allocates in proportion to what is rendered. The counting allocator is of this test's binary alone.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock::ADAPTERS;
use imagelock_adapter::Adapter;
use imagelock_core::Lockfile;
use imagelock_edit::testing;
use imagelock_tests::target_of_every_image;

/// How many times more images the larger lock has.
const MORE: usize = 8;
const FEW: usize = 100;
/// Sorting and growing buffers take a little more than their share; what is quadratic takes eight times its share.
const SLACK: f64 = 1.5;

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

#[test]
fn more_images_take_as_much_more_memory() {
    for adapter in ADAPTERS {
        // Statics and caches are filled once.
        allocated(*adapter, 1);
        let (few, many) = (allocated(*adapter, FEW), allocated(*adapter, FEW * MORE));
        #[allow(clippy::cast_precision_loss, reason = "a ratio needs no more")]
        let most = MORE as f64 * SLACK;
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
