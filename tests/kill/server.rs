//! The binary itself, as a process that can be killed.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running `returndesk serve`, and how to run it again.
pub struct Server {
    child: Child,
    address: SocketAddr,
    database: String,
    home: PathBuf,
}

impl Server {
    /// Starts on a port that is free now, and keeps to it.
    pub fn start(database: &str, home: &Path) -> Server {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = spawn(address, database, home);
        let mut server = Server { child, address, database: database.to_owned(), home: home.to_owned() };
        server.wait_until_it_listens();
        server
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL: the process gets no chance to do anything.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again over what the killed process left behind.
    pub fn restart(&mut self) {
        self.child = spawn(self.address, &self.database, &self.home);
        self.wait_until_it_listens();
    }

    fn wait_until_it_listens(&mut self) {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait().unwrap();
            let said = || std::fs::read_to_string(self.home.join("stderr")).unwrap_or_default();
            assert!(
                ended.is_none() && started.elapsed() < Duration::from_secs(30),
                "no service ({ended:?}): {}",
                said()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(address: SocketAddr, database: &str, home: &Path) -> Child {
    let stderr = File::options().create(true).append(true).open(home.join("stderr")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_returndesk"))
        .args(["serve", "--bind", &address.to_string(), "--database", database, "--data-dir"])
        .arg(home)
        .env_remove("RETURNDESK_CONFIG")
        .env("RETURNDESK_LOG_FILTER", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .unwrap()
}
