//! One service, put together: the same for the binary, tests and benches.

use crate::api;
use crate::api::limits::{self, RateLimit};
use crate::api::service::Service;
use crate::api::sign_in::SignIns;
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::answer::{Render, Rendering};
use crate::desk::{Desk, DeskConfig, Reply, Request, install};
use crate::domain::caller::Stores;
use crate::domain::canonical::Json;
use crate::domain::entry::Event;
use crate::domain::journal::Note;
use crate::domain::overrides::Override;
use crate::domain::perform::{Command, Outcome};
use crate::domain::references::References;
use crate::domain::state::HEAD_OFFICE;
use crate::identity::keys::{KeyError, KeyStore};
use crate::identity::override_token::{Approver, OverrideGrant, OverrideTokens};
use crate::identity::pin::{PinCost, PinHasher};
use crate::identity::quote::Quotes;
use crate::identity::token::{Minter, OwnNames};
use crate::identity::trusted_issuer::TrustedIssuer;
use crate::identity::verifier::Verifier;
use crate::identity::verifier_settings::VerifierSettings;
use crate::store::search::events::{self, EventFilter};
use crate::store::{Db, StoreError, migrate};
use crate::telemetry;
use crate::wire::answer::{self, MintOverride};
use actix_web::dev::Server;
use actix_web::{HttpServer, web};
use jiff::SignedDuration;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Verified tokens remembered, so that a signature is checked once.
const REMEMBERED_TOKENS: usize = 10_000;

/// The SQLite file in the data directory, where no other database is named.
pub const DATABASE_FILE: &str = "returndesk.db";

/// A running service, before or beside its HTTP server.
pub struct App {
    pub service: web::Data<Service>,
}

/// Why the service did not start, in words for whoever starts it.
#[derive(Debug)]
pub enum StartError {
    DataDir { path: String, fault: io::Error },
    Keys(KeyError),
    Store(StoreError),
    Settings(String),
    Bind { address: String, fault: io::Error },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::DataDir { path, fault } => {
                write!(f, "the data directory {path} cannot be used: {fault}")
            }
            StartError::Keys(fault) => write!(f, "{fault}"),
            StartError::Store(fault) => write!(f, "{fault}"),
            StartError::Settings(fault) => write!(f, "{fault}"),
            StartError::Bind { address, fault } => {
                write!(f, "{address} cannot be listened on: {fault}")
            }
        }
    }
}

impl std::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(fault: StoreError) -> StartError {
        StartError::Store(fault)
    }
}

impl From<KeyError> for StartError {
    fn from(fault: KeyError) -> StartError {
        StartError::Keys(fault)
    }
}

impl App {
    /// A service about to serve: everything open, and its start noted.
    pub fn build(config: Config, clock: Clock) -> Result<App, StartError> {
        let app = App::open(config, clock)?;
        app.note(Event::ServiceStarted);
        Ok(app)
    }

    /// Opens keys and database, migrates, installs what a new shop needs, and opens the desk.
    pub fn open(config: Config, clock: Clock) -> Result<App, StartError> {
        telemetry::metrics();
        let keys = Arc::new(open_keys(&config, &clock)?);
        let db = open_database(&config)?;
        let mut connection = db.connect()?;
        migrate::run(&mut connection)?;
        install::standard_policy(&mut connection, &clock)?;
        drop(connection);
        let names = OwnNames {
            issuer: config.tokens.issuer.clone(),
            audience: config.tokens.audience.clone(),
        };
        let verifier =
            Verifier::new(Arc::clone(&keys), verifier_settings(&config, &names), clock.now())
                .map_err(|fault| StartError::Settings(fault.to_string()))?;
        let overrides = Arc::new(OverrideTokens::new(Arc::clone(&keys), names.clone()));
        let desk = desk_config(&config, Arc::clone(&keys));
        let desk = Desk::open(db, clock.clone(), desk, render(Arc::clone(&overrides)))?;
        let pins = PinHasher::new(Arc::clone(&keys), PinCost::OWASP)
            .map_err(|fault| StartError::Settings(fault.to_string()))?;
        let service = Service {
            rate: RateLimit::new(config.limits.requests_per_second),
            lookups: limits::failed_lookups(),
            refused_checks: limits::refused_checks(&config.limits),
            sign_ins: SignIns::new(&config.sign_in),
            minter: Minter::new(Arc::clone(&keys), names),
            quotes: Quotes::new(Arc::clone(&keys)),
            config,
            clock,
            desk,
            keys,
            verifier,
            overrides,
            pins,
        };
        let app = App { service: web::Data::new(service) };
        app.note_keys()?;
        Ok(app)
    }

    /// Listens, and answers until it is told to stop; requests that are being served are finished.
    pub fn serve(&self) -> Result<(Server, Vec<std::net::SocketAddr>), StartError> {
        let config = &self.service.config;
        let limits = config.limits.clone();
        let service = self.service.clone();
        let server = HttpServer::new(move || api::app(service.clone()))
            .max_connections(limits.connections)
            .backlog(1_024)
            .client_request_timeout(Duration::from_secs(limits.client_seconds))
            .client_disconnect_timeout(Duration::from_secs(limits.client_seconds))
            .keep_alive(Duration::from_secs(limits.keep_alive_seconds))
            .shutdown_timeout(limits.stop_seconds)
            .bind(config.bind)
            .map_err(|fault| StartError::Bind { address: config.bind.to_string(), fault })?;
        let addresses = server.addrs();
        Ok((server.run(), addresses))
    }

    /// Takes no more commands, finishes those that wait, and notes the stop.
    pub fn stop(&self) {
        self.note(Event::ServiceStopped);
        self.service.desk.close();
    }

