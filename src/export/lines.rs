//! Reading a file line by line with an end to what one line may cost.

use std::io::{self, BufRead, Read};

/// The longest line or record that is read. The manifest of an export of 50 000 stores is shorter.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// One line as it stands in the file.
pub(super) struct Line<'a> {
    /// With its line end.
    pub bytes: &'a [u8],
    /// The text without its line end, if the line is complete and UTF-8.
    pub text: Result<&'a str, Spoilt>,
}

/// Why a line is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoilt {
    /// It does not end in a newline: the file was cut within it, or it is longer than any line we
    /// write.
    Cut,
    NotUtf8,
}

pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Lines<R> {
        Lines { reader, buffer: Vec::new() }
    }

    /// The next line; nothing at the end of the file.
    pub fn line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        self.append_line()?;
        Ok(self.current())
    }

    /// The next CSV record: lines until every quote is closed.
    pub fn record(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut quotes = 0;
        loop {
            let read = self.append_line()?;
            quotes +=
                self.buffer[self.buffer.len() - read..].iter().filter(|b| **b == b'"').count();
            if read == 0 || quotes % 2 == 0 || self.buffer.len() as u64 >= MAX_LINE {
                return Ok(self.current());
            }
        }
    }

    fn append_line(&mut self) -> io::Result<usize> {
        (&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut self.buffer)
    }

    fn current(&self) -> Option<Line<'_>> {
        let bytes = self.buffer.as_slice();
        let text = match bytes.strip_suffix(b"\n") {
            Some(line) => std::str::from_utf8(line).map_err(|_| Spoilt::NotUtf8),
            None => Err(Spoilt::Cut),
        };
        (!bytes.is_empty()).then_some(Line { bytes, text })
    }
}
