//! The files of the key directory: modes, whole-file writes, and what shows that something changed.

use super::keys::KeyError;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// No file of ours comes near it; a mistaken file is not read into memory.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const LOCK: &str = "lock";
const UNFINISHED: &str = "new";

/// The exclusive right to write the directory, across processes; given back when dropped or when
/// the process dies.
pub(super) struct WriteLock(#[allow(dead_code)] File);

/// What tells one state of the directory from the next without reading the files: name, inode,
/// change time, size and mode of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<(PathBuf, u64, i64, i64, u64, u32)>);

/// Makes the data directory (if its parent exists) and the key directory in it, readable by the
/// owner alone.
pub(super) fn create_directories(data_dir: &Path, keys: &Path) -> Result<(), KeyError> {
    for directory in [data_dir, keys] {
        match DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(KeyError::io(directory, "make the directory", &error));
            }
            _ => {}
        }
    }
    refuse_open_directory(keys)
}

pub(super) fn refuse_open_directory(directory: &Path) -> Result<(), KeyError> {
    let metadata =
        std::fs::metadata(directory).map_err(|e| KeyError::io(directory, "look at", &e))?;
    refuse_open(directory, &metadata)
}

pub(super) fn lock(directory: &Path) -> Result<WriteLock, KeyError> {
    let path = directory.join(LOCK);
    let options =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = options.map_err(|e| KeyError::io(&path, "open", &e))?;
    file.lock().map_err(|e| KeyError::io(&path, "lock", &e))?;
    Ok(WriteLock(file))
}

/// Reads a whole file, refusing one that others than its owner may open. The mode is that of the
/// file opened.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, KeyError> {
    let file = File::open(path).map_err(|e| KeyError::io(path, "read", &e))?;
    let metadata = file.metadata().map_err(|e| KeyError::io(path, "look at", &e))?;
    refuse_open(path, &metadata)?;
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut content)
        .map_err(|e| KeyError::io(path, "read", &e))?;
    Ok(content)
}

/// Writes a file so that a reader sees the old content or the new, never half. The caller holds the
/// lock, which is why one name for the unfinished file is enough.
pub(super) fn write(_held: &WriteLock, path: &Path, content: &[u8]) -> Result<(), KeyError> {
    let unfinished = path.with_extension(UNFINISHED);
    remove(&unfinished)?;
    let fault = |error: &std::io::Error| KeyError::io(path, "write", error);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(|e| fault(&e))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|e| fault(&e))?;
    std::fs::rename(&unfinished, path).map_err(|e| fault(&e))?;
    let directory = path.parent().unwrap_or(path);
    File::open(directory)
        .and_then(|d| d.sync_all())
        .map_err(|e| KeyError::io(directory, "sync", &e))
}

/// Removes a file; one that is not there is removed already.
pub(super) fn remove(path: &Path) -> Result<(), KeyError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(KeyError::io(path, "remove", &error))
        }
        _ => Ok(()),
    }
}

pub(super) fn fingerprint(directory: &Path) -> Result<Fingerprint, KeyError> {
    let fault = |error: std::io::Error| KeyError::io(directory, "look into", &error);
    let own = std::fs::metadata(directory).map_err(fault)?;
    let mut prints = vec![(directory.to_path_buf(), own.ino(), 0, 0, 0, own.mode())];
    for entry in std::fs::read_dir(directory).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.ends_with(LOCK) || path.extension().is_some_and(|e| e == UNFINISHED) {
            continue;
        }
        // Gone between listing and looking: the next look sees the directory as it is then.
        if let Ok(m) = std::fs::metadata(&path) {
            prints.push((path, m.ino(), m.ctime(), m.ctime_nsec(), m.len(), m.mode()));
        }
    }
    prints.sort();
    Ok(Fingerprint(prints))
}

fn refuse_open(path: &Path, metadata: &Metadata) -> Result<(), KeyError> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(KeyError::OpenToOthers {
        path: path.to_path_buf(),
        mode,
        right: if metadata.is_dir() { 0o700 } else { 0o600 },
    })
}
