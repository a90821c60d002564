//! First start: a policy for the shop to begin with, so that the first sale can come back.

use super::queue::SharedSettings;
use crate::clock::Clock;
use crate::domain::caller::{Caller, Role, Stores};
use crate::domain::journal;
use crate::domain::money::Currency;
use crate::domain::perform::{Context, Touched};
use crate::domain::policies::{PolicyRecord, PolicyStatus};
use crate::domain::state::Ids;
use crate::store::{Connection, Db, StoreError, batch};
use crate::wire;
use jiff::Timestamp;
use std::collections::HashMap;

/// The name of the policy that stores have unless they say otherwise.
pub const STANDARD: &str = "standard";

/// The service itself, where no person acts.
pub fn service() -> Caller {
    Caller {
        subject: "returndesk|service".into(),
        operator: "service".into(),
        client_id: "returndesk".into(),
        roles: vec![Role::Admin],
        stores: Stores::All,
        register: None,
    }
}

/// Installs the standard policy where no policy is. Safe from several instances at once: settings
/// are claimed.
pub fn standard_policy(connection: &mut Connection, clock: &Clock) -> Result<(), StoreError> {
    let now = clock.now();
    let touched = Touched { settings: true, ..Touched::default() };
    let known = SharedSettings::default().get();
    Db::write(connection, |tx| {
        let mut state = batch::claim(tx, &touched, &known, Ids::seeded(rand::random()), now)?;
        if state.settings().policies.is_empty() {
            let record = standard_record(now)?;
            let caller = service();
            journal::policy_published(
                &mut state,
                &Context { caller: &caller, request_id: None, now },
                &record,
            );
            state.save_policy(record);
        }
        let written = batch::Written { documents: &HashMap::new(), answers: &[], now };
        batch::write(tx, &state, &written, ())
    })
}

/// In force from the beginning of time: sales from before the first start have a policy, too.
fn standard_record(now: Timestamp) -> Result<PolicyRecord, StoreError> {
    let broken = || StoreError::Other("the standard policy of this binary cannot be read".into());
    let document = wire::policy::standard_text(Currency::parse("USD").ok_or_else(broken)?);
    let compiled = wire::policy::compile(&document).map_err(|_| broken())?;
    let person = |name: &str| (format!("returndesk|{name}"), name.to_owned());
    Ok(PolicyRecord {
        name: STANDARD.to_owned(),
        number: 1,
        document: document.into(),
        compiled,
        author: person("returndesk"),
        drafted_at: now,
        status: PolicyStatus::Published {
            effective_from: Timestamp::UNIX_EPOCH,
            published_at: now,
            publisher: person("installation"),
        },
    })
}
