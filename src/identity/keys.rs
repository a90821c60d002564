//! The key directory `<data-dir>/keys/` (0700), made at first start:
//!
//! | file | what for |
//! |---|---|
//! | `<kid>.pem` | Ed25519 signing keys for tokens, PKCS#8 PEM; the newest that is not retired signs, all of them verify |
//! | `keys.json` | which keys there are, when each was made and retired; the authority: a PEM file it does not name is ignored |
//! | `secret` | 32 bytes for keyed hashes and quotes; never rotated, for what was hashed with it could not be found again |
//! | `log.pem` | the Ed25519 key that signs audit manifests and checkpoints; what auditors pin, so it stays as well |
//! | `lock` | taken by whoever writes |
//!
//! Every file is 0600 and refused if anyone but its owner may open it. Retiring a key removes its
//! PEM file and leaves its line in `keys.json`.
//!
//! **Several instances** use the same contents: one directory mounted for all, or copies of it.
//! They need nothing else of each other. With a mount, `returndesk keys rotate` and `retire` reach
//! every instance within a second. With copies, copy the directory again after each change, on
//! rotation before the new key signs anything elsewhere and on retirement everywhere: a copy that
//! still holds a retired key goes on accepting it. A directory that is mounted read-only serves;
//! only changing it needs to write.
//!
//! A running process looks at the directory once per second at most. If it cannot be read, or is no
//! longer consistent, everything that needs a key is refused until it is again (STANDARDS 31).

pub use super::key_error::KeyError;

use super::jwks::VerifyKey;
use super::key_files::{self, Fingerprint, WriteLock};
use super::key_set::{
    self, KeyRecord, KeySet, LOG_KEY_FILE, SECRET_FILE, STATE_FILE, ServiceKey, State,
};
use super::keyed_hash::KeyedHasher;
use super::recheck::Recheck;
use crate::clock::Clock;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header};
use rand::RngCore;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The open key directory. Share it behind an `Arc`; every method may be called from any thread.
pub struct KeyStore {
    directory: PathBuf,
    clock: Clock,
    created: bool,
    recheck: Recheck,
    looking: Mutex<()>,
    held: RwLock<Held>,
}

struct Held {
    print: Option<Fingerprint>,
    set: Result<Arc<KeySet>, KeyError>,
    looks: u64,
    /// The secret and the log key this process began with; neither may change under it.
    roots: ([u8; 32], [u8; 32]),
}

/// One signing key, as `returndesk keys list` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    pub kid: String,
    pub created_at: Timestamp,
    pub retired_at: Option<Timestamp>,
    /// Whether this is the key that signs.
    pub active: bool,
}

/// What [`KeyStore::retire`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The key that signs from now on.
    pub active: String,
    /// Whether that one had to be made, because the retired key was the last.
    pub made_new: bool,
}

/// The public half of a signing key, or why it does not count.
pub(super) enum Found {
    Key(Arc<VerifyKey>, u64),
    Retired,
    Unknown,
}

impl KeyStore {
    /// Opens `<data_dir>/keys`, making it and all keys if it is not there. Safe when several
    /// processes start at once: one makes the keys, the others wait and read them.
    pub fn open_or_create(data_dir: &Path, clock: &Clock) -> Result<KeyStore, KeyError> {
        let directory = data_dir.join("keys");
        let created = if directory.join(STATE_FILE).exists() {
            false
        } else {
            create(data_dir, &directory, clock)?
        };
        if created {
            tracing::info!(directory = %directory.display(), "made the service's keys; keep a copy of this directory");
        }
        KeyStore::load(directory, clock, created)
    }

    /// Opens `<data_dir>/keys` and makes nothing.
    pub fn open(data_dir: &Path, clock: &Clock) -> Result<KeyStore, KeyError> {
        KeyStore::load(data_dir.join("keys"), clock, false)
    }

    fn load(directory: PathBuf, clock: &Clock, created: bool) -> Result<KeyStore, KeyError> {
        let print = key_files::fingerprint(&directory)?;
        let set = KeySet::load(&directory, 0)?;
        let held =
            Held { print: Some(print), roots: roots(&set), set: Ok(Arc::new(set)), looks: 0 };
        let recheck = Recheck::new(clock.now());
        let (clock, looking, held) = (clock.clone(), Mutex::new(()), RwLock::new(held));
        Ok(KeyStore { directory, clock, created, recheck, looking, held })
    }

    /// Where the keys lie.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether this process made the keys just now: then whoever started it should be told where
    /// they lie.
    pub fn created(&self) -> bool {
        self.created
    }

