//! The guides of `docs/`: their commands do what they say. `imagelock_tests::Guide` tells how they are written.

use imagelock_tests::Guide;

#[test]
fn helm() {
    Guide::read("helm").follow();
}
