//! Signing in with number and PIN: tokens for operators, and approvers at the register.

use super::body::Body;
use super::error::ApiError;
use super::limits::PerMinute;
use super::request::RequestId;
use super::scope;
use super::service::Service;
use super::submit::Origin;
use crate::config;
use crate::desk::{Reply, install};
use crate::domain::caller::{Caller, Role, Stores};
use crate::domain::draft::Approver;
use crate::domain::perform::{Command, Done, Outcome};
use crate::domain::registers;
use crate::domain::settings::Operator;
use crate::domain::sign_in::{Answer, LockRule, SignIn, Step};
use crate::identity::token::AccessGrant;
use crate::wire::tokens::{AccessToken, TokenRequest};
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, post, web};
use jiff::SignedDuration;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The places at which PINs are looked at. Argon2 takes memory and time: so many at once, so many
/// that wait, and nobody beyond. Callers with a token have places of their own: strangers at the
/// public door keep no approver at a register waiting outside.
pub struct SignIns {
    running: Semaphore,
    of_strangers: Semaphore,
    of_callers: Semaphore,
    by_address: PerMinute,
    address_header: Option<HeaderName>,
}

impl SignIns {
    pub fn new(config: &config::SignIn) -> SignIns {
        let places = || Semaphore::new(config.parallel + config.waiting);
        SignIns {
            running: Semaphore::new(config.parallel),
            of_strangers: places(),
            of_callers: places(),
            by_address: PerMinute::new(
                config.per_minute,
                "Too many sign-ins from this address. Wait a minute.",
            ),
            address_header: config.address_header.parse().ok(),
        }
    }

    /// A place for the whole of a sign-in, so that those who wait are few at the desk, too; or 503
    /// at once.
    fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, ApiError> {
        places.try_acquire().map_err(|_| {
            ApiError::new("unavailable", "Too many people are signing in. Try again in a second.")
                .retry_after(1)
        })
    }

    /// The address of a caller who has no token. Behind a proxy, the last address of the header
    /// that the settings name: the proxy wrote it, and everything before it is the caller's word.
    fn address(&self, req: &HttpRequest) -> String {
        let last = |name| req.headers().get_all(name).last()?.to_str().ok()?.rsplit(',').next();
        let forwarded = self.address_header.as_ref().and_then(last);
        let forwarded = forwarded.and_then(|text| text.trim().parse::<IpAddr>().ok());
        let address = forwarded.or_else(|| req.peer_addr().map(|peer| peer.ip()));
        address.map_or_else(|| "unknown".to_owned(), |address| network(address).to_string())
    }
}

/// IPv6 by its network of 64 bits: one customer has them all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// Sign in at a register: an access token for an operator whose number and PIN the service keeps.
#[utoipa::path(tag = "tokens", security(()), request_body = TokenRequest, responses(
    (status = 200, description = "Signed in.", body = AccessToken),
    (status = 401, description = "Number, PIN or store is not right."),
    (status = 403, description = "The register is unknown, or out of service.")))]
#[post("/v1/tokens")]
pub async fn token(
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<TokenRequest>,
) -> Result<HttpResponse, ApiError> {
    let login = body.value;
    // Nobody has proven anything yet: the log names the service, and the operator number as what it
    // is about.
    let nobody = Arc::new(Caller { register: login.register.clone(), ..install::service() });
    let origin = Origin { req: &req, id, caller: &nobody, key: None };
    let address = service.sign_ins.address(&req);
    service.sign_ins.by_address.admit(&address, service.clock.now())?;
    service.sign_ins.by_address.count(&address, service.clock.now());
    let attempt = Login {
        operator: &login.operator,
        pin: &login.pin,
        store: &login.store,
        source: &format!("address:{address}"),
    };
    let _place = SignIns::place(&service.sign_ins.of_strangers)?;
    let operator = prove(&service, &origin, attempt).await?;
    // After the PIN: strangers do not learn which registers there are.
    if let Some(register) = &login.register {
        let settings = service.settings().await?;
        if let Some(refusal) = registers::out_of_service(&settings, &login.store, register) {
            return Err(scope::refusal(&refusal));
        }
    }
    let lifetime = SignedDuration::from_secs(
        i64::try_from(service.config.tokens.ttl_seconds).unwrap_or(28_800),
    );
    let grant = AccessGrant {
        operator: operator.operator.clone(),
        client_id: "returndesk".into(),
        roles: operator.roles.clone(),
        stores: Stores::Listed(vec![login.store.clone()]),
        register: login.register.clone(),
        lifetime,
    };
    let minted = service
        .minter
        .mint(&grant, service.clock.now())
        .map_err(|fault| ApiError::internal(&fault))?;
    Ok(HttpResponse::Ok().json(AccessToken::bearer(minted.token, lifetime.as_secs())))
}

