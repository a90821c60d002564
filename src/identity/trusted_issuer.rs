//! Other issuers whose access tokens count: their public keys, from a local JWKS file.
//!
//! The file is looked at again once per second at most, and out of turn (a few times per second)
//! for an unknown key id. While it cannot be read or makes no sense, the last good keys count for
//! an hour, then the issuer's tokens are refused (STANDARDS 24). Fetching the set over HTTP is not
//! done here: whatever fetches it writes the file, replacing it whole.

use super::jwks::{self, VerifyKey};
use super::recheck::Recheck;
use super::token_error::TokenError;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How long the last good keys count when the file cannot be read.
const OUTAGE_LIMIT: SignedDuration = SignedDuration::from_hours(1);
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// An issuer that the configuration trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// The `iss` of its tokens, compared letter by letter.
    pub issuer: String,
    /// The `aud` its tokens must carry to be meant for this service.
    pub audience: String,
    /// Its JWK set.
    pub jwks_file: PathBuf,
    /// The claim with the employee number, `sub` for most: by it an approver is told from the
    /// operator.
    pub operator_claim: String,
}

pub(super) struct IssuerKeys {
    pub(super) issuer: TrustedIssuer,
    recheck: Recheck,
    looking: Mutex<()>,
    held: RwLock<Held>,
}

type Keys = HashMap<String, Arc<VerifyKey>>;
/// Inode, change time in seconds and nanoseconds, size.
type FilePrint = (u64, i64, i64, u64);

struct Held {
    print: FilePrint,
    keys: Keys,
    generation: u64,
    last_good: Timestamp,
    failing: Option<String>,
}

impl IssuerKeys {
    /// Reads the file, which must be good at the start: a mistyped path should be noticed then.
    pub(super) fn open(issuer: TrustedIssuer, now: Timestamp) -> Result<IssuerKeys, String> {
        let print = print_of(&issuer.jwks_file)?;
        let keys = read(&issuer.jwks_file)?;
        let held = RwLock::new(Held { print, keys, generation: 0, last_good: now, failing: None });
        Ok(IssuerKeys { issuer, recheck: Recheck::new(now), looking: Mutex::new(()), held })
    }

    /// The key of this id, and the generation of the set it is in.
    pub(super) fn find(
        &self,
        kid: &str,
        now: Timestamp,
    ) -> Result<(Arc<VerifyKey>, u64), TokenError> {
        if let Some(found) = self.find_now(kid, now)? {
            return Ok(found);
        }
        if self.recheck.extra() {
            self.look(now);
        }
        self.find_now(kid, now)?.ok_or(TokenError::UnknownKey)
    }

    pub(super) fn generation(&self, now: Timestamp) -> Result<u64, TokenError> {
        self.usable(now, |held| held.generation)
    }

    fn find_now(
        &self,
        kid: &str,
        now: Timestamp,
    ) -> Result<Option<(Arc<VerifyKey>, u64)>, TokenError> {
        self.usable(now, |held| held.keys.get(kid).map(|key| (key.clone(), held.generation)))
    }

    fn usable<T>(&self, now: Timestamp, take: impl Fn(&Held) -> T) -> Result<T, TokenError> {
        if self.recheck.due(now) {
            self.look(now);
        }
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        match &held.failing {
            Some(why) if now.duration_since(held.last_good) >= OUTAGE_LIMIT => {
                Err(TokenError::KeysUnavailable(why.clone()))
            }
            _ => Ok(take(&held)),
        }
    }

    fn look(&self, now: Timestamp) {
        let _one_at_a_time = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let path = &self.issuer.jwks_file;
        let unchanged = |print: FilePrint| {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            held.failing.is_none() && held.print == print
        };
        let found = match print_of(path) {
            Ok(print) if unchanged(print) => Ok(None),
            Ok(print) => read(path).map(|keys| Some((print, keys))),
            Err(why) => Err(why),
        };
        self.held.write().unwrap_or_else(PoisonError::into_inner).take(
            found,
            &self.issuer.issuer,
            now,
        );
    }
}

impl Held {
    fn take(
        &mut self,
        found: Result<Option<(FilePrint, Keys)>, String>,
        issuer: &str,
        now: Timestamp,
    ) {
        match found {
            Err(why) => {
                if self.failing.is_none() {
                    tracing::warn!(
                        issuer,
                        why,
                        "the issuer's keys cannot be read; the last good ones count for an hour"
                    );
                }
                self.failing = Some(why);
                return;
            }
            Ok(Some((print, keys))) => {
                (self.print, self.keys) = (print, keys);
                self.generation += 1;
            }
            Ok(None) => {}
        }
        self.failing = None;
        self.last_good = now;
    }
}

fn print_of(path: &Path) -> Result<FilePrint, String> {
    let metadata = std::fs::metadata(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if metadata.mode() & 0o002 != 0 {
        // Whoever may write this file may make tokens.
        return Err(format!(
            "anybody may change {path}; run: chmod o-w '{path}'",
            path = path.display()
        ));
    }
    Ok((metadata.ino(), metadata.ctime(), metadata.ctime_nsec(), metadata.len()))
}

fn read(path: &Path) -> Result<Keys, String> {
    let mut json = Vec::new();
    let file = std::fs::File::open(path);
    file.and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut json))
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    jwks::parse(&json).map_err(|why| format!("{} cannot be used: {why}", path.display()))
}
