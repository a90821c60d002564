//! The demo's folder: emptied at each start, so only ever one that a demo made.

use crate::cli::failure::Failure;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Says that the folder is a demo's, and is locked while one runs in it.
const MARKER: &str = "returndesk-demo.txt";
const ABOUT: &str = "This folder is of `returndesk demo`. Everything in it is thrown away when the demo starts again.\n";

/// An empty folder, this process's own as long as the value lives.
pub struct Home {
    path: PathBuf,
    #[allow(dead_code)] // the lock is held until it is dropped
    marker: File,
}

impl Home {
    /// Makes the folder, or empties the one that an earlier demo left.
    pub fn open(path: &Path) -> Result<Home, Failure> {
        let trouble = |fault| Failure::file(path, &fault);
        let marker = path.join(MARKER);
        fs::create_dir_all(path).map_err(trouble)?;
        let is_empty = fs::read_dir(path).map_err(trouble)?.next().is_none();
        if !is_empty && !marker.is_file() {
            return Err(Failure::Usage(format!(
                "{} is no folder of a demo, and is left as it is: name another with --data-dir",
                path.display()
            )));
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&marker)
            .map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let detail = "another demo runs in it: name another with --data-dir";
                return Err(Failure::Trouble(format!("{}: {detail}", path.display())));
            }
            Err(TryLockError::Error(fault)) => return Err(trouble(fault)),
        }
        file.set_len(0).and_then(|()| file.write_all(ABOUT.as_bytes())).map_err(trouble)?;
        empty(path, &marker).map_err(trouble)?;
        Ok(Home { path: path.to_owned(), marker: file })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn empty(path: &Path, except: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        match kind.is_dir() {
            true => fs::remove_dir_all(path)?,
            false if path == except => {}
            false => fs::remove_file(path)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_a_demo_is_emptied() {
        let path = std::env::temp_dir().join(format!("returndesk-home-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("precious"), "x").unwrap();
        assert!(matches!(Home::open(&path), Err(Failure::Usage(_))));
        assert!(path.join("precious").exists() && !path.join(MARKER).exists());

        fs::remove_file(path.join("precious")).unwrap();
        let home = Home::open(&path).unwrap();
        fs::create_dir(path.join("keys")).unwrap();
        fs::write(path.join("keys/secret"), "x").unwrap();
        assert!(matches!(Home::open(&path), Err(Failure::Trouble(_))), "one demo at a time");
        assert!(path.join("keys/secret").exists());

        drop(home);
        let home = Home::open(&path).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        fs::remove_dir_all(&path).unwrap();
    }
}
