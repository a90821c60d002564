//! A way to PostgreSQL that can be cut: before a message has reached the server, or after it has,
//! before the answer is back.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// At which side of a message the way is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never gets it.
    Before,
    /// The server has done it, and its answer is lost.
    After,
}

/// Stands between the service and its server.
pub struct Proxy {
    state: Arc<State>,
}

struct State {
    upstream: Mutex<SocketAddr>,
    /// How many messages of a write to let pass, and then what.
    armed: Mutex<Option<(usize, Cut)>>,
    /// Nothing passes either way, and nobody is told.
    stalled: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// A proxy before the server of this URL, and the URL that leads through it.
    pub fn before(url: &str) -> (Proxy, String) {
        let (head, tail) = url.split_once('@').unwrap();
        let (place, path) = tail.split_once('/').unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream: Mutex::new(place.parse().unwrap()),
            armed: Mutex::new(None),
            stalled: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || drop(carry(client, &state)));
            }
        });
        (Proxy { state }, format!("{head}@{address}/{path}"))
    }

    /// Cuts the next write at its `message`-th message that the server would answer, counted from 1
    /// for its BEGIN.
    pub fn arm(&self, message: usize, cut: Cut) {
        *self.state.armed.lock().unwrap() = Some((message, cut));
    }

    /// Whether the cut that was armed has not been made; it will not be made any more.
    pub fn disarm(&self) -> bool {
        self.state.armed.lock().unwrap().take().is_some()
    }

    /// Cuts every connection there is.
    pub fn cut_all(&self) {
        for connection in self.state.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Lets nothing through any more, or lets it through again.
    pub fn stall(&self, stalled: bool) {
        self.state.stalled.store(stalled, Ordering::SeqCst);
    }

    /// Leads new connections to another server.
    pub fn lead_to(&self, upstream: SocketAddr) {
        *self.state.upstream.lock().unwrap() = upstream;
    }
}

fn carry(client: TcpStream, state: &Arc<State>) -> io::Result<()> {
    let upstream = *state.upstream.lock().unwrap();
    let server = TcpStream::connect(upstream)?;
    [&client, &server].into_iter().try_for_each(|stream| stream.set_nodelay(true))?;
    let mut kept = state.connections.lock().unwrap();
    kept.extend([client.try_clone()?, server.try_clone()?]);
    drop(kept);
    let deaf = Arc::new(AtomicBool::new(false));
    let back = {
        let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
        let (deaf, state) = (Arc::clone(&deaf), Arc::clone(state));
        std::thread::spawn(move || {
            let mut piece = [0; 16_384];
            while let Ok(length) = from.read(&mut piece) {
                wait_while_stalled(&state);
                // An answer that is to be lost ends the connection for both.
                if length == 0
                    || deaf.load(Ordering::SeqCst)
                    || to.write_all(&piece[..length]).is_err()
                {
                    break;
                }
            }
            shut(&from, &to);
        })
    };
    let carried = messages(&client, &server, state, &deaf);
    if !deaf.load(Ordering::SeqCst) {
        shut(&client, &server);
    }
    let _ = back.join();
    carried
}

fn shut(one: &TcpStream, other: &TcpStream) {
    let _ = one.shutdown(Shutdown::Both);
    let _ = other.shutdown(Shutdown::Both);
}

fn wait_while_stalled(state: &State) {
    while state.stalled.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Carries the client's messages one by one, as PostgreSQL's protocol frames them.
fn messages(
    mut client: &TcpStream,
    mut server: &TcpStream,
    state: &State,
    deaf: &AtomicBool,
) -> io::Result<()> {
    // The first has no type, only a length.
    let first = body(client, Vec::new())?;
    server.write_all(&first)?;
    // How many messages of the present write the server was asked to answer.
    let mut of_write = None;
    loop {
        let mut kind = [0];
        client.read_exact(&mut kind)?;
        let message = body(client, kind.to_vec())?;
        wait_while_stalled(state);
        // What a server answers at once: a simple query, or the end of an extended one.
        let answered = matches!(kind[0], b'Q' | b'S');
        if kind[0] == b'Q' && &message[5..] == b"BEGIN\0" {
            of_write = Some(0);
        }
        if let Some(count) = of_write.as_mut().filter(|_| answered) {
            *count += 1;
            let mut armed = state.armed.lock().unwrap();
            if let Some((_, cut)) = armed.take_if(|(wanted, _)| *wanted == *count) {
                drop(armed);
                if cut == Cut::Before {
                    return Ok(());
                }
                deaf.store(true, Ordering::SeqCst);
                return server.write_all(&message);
            }
        }
        server.write_all(&message)?;
    }
}

/// The rest of a message: its length, which counts itself, and what it says.
fn body(mut client: &TcpStream, mut message: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    message.extend(length);
    let start = message.len();
    message.resize(start + (u32::from_be_bytes(length) as usize).saturating_sub(4), 0);
    client.read_exact(&mut message[start..])?;
    Ok(message)
}
