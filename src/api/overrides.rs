//! A manager's override at the register, by token or PIN (API §5).

use super::body::Body;
use super::caller::OverrideDesk;
use super::error::ApiError;
use super::idempotency::OptionalKey;
use super::request::RequestId;
use super::service::Service;
use super::sign_in;
use super::submit::Origin;
use crate::domain::caller::Caller;
use crate::domain::draft::Approver;
use crate::domain::overrides::IssueOverride;
use crate::domain::perform::Command;
use crate::wire::overrides::{OverrideRequest, OverrideView};
use actix_web::{HttpRequest, HttpResponse, post, web};

/// Approve named findings of a return: a token bound to the return as it is shown here, the
/// findings and the amount, for five minutes, used once.
///
/// With the manager's own token, or with the register's and the manager's number and PIN.
#[utoipa::path(tag = "overrides", params(OptionalKey), request_body = OverrideRequest, responses(
    (status = 201, description = "Issued; the token is shown this once.", body = OverrideView),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[post("/v1/overrides")]
pub async fn issue(
    caller: OverrideDesk,
    OptionalKey(key): OptionalKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<OverrideRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body { value, digest } = body;
    let origin = Origin { req: &req, id, caller: &caller.0, key: key.map(|key| (key, digest)) };
    let asked = service.read_override(&caller.0, value).await?;
    let digest = asked.the_return.digest;
    let mut draft = asked.the_return.draft;
    let approver = match asked.approver {
        // At the register: the person at it is the caller, the approver proves to be one by PIN.
        Some(login) => {
            sign_in::approver(&service, &origin, &login.operator, &login.pin, &draft.store).await?
        }
        // With the approver's own token: the person at the register is known only if it is named.
        // That the two differ is checked when the override is used.
        None => {
            draft.operator = asked.operator.unwrap_or_default();
            approver(&caller)
        }
    };
    let command = IssueOverride {
        draft,
        digest,
        codes: asked.codes,
        approver,
        reason: asked.reason,
        note: asked.note,
        valid_for: service.override_lifetime(),
    };
    service.submit_override(origin, Command::IssueOverride(Box::new(command))).await
}

fn approver(caller: &Caller) -> Approver {
    Approver {
        subject: caller.subject.clone(),
        operator: caller.operator.clone(),
        rank: caller.approver_rank(),
    }
}