    /// Whether the keys can be used at this moment; what `/readyz` asks.
    pub fn health(&self) -> Result<(), KeyError> {
        self.current().map(|_| ())
    }

    /// All signing keys, oldest first, retired ones too.
    pub fn list(&self) -> Result<Vec<KeyInfo>, KeyError> {
        let set = self.current()?;
        let active = set.state.active().map(|key| key.kid.as_str());
        Ok(set.state.keys.iter().map(|key| KeyInfo::of(key, active)).collect())
    }

    /// Makes a new signing key, which signs from now on; the others go on verifying. Answers its
    /// id.
    pub fn rotate(&self) -> Result<String, KeyError> {
        let lock = key_files::lock(&self.directory)?;
        let mut state = State::load(&self.directory)?;
        let kid = add_key(&lock, &self.directory, &mut state, self.clock.now())?;
        self.store(&lock, &state)?;
        Ok(kid)
    }

    /// Takes a key out: what it signed is refused at once, and its private half is removed.
    /// Retiring the last key makes a new one first, so that a stolen key never has to wait for a
    /// rotation. Retiring twice is no fault.
    pub fn retire(&self, kid: &str) -> Result<Retired, KeyError> {
        let lock = key_files::lock(&self.directory)?;
        let mut state = State::load(&self.directory)?;
        let now = self.clock.now();
        let key = state
            .keys
            .iter_mut()
            .find(|key| key.kid == kid)
            .ok_or_else(|| KeyError::UnknownKid(kid.into()))?;
        key.retired_at.get_or_insert(now);
        let (active, made_new) = match state.active() {
            Some(key) => (key.kid.clone(), false),
            None => (add_key(&lock, &self.directory, &mut state, now)?, true),
        };
        self.store(&lock, &state)?;
        Ok(Retired { active, made_new })
    }

