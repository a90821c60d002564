//! Signing in with number and PIN: tokens for operators, and approvers at the register.

use super::body::Body;
use super::error::ApiError;
use super::request::RequestId;
use super::service::Service;
use super::submit::Origin;
use crate::desk::{Reply, install};
use crate::domain::caller::{Caller, Role, Stores};
use crate::domain::draft::Approver;
use crate::domain::perform::{Command, Done, Outcome};
use crate::domain::settings::Operator;
use crate::domain::sign_in::{Answer, LockRule, SignIn, Step};
use crate::identity::token::AccessGrant;
use crate::wire::tokens::{AccessToken, TokenRequest};
use actix_web::{HttpRequest, HttpResponse, post, web};
use jiff::SignedDuration;
use std::sync::Arc;

/// Sign in at a register: an access token for an operator whose number and PIN the service keeps.
#[utoipa::path(tag = "tokens", security(()), request_body = TokenRequest, responses(
    (status = 200, description = "Signed in.", body = AccessToken),
    (status = 401, description = "Number, PIN or store is not right.")))]
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
    let operator = prove(&service, &origin, &login.operator, &login.pin, &login.store).await?;
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
    let operator = prove(service, origin, number, pin, store).await?;
    let rank =
        operator.roles.iter().filter_map(|role| Role::approver_rank(*role)).max().unwrap_or(0);
    let subject = format!("{}|{}", service.config.tokens.issuer, operator.operator);
    Ok(Approver { subject, operator: operator.operator.clone(), rank })
}

/// Counts the attempt, looks at the PIN, tells the log. An unknown operator is answered like a
/// wrong PIN, and takes as long.
async fn prove(
    service: &web::Data<Service>,
    origin: &Origin<'_>,
    number: &str,
    pin: &str,
    store: &str,
) -> Result<Arc<Operator>, ApiError> {
    if let Answer::Locked { until } = step(service, origin, number, store, Step::Attempt).await? {
        let seconds = service.clock.now().duration_until(until).as_secs().max(1);
        let detail = "Too many wrong attempts; wait, or ask an administrator for a new PIN.";
        return Err(
            ApiError::new("locked_out", detail).retry_after(u64::try_from(seconds).unwrap_or(1))
        );
    }
    let known = service.operator(number).await?;
    let usable = known.filter(|known| known.active && known.stores.contain(store));
    let hash = usable.as_ref().and_then(|known| known.pin_hash.clone());
    let (data, pin) = (service.clone(), pin.to_owned());
    // Argon2 takes its time and memory: not on a thread that serves others.
    let right = web::block(move || data.pins.verify(&pin, hash.as_deref())).await;
    let right = right
        .map_err(|fault| ApiError::internal(&fault))?
        .map_err(|fault| ApiError::internal(&fault))?;
    let step_taken = if right { Step::Succeeded } else { Step::Failed };
    step(service, origin, number, store, step_taken).await?;
    match usable.filter(|_| right) {
        Some(operator) => Ok(operator),
        None => Err(ApiError::new("sign_in_failed", "Number, PIN or store is not right.")),
    }
}

async fn step(
    service: &Service,
    origin: &Origin<'_>,
    operator: &str,
    store: &str,
    step: Step,
) -> Result<Answer, ApiError> {
    let sign_in = &service.config.sign_in;
    let minutes = i64::try_from(sign_in.lock_minutes).unwrap_or(15);
    let rule = LockRule { attempts: sign_in.attempts, lock: SignedDuration::from_mins(minutes) };
    let command = SignIn { operator: operator.to_owned(), store: store.to_owned(), step, rule };
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
