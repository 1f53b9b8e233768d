//! Hashing bytes as they come.

use imagelock_core::Digest;
use imagelock_core::digest::Algorithm;
use sha2::{Digest as _, Sha256, Sha512};

/// Whether content is that of a digest; it is read piece by piece.
pub fn is_content_of(mut content: impl std::io::Read, digest: &Digest) -> std::io::Result<bool> {
    let mut hasher = Hasher::like(digest);
    let mut piece = vec![0; 64 << 10];
    loop {
        match content.read(&mut piece) {
            Ok(0) => return Ok(hasher.finish().as_ref() == Some(digest)),
            Ok(count) => hasher.update(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hashes a stream with the algorithm of the digest that it should have.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn like(digest: &Digest) -> Self {
        match digest.algorithm() {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the digest of what was hashed, or none if the hex digits do not parse, which they do.
    pub(crate) fn finish(self) -> Option<Digest> {
        let (name, hash) = match self {
            Self::Sha256(hasher) => ("sha256", hasher.finalize().to_vec()),
            Self::Sha512(hasher) => ("sha512", hasher.finalize().to_vec()),
        };
        let hex: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{name}:{}", hex.concat()).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_of_any_length_is_that_of_its_own_digest_alone() {
        for length in [0, 1, (64 << 10) - 1, 64 << 10, 200_000] {
            let content = vec![7; length];
            for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
                let digest = Digest::of(algorithm, &content);
                assert!(is_content_of(&content[..], &digest).unwrap());
                assert!(!is_content_of([&content[..], b"x"].concat().as_slice(), &digest).unwrap());
            }
        }
    }

    /// Answers with an error once, and then with its content.
    struct Failing(Option<std::io::ErrorKind>, &'static [u8]);

    impl std::io::Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.take().map_or_else(|| self.1.read(buffer), |kind| Err(kind.into()))
        }
    }

    #[test]
    fn a_read_that_a_signal_interrupts_goes_on_and_one_that_fails_is_no_answer() {
        let digest = Digest::sha256(b"content");
        let read = |kind| is_content_of(Failing(Some(kind), b"content"), &digest);
        assert!(read(std::io::ErrorKind::Interrupted).unwrap());
        assert_eq!(read(std::io::ErrorKind::TimedOut).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    }
}