    /// Keys may be older than the log: the command line makes them, too. Each is told of once.
    fn note_keys(&self) -> Result<(), StartError> {
        let keys = self.service.keys.list()?;
        for key in keys {
            let filter = EventFilter {
                stores: Stores::Listed(vec![HEAD_OFFICE.into()]),
                event: None,
                subject_id: Some(key.kid.clone()),
                from: None,
                to: None,
            };
            let mut connection = self.service.desk.db().connect_reader()?;
            let told = Db::read::<_, StoreError>(&mut connection, |read| {
                events::find(read, &filter, None, 1)
            })?;
            if told.is_empty() {
                let data = Json::object([("created_at", Json::from(key.created_at.to_string()))]);
                self.take_note(Note {
                    store: None,
                    event: Event::KeyCreated,
                    subject_id: Some(key.kid),
                    data,
                });
            }
        }
        Ok(())
    }

    fn note(&self, event: Event) {
        let data = Json::object([("version", Json::from(env!("CARGO_PKG_VERSION")))]);
        self.take_note(Note { store: None, event, subject_id: None, data });
    }

    fn take_note(&self, note: Note) {
        let event = note.event;
        let reply = self.service.desk.submit_blocking(Request {
            command: Command::Note(Box::new(note)),
            caller: Arc::new(install::service()),
            key: None,
            request_id: None,
            path: String::new(),
        });
        if let Reply::Trouble(fault) = reply {
            tracing::error!(%fault, event = event.as_str(), "the log did not take an entry");
        }
    }
}

/// The key directory inside the data directory; both are made at first start.
pub fn open_keys(config: &Config, clock: &Clock) -> Result<KeyStore, StartError> {
    // What lies in it is nobody else's to read.
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(&config.data_dir).map_err(|fault| StartError::DataDir {
        path: config.data_dir.display().to_string(),
        fault,
    })?;
    Ok(KeyStore::open_or_create(&config.data_dir, clock)?)
}

/// The database that the settings name: by default an SQLite file in the data directory.
pub fn open_database(config: &Config) -> Result<Db, StartError> {
    let of_file = || format!("sqlite://{}", config.data_dir.join(DATABASE_FILE).display());
    let named = Some(&config.database).filter(|url| !url.is_empty());
    let db = Db::open(&named.cloned().unwrap_or_else(of_file))?;
    // SQLite has one writer, whatever the settings say.
    let connections = u64::try_from(config.desk.readers + 1).unwrap_or(u64::MAX);
    let mapped = u64::try_from(config.sqlite.mapped_mib).unwrap_or(0) << 20;
    Ok(db.with_mapped_bytes(mapped / connections))
}

fn verifier_settings(config: &Config, names: &OwnNames) -> VerifierSettings {
    let trusted = config.tokens.trusted_issuers.iter().map(|issuer| TrustedIssuer {
        issuer: issuer.issuer.clone(),
        audience: issuer.audience.clone(),
        jwks_file: issuer.jwks_file.clone(),
        operator_claim: issuer.operator_claim.clone(),
    });
    VerifierSettings {
        names: names.clone(),
        trusted: trusted.collect(),
        leeway_seconds: u32::try_from(config.tokens.leeway_seconds).unwrap_or(60),
        cache: REMEMBERED_TOKENS,
    }
}

/// What customers are hashed for, beside what else the key hashes.
const CUSTOMER: &str = "customer";

fn desk_config(config: &Config, keys: Arc<KeyStore>) -> DeskConfig {
    let desk = &config.desk;
    let hash = move |customer: &str| Some(keys.hasher().ok()?.hash(CUSTOMER, customer));
    DeskConfig {
        writers: desk.writers,
        readers: desk.readers,
        queue_limit: desk.queue_limit,
        batch_limit: desk.batch_limit,
        keep_answers: SignedDuration::from_hours(
            24 * i64::try_from(config.returns.idempotency_days).unwrap_or(30),
        ),
        references: References::new(hash),
    }
}

/// Answers are rendered by the batch that makes them true; override tokens are signed on the way out.
fn render(tokens: Arc<OverrideTokens>) -> Render {
    Arc::new(move |outcome: &Outcome, rendering: &Rendering| {
        answer::answer(outcome, &rendering.path, &Minting { tokens: &tokens, rendering })
    })
}

struct Minting<'a> {
    tokens: &'a OverrideTokens,
    rendering: &'a Rendering,
}

impl MintOverride for Minting<'_> {
    fn mint(&self, issued: &Override) -> Option<String> {
        let grant = &issued.grant;
        let approver = Approver {
            subject: grant.approver.subject.clone(),
            operator: grant.approver.operator.clone(),
            roles: roles_of_rank(grant.approver.rank),
        };
        let bound = OverrideGrant {
            store: grant.store.clone(),
            draft: grant.draft,
            operator: grant.operator.clone(),
            sales: grant.sales.iter().map(ToString::to_string).collect(),
            codes: grant.codes.iter().map(|code| code.as_str().to_owned()).collect(),
            max_refund: grant.max_refund,
            currency: grant.currency,
        };
        let lifetime = grant.issued_at.duration_until(grant.expires_at);
        let minted = self.tokens.prepare(grant.id, &approver, &bound, lifetime, self.rendering.now);
        minted
            .inspect_err(|fault| tracing::error!(%fault, "an override could not be signed"))
            .ok()
            .map(|m| m.token)
    }
}

fn roles_of_rank(rank: u8) -> Vec<crate::domain::caller::Role> {
    let all = crate::domain::caller::Role::ALL.into_iter();
    all.filter(|role| role.approver_rank() == Some(rank)).collect()
}
