//! Layers as they are sent: plain, or compressed in frames one after the other.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest window of zstd that is held, in bytes: what RFC 8878, section 3.1.1.1.2 asks of every decoder.
const WINDOW: u64 = 8 * 1024 * 1024;

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// A plain tar archive.
    None,
    /// gzip (RFC 1952), in one member or several.
    Gzip,
    /// Zstandard (RFC 8878), in one frame or several; skippable frames are skipped.
    Zstd,
}

impl Compression {
    /// How a layer of this media type is compressed; `None` for what is no layer of files.
    ///
    /// OCI image-spec, layer.md, and Docker's image manifest version 2, schema 2.
    pub fn of(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "application/vnd.oci.image.layer.v1.tar"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar"
            | "application/vnd.docker.image.rootfs.diff.tar" => Self::None,
            "application/vnd.oci.image.layer.v1.tar+gzip"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
            | "application/vnd.docker.image.rootfs.diff.tar.gzip"
            | "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" => Self::Gzip,
            "application/vnd.oci.image.layer.v1.tar+zstd"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
            | "application/vnd.docker.image.rootfs.diff.tar.zstd" => Self::Zstd,
            _ => return None,
        })
    }
}

impl Compression {
    /// How a layer that begins with these bytes is compressed. Runtimes go by the bytes and not by the media type: there are
    /// images whose manifest says that a layer is plain, and it is not.
    pub(super) fn of_bytes(self, start: &[u8]) -> Self {
        match start {
            [0x1F, 0x8B, 0x08, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Self::Zstd,
            _ => self,
        }
    }
}

/// Reads what a layer unpacks to.
pub(super) enum Unpacked<B> {
    Plain(B),
    Gzip(MultiGzDecoder<B>),
    Zstd(Box<Frames<B>>),
}

impl<B: BufRead> Unpacked<B> {
    pub(super) fn new(compression: Compression, source: B) -> Self {
        match compression {
            Compression::None => Self::Plain(source),
            Compression::Gzip => Self::Gzip(MultiGzDecoder::new(source)),
            Compression::Zstd => Self::Zstd(Box::new(Frames::new(source))),
        }
    }
}

impl<B: BufRead> Read for Unpacked<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(frames) => frames.read(buffer),
        }
    }
}

/// The frames of Zstandard, one after the other.
pub(super) struct Frames<B> {
    source: B,
    decoder: FrameDecoder,
    within: bool,
}

impl<B: BufRead> Frames<B> {
    fn new(source: B) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { source, decoder, within: false }
    }

    /// Begins the next frame. False at the end.
    fn next(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<B: BufRead> Read for Frames<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                if !self.next()? {
                    return Ok(0);
                }
                self.within = true;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            if self.decoder.is_finished() {
                self.within = false;
            } else {
                let block = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, block).map_err(io::Error::other)?;
            }
        }
    }
}
