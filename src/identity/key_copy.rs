//! The key directory, copied whole: for backups, which are secret, and back from them.

use super::key_files;
use super::key_set::{self, KeySet, LOG_KEY_FILE, SECRET_FILE, STATE_FILE, State};
use super::keys::KeyError;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Copies the keys in `from` to the folder `to`, which is made and must not be there, or be empty.
/// The copy is one state of the directory, whoever rotates meanwhile, and is read back before this
/// answers how many files it has.
pub fn copy(from: &Path, to: &Path) -> Result<usize, KeyError> {
    KeySet::load(from, 0)?;
    // A source that cannot be written is not written by anybody else either.
    let of_source = key_files::lock(from).ok();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(to)
        .map_err(|e| KeyError::io(to, "make", &e))?;
    key_files::refuse_open_directory(to)?;
    if to.join(STATE_FILE).exists() || to.join(SECRET_FILE).exists() {
        return Err(KeyError::damaged(
            to,
            "there are keys in it already, and no key is ever overwritten",
        ));
    }
    let of_target = key_files::lock(to)?;
    let state = State::load(from)?;
    let live = state
        .keys
        .iter()
        .filter(|key| key.retired_at.is_none())
        .map(|key| key_set::pem_path(Path::new(""), &key.kid));
    let mut names: Vec<_> = live.chain([SECRET_FILE, LOG_KEY_FILE].map(Into::into)).collect();
    // The state last: it says that all is there.
    names.push(STATE_FILE.into());
    for name in &names {
        key_files::write(&of_target, &to.join(name), &key_files::read(&from.join(name))?)?;
    }
    drop((of_source, of_target));
    KeySet::load(to, 0)?;
    Ok(names.len())
}
