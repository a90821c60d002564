//! Checks: those that wait are decided together, on one state that is loaded for all of them at
//! once, as commands are. A reader that takes one takes all that wait: a lone check never waits for
//! others.

use super::readers::{NotRead, Readers, stopped};
use crate::domain::decision::Decision;
use crate::domain::draft::Draft;
use crate::domain::perform::{Touched, check};
use crate::domain::refusal::Refusal;
use crate::domain::settings::Settings;
use crate::store::{Read, StoreError, batch};
use crossbeam_channel::{Receiver, Sender, bounded};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Checks that are decided together at most, so that the first does not wait long for its company.
const TOGETHER: usize = 32;

/// What a check comes to: a decision, or why nothing can be decided.
pub type Checked = Result<Decision, Refusal>;

/// A check that waits.
struct Waiting {
    draft: Arc<Draft>,
    now: Timestamp,
    reply: oneshot::Sender<Result<Checked, StoreError>>,
}

/// The checks of a desk, decided by its readers.
pub struct Checks {
    put: Sender<Waiting>,
    waiting: Receiver<Waiting>,
}

impl Checks {
    /// As many may wait as readers have places for work.
    pub(super) fn new() -> Checks {
        let (put, waiting) = bounded(super::readers::WAITING);
        Checks { put, waiting }
    }

    /// Decides on the present state of the database, and changes nothing. It is decided as of
    /// `now`, or a moment later.
    ///
    /// # Errors
    /// Too many wait, or the database is in trouble.
    pub async fn decide(
        &self,
        readers: &Readers,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Checked, NotRead> {
        let (reply, answer) = oneshot::channel();
        self.put
            .try_send(Waiting { draft: Arc::new(draft), now, reply })
            .map_err(|_| NotRead::Overloaded)?;
        let waiting = self.waiting.clone();
        // One turn for each check; a turn that finds nothing was served by an earlier one.
        readers.enqueue(Box::new(move |reader| {
            let wanted = |check: &Waiting| !check.reply.is_closed();
            let checks: Vec<Waiting> = waiting.try_iter().take(TOGETHER).filter(wanted).collect();
            if !checks.is_empty() {
                serve(checks, |drafts, now| {
                    let drafts = drafts.to_vec();
                    reader.read(&move |read: &mut Read<'_>, settings: &Arc<Settings>| {
                        decide_all(read, settings, &drafts, now)
                    })
                });
            }
        }))?;
        answer.await.map_err(|_| stopped())?.map_err(NotRead::Trouble)
    }
}

/// Answers all; where they fail together each is tried by itself, so that one bad check harms no
/// other. Not where the database is lost: that is no check's fault, and each try may take as long
/// as a connection is waited for.
fn serve(
    checks: Vec<Waiting>,
    mut decide: impl FnMut(&[Arc<Draft>], Timestamp) -> Result<Vec<Checked>, StoreError>,
) {
    let now = checks.iter().map(|check| check.now).max().unwrap_or_default();
    let drafts: Vec<Arc<Draft>> = checks.iter().map(|check| Arc::clone(&check.draft)).collect();
    match decide(&drafts, now) {
        Ok(all) => checks
            .into_iter()
            .zip(all)
            .for_each(|(check, checked)| drop(check.reply.send(Ok(checked)))),
        Err(fault) if checks.len() == 1 || fault.is_connection_lost() => {
            checks.into_iter().for_each(|check| drop(check.reply.send(Err(fault.clone()))))
        }
        Err(fault) => {
            tracing::debug!(%fault, checks = checks.len(), "checks failed together; they are decided one by one");
            // Whoever gave up meanwhile does not stand before whoever still waits.
            for check in checks.into_iter().filter(|check| !check.reply.is_closed()) {
                let alone = decide(std::slice::from_ref(&check.draft), check.now);
                let checked = alone.and_then(|mut all| all.pop().ok_or(StoreError::NotFound));
                let _ = check.reply.send(checked);
            }
        }
    }
}

fn decide_all(
    read: &mut Read<'_>,
    settings: &Arc<Settings>,
    drafts: &[Arc<Draft>],
    now: Timestamp,
) -> Result<Vec<Checked>, StoreError> {
    let mut touched = Touched::default();
    drafts.iter().for_each(|draft| touched.draft(draft));
    let state = batch::load(read, &touched.in_order(), settings, now)?;
    Ok(drafts.iter().map(|draft| check(&state, draft, now)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words::RefundTo;

    fn waiting(store: &str) -> (Waiting, oneshot::Receiver<Result<Checked, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let draft = Draft {
            store: store.to_owned(),
            register: "7".to_owned(),
            operator: "1042".to_owned(),
            sale: None,
            lines: Vec::new(),
            charges: Vec::new(),
            customer: None,
            id_hash: None,
            refund_to: RefundTo::Original,
            refund_card: None,
            original_asked: false,
            unavailable_tenders: Vec::new(),
            currency: None,
            business_date: None,
            training: false,
            exchange: None,
        };
        (Waiting { draft: Arc::new(draft), now: Timestamp::UNIX_EPOCH, reply }, answer)
    }

    #[test]
    fn one_bad_check_harms_no_other() {
        let (checks, answers): (Vec<_>, Vec<_>) =
            ["1", "bad", "3"].map(waiting).into_iter().unzip();
        let mut calls = Vec::new();
        serve(checks, |drafts, _| {
            let stores: Vec<String> = drafts.iter().map(|draft| draft.store.clone()).collect();
            calls.push(stores.join(" "));
            match stores.iter().any(|store| store == "bad") {
                true => Err(StoreError::Other("bad".into())),
                false => Ok(stores
                    .into_iter()
                    .map(|rule| Err(Refusal::QuoteRequired { rule }))
                    .collect()),
            }
        });
        assert_eq!(calls, ["1 bad 3", "1", "bad", "3"]);
        let told: Vec<_> =
            answers.into_iter().map(|mut answer| answer.try_recv().unwrap()).collect();
        let decided = |rule: &str| Ok(Err(Refusal::QuoteRequired { rule: rule.to_owned() }));
        assert_eq!(told, [decided("1"), Err(StoreError::Other("bad".into())), decided("3")]);
    }

    #[test]
    fn a_lost_database_is_not_asked_again_for_each() {
        let (checks, answers): (Vec<_>, Vec<_>) = ["1", "2", "3"].map(waiting).into_iter().unzip();
        let mut calls = 0;
        serve(checks, |_, _| {
            calls += 1;
            Err(StoreError::ConnectionLost("gone".into()))
        });
        let lost: Vec<_> =
            answers.into_iter().map(|mut answer| answer.try_recv().unwrap()).collect();
        assert_eq!((calls, lost), (1, vec![Err(StoreError::ConnectionLost("gone".into())); 3]));
    }

    #[test]
    fn whoever_gives_up_while_others_are_tried_is_owed_nothing() {
        let (checks, answers): (Vec<_>, Vec<_>) = ["1", "2"].map(waiting).into_iter().unzip();
        let mut answers = answers.into_iter();
        let mut first = answers.next();
        let mut calls = Vec::new();
        serve(checks, |drafts, _| {
            first = None;
            calls.push(drafts.len());
            Err(StoreError::Other("bad".into()))
        });
        assert_eq!((calls, answers.len()), (vec![2, 1], 1));
        assert_eq!(
            answers.next().unwrap().try_recv().unwrap(),
            Err(StoreError::Other("bad".into()))
        );
    }
}
