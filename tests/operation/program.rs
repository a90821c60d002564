//! The built binary, as an operator runs it.

use crate::instances::Folder;
use std::path::Path;
use std::process::{Command, Output};

/// What a run of the binary left behind.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            status: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Ran {
    #[track_caller]
    pub fn gives(self, status: i32) -> Ran {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// Runs it with a data directory of its own, and nothing of this machine's environment but where
/// programs are.
pub fn run(home: &Folder, arguments: &[&str]) -> Ran {
    run_with(home.path(), arguments)
}

/// The same with this data directory.
pub fn run_with(data_dir: &Path, arguments: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_returndesk"));
    command.env_clear().env("PATH", path).env("RETURNDESK_DATA_DIR", data_dir).args(arguments);
    Ran::from(command.output().unwrap())
}
