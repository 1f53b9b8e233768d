//! An input that fails, made small.

/// How often a target is run at most to make one input small.
const TRIES: usize = 3000;

/// Takes away all that is not needed for `fails` to hold, in pieces that get smaller.
pub fn minimize(input: &[u8], mut fails: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut smallest = input.to_vec();
    let mut tries = 0;
    let mut piece = smallest.len().next_power_of_two();
    while piece > 0 && tries < TRIES {
        let mut start = 0;
        let mut shrunk = false;
        while start < smallest.len() && tries < TRIES {
            let end = (start + piece).min(smallest.len());
            let mut shorter = smallest.clone();
            shorter.drain(start..end);
            tries += 1;
            if fails(&shorter) {
                smallest = shorter;
                shrunk = true;
            } else {
                start = end;
            }
        }
        // A second pass over single bytes takes away what the first could not.
        if piece > 1 || !shrunk {
            piece /= 2;
        }
    }
    smallest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_fails() {
        let input = b"some text, then [ and much later ] and the end of it".repeat(20);
        let fails = |bytes: &[u8]| {
            let open = bytes.iter().position(|byte| *byte == b'[');
            open.is_some_and(|at| bytes[at..].contains(&b']'))
        };
        assert_eq!(minimize(&input, fails), b"[]");
    }

    #[test]
    fn an_input_that_does_not_fail_alone_stays_as_it_is() {
        assert_eq!(minimize(b"abc", |_| false), b"abc");
        assert_eq!(minimize(b"", |_| true), b"");
    }

    #[test]
    fn the_number_of_tries_is_bounded() {
        let mut tries = 0;
        let input = vec![b'x'; 100_000];
        drop(minimize(&input, |_| {
            tries += 1;
            tries % 2 == 0
        }));
        assert!(tries <= TRIES, "{tries}");
    }
}
