//! The file of an import: its bytes, and how many of them were read.

use crate::cli::failure::Failure;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that is read once, from its start.
pub struct Source {
    pub bytes: Box<dyn BufRead + Send>,
    pub position: Position,
}

/// How far a source was read.
#[derive(Clone, Debug, Default)]
pub struct Position {
    read: Arc<AtomicU64>,
    /// The size of a plain file; a pipe has none.
    pub size: Option<u64>,
}

impl Position {
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// A position in a file of this size.
    #[cfg(test)]
    pub fn at(read: u64, size: Option<u64>) -> Position {
        Position { read: Arc::new(AtomicU64::new(read)), size }
    }
}

/// Opens a file, or stdin for `-`.
pub fn open(file: &Path) -> Result<Source, Failure> {
    if file == Path::new("-") {
        return Ok(Source::of(stdin(), None));
    }
    let opened = File::open(file).map_err(|fault| Failure::file(file, &fault))?;
    let about = opened.metadata().map_err(|fault| Failure::file(file, &fault))?;
    let size = about.is_file().then_some(about.len()).filter(|size| *size > 0);
    Ok(Source::of(opened, size))
}

impl Source {
    fn of(inner: impl Read + Send + 'static, size: Option<u64>) -> Source {
        let position = Position { read: Arc::default(), size };
        let counted = Counted { inner, read: Arc::clone(&position.read) };
        Source { bytes: Box::new(BufReader::with_capacity(1 << 16, counted)), position }
    }
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.read.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(count)
    }
}
