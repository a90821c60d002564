//! Lays a file and the environment over the defaults, and checks every value where it is read.

use super::{ConfigError, TrustedIssuer};
use std::net::SocketAddr;
use toml::{Table, Value};
use tracing_subscriber::EnvFilter;

/// Least and greatest value of every whole number.
pub(super) const RANGES: &[(&str, i64, i64)] = &[
    ("desk.writers", 0, 64),
    ("desk.queue_limit", 1, 1_000_000),
    ("desk.batch_limit", 1, 4096),
    ("desk.readers", 1, 256),
    ("sqlite.mapped_mib", 0, 1 << 20),
    ("limits.body_bytes", 1024, 1 << 30),
    ("limits.import_line_bytes", 1024, 1 << 30),
    ("limits.lines_per_sale", 1, 100_000),
    ("limits.lines_per_return", 1, 100_000),
    ("limits.tenders_per_sale", 1, 10_000),
    ("limits.rules_per_policy", 1, 100_000),
    ("limits.connections", 1, 1_000_000),
    ("limits.stop_seconds", 1, 3600),
    ("limits.client_seconds", 1, 3600),
    ("limits.answer_seconds", 1, 3600),
    ("limits.keep_alive_seconds", 1, 3600),
    ("limits.requests_per_second", 0, 1_000_000),
    ("limits.refused_checks_per_minute", 0, 1_000_000),
    ("tokens.leeway_seconds", 0, 300),
    ("tokens.ttl_seconds", 60, 86_400),
    ("sign_in.attempts", 1, 100),
    ("sign_in.lock_minutes", 1, 7 * 1440),
    ("sign_in.parallel", 1, 64),
    ("sign_in.waiting", 0, 10_000),
    ("sign_in.per_minute", 0, 1_000_000),
    // Five minutes is the contract with the shop (an override is for the customer at the counter),
    // not a taste.
    ("returns.override_seconds", 1, 300),
    ("returns.idempotency_days", 1, 3650),
    ("returns.future_seconds", 0, 86_400),
];

/// Lays the file's keys over `settings`; `defaults` says which there are and of what kind.
pub(super) fn overlay_file(
    settings: &mut Table,
    defaults: &Table,
    file: &str,
) -> Result<(), ConfigError> {
    let trouble = |reason: String| ConfigError::File { file: file.into(), reason };
    let text = std::fs::read_to_string(file).map_err(|error| trouble(error.to_string()))?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| trouble(error.to_string().trim_end().into()))?;
    for (name, value) in table {
        let unknown = |key: &str| ConfigError::UnknownKey { source: file.into(), key: key.into() };
        let bad = |key: &str, reason| ConfigError::BadValue {
            source: file.into(),
            key: key.into(),
            reason,
        };
        match (defaults.get(&name), value) {
            (None, _) => return Err(unknown(&name)),
            (Some(Value::Table(section)), Value::Table(given)) => {
                for (key, value) in given {
                    let path = format!("{name}.{key}");
                    let default = section.get(&key).ok_or_else(|| unknown(&path))?;
                    check(&path, default, &value).map_err(|reason| bad(&path, reason))?;
                    set(settings, &path, value);
                }
            }
            (Some(default), value) => {
                check(&name, default, &value).map_err(|reason| bad(&name, reason))?;
                set(settings, &name, value);
            }
        }
    }
    Ok(())
}

/// Lays the variables that `env` knows over `settings`; `defaults` says which to ask for.
pub(super) fn overlay_environment(
    settings: &mut Table,
    defaults: &Table,
    env: impl Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    for (key, default) in leaves(defaults) {
        let own = format!("RETURNDESK_{}", key.replace('.', "_").to_uppercase());
        let shared = (key == "database").then_some("DATABASE_URL");
        for name in shared.into_iter().chain([own.as_str()]) {
            let Some(text) = env(name) else { continue };
            let value = parse(default, &text)
                .and_then(|value| check(&key, default, &value).map(|()| value));
            let bad =
                |reason| ConfigError::BadValue { source: name.into(), key: key.clone(), reason };
            set(settings, &key, value.map_err(bad)?);
        }
    }
    Ok(())
}

