//! What one input did to a target.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::Target;

/// How many bytes an input of the fuzzer's size may hold at a time.
const MOST_BYTES: u64 = 256 << 20;

/// How many allocations an input of the fuzzer's size may cost: the measure of time that is the same on every machine.
const MOST_ALLOCATIONS: u64 = 4_000_000;

/// What an input cost; inputs that take another path mostly cost something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// How many times memory was asked for.
    pub allocations: u64,
    /// How many bytes were held at the worst moment.
    pub bytes: u64,
}

/// What is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One word: `panic`, `memory`, `steps`, and from outside `crash` or `hang`.
    pub kind: &'static str,
    /// Where it fails, which is the same for inputs that fail alike.
    pub place: String,
    /// What is told.
    pub message: String,
}

thread_local! {
    static JUDGES: Cell<bool> = const { Cell::new(false) };
    static PANICKED: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Makes panics of targets say nothing and be remembered, for the thread in which they happen.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |told| {
            if !JUDGES.get() {
                return usual(told);
            }
            let place = told.location().map(ToString::to_string).unwrap_or_default();
            let text = told.payload_as_str().unwrap_or("it panicked").to_owned();
            PANICKED.with(|panicked| panicked.replace(Some((place, text))));
        }));
    });
}

/// Runs a target over an input.
pub fn judge(target: Target, input: &[u8]) -> Result<Cost, Failure> {
    listen();
    let mut done = Ok(());
    let counted = allocation_counter::measure(|| {
        JUDGES.set(true);
        done = panic::catch_unwind(AssertUnwindSafe(|| (target.body)(input)));
        JUDGES.set(false);
    });
    if done.is_err() {
        let (place, message) = PANICKED.with(RefCell::take).unwrap_or_default();
        return Err(Failure { kind: "panic", place, message });
    }
    let too_much = |kind, found: u64, most: u64, unit| {
        let message = format!("{found} {unit} for {} bytes, and {most} are allowed", input.len());
        Err(Failure { kind, place: kind.to_owned(), message })
    };
    if counted.bytes_max > MOST_BYTES {
        return too_much("memory", counted.bytes_max, MOST_BYTES, "bytes held");
    }
    if counted.count_total > MOST_ALLOCATIONS {
        return too_much("steps", counted.count_total, MOST_ALLOCATIONS, "allocations");
    }
    Ok(Cost { allocations: counted.count_total, bytes: counted.bytes_max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(body: fn(&[u8])) -> Result<Cost, Failure> {
        judge(Target { name: "test", body }, b"input")
    }

    #[test]
    fn a_panic_is_told_with_its_place_and_its_text() {
        let failure = judged(|input| panic!("no {}", input.len())).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), ("panic", "no 5"));
        assert!(failure.place.contains("judge.rs:"), "{}", failure.place);
    }

    #[test]
    fn too_much_memory_and_too_many_steps_are_failures() {
        let memory = judged(|_| drop(std::hint::black_box(Vec::<u8>::with_capacity(300 << 20))));
        assert_eq!(memory.unwrap_err().kind, "memory");
        let steps = judged(|_| (0..5_000_000).for_each(|_| drop(std::hint::black_box(Box::new(1)))));
        assert_eq!(steps.unwrap_err().kind, "steps");
    }

    #[test]
    fn what_an_input_costs_is_counted() {
        let cost = judged(|input| drop(std::hint::black_box(input.to_vec()))).unwrap();
        assert_eq!(cost, Cost { allocations: 1, bytes: 5 });
    }
}
