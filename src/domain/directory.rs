//! Stores, registers and operators are saved whole; whoever changes one must have seen it as it is.

use super::caller::Stores;
use super::canonical::Json;
use super::entry::hex;
use super::journal;
use super::perform::{Context, Done, Outcome};
use super::refusal::{Fault, Refusal};
use super::settings::{Operator, Register, Store};
use super::state::State;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What a caller says of the document it means to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No `If-Match`: the document must be new.
    Nothing,
    /// `If-Match: *`: whatever is there.
    Anything,
    /// The SHA-256 that the strong ETag carries.
    This([u8; 32]),
}

impl Seen {
    /// Whether the change may go ahead, the document's present digest given.
    fn allows(&self, present: Option<[u8; 32]>) -> Result<(), Refusal> {
        match (self, present) {
            (Seen::Nothing, None) | (Seen::Anything, Some(_)) => Ok(()),
            (Seen::Nothing, Some(_)) => Err(Refusal::MustMatch),
            (Seen::Anything | Seen::This(_), None) => Err(Refusal::Stale),
            (Seen::This(seen), Some(present)) if *seen == present => Ok(()),
            (Seen::This(_), Some(_)) => Err(Refusal::Stale),
        }
    }
}

/// What a document says, in a canonical form: its digest is the ETag, and the log keeps it.
pub trait Document {
    fn facts(&self) -> Json;

    /// SHA-256 of the canonical form.
    fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.facts().write()).into()
    }
}

impl Document for Store {
    fn facts(&self) -> Json {
        let own_rounding =
            self.cash_rounding.map(|step| ("cash_rounding", step.format(self.currency).into()));
        let always = [
            ("store", self.store.as_str().into()),
            ("name", self.name.as_str().into()),
            ("time_zone", self.time_zone.iana_name().into()),
            ("currency", self.currency.code().into()),
            ("region", self.region.as_str().into()),
            ("policy", self.policy.as_str().into()),
        ];
        Json::object(always.into_iter().chain(own_rounding))
    }
}

impl Document for Register {
    fn facts(&self) -> Json {
        Json::object([
            ("store", self.store.as_str().into()),
            ("register", self.register.as_str().into()),
            ("name", self.name.as_deref().into()),
            ("active", self.active.into()),
        ])
    }
}

/// By reference alone: a person's name stays out of the log, and so does all but a digest of the
/// PIN's hash.
impl Document for Operator {
    fn facts(&self) -> Json {
        let stores = match &self.stores {
            Stores::All => vec![Json::from("*")],
            Stores::Listed(stores) => stores.iter().map(|store| store.as_str().into()).collect(),
        };
        let digest = |text: &str| hex(&Sha256::digest(text));
        Json::object([
            ("operator", self.operator.as_str().into()),
            ("name_sha256", digest(&self.name).into()),
            ("roles", Json::List(self.roles.iter().map(|role| role.as_str().into()).collect())),
            ("stores", Json::List(stores)),
            ("pin_sha256", self.pin_hash.as_deref().map(digest).into()),
            ("customer_sha256", self.customer.as_deref().map(digest).into()),
            ("active", self.active.into()),
        ])
    }
}

#[derive(Clone, Debug)]
pub struct SaveStore {
    pub store: Store,
    pub seen: Seen,
}

#[derive(Clone, Debug)]
pub struct SaveRegister {
    pub register: Register,
    pub seen: Seen,
}

#[derive(Clone, Debug)]
pub struct SaveOperator {
    /// Without a PIN hash the operator keeps the one there is.
    pub operator: Operator,
    pub seen: Seen,
}

/// `PUT /v1/stores/{store}`. The currency of a store with sales stays: currencies never mix.
pub fn save_store(state: &mut State, command: &SaveStore, context: &Context<'_>) -> Outcome {
    let store = &command.store;
    let present = state.settings().store(&store.store).cloned();
    if let Err(refusal) = command.seen.allows(present.as_deref().map(Document::digest)) {
        return refusal.into();
    }
    if let Some(present) = present.as_deref().filter(|present| present.currency != store.currency) {
        return Refusal::Invalid(vec![Fault::currency("/currency", present.currency)]).into();
    }
    if state.settings().policy_of(store).is_none() {
        let detail = format!(
            "No version of policy {} is published in {}.",
            store.policy,
            store.currency.code()
        );
        return Refusal::Invalid(vec![Fault::invalid("/policy", &detail)]).into();
    }
    journal::store_saved(state, context, store);
    state.save_store(store.clone());
    Done::StoreSaved { store: Arc::new(store.clone()), created: present.is_none() }.into()
}

/// `PUT /v1/stores/{store}/registers/{register}`.
pub fn save_register(state: &mut State, command: &SaveRegister, context: &Context<'_>) -> Outcome {
    let register = &command.register;
    if state.settings().store(&register.store).is_none() {
        return Refusal::NotFound { what: "store" }.into();
    }
    let key = (register.store.clone(), register.register.clone());
    let present = state.settings().registers.get(&key).cloned();
    if let Err(refusal) = command.seen.allows(present.as_ref().map(Document::digest)) {
        return refusal.into();
    }
    journal::register_saved(state, context, register);
    state.save_register(register.clone());
    Done::RegisterSaved { register: register.clone(), created: present.is_none() }.into()
}

/// `PUT /v1/operators/{operator}`.
pub fn save_operator(state: &mut State, command: &SaveOperator, context: &Context<'_>) -> Outcome {
    let mut operator = command.operator.clone();
    let present = state.settings().operators.get(&operator.operator).cloned();
    if let Err(refusal) = command.seen.allows(present.as_deref().map(Document::digest)) {
        return refusal.into();
    }
    let new_pin = operator.pin_hash.is_some();
    if !new_pin && present.as_deref().is_some_and(|present| becomes_approver(present, &operator)) {
        let detail = "The PIN of an approver has 6 to 12 digits. Send a new one with these roles.";
        return Refusal::Invalid(vec![Fault::invalid("/pin", detail)]).into();
    }
    if !new_pin {
        operator.pin_hash = present.as_ref().and_then(|present| present.pin_hash.clone());
    }
    journal::operator_saved(state, context, &operator, new_pin);
    state.save_operator(operator.clone());
    if new_pin {
        // A new PIN starts with a clean slate; the old one's failures are in the log.
        state.forgive_attempts(&operator.operator);
    }
    Done::OperatorSaved { operator: Arc::new(operator), created: present.is_none() }.into()
}

/// Returns true if somebody with a PIN is made an approver: the length of the PIN is not known any
/// more, and it may be too short for one.
fn becomes_approver(present: &Operator, saved: &Operator) -> bool {
    let approves = |of: &Operator| of.roles.iter().any(|role| role.approver_rank().is_some());
    present.pin_hash.is_some() && !approves(present) && approves(saved)
}
