//! A client of a few lines over a plain socket: tests that kill servers want to know exactly what
//! reached them.
#![allow(dead_code)] // each test binary uses a part of this

use returndesk::api::service::Service;
use returndesk::app::App;
use returndesk::domain::caller::{Role, Stores};
use returndesk::identity::token::AccessGrant;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// An answer as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e} in {}", String::from_utf8_lossy(&self.body)))
    }
}

/// One kept-alive connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    pub fn connect(to: SocketAddr, token: &str) -> io::Result<Client> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Client { stream: BufReader::new(stream), token: token.to_owned() })
    }

    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        self.send(&request)
    }

    pub fn post(&mut self, path: &str, key: &str, body: &str) -> io::Result<Answer> {
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.send(&request)
    }

    /// Asks, and goes away without listening.
    pub fn post_and_leave(mut self, path: &str, key: &str, body: &str) -> io::Result<()> {
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())
    }

    fn send(&mut self, request: &str) -> io::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status = status
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length =
            answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        answer.body = vec![0; length];
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

/// A token of the service's own for an operator of every store.
pub fn token(service: &Service, operator: &str, roles: &[Role]) -> String {
    token_for(service, operator, roles, jiff::SignedDuration::from_hours(1))
}

/// The same for so long.
pub fn token_for(
    service: &Service,
    operator: &str,
    roles: &[Role],
    lifetime: jiff::SignedDuration,
) -> String {
    let grant = AccessGrant {
        operator: operator.to_owned(),
        client_id: "test".to_owned(),
        roles: roles.to_vec(),
        stores: Stores::All,
        register: None,
        lifetime,
    };
    service.minter.mint(&grant, service.clock.now()).unwrap().token
}

/// A service that listens, on a thread of this process; stops when dropped.
pub struct Served {
    pub address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub fn start(app: &App) -> Served {
        let app = App { service: app.service.clone() };
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let (server, addresses) = app.serve().unwrap();
                tell.send((server.handle(), addresses[0])).unwrap();
                server.await.unwrap();
            });
        });
        let (handle, address) = told.recv().unwrap();
        Served { address, handle, thread: Some(thread) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The word is sent when `stop` is called, whether or not anybody waits for the future that
        // it answers with.
        drop(self.handle.stop(false));
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}
