//! What an operator of the service may set: every key with its default in `config.default.toml`, a
//! file over it, the environment over both.
//!
//! Every value is checked where it is read, so that a complaint names the file or variable to mend.

mod reading;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::Table;

/// The defaults file, embedded: the documentation of all keys, and their schema.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// All settings of one service; `Debug` leaves out the database URL, which may hold a password.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// Database URL; empty = an SQLite file in [`Config::data_dir`].
    pub database: String,
    /// Folder of keys and of the SQLite file.
    pub data_dir: PathBuf,
    pub desk: Desk,
    pub sqlite: Sqlite,
    pub limits: Limits,
    pub tokens: Tokens,
    pub sign_in: SignIn,
    pub returns: Returns,
    pub log: Log,
}

/// The queue of commands, its writers and the readers beside it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Writing threads; 0 = 1 on SQLite, 2 on PostgreSQL.
    pub writers: usize,
    /// Commands waiting at most.
    pub queue_limit: usize,
    /// Commands per transaction at most.
    pub batch_limit: usize,
    /// Reading connections.
    pub readers: usize,
}

/// What SQLite takes of the machine.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sqlite {
    /// MiB of the file that all writers and readers together map into memory; 0 = none.
    pub mapped_mib: usize,
}

/// Limits on what a caller may send, and for how long.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub body_bytes: usize,
    pub import_line_bytes: usize,
    pub lines_per_sale: usize,
    pub lines_per_return: usize,
    pub tenders_per_sale: usize,
    pub rules_per_policy: usize,
    pub connections: usize,
    /// Seconds that requests under way are given when the service is told to stop.
    pub stop_seconds: u64,
    pub client_seconds: u64,
    pub answer_seconds: u64,
    pub keep_alive_seconds: u64,
    /// Per caller; 0 = no limit.
    pub requests_per_second: u32,
    pub refused_checks_per_minute: u32,
}

/// Access tokens: those the service signs, and whose else it takes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    pub issuer: String,
    pub audience: String,
    pub leeway_seconds: u64,
    pub ttl_seconds: u64,
    pub trusted_issuers: Vec<TrustedIssuer>,
}

/// An identity provider whose tokens are taken.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    pub issuer: String,
    pub audience: String,
    /// File with the issuer's public keys (JWK Set, RFC 7517).
    pub jwks_file: PathBuf,
    /// The claim that holds the employee number.
    #[serde(default = "subject")]
    pub operator_claim: String,
}

fn subject() -> String {
    "sub".into()
}

/// Lock-out of operators who mistype their PIN.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub attempts: u32,
    pub lock_minutes: u64,
    /// PINs that are looked at side by side.
    pub parallel: usize,
    /// Sign-ins that may wait for that, and as many PINs of approvers at registers.
    pub waiting: usize,
    /// Sign-ins without a token that one address may try in a minute; 0: no limit.
    pub per_minute: u32,
    /// The header in which a proxy tells the caller's address; empty: there is no proxy.
    pub address_header: String,
}

/// How long overrides and idempotency keys live; quotes hold ten minutes (API §4).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Returns {
    pub override_seconds: u64,
    pub idempotency_days: u64,
    /// How far a register's clock may be ahead.
    pub future_seconds: u64,
}

/// What is logged, and in which form.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// Directives of tracing-subscriber's `EnvFilter`.
    pub filter: String,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// Why the settings cannot be used, in words for whoever starts the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// The file named by `RETURNDESK_CONFIG` cannot be read, or is not TOML.
    File { file: String, reason: String },
    /// `source` (a file) sets a key that there is not.
    UnknownKey { source: String, key: String },
    /// `source` (a file or a variable) gives `key` a value that will not do.
    BadValue { source: String, key: String, reason: String },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::File { file, reason } => {
                write!(f, "cannot use the configuration file {file}: {reason}")
            }
            ConfigError::UnknownKey { source, key } => {
                write!(f, "{source} sets \"{key}\", which is not a setting")
            }
            ConfigError::BadValue { source, key, reason } => {
                write!(f, "{source} sets \"{key}\", which {reason}")
            }
        }
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("bind", &self.bind)
            .field("database", if self.database.is_empty() { &"" } else { &"(not shown)" })
            .field("data_dir", &self.data_dir)
            .field("desk", &self.desk)
            .field("limits", &self.limits)
            .field("tokens", &self.tokens)
            .field("sign_in", &self.sign_in)
            .field("returns", &self.returns)
            .field("log", &self.log)
            .finish()
    }
}

impl Default for Config {
    /// The embedded defaults, whatever the environment says.
    #[allow(clippy::expect_used)] // the embedded file cannot change after the tests have read it
    fn default() -> Self {
        Config::load(|_| None).expect("config.default.toml is a whole configuration")
    }
}

impl Config {
    /// The settings for this process.
    pub fn from_environment() -> Result<Config, ConfigError> {
        #[allow(clippy::disallowed_methods)] // the one place that asks the environment
        Config::load(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// Defaults, over them the file that `RETURNDESK_CONFIG` names, over both the variables that
    /// `env` knows.
    pub fn load(env: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let defaults: Table = DEFAULTS.parse().map_err(|error| embedded(&error))?;
        let mut settings = defaults.clone();
        if let Some(file) = env("RETURNDESK_CONFIG").filter(|file| !file.is_empty()) {
            reading::overlay_file(&mut settings, &defaults, &file)?;
        }
        reading::overlay_environment(&mut settings, &defaults, env)?;
        settings.try_into().map_err(|error| embedded(&error))
    }
}

/// Every value was checked as it was read, so what is left can only be wrong in the defaults file
/// itself.
fn embedded(error: &toml::de::Error) -> ConfigError {
    ConfigError::File {
        file: "config.default.toml (embedded)".into(),
        reason: error.to_string().trim_end().into(),
    }
}
