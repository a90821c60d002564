//! Signing in with a PIN: attempts are counted before the PIN is looked at, so that many at once
//! gain nothing.

use super::entry::Event;
use super::journal;
use super::perform::{Context, Done, Outcome};
use super::state::State;
use jiff::{SignedDuration, Timestamp};

/// Attempts of one operator since the last success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    pub failures: u32,
    pub locked_until: Option<Timestamp>,
}

/// How many attempts, and how long the lock.
#[derive(Clone, Copy, Debug)]
pub struct LockRule {
    pub attempts: u32,
    pub lock: SignedDuration,
}

/// The longest an operator is locked out.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug)]
pub struct SignIn {
    pub operator: String,
    pub store: String,
    pub step: Step,
    pub rule: LockRule,
}

/// First an attempt is claimed, then, the PIN looked at, its result is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Attempt,
    Succeeded,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Look at the PIN.
    GoOn,
    Locked {
        until: Timestamp,
    },
    Noted,
}

/// One step of a sign-in.
pub fn perform(state: &mut State, command: &SignIn, context: &Context<'_>) -> Outcome {
    let attempts = state.attempts_of(&command.operator);
    let answer = match command.step {
        Step::Attempt => attempt(state, command, attempts, context),
        Step::Succeeded => {
            state.set_attempts(&command.operator, Attempts::default());
            journal::signed_in(state, context, command, Event::SignInSucceeded);
            Answer::Noted
        }
        Step::Failed => {
            journal::signed_in(state, context, command, Event::SignInFailed);
            if attempts.locked_until.is_some_and(|until| until > context.now) {
                journal::signed_in(state, context, command, Event::OperatorLocked);
            }
            Answer::Noted
        }
    };
    Done::SignIn(answer).into()
}

/// Counts the attempt as failed until it is told to have succeeded.
fn attempt(
    state: &mut State,
    command: &SignIn,
    mut attempts: Attempts,
    context: &Context<'_>,
) -> Answer {
    if let Some(until) = attempts.locked_until.filter(|until| *until > context.now) {
        journal::signed_in(state, context, command, Event::SignInFailed);
        return Answer::Locked { until };
    }
    attempts.failures = attempts.failures.saturating_add(1);
    attempts.locked_until =
        lock(attempts.failures, command.rule).map(|length| context.now + length);
    state.set_attempts(&command.operator, attempts);
    Answer::GoOn
}

/// From the last allowed attempt on, each failure locks for twice as long, up to a day.
pub(super) fn lock(failures: u32, rule: LockRule) -> Option<SignedDuration> {
    let beyond = failures.checked_sub(rule.attempts)?;
    let factor = 1_i32.checked_shl(beyond.min(20)).unwrap_or(i32::MAX);
    Some(rule.lock.checked_mul(factor).map_or(LONGEST_LOCK, |length| length.min(LONGEST_LOCK)))
}
