//! The binary itself, as a process that can be killed.
#![allow(dead_code)] // each test binary uses a part of this

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running `returndesk serve`, and how to run it again.
pub struct Server {
    child: Child,
    address: SocketAddr,
    plan: Plan,
}

/// How a server is run.
#[derive(Clone)]
pub struct Plan {
    pub database: String,
    pub home: PathBuf,
    /// Settings beside the defaults, as variables of the environment.
    pub settings: Vec<(String, String)>,
    /// What a shell does before it becomes the server, such as `ulimit -n 100`.
    pub before: Option<String>,
}

impl Plan {
    pub fn new(database: &str, home: &Path) -> Plan {
        Plan {
            database: database.to_owned(),
            home: home.to_owned(),
            settings: Vec::new(),
            before: None,
        }
    }

    pub fn with(mut self, variable: &str, value: impl ToString) -> Plan {
        self.settings.push((variable.to_owned(), value.to_string()));
        self
    }

    pub fn before(mut self, shell: &str) -> Plan {
        self.before = Some(shell.to_owned());
        self
    }

    /// Runs the binary on a port that was free a moment ago, whether or not it comes to listen.
    pub fn spawn(&self, address: SocketAddr) -> Child {
        let stderr =
            File::options().create(true).append(true).open(self.home.join("stderr")).unwrap();
        let binary = env!("CARGO_BIN_EXE_returndesk");
        let mut command = match &self.before {
            None => Command::new(binary),
            Some(before) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("{before}; exec \"$@\""), "sh", binary]);
                shell
            }
        };
        command
            .args([
                "serve",
                "--bind",
                &address.to_string(),
                "--database",
                &self.database,
                "--data-dir",
            ])
            .arg(&self.home)
            .env_remove("RETURNDESK_CONFIG")
            .env("RETURNDESK_LOG_FILTER", "warn")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap()
    }
}

/// An address nobody listens on.
pub fn free_address() -> SocketAddr {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    free.local_addr().unwrap()
}

impl Server {
    /// Starts on a port that is free now, and keeps to it.
    pub fn start(database: &str, home: &Path) -> Server {
        Server::run(Plan::new(database, home))
    }

    pub fn run(plan: Plan) -> Server {
        let address = free_address();
        let mut server = Server { child: plan.spawn(address), address, plan };
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

    /// Waits until it has ended by itself.
    pub fn wait_for_its_end(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Starts again over what the killed process left behind.
    pub fn restart(&mut self) {
        self.child = self.plan.spawn(self.address);
        self.wait_until_it_listens();
    }

    /// What it has said so far, in all its lives.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.plan.home.join("stderr")).unwrap_or_default()
    }

    fn wait_until_it_listens(&mut self) {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && started.elapsed() < Duration::from_secs(30),
                "no service ({ended:?}): {}",
                self.said()
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
