//! Which registers may act: one that the token names no other for, and that the store has in
//! service.

use super::caller::{Caller, Role};
use super::journal;
use super::perform::{Command, Context};
use super::refusal::Refusal;
use super::settings::Settings;
use super::state::State;

/// Refuses a register other than the one that the caller's token is for.
pub fn of_another(caller: &Caller, register: &str) -> Option<Refusal> {
    let own = caller.register.as_deref().filter(|own| *own != register)?;
    let detail = format!(
        "You are signed in at register {own}, not at {register}. Sign in at register {register}."
    );
    Some(Refusal::Register { code: "wrong_register", detail })
}

/// Refuses a register that the store does not have in service. A store that has saved no register
/// keeps no list, and takes all.
pub fn out_of_service(settings: &Settings, store: &str, register: &str) -> Option<Refusal> {
    let from = (store.to_owned(), String::new());
    let listed = settings.registers.range(from..).next();
    listed.filter(|((of, _), _)| of == store)?;
    let known = settings.registers.get(&(store.to_owned(), register.to_owned()));
    let (code, detail) = match known {
        Some(known) if known.active => return None,
        Some(_) => (
            "register_inactive",
            format!(
                "Register {register} is out of service. Use another register, or ask an administrator."
            ),
        ),
        None => (
            "unknown_register",
            format!(
                "Store {store} has no register {register}. Check the register's number, or ask an administrator to add it."
            ),
        ),
    };
    Some(Refusal::Register { code, detail })
}

/// Refuses a command whose register may not act, and tells the log.
pub fn refused(state: &mut State, command: &Command, context: &Context<'_>) -> Option<Refusal> {
    let (store, register) = place(command, context.caller)?;
    state.settings().store(store)?;
    let refusal = of_another(context.caller, register)
        .or_else(|| out_of_service(state.settings(), store, register))?;
    journal::registers::refused(state, context, store, register, refusal.code());
    Some(refusal)
}

/// The store and the register at which a command is done, where there is one.
fn place<'a>(command: &'a Command, caller: &'a Caller) -> Option<(&'a str, &'a str)> {
    let own = caller.register.as_deref();
    match command {
        // Sales of the past are brought in by an admin, also of registers that are gone.
        Command::RecordSale(_) if caller.has(Role::Admin) && own.is_none() => None,
        Command::RecordSale(command) => Some((&command.sale.store, &command.sale.register)),
        Command::RecordReturn(command) => Some((&command.draft.store, &command.draft.register)),
        Command::IssueOverride(command) => Some((&command.draft.store, &command.draft.register)),
        Command::GiftCard(command) => {
            let at = command.at()?;
            at.register.as_deref().or(own).map(|register| (at.store.as_str(), register))
        }
        _ => None,
    }
}
