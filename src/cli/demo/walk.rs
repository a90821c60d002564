//! The main job, as it happens at a counter: check, record, what must not work twice, and a
//! manager's override.

use super::http::{Answered, Asked};
use super::script::Script;
use super::shop::{Picked, Walk};
use crate::cli::failure::Failure;
use crate::cli::terminal::print;
use serde_json::Value;

const RETURNS: &str = "/v1/returns";
/// Whose tokens they are, as the walk prints it.
const FIRST: &str = "cashier 1042 at register 7";
const SECOND: &str = "cashier 1043 at register 3";

/// Tokens of two people at two registers.
struct Tills {
    first: String,
    second: String,
}

/// Walks from the first check to an override that is used up.
pub fn walk(script: &mut Script, walk: &Walk) -> Result<(), Failure> {
    let tills = sign_in(script)?;
    within_policy(script, &tills, &walk.within_window)?;
    out_of_window(script, &tills, &walk.window_over)
}

fn sign_in(script: &mut Script) -> Result<Tills, Failure> {
    print("\nAnswers are shortened: what is empty, or repeats the request, is left out here.");
    script.step("Two cashiers sign in, each at a register");
    let token = |operator: &str, pin: &str, register: &str| -> Result<String, Failure> {
        let body = format!(
            r#"{{"operator":"{operator}","pin":"{pin}","store":"0042","register":"{register}"}}"#
        );
        let answered = script.ask(&Asked::json("POST", "/v1/tokens", None, body), "", 200)?;
        Ok(answered.json()["access_token"].as_str().unwrap_or_default().to_owned())
    };
    Ok(Tills { first: token("1042", "104242", "7")?, second: token("1043", "104343", "3")? })
}

fn within_policy(script: &mut Script, tills: &Tills, sale: &Picked) -> Result<(), Failure> {
    let first = Some(tills.first.as_str());
    let body = body("7", sale, "2", None);
    script.step("Bought 10 days ago, two lanterns come back: may they? Checking changes nothing");
    let checked =
        script.ask(&Asked::json("POST", "/v1/returns/check", first, body.clone()), FIRST, 200)?;
    script.expect(checked.json()["decision"] == "allowed", "the decision has to be allowed")?;

    script.step("They are taken back: recorded, and the money goes where it came from");
    let record = Asked::json("POST", RETURNS, first, body).under("register-7-0001");
    let recorded = script.ask(&record, FIRST, 201)?;
    script.expect(recorded.json()["status"] == "completed", "the return has to be completed")?;

    script.step("The answer got lost on its way; the register sends the same again, and gets the same answer");
    script.ask_again(&record, FIRST, &recorded)?;

    script
        .step("Meanwhile another register tries one of the same lanterns, under a key of its own");
    let twice = Asked::json("POST", RETURNS, Some(&tills.second), self::body("3", sale, "1", None))
        .under("register-3-0001");
    let refused = script.ask(&twice, SECOND, 422)?;
    script
        .expect(has_finding(&refused, "already_returned"), "the finding has to be already_returned")
}

fn out_of_window(script: &mut Script, tills: &Tills, sale: &Picked) -> Result<(), Failure> {
    let first = Some(tills.first.as_str());
    let plain = body("7", sale, "1", None);
    script.step(
        "A gift, bought 41 days ago: the window of 30 days is over, and a manager has to agree",
    );
    let asked = Asked::json("POST", RETURNS, first, plain.clone()).under("register-7-0002");
    let refused = script.ask(&asked, FIRST, 403)?;
    script.expect(
        refused.json()["code"] == "approval_required",
        "the code has to be approval_required",
    )?;
    script
        .expect(has_finding(&refused, "window_expired"), "the finding has to be window_expired")?;

    script.step("The manager comes to the register, types a PIN, and approves this return: five minutes, once");
    let approver = r#"{"operator":"2001","pin":"200101"}"#;
    let why = r#""codes":["window_expired"],"reason":"goodwill","note":"Regular customer.""#;
    let approval = format!(r#"{{"approver":{approver},"return":{plain},{why}}}"#);
    let issued = script.ask(&Asked::json("POST", "/v1/overrides", first, approval), FIRST, 201)?;
    let token = issued.json()["token"].as_str().unwrap_or_default().to_owned();

    script.step("With the override the return is recorded");
    let approved = Asked::json("POST", RETURNS, first, body("7", sale, "1", Some(&token)))
        .under("register-7-0003");
    let recorded = script.ask(&approved, FIRST, 201)?;
    script.expect(
        has_finding(&recorded, "window_expired"),
        "the return has to keep the finding that was approved",
    )?;

    script.step("The second one with the same override: an override is used up");
    let reused = Asked::json("POST", RETURNS, first, body("7", sale, "1", Some(&token)))
        .under("register-7-0004");
    let refused = script.ask(&reused, FIRST, 409)?;
    script.expect(refused.json()["code"] == "override_used", "the code has to be override_used")?;
    print("Refused attempts are in the log, like everything else that happened.");
    Ok(())
}

/// The body of a return, in the order in which a person would write it.
fn body(register: &str, sale: &Picked, quantity: &str, approval: Option<&str>) -> String {
    let (receipt, line, store) = (&sale.receipt, sale.line, &sale.store);
    let approvals =
        approval.map(|token| format!(r#","approvals":["{token}"]"#)).unwrap_or_default();
    let head =
        format!(r#""store":"{store}","register":"{register}","sale":{{"receipt":"{receipt}"}}"#);
    let units = format!(r#""sale_line":{line},"quantity":"{quantity}""#);
    let lines = format!(r#""lines":[{{{units},"reason":"changed_mind","condition":"unopened"}}]"#);
    format!(r#"{{{head},{lines},"refund_to":"original"{approvals}}}"#)
}

/// Whether an answer's decision has this finding on its first line.
fn has_finding(answered: &Answered, code: &str) -> bool {
    let json = answered.json();
    let decision = if json["lines"].is_array() { &json } else { &json["decision"] };
    let findings = decision["lines"][0]["findings"].as_array().into_iter().flatten();
    findings.map(|finding: &Value| &finding["code"]).any(|found| found == code)
}
