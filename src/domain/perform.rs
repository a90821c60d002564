//! The state machine: everything that changes anything is a [`Command`], performed on loaded state.

use super::caller::Caller;
use super::chargebacks::{self, Chargeback, MarkChargeback};
use super::counted::Counted;
use super::day_end::{self, CloseDay, DayEnd, TillKey};
use super::decision::Decision;
use super::directory::{self, SaveOperator, SaveRegister, SaveStore};
use super::draft::{Draft, SaleRef};
use super::gift_cards::{self, CardCommand, CardDone, CardEntry};
use super::journal::{self, Note};
use super::match_key::MatchKey;
use super::overrides::{self, IssueOverride, Override};
use super::policies::{self, DraftPolicy, PolicyRecord, PublishPolicy};
use super::refusal::Refusal;
use super::registers;
use super::returns::{self, RecordReturn, Recorded, Return, SettleRefund, VoidReturn};
use super::sale::{Sale, Tender};
use super::sales::{self, RecordSale, VoidSale};
use super::settings::{Operator, Register, Store};
use super::sign_in::{self, AttemptKey, SignIn};
use super::state::{ReceiptKey, ReceiptLookup, State};
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

/// What somebody wants done.
#[derive(Clone, Debug)]
pub enum Command {
    RecordSale(Box<RecordSale>),
    VoidSale(VoidSale),
    RecordReturn(Box<RecordReturn>),
    VoidReturn(VoidReturn),
    SettleRefund(SettleRefund),
    MarkChargeback(MarkChargeback),
    IssueOverride(Box<IssueOverride>),
    SaveStore(Box<SaveStore>),
    SaveRegister(SaveRegister),
    SaveOperator(Box<SaveOperator>),
    DraftPolicy(Box<DraftPolicy>),
    PublishPolicy(PublishPolicy),
    SignIn(SignIn),
    CloseDay(CloseDay),
    GiftCard(Box<CardCommand>),
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
    SaleRecorded {
        sale: Uuid,
        document: String,
        recorded_at: Timestamp,
        known_before: bool,
    },
    /// With the entries that put back what cards had paid.
    SaleVoided {
        sale: Arc<Sale>,
        voided_at: Timestamp,
        reversed: Vec<CardEntry>,
    },
    Returned(Recorded),
    ReturnVoided(Return),
    RefundSettled(Return),
    ChargebackMarked(Box<Chargeback>),
    OverrideIssued(Override),
    StoreSaved {
        store: Arc<Store>,
        created: bool,
    },
    RegisterSaved {
        register: Register,
        created: bool,
    },
    OperatorSaved {
        operator: Arc<Operator>,
        created: bool,
    },
    PolicyDrafted(PolicyRecord),
    PolicyPublished(PolicyRecord),
    SignIn(sign_in::Answer),
    DayClosed(Box<DayEnd>),
    Card(Box<CardDone>),
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

/// Performs one command on the loaded state. Pure: the same state, command and context give the
/// same outcome.
///
/// A refused command has changed nothing. One that has all the same is a bug of ours: the state is
/// spoilt then, and must not be written.
pub fn perform(state: &mut State, command: &Command, context: &Context<'_>) -> Outcome {
    let before = state.revision();
    let outcome = outcome_of(state, command, context);
    if matches!(outcome, Outcome::Refused(_)) && state.revision() != before {
        state.spoil();
    }
    outcome
}

fn outcome_of(state: &mut State, command: &Command, context: &Context<'_>) -> Outcome {
    if let Some(refusal) = registers::refused(state, command, context) {
        return refusal.into();
    }
    match command {
        Command::RecordSale(command) => sales::record(state, command, context),
        Command::VoidSale(command) => sales::void(state, command, context),
        Command::RecordReturn(command) => returns::record(state, command, context),
        Command::VoidReturn(command) => returns::void(state, command, context),
        Command::SettleRefund(command) => returns::settle(state, command, context),
        Command::MarkChargeback(command) => chargebacks::mark(state, command, context),
        Command::IssueOverride(command) => overrides::issue(state, command, context),
        Command::SaveStore(command) => directory::save_store(state, command, context),
        Command::SaveRegister(command) => directory::save_register(state, command, context),
        Command::SaveOperator(command) => directory::save_operator(state, command, context),
        Command::DraftPolicy(command) => policies::draft(state, command, context),
        Command::PublishPolicy(command) => policies::publish(state, command, context),
        Command::SignIn(command) => sign_in::perform(state, command, context),
        Command::CloseDay(command) => day_end::close(state, command, context),
        Command::GiftCard(command) => gift_cards::commands::perform(state, command, context),
        Command::Note(note) => journal::take_note(state, note, context),
    }
}

/// Check: the same decision on a state that nobody claimed, its changes thrown away.
pub fn check(state: &State, draft: &Draft, now: Timestamp) -> Result<Decision, Refusal> {
    let unfit = registers::out_of_service(state.settings(), &draft.store, &draft.register);
    if let Some(refusal) = unfit.or_else(|| day_end::why_not_in(state, draft, now)) {
        return Err(refusal);
    }
    let case = state.case(draft, now);
    super::decide::decide(&case, draft, &[])
        .map(|decided| decided.decision)
        .map_err(Refusal::Invalid)
}

/// What commands touch: loaded before they are performed, and claimed in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub sales: Vec<Uuid>,
    pub receipts: Vec<ReceiptLookup>,
    pub returns: Vec<Uuid>,
    /// Of `returns`, those to be voided: the other returns of their sales are loaded, too.
    pub voids: Vec<Uuid>,
    pub overrides: Vec<Uuid>,
    pub cards: Vec<Uuid>,
    /// Cards of which all entries are looked at.
    pub statements: Vec<Uuid>,
    /// Of `cards`, those that new sales were paid with: what was redeemed with them is loaded, too.
    pub paying: Vec<Uuid>,
    /// Hashes of gift cards' codes that are to be new.
    pub codes: Vec<[u8; 32]>,
    pub customers: Vec<MatchKey>,
    pub id_hashes: Vec<[u8; 32]>,
    pub operators: Vec<String>,
    /// Places from which operators sign in.
    pub attempts: Vec<AttemptKey>,
    /// Days to be closed: the store's audit head is claimed before anything is summed up. A command
    /// that has any is served by itself.
    pub tills: Vec<TillKey>,
    /// Drawers that returns are to be booked in on a day that they name.
    pub drawers: Vec<TillKey>,
    /// What goods without a receipt are worth, and whose limits a return counts for.
    pub counted: Counted,
    /// Stores, registers, operators or policies are to change.
    pub settings: bool,
}

