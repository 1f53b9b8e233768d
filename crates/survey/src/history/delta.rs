//! What a difference makes of what it is from: `gitformat-pack(5)`, "Deltified representation".

/// Puts an object together; nothing where the two do not fit, or the object is larger than `most`.
pub(super) fn apply(base: &[u8], mut difference: &[u8], most: u64) -> Option<Vec<u8>> {
    let before = size(&mut difference)?;
    let after = size(&mut difference)?;
    if before != base.len() as u64 || after > most {
        return None;
    }
    let after = usize::try_from(after).ok()?;
    let mut whole = Vec::new();
    while let Some((&operation, rest)) = difference.split_first() {
        difference = rest;
        let taken = if operation & 0x80 != 0 {
            // Each bit says whether a byte of the offset, or of the length, is there.
            let mut numbers = [0; 7];
            for (bit, number) in numbers.iter_mut().enumerate() {
                if operation & (1 << bit) != 0 {
                    let (&byte, rest) = difference.split_first()?;
                    (*number, difference) = (usize::from(byte), rest);
                }
            }
            let number = |bytes: &[usize]| bytes.iter().rev().fold(0, |number, byte| number << 8 | byte);
            let start = number(&numbers[..4]);
            let length = match number(&numbers[4..]) {
                0 => 0x10000,
                length => length,
            };
            base.get(start..start.checked_add(length)?)?
        } else {
            let (new, rest) = difference.split_at_checked(usize::from(operation)).filter(|(new, _)| !new.is_empty())?;
            difference = rest;
            new
        };
        if whole.len() + taken.len() > after {
            return None;
        }
        whole.extend_from_slice(taken);
    }
    (whole.len() == after).then_some(whole)
}

/// A number of groups of seven bits, the least first.
fn size(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_and_what_is_new_are_put_together() {
        // Copy 3 from 1, insert two, copy the first.
        let difference = [4, 6, 0x91, 1, 3, 2, b'x', b'y', 0x90, 1];
        assert_eq!(apply(b"abcd", &difference, 9).as_deref(), Some(b"bcdxya".as_slice()));
    }

    #[test]
    fn a_difference_that_does_not_fit_makes_nothing_and_no_more_than_it_says() {
        for difference in [
            &[][..],
            &[4],
            &[5, 1, 1, b'x'],                // from something else
            &[4, 2, 1, b'x'],                // less than it says
            &[4, 1, 2, b'x', b'y'],          // more than it says
            &[4, 1, 0],                      // an operation that is none
            &[4, 4, 0x91, 1, 4],             // behind the end
            &[4, 1, 3, b'x'],                // cut
            &[4, 0x80, 0x80, 0x80, 0x80, 1], // larger than is allowed
            &[0x80; 12],
        ] {
            assert_eq!(apply(b"abcd", difference, 9), None, "{difference:?}");
        }
    }
}
