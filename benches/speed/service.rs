//! The binary as it is released, on a database and a folder of its own, and the tokens to talk to
//! it.

use crate::shop::{STORES, store};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder below the system's temporary one, removed when dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros());
        let path =
            std::env::temp_dir().join(format!("returndesk_bench_{}_{time}", std::process::id()));
        std::fs::create_dir(&path).expect("a temporary folder can be made");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that serves HTTP, ended when dropped.
pub struct Service {
    child: Child,
    pub address: SocketAddr,
}

impl Service {
    /// `returndesk serve` with its default settings, its log written to a file.
    pub fn start(database: &str, home: &Path, writers: usize) -> Service {
        let address = free_address();
        let mut command = Command::new(env!("CARGO_BIN_EXE_returndesk"));
        command
            .args(["serve", "--bind", &address.to_string(), "--database", database, "--data-dir"])
            .arg(home);
        command.env("RETURNDESK_DESK_WRITERS", writers.to_string());
        Service::run(command, address, home)
    }

    /// This program as the server of the no-op routes, with the keys of the same folder.
    pub fn no_op(home: &Path) -> Service {
        let address = free_address();
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["no-op-server", &address.to_string()]).arg(home);
        Service::run(command, address, home)
    }

    fn run(mut command: Command, address: SocketAddr, home: &Path) -> Service {
        let log = File::options()
            .create(true)
            .append(true)
            .open(home.join("stderr"))
            .expect("a log file");
        command
            .env_remove("RETURNDESK_CONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut child = command.spawn().expect("the program runs");
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            let said = || std::fs::read_to_string(home.join("stderr")).unwrap_or_default();
            let ended = child.try_wait().expect("a child");
            assert!(
                ended.is_none() && started.elapsed() < Duration::from_secs(60),
                "it does not serve: {}",
                said()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Service { child, address }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Asked to stop, it writes what waits and closes the database as a service that is stopped
        // does.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    free.local_addr().expect("a bound socket has an address")
}

/// An access token, signed by the service's key (EdDSA).
pub fn token(home: &Path, role: &str, store: &str, operator: &str) -> String {
    let made = Command::new(env!("CARGO_BIN_EXE_returndesk"))
        .args([
            "token",
            "--role",
            role,
            "--store",
            store,
            "--operator",
            operator,
            "--ttl",
            "1d",
            "--data-dir",
        ])
        .arg(home)
        .output()
        .expect("the program runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8_lossy(&made.stdout).trim().to_owned()
}

/// A cashier's token for each store of a kind.
pub fn cashiers(home: &Path, kind: char) -> Vec<String> {
    (0..STORES).map(|place| token(home, "cashier", &store(kind, place), "1042")).collect()
}
