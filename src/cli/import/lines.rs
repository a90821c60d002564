//! The sales of a file of NDJSON, each with the line it stands on. A line that is too long costs no
//! memory.

use crate::api::error::ApiError;
use crate::wire::strict;
use actix_web::web::Bytes;
use std::io::{self, BufRead, Read};

/// A sale as text, or why there is none on its line.
pub struct Sale {
    /// Its line in the file, from 1.
    pub line: usize,
    pub text: Result<Bytes, ApiError>,
}

/// Reads line by line; empty lines are passed over. A source that fails ends with one last fault.
pub fn ndjson(source: impl BufRead, limit: usize) -> impl Iterator<Item = Sale> {
    Lines { source, limit, line: 0, ended: false }
}

struct Lines<R> {
    source: R,
    limit: usize,
    line: usize,
    ended: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Sale;

    fn next(&mut self) -> Option<Sale> {
        while !self.ended {
            self.line += 1;
            let text = match self.line() {
                Ok(None) => return None,
                Ok(Some(text))
                    if text.as_ref().is_ok_and(|text| text.iter().all(u8::is_ascii_whitespace)) =>
                {
                    continue;
                }
                Ok(Some(text)) => text,
                Err(fault) => {
                    self.ended = true;
                    // Trouble, which ends the import.
                    Err(ApiError::new(
                        "unavailable",
                        format!("The file cannot be read any further: {fault}."),
                    ))
                }
            };
            return Some(Sale { line: self.line, text });
        }
        None
    }
}

impl<R: BufRead> Lines<R> {
    fn line(&mut self) -> io::Result<Option<Result<Bytes, ApiError>>> {
        let mut text = Vec::new();
        let most = u64::try_from(self.limit).unwrap_or(u64::MAX).saturating_add(1);
        if (&mut self.source).take(most).read_until(b'\n', &mut text)? == 0 {
            return Ok(None);
        }
        if text.last() == Some(&b'\n') {
            text.pop();
        } else if text.len() > self.limit {
            self.source.skip_until(b'\n')?;
        }
        if self.line == 1 {
            text = strict::without_bom(&text).to_vec();
        }
        if text.len() > self.limit {
            let detail = format!("The line is longer than {} bytes.", self.limit);
            return Ok(Some(Err(ApiError::new("body_too_large", detail))));
        }
        Ok(Some(Ok(Bytes::from(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bom_at_the_start_is_no_part_of_the_first_line() {
        let read = |text: &str| -> Vec<(usize, Bytes)> {
            ndjson(text.as_bytes(), 8).map(|sale| (sale.line, sale.text.unwrap())).collect()
        };
        let (one, two) = (Bytes::from_static(b"{}"), Bytes::from_static(b"[]"));
        assert_eq!(read("\u{feff}{}\n[]"), [(1, one.clone()), (2, two.clone())]);
        assert_eq!(read("\u{feff}\n{}\r\n"), [(2, Bytes::from_static(b"{}\r"))]);
        assert_eq!(read("\u{feff}"), []);
        let later = "\u{feff}[]".as_bytes().to_vec();
        assert_eq!(read("{}\n\u{feff}[]"), [(1, one), (2, Bytes::from(later))]);
    }

    #[test]
    fn lines_keep_their_numbers_and_a_long_one_harms_no_other() {
        let file = "{}\n\n  \r\n12345678\n123456789\n1\n".to_owned() + &"9".repeat(50) + "\nlast";
        let read: Vec<(usize, Result<Bytes, String>)> = ndjson(file.as_bytes(), 8)
            .map(|sale| (sale.line, sale.text.map_err(|refused| refused.problem().code.clone())))
            .collect();
        let (text, long) =
            (|text: &'static str| Ok(Bytes::from(text)), || Err("body_too_large".to_owned()));
        let expected = vec![
            (1, text("{}")),
            (4, text("12345678")),
            (5, long()),
            (6, text("1")),
            (7, long()),
            (8, text("last")),
        ];
        assert_eq!(read, expected);
    }
}
