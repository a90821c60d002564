//! What one look at the key directory found, in memory: the state file, the keys that sign and
//! verify, the secret.

use super::jwks::VerifyKey;
use super::key_files;
use super::keys::KeyError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use jiff::Timestamp;
use jsonwebtoken::EncodingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) const SECRET_FILE: &str = "secret";
pub(super) const LOG_KEY_FILE: &str = "log.pem";
pub(super) const STATE_FILE: &str = "keys.json";
const STATE_VERSION: u32 = 1;
/// 96 bits of the RFC 7638 thumbprint: short enough to type, far too long to meet by chance.
const KID_LENGTH: usize = 16;
/// How often a look is repeated when the state file was replaced under it.
const LOOKS: usize = 8;

/// `keys.json`: every signing key that ever was, oldest first. The last that is not retired signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    pub(super) keys: Vec<KeyRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRecord {
    pub(super) kid: String,
    pub(super) created_at: Timestamp,
    pub(super) retired_at: Option<Timestamp>,
}

impl State {
    pub(super) fn empty() -> State {
        State { version: STATE_VERSION, keys: Vec::new() }
    }

    pub(super) fn active(&self) -> Option<&KeyRecord> {
        self.keys.iter().rev().find(|key| key.retired_at.is_none())
    }

    /// The state alone, for changing it: a key whose file was lost can still be retired.
    pub(super) fn load(directory: &Path) -> Result<State, KeyError> {
        key_files::refuse_open_directory(directory)?;
        let path = directory.join(STATE_FILE);
        State::from_json(&path, &key_files::read(&path)?)
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, KeyError> {
        serde_json::to_vec_pretty(self).map_err(|e| KeyError::Signing(e.to_string()))
    }

    fn from_json(path: &Path, json: &[u8]) -> Result<State, KeyError> {
        let state: State =
            serde_json::from_slice(json).map_err(|e| KeyError::damaged(path, &e.to_string()))?;
        if state.version != STATE_VERSION {
            return Err(KeyError::damaged(path, "its version is not one that this program knows"));
        }
        if state.keys.iter().any(|key| !is_kid(&key.kid)) {
            return Err(KeyError::damaged(
                path,
                "a key id in it is not one that this program makes",
            ));
        }
        Ok(state)
    }
}

/// A signing key that is not retired.
pub(super) struct ServiceKey {
    pub(super) kid: String,
    pub(super) public: [u8; 32],
    pub(super) verify: Arc<VerifyKey>,
    signs: EncodingKey,
}

pub(super) struct KeySet {
    /// Differs from that of every other set of this process; what was derived from an older set is
    /// void.
    pub(super) generation: u64,
    pub(super) state: State,
    /// Newest first: the first one signs.
    pub(super) keys: Vec<ServiceKey>,
    pub(super) secret: [u8; 32],
    pub(super) log_key: SigningKey,
}

impl KeySet {
    /// Reads the directory. Another process may be replacing keys meanwhile: a look that failed is
    /// repeated if the state file is no longer the one it began with.
    pub(super) fn load(directory: &Path, generation: u64) -> Result<KeySet, KeyError> {
        let path = directory.join(STATE_FILE);
        key_files::refuse_open_directory(directory)?;
        let mut json = key_files::read(&path)?;
        for _ in 1..LOOKS {
            let found = KeySet::assemble(directory, &json, generation);
            let again = key_files::read(&path)?;
            if found.is_ok() || again == json {
                return found;
            }
            json = again;
        }
        KeySet::assemble(directory, &json, generation)
    }

    fn assemble(directory: &Path, json: &[u8], generation: u64) -> Result<KeySet, KeyError> {
        let state = State::from_json(&directory.join(STATE_FILE), json)?;
        let live = state.keys.iter().rev().filter(|key| key.retired_at.is_none());
        let keys = live
            .map(|record| ServiceKey::read(directory, &record.kid))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(KeyError::damaged(
                &directory.join(STATE_FILE),
                "it names no key that may sign",
            ));
        }
        let secret = read_secret(&directory.join(SECRET_FILE))?;
        let log_key = read_pem(&directory.join(LOG_KEY_FILE))?;
        Ok(KeySet { generation, state, keys, secret, log_key })
    }

