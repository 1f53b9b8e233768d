//! Paths into values: `controller.image`, `sidecars[0].image`, `pod\.example.image`.

use std::fmt;
use std::str::FromStr;

/// A way into values, at least one step long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValuePath(Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A key of a mapping.
    Key(String),
    /// An item of a list, counted from 0.
    Index(usize),
}

/// Why a text is not a [`ValuePath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing between two dots, or at an end.
    #[error("a path is keys with `.` between them, and `[0]` for an item of a list: a key is empty")]
    Empty,
    /// A bracket that does not hold a number.
    #[error("`[…]` in a path holds the number of a list's item, counted from 0")]
    Index,
    /// A character that no key of values has.
    #[error("{0:?} is not a character of a path: keys are printable ASCII")]
    Character(char),
}

impl ValuePath {
    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// This path with a key behind it.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(self.0.iter().cloned().chain([Step::Key(key.to_owned())]).collect())
    }
}

impl FromStr for ValuePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut key = String::new();
        let mut closed = false;
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => key.push(characters.next().ok_or(PathError::Empty)?),
                '.' if closed => closed = false,
                '.' => steps.push(finished(&mut key)?),
                '[' => {
                    if !closed {
                        steps.push(finished(&mut key)?);
                    }
                    let digits: String = characters.by_ref().take_while(|&c| c != ']').collect();
                    let fits = digits.len() <= 5 && digits.bytes().all(|c| c.is_ascii_digit());
                    let index = digits.parse().ok().filter(|_| fits).ok_or(PathError::Index)?;
                    steps.push(Step::Index(index));
                    closed = true;
                }
                ' '..='~' if !closed => key.push(character),
                _ if closed => return Err(PathError::Index),
                _ => return Err(PathError::Character(character)),
            }
        }
        if !closed {
            steps.push(finished(&mut key)?);
        }
        if let Some(Step::Key(key)) = steps.iter().find(|step| matches!(step, Step::Key(key) if !is_ascii(key))) {
            return Err(PathError::Character(key.chars().find(|c| !c.is_ascii()).unwrap_or_default()));
        }
        Ok(Self(steps))
    }
}

fn is_ascii(key: &str) -> bool {
    key.bytes().all(|c| (b' '..=b'~').contains(&c))
}

fn finished(key: &mut String) -> Result<Step, PathError> {
    if key.is_empty() { Err(PathError::Empty) } else { Ok(Step::Key(std::mem::take(key))) }
}

impl fmt::Display for ValuePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&display(&self.0))
    }
}

/// The text of some steps.
pub fn display(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                for character in key.chars() {
                    if matches!(character, '.' | '[' | '\\') {
                        text.push('\\');
                    }
                    text.push(character);
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_keys_and_items() {
        let path: ValuePath = r"a.b\.c[0][12].d".parse().unwrap();
        let key = |key: &str| Step::Key(key.to_owned());
        assert_eq!(path.steps(), [key("a"), key("b.c"), Step::Index(0), Step::Index(12), key("d")]);
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, error) in [
            ("", PathError::Empty),
            ("a..b", PathError::Empty),
            ("a.", PathError::Empty),
            (".a", PathError::Empty),
            ("a\\", PathError::Empty),
            ("[0]", PathError::Empty),
            ("a[x]", PathError::Index),
            ("a[]", PathError::Index),
            ("a[0]b", PathError::Index),
            ("a[999999]", PathError::Index),
            ("a\nb", PathError::Character('\n')),
            ("é", PathError::Character('é')),
            ("\\é", PathError::Character('é')),
        ] {
            assert_eq!(text.parse::<ValuePath>(), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_path_is_read_as_it_is_shown(keys in prop::collection::vec("[ -~]{1,8}", 1..5), index in 0..9_usize) {
            let mut steps: Vec<Step> = keys.into_iter().map(Step::Key).collect();
            steps.insert(1, Step::Index(index));
            let path = ValuePath(steps);
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }

        #[test]
        fn no_text_stops_the_reader(text in "\\PC{0,40}") {
            drop(text.parse::<ValuePath>());
        }
    }
}
