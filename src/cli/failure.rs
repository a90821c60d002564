//! Why a command did not do what it was asked, and the exit status that says so to a script.

use crate::app::StartError;
use crate::export::log::ExportFault;
use crate::identity::keys::KeyError;
use crate::identity::note::NoteError;
use crate::store::StoreError;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Not done, in words for whoever ran the command.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was looked into, and the answer is no (1).
    No(String),
    /// It cannot be asked like this (2).
    Usage(String),
    /// Something it needs does not work (3).
    Trouble(String),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::No(_) => ExitCode::from(1),
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Trouble(_) => ExitCode::from(3),
        }
    }

    /// A file that cannot be read or written.
    pub fn file(path: &Path, fault: &io::Error) -> Failure {
        Failure::Trouble(format!("{}: {fault}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::No(text) | Failure::Usage(text) | Failure::Trouble(text) => f.write_str(text),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(fault: StoreError) -> Failure {
        match fault {
            StoreError::Configuration(why) => Failure::Usage(why),
            fault => Failure::Trouble(fault.to_string()),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(fault: KeyError) -> Failure {
        match fault {
            KeyError::UnknownKid(_) => Failure::Usage(fault.to_string()),
            fault => Failure::Trouble(fault.to_string()),
        }
    }
}

impl From<StartError> for Failure {
    fn from(fault: StartError) -> Failure {
        match fault {
            StartError::Store(fault) => fault.into(),
            StartError::Keys(fault) => fault.into(),
            fault => Failure::Trouble(fault.to_string()),
        }
    }
}

impl From<NoteError> for Failure {
    fn from(fault: NoteError) -> Failure {
        Failure::Usage(fault.to_string())
    }
}

impl From<ExportFault> for Failure {
    fn from(fault: ExportFault) -> Failure {
        match fault {
            ExportFault::Filter(why) => Failure::Usage(why),
            ExportFault::Store(fault) => fault.into(),
            ExportFault::Export(fault) => Failure::Trouble(fault.to_string()),
        }
    }
}
