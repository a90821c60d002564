//! The state machine: everything that changes anything is a [`Command`], performed on loaded state.

use super::caller::Caller;
use super::decision::Decision;
use super::directory::{self, SaveOperator, SaveRegister, SaveStore};
use super::draft::{Draft, SaleRef};
use super::journal::{self, Note};
use super::overrides::{self, IssueOverride, Override};
use super::policies::{self, DraftPolicy, PolicyRecord, PublishPolicy};
use super::refusal::Refusal;
use super::returns::{self, RecordReturn, Recorded, Return, SettleRefund, VoidReturn};
use super::sales::{self, RecordSale};
use super::settings::{Operator, Register, Store};
use super::sign_in::{self, SignIn};
use super::state::{ReceiptKey, State};
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

/// What somebody wants done.
#[derive(Clone, Debug)]
pub enum Command {
    RecordSale(Box<RecordSale>),
    RecordReturn(Box<RecordReturn>),
    VoidReturn(VoidReturn),
    SettleRefund(SettleRefund),
    IssueOverride(Box<IssueOverride>),
    SaveStore(Box<SaveStore>),
    SaveRegister(SaveRegister),
    SaveOperator(Box<SaveOperator>),
    DraftPolicy(Box<DraftPolicy>),
    PublishPolicy(PublishPolicy),
    SignIn(SignIn),
    /// Something that only the log needs to know: a refused check, an export, a start or stop.
    Note(Box<Note>),
}

/// Who wants it done, and when.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub caller: &'a Caller,
    pub request_id: Option<&'a str>,
    pub now: Timestamp,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Done(Box<Done>),
    Refused(Box<Refusal>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    SaleRecorded { sale: Uuid, document: String, recorded_at: Timestamp, known_before: bool },
    Returned(Recorded),
    ReturnVoided(Return),
    RefundSettled(Return),
    OverrideIssued(Override),
    StoreSaved { store: Arc<Store>, created: bool },
    RegisterSaved { register: Register, created: bool },
    OperatorSaved { operator: Arc<Operator>, created: bool },
    PolicyDrafted(PolicyRecord),
    PolicyPublished(PolicyRecord),
    SignIn(sign_in::Answer),
    Noted,
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Outcome {
        Outcome::Refused(Box::new(refusal))
    }
}

impl From<Done> for Outcome {
    fn from(done: Done) -> Outcome {
        Outcome::Done(Box::new(done))
    }
}

/// Performs one command on the loaded state. Pure: the same state, command and context give the same outcome.
pub fn perform(state: &mut State, command: &Command, context: &Context<'_>) -> Outcome {
    match command {
        Command::RecordSale(command) => sales::record(state, command, context),
        Command::RecordReturn(command) => returns::record(state, command, context),
        Command::VoidReturn(command) => returns::void(state, command, context),
        Command::SettleRefund(command) => returns::settle(state, command, context),
        Command::IssueOverride(command) => overrides::issue(state, command, context),
        Command::SaveStore(command) => directory::save_store(state, command, context),
        Command::SaveRegister(command) => directory::save_register(state, command, context),
        Command::SaveOperator(command) => directory::save_operator(state, command, context),
        Command::DraftPolicy(command) => policies::draft(state, command, context),
        Command::PublishPolicy(command) => policies::publish(state, command, context),
        Command::SignIn(command) => sign_in::perform(state, command, context),
        Command::Note(note) => journal::take_note(state, note, context),
    }
}

/// Check: the same decision on a state that nobody claimed, its changes thrown away.
pub fn check(state: &State, draft: &Draft, now: Timestamp) -> Result<Decision, Refusal> {
    let case = state.case(draft, now);
    super::decide::decide(&case, draft, &[]).map(|decided| decided.decision).map_err(Refusal::Invalid)
}

/// What commands touch: loaded before they are performed, and claimed in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub sales: Vec<Uuid>,
    pub receipts: Vec<ReceiptKey>,
    /// Receipts that may be of any store.
    pub receipts_anywhere: Vec<String>,
    pub returns: Vec<Uuid>,
    pub overrides: Vec<Uuid>,
    pub customers: Vec<String>,
    pub id_hashes: Vec<[u8; 32]>,
    pub operators: Vec<String>,
    /// Stores, registers, operators or policies are to change.
    pub settings: bool,
}

impl Touched {
    /// Adds what a command touches.
    pub fn add(&mut self, command: &Command) {
        match command {
            Command::RecordSale(command) => {
                let (store, receipt) = (command.sale.store.clone(), command.sale.receipt.clone());
                self.receipts.push(ReceiptKey { store, receipt });
            }
            Command::RecordReturn(command) => {
                self.draft(&command.draft);
                self.overrides.extend(command.grants.iter().map(|grant| grant.id));
            }
            Command::IssueOverride(command) => self.draft(&command.draft),
            Command::VoidReturn(command) => self.returns.push(command.id),
            Command::SettleRefund(command) => self.returns.push(command.id),
            Command::SignIn(command) => self.operators.push(command.operator.clone()),
            Command::SaveOperator(command) => {
                self.settings = true;
                // A new PIN wipes out the attempts that were made with the old one.
                self.operators.extend(command.operator.pin_hash.as_ref().map(|_| command.operator.operator.clone()));
            }
            Command::SaveStore(_) | Command::SaveRegister(_) => self.settings = true,
            Command::DraftPolicy(_) | Command::PublishPolicy(_) => self.settings = true,
            Command::Note(_) => {}
        }
    }

    /// Adds what deciding a draft looks at.
    pub fn draft(&mut self, draft: &Draft) {
        let of_lines = draft.lines.iter().filter_map(|line| line.sale.as_ref());
        let of_charges = draft.charges.iter().filter_map(|charge| charge.sale.as_ref());
        for reference in draft.sale.iter().chain(of_lines).chain(of_charges) {
            self.sale(reference, &draft.store);
        }
        self.customers.extend(draft.customer.clone());
        self.id_hashes.extend(draft.id_hash);
    }

    fn sale(&mut self, reference: &SaleRef, own: &str) {
        match reference {
            SaleRef::Id(id) => self.sales.push(*id),
            SaleRef::Receipt { receipt, store, .. } => {
                let key = ReceiptKey { store: store.as_deref().unwrap_or(own).to_owned(), receipt: receipt.clone() };
                self.receipts.push(key);
                if store.is_none() {
                    self.receipts_anywhere.push(receipt.clone());
                }
            }
        }
    }

    /// Each thing once, in ascending order: all writers claim in the same order, so that none waits for another in a ring.
    pub fn in_order(mut self) -> Touched {
        fn once<T: Ord>(all: &mut Vec<T>) {
            all.sort_unstable();
            all.dedup();
        }
        once(&mut self.sales);
        once(&mut self.receipts);
        once(&mut self.receipts_anywhere);
        once(&mut self.returns);
        once(&mut self.overrides);
        once(&mut self.customers);
        once(&mut self.id_hashes);
        once(&mut self.operators);
        self
    }
}