/// Every key that has a value, as `section.key` or `key`, with that value.
pub(super) fn leaves<'a>(table: &'a Table) -> Vec<(String, &'a Value)> {
    let within = |(name, value): (&String, &'a Value)| match value {
        Value::Table(section) => {
            section.iter().map(|(key, leaf)| (format!("{name}.{key}"), leaf)).collect()
        }
        leaf => vec![(name.clone(), leaf)],
    };
    table.iter().flat_map(within).collect()
}

fn set(settings: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(settings.insert(path.into(), value)),
        Some((section, key)) => {
            if let Some(Value::Table(section)) = settings.get_mut(section) {
                section.insert(key.into(), value);
            }
        }
    }
}

/// A variable's text as a value of the default's kind.
fn parse(default: &Value, text: &str) -> Result<Value, String> {
    match default {
        Value::Integer(_) => {
            text.trim().parse().map(Value::Integer).map_err(|_| must_be("a whole number"))
        }
        Value::Array(_) => format!("list = {text}")
            .parse::<Table>()
            .ok()
            .and_then(|mut table| table.remove("list"))
            .ok_or_else(|| must_be("a TOML list")),
        _ => Ok(Value::String(text.into())),
    }
}

/// Whether `value` will do for `key`; if not, why.
pub(super) fn check(key: &str, default: &Value, value: &Value) -> Result<(), String> {
    match (default, value) {
        (Value::Integer(_), Value::Integer(number)) => in_range(key, *number),
        (Value::String(_), Value::String(text)) => check_text(key, text),
        (Value::Array(_), Value::Array(_)) => trusted_issuers(value),
        (Value::Integer(_), _) => Err(must_be("a whole number")),
        (Value::String(_), _) => Err(must_be("a text")),
        (Value::Array(_), _) => Err(must_be("a list")),
        _ => Err(must_be("a section")),
    }
}

fn must_be(what: &str) -> String {
    format!("must be {what}")
}

fn in_range(key: &str, number: i64) -> Result<(), String> {
    match RANGES.iter().find(|(name, ..)| *name == key) {
        Some((_, least, greatest)) if !(least..=greatest).contains(&&number) => {
            Err(format!("must be between {least} and {greatest}, not {number}"))
        }
        _ => Ok(()),
    }
}

fn check_text(key: &str, text: &str) -> Result<(), String> {
    match key {
        "bind" => match text.parse::<SocketAddr>() {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "must be an IP address and a port, such as 127.0.0.1:8080, not \"{text}\""
            )),
        },
        "log.format" if !["text", "json"].contains(&text) => {
            Err(format!("must be \"text\" or \"json\", not \"{text}\""))
        }
        "log.filter" => EnvFilter::builder()
            .parse(text)
            .map(drop)
            .map_err(|error| format!("cannot be used: {error}")),
        "sign_in.address_header"
            if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            Err(format!("must be the name of a header, not \"{text}\""))
        }
        "data_dir" | "tokens.issuer" | "tokens.audience" if text.is_empty() => {
            Err("must not be empty".into())
        }
        _ => Ok(()),
    }
}

fn trusted_issuers(value: &Value) -> Result<(), String> {
    let told = |error: toml::de::Error| format!("cannot be used: {}", error.message());
    let issuers: Vec<TrustedIssuer> = value.clone().try_into().map_err(told)?;
    for (at, one) in issuers.iter().enumerate() {
        let texts = [&one.issuer, &one.audience, &one.operator_claim];
        if texts.iter().any(|text| text.is_empty()) || one.jwks_file.as_os_str().is_empty() {
            return Err(
                "must give each issuer, audience, jwks_file and operator_claim a value".into()
            );
        }
        if issuers.iter().take(at).any(|other| other.issuer == one.issuer) {
            return Err(format!("names the issuer \"{}\" twice", one.issuer));
        }
    }
    Ok(())
}
