//! The lines of a text, found once: every place asks for its own.

use std::ops::Range;

/// Where the lines of a text start.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
    end: usize,
}

impl Lines {
    /// Finds the lines of a text.
    pub fn new(text: &str) -> Self {
        // Lines are short: looking at each byte is quicker than searching for the next end.
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(ends).collect(), end: text.len() }
    }

    /// The line of a byte, counted from 1.
    pub fn of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// The bytes of a line that is counted from 1, its end included; nothing behind the last.
    pub fn range(&self, line: usize) -> Range<usize> {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(self.end);
        start(line.saturating_sub(1))..start(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_the_line_that_it_stands_on() {
        let lines = Lines::new("a\nbc\r\n\nd");
        assert_eq!([0, 1, 2, 5, 6, 7, 8].map(|at| lines.of(at)), [1, 1, 2, 2, 3, 4, 4]);
        assert_eq!([1, 2, 3, 4, 5].map(|line| lines.range(line)), [0..2, 2..6, 6..7, 7..8, 8..8]);
    }
}