impl Touched {
    /// Adds what a command touches.
    pub fn add(&mut self, command: &Command) {
        match command {
            Command::RecordSale(command) => {
                self.counted.sold(&command.sale);
                self.receipts.push(ReceiptLookup::of_sale(&command.sale));
                self.cards.extend(
                    command.sale.lines.iter().filter_map(|line| line.gift_card).map(|sold| sold.id),
                );
                // A return of the same batch may pay back to them.
                self.paying(&command.sale.tenders);
            }
            Command::RecordReturn(command) => {
                self.draft(&command.draft);
                self.overrides.extend(command.grants.iter().map(|grant| grant.id));
                self.codes.extend(command.codes.iter().map(|code| code.hash));
            }
            Command::IssueOverride(command) => self.draft(&command.draft),
            Command::VoidReturn(command) => {
                self.returns.push(command.id);
                self.voids.push(command.id);
            }
            // The cards that it sold are claimed with the sale.
            Command::VoidSale(command) => self.sales.push(command.id),
            Command::MarkChargeback(command) => self.sales.push(command.sale),
            Command::SettleRefund(command) => {
                self.returns.push(command.id);
                self.codes.extend(command.codes.iter().map(|code| code.hash));
            }
            Command::GiftCard(command) => command.touch(self),
            Command::SignIn(command) => {
                self.operators.push(command.operator.clone());
                self.attempts.push(command.key());
            }
            Command::SaveOperator(command) => {
                self.settings = true;
                // A new PIN wipes out the attempts that were made with the old one.
                self.operators.extend(
                    command.operator.pin_hash.as_ref().map(|_| command.operator.operator.clone()),
                );
            }
            Command::SaveStore(_) | Command::SaveRegister(_) => self.settings = true,
            Command::DraftPolicy(_) | Command::PublishPolicy(_) => self.settings = true,
            Command::CloseDay(command) => {
                self.tills.push(TillKey::of(&command.store, command.register.as_deref()));
            }
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
        self.counted.draft(draft);
        self.drawers.extend(draft.business_date.map(|_| TillKey::of_draft(draft)));
        let receipt = draft.exchange.as_ref().and_then(|exchange| exchange.receipt.clone());
        self.receipts.extend(receipt.map(|receipt| ReceiptLookup {
            key: ReceiptKey::new(&draft.store, &receipt),
            register: Some(draft.register.clone()),
            business_date: None,
            elsewhere: false,
        }));
        draft.exchange.iter().for_each(|exchange| self.paying(&exchange.tenders));
        self.customers.extend(draft.customer.as_deref().map(MatchKey::of));
        self.id_hashes.extend(draft.id_hash);
        self.cards.extend(draft.refund_card);
    }

    /// Adds the sales that a reference may mean.
    pub fn sale(&mut self, reference: &SaleRef, own: &str) {
        match reference {
            SaleRef::Gift(reference) => self.sale(reference, own),
            SaleRef::Id(id) => self.sales.push(*id),
            SaleRef::Receipt { .. } => self.receipts.extend(ReceiptLookup::of(reference, own)),
        }
    }

    /// Cards that a new sale names among its tenders.
    fn paying(&mut self, tenders: &[Tender]) {
        let cards: Vec<Uuid> = gift_cards::of_sales::paid_with(tenders).collect();
        self.paying.extend(&cards);
        self.cards.extend(cards);
    }

    /// Each thing once, in ascending order: all writers claim in the same order, so that none waits
    /// for another in a ring.
    pub fn in_order(mut self) -> Touched {
        fn once<T: Ord>(all: &mut Vec<T>) {
            all.sort_unstable();
            all.dedup();
        }
        once(&mut self.sales);
        once(&mut self.receipts);
        once(&mut self.returns);
        once(&mut self.voids);
        once(&mut self.overrides);
        once(&mut self.cards);
        once(&mut self.statements);
        once(&mut self.paying);
        once(&mut self.codes);
        once(&mut self.customers);
        once(&mut self.id_hashes);
        once(&mut self.operators);
        once(&mut self.attempts);
        once(&mut self.tills);
        once(&mut self.drawers);
        self
    }
}