    /// The public signing keys as a JWK set (RFC 7517, RFC 8037), newest first, for
    /// `/.well-known/jwks.json`.
    pub fn jwks(&self) -> Result<serde_json::Value, KeyError> {
        let set = self.current()?;
        let jwk = |key: &key_set::ServiceKey| {
            serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                                "kid": key.kid, "x": URL_SAFE_NO_PAD.encode(key.public) })
        };
        Ok(serde_json::json!({ "keys": set.keys.iter().map(jwk).collect::<Vec<_>>() }))
    }

    /// The key that signs audit manifests and checkpoints.
    pub fn log_key(&self) -> Result<SigningKey, KeyError> {
        Ok(self.current()?.log_key.clone())
    }

    /// Hashes with keys derived from the directory's secret.
    pub fn hasher(&self) -> Result<KeyedHasher, KeyError> {
        Ok(KeyedHasher::new(self.current()?.secret))
    }

    /// Signs claims as a compact JWT of the given `typ` with the active key.
    pub(super) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        self.seal(&self.unsigned(typ, claims)?)
    }

    /// Writes header and claims of a compact JWT for the active key; [`KeyStore::seal`] adds the
    /// signature.
    pub(super) fn unsigned(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.current()?.signing().to_owned());
        Ok(format!("{}.{}", encoded(&header)?, encoded(claims)?))
    }

    /// Signs header and claims with the key that the header names. Ed25519 gives the same signature
    /// each time, so the same text becomes the same token.
    pub(super) fn seal(&self, unsigned: &str) -> Result<String, KeyError> {
        let header = unsigned.split('.').next().unwrap_or_default();
        let header = URL_SAFE_NO_PAD.decode(header).ok();
        let header: Option<Header> = header.and_then(|json| serde_json::from_slice(&json).ok());
        let kid = header.and_then(|header| header.kid).unwrap_or_default();
        let set = self.current()?;
        let key = set.find(&kid).map(ServiceKey::signs);
        let key = key.ok_or_else(|| KeyError::Signing("the key that it names is gone".into()))?;
        let signature = jsonwebtoken::crypto::sign(unsigned.as_bytes(), key, Algorithm::EdDSA);
        let signature = signature.map_err(|e| KeyError::Signing(e.to_string()))?;
        Ok(format!("{unsigned}.{signature}"))
    }

    /// The key of this id. An unknown one makes the directory be looked at again, a few times per
    /// second at most.
    pub(super) fn find(&self, kid: &str) -> Result<Found, KeyError> {
        let found = find_in(&*self.current()?, kid);
        if matches!(found, Found::Unknown) && self.recheck.extra() {
            self.look();
            return Ok(find_in(&*self.held()?, kid));
        }
        Ok(found)
    }

    /// Changes whenever the directory did; what was verified under another generation must be
    /// verified again.
    pub(super) fn generation(&self) -> Result<u64, KeyError> {
        Ok(self.current()?.generation)
    }

    fn current(&self) -> Result<Arc<KeySet>, KeyError> {
        if self.recheck.due(self.clock.now()) {
            self.look();
        }
        self.held()
    }

    fn held(&self) -> Result<Arc<KeySet>, KeyError> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).set.clone()
    }

    /// Reads the directory again if its files are not the ones last read, or could not be read.
    fn look(&self) {
        let _one_at_a_time = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        // The print is taken before reading: a change during the reading is seen by the next look.
        let print = key_files::fingerprint(&self.directory).ok();
        let (looks, roots_at_start) = {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            if print.is_some() && held.print == print && held.set.is_ok() {
                return;
            }
            (held.looks + 1, held.roots)
        };
        let set = KeySet::load(&self.directory, looks)
            .and_then(|set| self.same_roots(set, roots_at_start));
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        match (&held.set, &set) {
            (Ok(_), Err(error)) => {
                tracing::error!(%error, "the keys cannot be used: refusing everything that needs them")
            }
            (Err(_), Ok(_)) => tracing::info!("the keys can be used again"),
            _ => {}
        }
        held.print = print;
        held.looks = looks;
        held.set = set.map(Arc::new);
    }

    fn same_roots(&self, set: KeySet, expected: ([u8; 32], [u8; 32])) -> Result<KeySet, KeyError> {
        let found = roots(&set);
        let changed = if found.0 != expected.0 {
            Some(SECRET_FILE)
        } else {
            (found.1 != expected.1).then_some(LOG_KEY_FILE)
        };
        match changed {
            Some(file) => Err(KeyError::Exchanged { path: self.directory.join(file) }),
            None => Ok(set),
        }
    }

    /// Writes the state file, then removes what retired keys left. In this order: a state that
    /// names a key as live while its file is gone would stop every instance.
    fn store(&self, lock: &WriteLock, state: &State) -> Result<(), KeyError> {
        key_files::write(lock, &self.directory.join(STATE_FILE), &state.to_json()?)?;
        for key in state.keys.iter().filter(|key| key.retired_at.is_some()) {
            key_files::remove(&key_set::pem_path(&self.directory, &key.kid))?;
        }
        self.look();
        Ok(())
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl KeyInfo {
    fn of(key: &KeyRecord, active: Option<&str>) -> KeyInfo {
        let active = active == Some(key.kid.as_str());
        KeyInfo {
            kid: key.kid.clone(),
            created_at: key.created_at,
            retired_at: key.retired_at,
            active,
        }
    }
}

fn find_in(set: &KeySet, kid: &str) -> Found {
    match set.find(kid) {
        Some(key) => Found::Key(key.verify.clone(), set.generation),
        None if set.is_retired(kid) => Found::Retired,
        None => Found::Unknown,
    }
}

fn roots(set: &KeySet) -> ([u8; 32], [u8; 32]) {
    (set.secret, set.log_key.verifying_key().to_bytes())
}

/// Makes whatever a first start that was cut short has not made; the state file comes last and says
/// that all is there. Answers whether this process was the one.
fn create(data_dir: &Path, directory: &Path, clock: &Clock) -> Result<bool, KeyError> {
    key_files::create_directories(data_dir, directory)?;
    let lock = key_files::lock(directory)?;
    if directory.join(STATE_FILE).exists() {
        return Ok(false);
    }
    let (secret, log_key) = (directory.join(SECRET_FILE), directory.join(LOG_KEY_FILE));
    if !secret.exists() {
        let mut bytes = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut bytes);
        key_files::write(&lock, &secret, &bytes)?;
    }
    if !log_key.exists() {
        key_files::write(
            &lock,
            &log_key,
            &key_set::to_pem(&SigningKey::generate(&mut rand::rngs::OsRng))?,
        )?;
    }
    let mut state = State::empty();
    add_key(&lock, directory, &mut state, clock.now())?;
    key_files::write(&lock, &directory.join(STATE_FILE), &state.to_json()?)?;
    Ok(true)
}

fn add_key(
    lock: &WriteLock,
    directory: &Path,
    state: &mut State,
    now: Timestamp,
) -> Result<String, KeyError> {
    let (kid, key) = key_set::new_key();
    key_files::write(lock, &key_set::pem_path(directory, &kid), &key_set::to_pem(&key)?)?;
    state.keys.push(KeyRecord { kid: kid.clone(), created_at: now, retired_at: None });
    Ok(kid)
}

fn encoded(part: &impl Serialize) -> Result<String, KeyError> {
    let json = serde_json::to_vec(part).map_err(|e| KeyError::Signing(e.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
