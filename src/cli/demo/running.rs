//! The demo's server, on a thread of its own, so that the walk can ask it as a register would.

use crate::app::App;
use crate::cli::failure::Failure;
use crate::cli::terminal::{print, tell};
use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

/// A server that answers.
pub struct Running {
    app: Arc<App>,
    address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<Result<(), Failure>>,
}

/// The address asked for, or the same with a free port if its own is taken.
pub fn free(wanted: SocketAddr) -> Result<SocketAddr, Failure> {
    match TcpListener::bind(wanted) {
        Ok(_) => Ok(wanted),
        Err(fault) if fault.kind() == ErrorKind::AddrInUse => {
            tell(&format!("{wanted} is taken; a free port serves as well."));
            Ok(SocketAddr::new(wanted.ip(), 0))
        }
        Err(fault) => Err(Failure::Trouble(format!("{wanted} cannot be listened on: {fault}"))),
    }
}

impl Running {
    /// Starts serving; answers as soon as requests are taken.
    pub fn start(app: Arc<App>) -> Result<Running, Failure> {
        let (started, starts) = mpsc::channel();
        let served = Arc::clone(&app);
        let serve = move || {
            System::new().block_on(async {
                let (server, addresses) = served.serve()?;
                // Nobody waits for this only if the demo ended already.
                let _ = started.send((server.handle(), addresses));
                server
                    .await
                    .map_err(|fault| Failure::Trouble(format!("the server stopped: {fault}")))
            })
        };
        let thread = std::thread::Builder::new().name("server".into()).spawn(serve);
        let thread = thread
            .map_err(|fault| Failure::Trouble(format!("the server did not start: {fault}")))?;
        let started =
            starts.recv().ok().and_then(|(handle, addresses)| Some((handle, *addresses.first()?)));
        match started {
            Some((handle, address)) => {
                Ok(Running { app, address: reachable(address), handle, thread })
            }
            None => Err(ended(thread)
                .err()
                .unwrap_or_else(|| Failure::Trouble("the server did not start".into()))),
        }
    }

    /// Where to ask.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves on until Ctrl-C.
    pub fn wait(self) -> Result<(), Failure> {
        let result = ended(self.thread);
        self.app.stop();
        print("Stopped.");
        result
    }

    /// Stops, requests that are under way finished.
    pub fn stop(self) -> Result<(), Failure> {
        // The command is sent when the future is made; the thread's end is what is waited for.
        drop(self.handle.stop(true));
        let result = ended(self.thread);
        self.app.stop();
        result
    }
}

fn ended(thread: JoinHandle<Result<(), Failure>>) -> Result<(), Failure> {
    thread.join().unwrap_or_else(|_| Err(Failure::Trouble("the server died".into())))
}

/// Whoever listens on every address is asked on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}
