//! As much of an HTTP/1.1 client as the demo needs to ask its own server: one connection a request,
//! lengths and chunks.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The server is on this machine: what takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    pub method: &'a str,
    /// With its query.
    pub path: &'a str,
    pub token: Option<&'a str>,
    pub idempotency_key: Option<&'a str>,
    pub content_type: &'a str,
    pub body: String,
}

/// An answer, its body whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    /// What the status line says after the number.
    pub reason: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl<'a> Asked<'a> {
    pub fn get(path: &'a str, token: &'a str) -> Asked<'a> {
        Asked::json("GET", path, Some(token), String::new())
    }

    pub fn json(method: &'a str, path: &'a str, token: Option<&'a str>, body: String) -> Asked<'a> {
        Asked { method, path, token, idempotency_key: None, content_type: "application/json", body }
    }

    pub fn under(self, key: &'a str) -> Asked<'a> {
        Asked { idempotency_key: Some(key), ..self }
    }

    fn head(&self, address: SocketAddr) -> String {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n",
            self.method, self.path
        );
        if let Some(token) = self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        if let Some(key) = self.idempotency_key {
            head += &format!("Idempotency-Key: {key}\r\n");
        }
        if !self.body.is_empty() {
            head += &format!(
                "Content-Type: {}\r\nContent-Length: {}\r\n",
                self.content_type,
                self.body.len()
            );
        }
        head + "\r\n"
    }
}

impl Answered {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        Client { address }
    }

    /// Sends a request and waits for the whole answer.
    pub fn ask(&self, asked: &Asked<'_>) -> io::Result<Answered> {
        let mut connection = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_nodelay(true)?;
        let mut request = asked.head(self.address).into_bytes();
        request.extend_from_slice(asked.body.as_bytes());
        connection.write_all(&request)?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer)?;
        read(&answer)
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "the answer is not HTTP, or was cut"))
    }
}

fn read(answer: &[u8]) -> Option<Answered> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = (std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]);
    let (first, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let (status, reason) = first.strip_prefix("HTTP/1.1 ")?.split_once(' ')?;
    let headers = headers.lines().filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let mut answered = Answered {
        status: status.parse().ok()?,
        reason: reason.to_owned(),
        headers,
        body: Vec::new(),
    };
    answered.body = match (answered.header("transfer-encoding"), answered.header("content-length"))
    {
        (Some("chunked"), _) => unchunked(rest)?,
        (_, Some(length)) => rest.get(..length.parse().ok()?)?.to_vec(),
        _ => rest.to_vec(),
    };
    Some(answered)
}

/// The pieces of a chunked body; nothing if the last one, which is empty, is missing.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let piece = rest.get(end + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(piece.get(..size)?);
        rest = piece.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_length_by_chunks_and_to_the_end() {
        let body = |text: &str| read(text.as_bytes()).map(|answered| answered.text());
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc").as_deref(), Some("ab"));
        assert_eq!(body("HTTP/1.1 204 No Content\r\n\r\n").as_deref(), Some(""));
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(
            body(&format!("{chunked}3\r\na\r\n\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n")).as_deref(),
            Some("a\r\n0123456789")
        );
        let cut = [
            format!("{chunked}3\r\nabc\r\n"),
            format!("{chunked}3\r\nab"),
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".into(),
        ];
        assert!(cut.iter().all(|text| body(text).is_none()));
        let answered = read(b"HTTP/1.1 409 Conflict\r\nRetry-After:  1\r\n\r\n").unwrap();
        assert_eq!(
            (answered.status, answered.reason.as_str(), answered.header("retry-after")),
            (409, "Conflict", Some("1"))
        );
    }
}