/// An approver who proves to be one at the register.
pub async fn approver(
    service: &web::Data<Service>,
    origin: &Origin<'_>,
    number: &str,
    pin: &str,
    store: &str,
) -> Result<Approver, ApiError> {
    let source = &format!("caller:{}", origin.caller.subject);
    let attempt = Login { operator: number, pin, store, source };
    let _place = SignIns::place(&service.sign_ins.of_callers)?;
    let operator = prove(service, origin, attempt).await?;
    let rank =
        operator.roles.iter().filter_map(|role| Role::approver_rank(*role)).max().unwrap_or(0);
    let subject = format!("{}|{}", service.config.tokens.issuer, operator.operator);
    Ok(Approver { subject, operator: operator.operator.clone(), rank })
}

/// Number and PIN as typed, where they are to be good, and where they come from.
#[derive(Clone, Copy)]
struct Login<'a> {
    operator: &'a str,
    pin: &'a str,
    store: &'a str,
    source: &'a str,
}

/// Counts the attempt, looks at the PIN, tells the log. The caller holds a place. An unknown
/// operator is answered like a wrong PIN, and takes as long.
async fn prove(
    service: &web::Data<Service>,
    origin: &Origin<'_>,
    login: Login<'_>,
) -> Result<Arc<Operator>, ApiError> {
    if let Answer::Locked { until } = step(service, origin, login, Step::Attempt).await? {
        let seconds = service.clock.now().duration_until(until).as_secs().max(1);
        let detail = "Too many wrong attempts. Wait, or ask an administrator for a new PIN.";
        return Err(
            ApiError::new("locked_out", detail).retry_after(u64::try_from(seconds).unwrap_or(1))
        );
    }
    let known = service.operator(login.operator).await?;
    let usable = known.filter(|known| known.active && known.stores.contain(login.store));
    let right = is_right(service, login, usable.as_deref()).await?;
    step(service, origin, login, if right { Step::Succeeded } else { Step::Failed }).await?;
    match usable.filter(|_| right) {
        Some(operator) => Ok(operator),
        None => Err(ApiError::new("sign_in_failed", "Wrong operator number, PIN or store.")),
    }
}

/// Returns true if the PIN is the operator's. Not on a thread that serves others, and few at a
/// time.
async fn is_right(
    service: &web::Data<Service>,
    login: Login<'_>,
    operator: Option<&Operator>,
) -> Result<bool, ApiError> {
    let hash = operator.and_then(|known| known.pin_hash.clone());
    let running = service.sign_ins.running.acquire().await;
    let _running = running.map_err(|fault| ApiError::internal(&fault))?;
    let (data, number, pin) = (service.clone(), login.operator.to_owned(), login.pin.to_owned());
    let right = web::block(move || data.pins.verify(&number, &pin, hash.as_deref())).await;
    right.map_err(|fault| ApiError::internal(&fault))?.map_err(|fault| ApiError::internal(&fault))
}

async fn step(
    service: &Service,
    origin: &Origin<'_>,
    login: Login<'_>,
    step: Step,
) -> Result<Answer, ApiError> {
    let sign_in = &service.config.sign_in;
    let minutes = i64::try_from(sign_in.lock_minutes).unwrap_or(15);
    let rule = LockRule { attempts: sign_in.attempts, lock: SignedDuration::from_mins(minutes) };
    let command = SignIn {
        operator: login.operator.to_owned(),
        source: login.source.to_owned(),
        store: login.store.to_owned(),
        step,
        rule,
    };
    let reply = service.submit_plain(origin, Command::SignIn(command)).await?;
    match reply {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => match *done {
            Done::SignIn(answer) => Ok(answer),
            _ => Err(ApiError::internal(&"a sign-in was answered as something else")),
        },
        _ => Err(ApiError::internal(&"a sign-in had no outcome")),
    }
}

impl Service {
    /// An operator as the database has it now: a PIN changed by another instance counts at once.
    async fn operator(&self, number: &str) -> Result<Option<Arc<Operator>>, ApiError> {
        let number = number.to_owned();
        let read = self
            .desk
            .readers()
            .read(move |_, settings| Ok(settings.operators.get(&number).cloned()));
        Ok(read.await?)
    }
}