    pub(super) fn find(&self, kid: &str) -> Option<&ServiceKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    pub(super) fn is_retired(&self, kid: &str) -> bool {
        self.state.keys.iter().any(|key| key.kid == kid && key.retired_at.is_some())
    }

    /// The id of the key that signs: the newest. A set without one is never made.
    pub(super) fn signing(&self) -> &str {
        &self.keys[0].kid
    }
}

impl ServiceKey {
    pub(super) fn signs(&self) -> &EncodingKey {
        &self.signs
    }

    fn read(directory: &Path, kid: &str) -> Result<ServiceKey, KeyError> {
        let path = pem_path(directory, kid);
        let key = read_pem(&path)?;
        let public = key.verifying_key().to_bytes();
        if kid_of(&public) != kid {
            return Err(KeyError::damaged(&path, "it holds another key than its name says"));
        }
        let der =
            key.to_pkcs8_der().map_err(|_| KeyError::damaged(&path, "its key cannot be used"))?;
        let signs = EncodingKey::from_ed_der(der.as_bytes());
        Ok(ServiceKey {
            kid: kid.to_owned(),
            public,
            verify: Arc::new(VerifyKey::ed25519(&public)),
            signs,
        })
    }
}

pub(super) fn pem_path(directory: &Path, kid: &str) -> PathBuf {
    directory.join(format!("{kid}.pem"))
}

/// A new signing key. One whose id begins with a dash is thrown away: `keys retire -x…` would read
/// as an option.
pub(super) fn new_key() -> (String, SigningKey) {
    loop {
        let key = SigningKey::generate(&mut rand::rngs::OsRng);
        let kid = kid_of(&key.verifying_key().to_bytes());
        if !kid.starts_with('-') {
            return (kid, key);
        }
    }
}

/// PKCS#8 version 1, without the public half: the form that OpenSSL reads as well.
pub(super) fn to_pem(key: &SigningKey) -> Result<Vec<u8>, KeyError> {
    let bytes = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let pem = bytes.to_pkcs8_pem(LineEnding::LF).map_err(|e| KeyError::Signing(e.to_string()))?;
    Ok(pem.as_bytes().to_vec())
}

/// The first characters of the RFC 7638 thumbprint; members in lexicographic order, no white space
/// (RFC 8037).
pub(super) fn kid_of(public: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let mut kid = URL_SAFE_NO_PAD
        .encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)));
    kid.truncate(KID_LENGTH);
    kid
}

fn is_kid(text: &str) -> bool {
    text.len() == KID_LENGTH
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn read_pem(path: &Path) -> Result<SigningKey, KeyError> {
    let content = key_files::read(path)?;
    let key =
        std::str::from_utf8(&content).ok().and_then(|pem| SigningKey::from_pkcs8_pem(pem).ok());
    key.ok_or_else(|| KeyError::damaged(path, "it is not an Ed25519 key in PKCS#8 PEM form"))
}

fn read_secret(path: &Path) -> Result<[u8; 32], KeyError> {
    let content = key_files::read(path)?;
    content.try_into().map_err(|_| KeyError::damaged(path, "it is not 32 bytes long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A.3.
    #[test]
    fn kid_is_the_beginning_of_the_thumbprint() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(
            kid_of(&x.try_into().unwrap()),
            &"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"[..16]
        );
    }

    #[test]
    fn state_that_this_program_did_not_write_is_refused() {
        let path = Path::new("keys.json");
        for json in [
            r#"{"version":2,"keys":[]}"#,
            r#"{"version":1,"keys":[],"more":1}"#,
            r#"{"version":1,"keys":[{"kid":"../../etc/passwd","created_at":"2026-03-01T00:00:00Z","retired_at":null}]}"#,
            r#"{"version":1"#,
        ] {
            assert!(
                matches!(State::from_json(path, json.as_bytes()), Err(KeyError::Damaged { .. })),
                "{json}"
            );
        }
    }
}
