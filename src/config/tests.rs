//! What an operator can set, how it is laid over the defaults, and what is said of what will not
//! do.

use super::reading::{RANGES, check, leaves};
use super::*;
use std::collections::BTreeSet;

fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

/// Loads `text` as the file of `RETURNDESK_CONFIG`; what is said of the file is said of "FILE".
fn load_file(name: &str, text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let file =
        std::env::temp_dir().join(format!("returndesk-config-{}-{name}.toml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let result = load(&[&[("RETURNDESK_CONFIG", path)], variables].concat());
    std::fs::remove_file(&file).unwrap();
    result.map_err(|error| error.to_string().replace(path, "FILE"))
}

#[test]
fn the_defaults_file_is_the_whole_configuration() {
    let expected = Config {
        bind: "127.0.0.1:8080".parse().unwrap(),
        database: String::new(),
        data_dir: "./returndesk-data".into(),
        desk: Desk { writers: 0, queue_limit: 4096, batch_limit: 256, readers: 4 },
        sqlite: Sqlite { mapped_mib: 160 },
        limits: Limits {
            body_bytes: 1_048_576,
            import_line_bytes: 4_194_304,
            lines_per_sale: 5000,
            lines_per_return: 500,
            tenders_per_sale: 50,
            rules_per_policy: 1000,
            connections: 25_000,
            stop_seconds: 30,
            client_seconds: 10,
            answer_seconds: 25,
            keep_alive_seconds: 75,
            requests_per_second: 0,
            refused_checks_per_minute: 600,
        },
        tokens: Tokens {
            issuer: "returndesk".into(),
            audience: "returndesk".into(),
            leeway_seconds: 30,
            ttl_seconds: 28_800,
            trusted_issuers: vec![],
        },
        sign_in: SignIn {
            attempts: 5,
            lock_minutes: 15,
            parallel: 2,
            waiting: 32,
            per_minute: 60,
            address_header: String::new(),
        },
        returns: Returns { override_seconds: 300, idempotency_days: 30, future_seconds: 300 },
        log: Log { format: LogFormat::Text, filter: "info".into() },
    };
    assert_eq!(Config::default(), expected);
}

/// The struct has no optional field and refuses unknown ones, so a file that loads has exactly its
/// keys; what is left to ask is that no key is without range, check or sentence.
#[test]
fn every_default_is_within_its_own_range_and_has_a_sentence() {
    let defaults: Table = DEFAULTS.parse().unwrap();
    let numbers: BTreeSet<String> = leaves(&defaults)
        .into_iter()
        .filter(|(_, value)| value.is_integer())
        .map(|(key, _)| key)
        .collect();
    assert_eq!(numbers, RANGES.iter().map(|(key, ..)| (*key).to_owned()).collect());
    for (key, value) in leaves(&defaults) {
        assert_eq!(check(&key, value, value), Ok(()), "{key}");
        let name = key.rsplit('.').next().unwrap();
        let lines: Vec<&str> = DEFAULTS.lines().collect();
        let at = lines.iter().position(|line| line.starts_with(&format!("{name} = "))).unwrap();
        assert!(
            lines[at - 1].starts_with("# ") && lines[at - 1].ends_with('.'),
            "{key} has no sentence"
        );
    }
}

#[test]
fn the_environment_overrides_the_file_and_the_file_the_defaults() {
    let file = "bind = \"0.0.0.0:80\"\n[limits]\nbody_bytes = 2048\nconnections = 7\n\
        [[tokens.trusted_issuers]]\nissuer = \"https://id.example\"\naudience = \"desk\"\njwks_file = \"keys.json\"\noperator_claim = \"employee\"\n";
    let config = load_file("order", file, &[("RETURNDESK_LIMITS_BODY_BYTES", "4096")]).unwrap();
    let issuer = TrustedIssuer {
        issuer: "https://id.example".into(),
        audience: "desk".into(),
        jwks_file: "keys.json".into(),
        operator_claim: "employee".into(),
    };
    let defaults = Config::default();
    let expected = Config {
        bind: "0.0.0.0:80".parse().unwrap(),
        limits: Limits { body_bytes: 4096, connections: 7, ..defaults.limits },
        tokens: Tokens { trusted_issuers: vec![issuer], ..defaults.tokens },
        ..defaults
    };
    assert_eq!(config, expected);
}

#[test]
fn every_key_can_be_set_by_its_variable() {
    let mut wanted = BTreeSet::new();
    let asked = std::cell::RefCell::new(BTreeSet::new());
    Config::load(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    })
    .unwrap();
    for (key, _) in leaves(&DEFAULTS.parse().unwrap()) {
        wanted.insert(format!("RETURNDESK_{}", key.replace('.', "_").to_uppercase()));
    }
    wanted.extend(["RETURNDESK_CONFIG".into(), "DATABASE_URL".into()]);
    assert_eq!(asked.into_inner(), wanted);
    let list = r#"[{ issuer = "a", audience = "b", jwks_file = "c" }]"#;
    let config =
        load(&[("RETURNDESK_TOKENS_TRUSTED_ISSUERS", list), ("RETURNDESK_LOG_FORMAT", "json")])
            .unwrap();
    assert_eq!(config.tokens.trusted_issuers[0].operator_claim, "sub");
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn our_own_variable_for_the_database_goes_before_the_shared_one() {
    let shared = ("DATABASE_URL", "postgres://shared/one");
    assert_eq!(load(&[shared]).unwrap().database, "postgres://shared/one");
    let own = ("RETURNDESK_DATABASE", "postgres://own/one");
    assert_eq!(load(&[shared, own]).unwrap().database, "postgres://own/one");
}

#[test]
fn a_password_in_the_database_url_is_not_shown() {
    let config = load(&[("DATABASE_URL", "postgres://desk:hunter2@db/desk")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn what_will_not_do_is_named_with_its_reason() {
    let rows = [
        ("[limits]\nbody_bites = 1\n", "FILE sets \"limits.body_bites\", which is not a setting"),
        ("bound = 1\n", "FILE sets \"bound\", which is not a setting"),
        ("[limit]\nx = 1\n", "FILE sets \"limit\", which is not a setting"),
        ("limits = 3\n", "FILE sets \"limits\", which must be a section"),
        ("[bind]\nport = 3\n", "FILE sets \"bind\", which must be a text"),
        ("[desk]\nreaders = \"4\"\n", "FILE sets \"desk.readers\", which must be a whole number"),
        (
            "[desk]\nreaders = 0\n",
            "FILE sets \"desk.readers\", which must be between 1 and 256, not 0",
        ),
        (
            "[[tokens.trusted_issuers]]\nissuer = \"a\"\naudience = \"b\"\njwks_url = \"c\"\n",
            "FILE sets \"tokens.trusted_issuers\", which cannot be used: unknown field `jwks_url`, \
             expected one of `issuer`, `audience`, `jwks_file`, `operator_claim`",
        ),
    ];
    for (at, (text, message)) in rows.into_iter().enumerate() {
        assert_eq!(load_file(&format!("bad{at}"), text, &[]).unwrap_err(), message);
    }
    assert!(
        load_file("syntax", "bind = \n", &[])
            .unwrap_err()
            .starts_with("cannot use the configuration file FILE")
    );
}

#[test]
fn a_variable_that_will_not_do_is_named_with_its_reason() {
    let rows = [
        (
            "RETURNDESK_RETURNS_OVERRIDE_SECONDS",
            "301",
            "returns.override_seconds",
            "must be between 1 and 300, not 301",
        ),
        ("RETURNDESK_DESK_WRITERS", "-1", "desk.writers", "must be between 0 and 64, not -1"),
        ("RETURNDESK_DESK_WRITERS", "two", "desk.writers", "must be a whole number"),
        (
            "RETURNDESK_DESK_WRITERS",
            "9223372036854775808",
            "desk.writers",
            "must be a whole number",
        ),
        ("RETURNDESK_LOG_FORMAT", "xml", "log.format", "must be \"text\" or \"json\", not \"xml\""),
        ("RETURNDESK_TOKENS_ISSUER", "", "tokens.issuer", "must not be empty"),
        ("RETURNDESK_TOKENS_TRUSTED_ISSUERS", "]", "tokens.trusted_issuers", "must be a TOML list"),
        (
            "RETURNDESK_BIND",
            "localhost",
            "bind",
            "must be an IP address and a port, such as 127.0.0.1:8080, not \"localhost\"",
        ),
    ];
    for (name, value, key, reason) in rows {
        let told =
            ConfigError::BadValue { source: name.into(), key: key.into(), reason: reason.into() };
        assert_eq!(load(&[(name, value)]), Err(told));
    }
    assert!(matches!(load(&[("RETURNDESK_LOG_FILTER", "=[")]), Err(ConfigError::BadValue { .. })));
    assert!(matches!(
        load(&[("RETURNDESK_CONFIG", "/no/such/file")]),
        Err(ConfigError::File { .. })
    ));
}
