//! Permissions: what a handler names in its signature, the caller has proven to be.
//!
//! Each extractor verifies the bearer token and one of its roles, and hands the caller over. They
//! come first in a handler's signature, so that nothing of a body is read for somebody who may not.

use super::error::ApiError;
use super::service::Service;
use crate::domain::caller::{Caller, Role};
use crate::identity::token_error::Refusal;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

/// Defines an extractor for callers with one of several roles.
macro_rules! permission {
    ($(#[$about:meta])* $name:ident: $($role:ident),+) => {
        $(#[$about])*
        pub struct $name(pub Arc<Caller>);

        impl $name {
            /// Any of these roles will do.
            pub const ROLES: &'static [Role] = &[$(Role::$role),+];
        }

        impl Deref for $name {
            type Target = Caller;

            fn deref(&self) -> &Caller {
                &self.0
            }
        }

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(authorize(req, Self::ROLES).map($name))
            }
        }
    };
}

permission! {
    /// Records sales: a till, or an admin who brings them in.
    Till: Register, Admin
}
permission! {
    /// Checks and records returns; looks gift cards up, takes money off them and puts money on
    /// them.
    Counter: Cashier, Supervisor, Manager, DistrictManager
}
permission! {
    /// Says what became of a refund: a till's payment terminal, or whoever stands at it.
    Terminal: Register, Cashier, Supervisor, Manager, DistrictManager
}
permission! {
    /// Asks for an override: an approver, or the till or cashier at which an approver enters a PIN.
    OverrideDesk: Register, Cashier, Supervisor, Manager, DistrictManager
}
permission! {
    /// Takes returns back.
    Approver: Supervisor, Manager, DistrictManager
}
permission! {
    /// Looks up sales and returns, and reads gift cards.
    Reader: Register, Cashier, Supervisor, Manager, DistrictManager, LossPrevention, Auditor, Admin
}
permission! {
    /// Reads and exports the log.
    AuditReader: Auditor
}
permission! {
    /// Reads the ledger: movements and balances.
    Bookkeeper: Manager, DistrictManager, Auditor
}
permission! {
    /// Reads day ends.
    DayReader: Supervisor, Manager, DistrictManager, Auditor
}
permission! {
    /// Changes stores, registers and operators.
    Administrator: Admin
}
permission! {
    /// Reads stores, registers and policies.
    Staff: Register, Cashier, Supervisor, Manager, DistrictManager, LossPrevention, PolicyAdmin, Auditor, Admin
}
permission! {
    /// Reads the list of operators.
    OperatorReader: Admin, Auditor, Manager, DistrictManager
}
permission! {
    /// Drafts, lints and publishes policies.
    PolicyWriter: PolicyAdmin
}

impl Reader {
    /// Outside the token's stores everything answers as if it did not exist.
    pub fn sees(&self, store: &str) -> bool {
        self.0.stores.contain(store)
    }
}

fn authorize(req: &HttpRequest, roles: &[Role]) -> Result<Arc<Caller>, ApiError> {
    let service = req
        .app_data::<web::Data<Service>>()
        .ok_or_else(|| ApiError::internal(&"no service in the app"))?;
    let token = bearer(req)?;
    let verified = service.verifier.verify(token, service.clock.now()).map_err(|fault| {
        tracing::info!(reason = %fault.reason(), "a token was refused");
        match fault.refusal() {
            Refusal::Invalid => {
                unauthenticated("The access token is not valid here, or no longer.")
            }
            Refusal::Insufficient => forbidden(roles),
            Refusal::Unavailable => {
                ApiError::new("unavailable", "Keys cannot be read at the moment.").retry_after(1)
            }
        }
    })?;
    service.rate.admit(&verified.caller.subject, service.clock.now())?;
    if !verified.caller.has_any(roles) {
        return Err(forbidden(roles));
    }
    Ok(Arc::new(verified.caller.clone()))
}

/// The token of an `Authorization: Bearer` header; of two headers neither is believed.
fn bearer(req: &HttpRequest) -> Result<&str, ApiError> {
    let mut headers = req.headers().get_all(header::AUTHORIZATION);
    let (Some(only), None) = (headers.next(), headers.next()) else {
        return Err(unauthenticated("Send an access token: Authorization: Bearer <token>."));
    };
    let text = only.to_str().unwrap_or_default();
    let token = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token);
    token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| unauthenticated("Send an access token: Authorization: Bearer <token>."))
}

fn unauthenticated(detail: &str) -> ApiError {
    ApiError::new("invalid_token", detail)
        .header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
}

fn forbidden(roles: &[Role]) -> ApiError {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    ApiError::new(
        "insufficient_scope",
        format!("This needs one of the roles: {}.", names.join(", ")),
    )
    .header(header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")
}
