//! The walk as it is printed: numbered steps, each request as it is sent, each answer as it came,
//! and what it must be.

use super::http::{Answered, Asked, Client};
use super::shown::{answer, shown};
use crate::cli::failure::Failure;
use crate::cli::terminal::print;

pub struct Script {
    client: Client,
    step: u32,
    title: String,
}

impl Script {
    pub fn new(client: Client) -> Script {
        Script { client, step: 0, title: String::new() }
    }

    /// Begins the next step.
    pub fn step(&mut self, title: &str) {
        self.step += 1;
        self.title = title.to_owned();
        print(&format!("\n━━ {}. {title}", self.step));
    }

    /// Sends a request, prints it with its answer, and goes on only if the status is the one it has
    /// to be. `bearer` names whose token it is.
    pub fn ask(&self, asked: &Asked<'_>, bearer: &str, expected: u16) -> Result<Answered, Failure> {
        self.print_head(asked, bearer);
        if !asked.body.is_empty() {
            print(&shown(&asked.body));
        }
        let answered = self.send(asked)?;
        let is_json = answered
            .header("content-type")
            .is_some_and(|kind| kind.contains("json") && !kind.contains("ndjson"));
        if is_json {
            print(&answer(&answered.text()));
        }
        self.expect(answered.status == expected, &format!("the answer has to be {expected}"))?;
        Ok(answered)
    }

    /// Sends a request again, whose answer has to be the first one to the byte.
    pub fn ask_again(
        &self,
        asked: &Asked<'_>,
        bearer: &str,
        first: &Answered,
    ) -> Result<(), Failure> {
        self.print_head(asked, bearer);
        print("(the same body)");
        let again = self.send(asked)?;
        self.expect(again.status == first.status, "the status has to be the first one")?;
        self.expect(
            again.header("Idempotent-Replayed") == Some("true"),
            "the answer has to be a replayed one",
        )?;
        self.expect(again.body == first.body, "the answer has to be the first one, to the byte")?;
        print("(the same answer, to the byte)");
        Ok(())
    }

    fn print_head(&self, asked: &Asked<'_>, bearer: &str) {
        print(&format!("{} {}", asked.method, asked.path));
        if asked.token.is_some() {
            print(&format!("Authorization: Bearer <{bearer}>"));
        }
        if let Some(key) = asked.idempotency_key {
            print(&format!("Idempotency-Key: {key}"));
        }
    }

    fn send(&self, asked: &Asked<'_>) -> Result<Answered, Failure> {
        let answered =
            self.client.ask(asked).map_err(|fault| self.missed(&format!("no answer: {fault}")))?;
        let replayed =
            answered.header("Idempotent-Replayed").map(|it| format!("  Idempotent-Replayed: {it}"));
        print(&format!(
            "→ {} {}{}",
            answered.status,
            answered.reason,
            replayed.unwrap_or_default()
        ));
        Ok(answered)
    }

    /// Goes on only if something that has to be so is so.
    pub fn expect(&self, holds: bool, what: &str) -> Result<(), Failure> {
        if holds { Ok(()) } else { Err(self.missed(what)) }
    }

    fn missed(&self, what: &str) -> Failure {
        Failure::Trouble(format!(
            "step {} of the demo ({}) did not give what it should: {what}",
            self.step, self.title
        ))
    }
}
