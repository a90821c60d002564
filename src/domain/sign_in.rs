//! Signing in with a PIN: attempts are counted before the PIN is looked at, so that many at once
//! gain nothing. They are counted by operator and source, so that a stranger's guesses lock the
//! stranger out and not the operator at a register.

use super::entry::Event;
use super::journal;
use super::perform::{Context, Done, Outcome};
use super::state::State;
use jiff::{SignedDuration, Timestamp};

/// Attempts of one operator from one source since the last success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    pub failures: u32,
    pub locked_until: Option<Timestamp>,
    pub last_at: Timestamp,
    /// The last time that the log heard of an attempt during the lock.
    pub told_at: Option<Timestamp>,
}

/// An operator number, and the place that attempts come from: an address for callers without a
/// token, the token's subject for others.
pub type AttemptKey = (String, String);

/// How many attempts, and how long the lock.
#[derive(Clone, Copy, Debug)]
pub struct LockRule {
    pub attempts: u32,
    pub lock: SignedDuration,
}

/// The longest an operator is locked out.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_hours(24);
/// The pause between two entries of the log about attempts during one lock. Without it a stranger
/// fills the log as fast as the disk writes.
const BETWEEN_ENTRIES: SignedDuration = SignedDuration::from_mins(1);
/// Attempts are forgotten this long after the last: longer than the longest lock.
pub const KEPT: SignedDuration = SignedDuration::from_hours(48);

#[derive(Clone, Debug)]
pub struct SignIn {
    pub operator: String,
    /// Where the attempt comes from, see [`AttemptKey`].
    pub source: String,
    pub store: String,
    pub step: Step,
    pub rule: LockRule,
}

impl SignIn {
    pub fn key(&self) -> AttemptKey {
        (self.operator.clone(), self.source.clone())
    }
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
    let attempts = state.attempts_of(&command.key());
    let answer = match command.step {
        Step::Attempt => attempt(state, command, attempts, context),
        Step::Succeeded => {
            state.set_attempts(
                command.key(),
                Attempts { last_at: context.now, ..Attempts::default() },
            );
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
        if attempts.told_at.is_none_or(|told| told + BETWEEN_ENTRIES <= context.now) {
            journal::signed_in(state, context, command, Event::SignInFailed);
            attempts.told_at = Some(context.now);
            state.set_attempts(command.key(), attempts);
        }
        return Answer::Locked { until };
    }
    attempts.failures = attempts.failures.saturating_add(1);
    attempts.locked_until =
        lock(attempts.failures, command.rule).map(|length| context.now + length);
    (attempts.last_at, attempts.told_at) = (context.now, None);
    state.set_attempts(command.key(), attempts);
    Answer::GoOn
}

/// From the last allowed attempt on, each failure locks for twice as long, up to a day.
pub(super) fn lock(failures: u32, rule: LockRule) -> Option<SignedDuration> {
    let beyond = failures.checked_sub(rule.attempts)?;
    let factor = 1_i32.checked_shl(beyond.min(20)).unwrap_or(i32::MAX);
    Some(rule.lock.checked_mul(factor).map_or(LONGEST_LOCK, |length| length.min(LONGEST_LOCK)))
}
