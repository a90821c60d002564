//! Why keys cannot be used, for whoever runs the service.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why keys cannot be used. Written for the operator of the service; holds no key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    Io {
        path: PathBuf,
        action: &'static str,
        kind: std::io::ErrorKind,
        detail: String,
    },
    OpenToOthers {
        path: PathBuf,
        mode: u32,
        right: u32,
    },
    Damaged {
        path: PathBuf,
        detail: String,
    },
    /// The secret or the log key is not the one the process began with.
    Exchanged {
        path: PathBuf,
    },
    UnknownKid(String),
    Signing(String),
}

impl KeyError {
    pub(super) fn io(path: &Path, action: &'static str, error: &std::io::Error) -> KeyError {
        KeyError::Io {
            path: path.to_path_buf(),
            action,
            kind: error.kind(),
            detail: error.to_string(),
        }
    }

    pub(super) fn damaged(path: &Path, detail: &str) -> KeyError {
        KeyError::Damaged { path: path.to_path_buf(), detail: detail.to_owned() }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Io { path, action, detail, .. } => {
                write!(f, "cannot {action} {}: {detail}", path.display())
            }
            KeyError::OpenToOthers { path, mode, right } => write!(
                f,
                "{path} may be opened by others than its owner (mode {mode:04o}); run: chmod {right:o} '{path}'",
                path = path.display()
            ),
            KeyError::Damaged { path, detail } => {
                write!(f, "{} cannot be used: {detail}", path.display())
            }
            KeyError::Exchanged { path } => write!(
                f,
                "{} is not the one this process started with; put the old one back, or restart if the change is meant",
                path.display()
            ),
            KeyError::UnknownKid(kid) => {
                write!(f, "there is no key '{kid}'; `returndesk keys list` shows those there are")
            }
            KeyError::Signing(detail) => write!(f, "cannot sign: {detail}"),
        }
    }
}

impl std::error::Error for KeyError {}
