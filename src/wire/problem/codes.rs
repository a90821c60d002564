//! Every code the service answers with: its status, its title, and what caller, operator and
//! support do.
//!
//! The one list; the OpenAPI document and the guide are made from it.

/// What one code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Stable, snake_case; never renamed.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// A few words, the same for every problem of the code.
    pub title: &'static str,
    /// What the calling program, the person at the register or support do about it.
    pub advice: &'static str,
}

const fn m(code: &'static str, status: u16, title: &'static str, advice: &'static str) -> Meaning {
    Meaning { code, status, title, advice }
}

/// All codes, by status.
#[rustfmt::skip]
pub const CODES: &[Meaning] = &[
    m("bad_request", 400, "Bad request", "Caller: send the request as HTTP and this documentation describe it."),
    m("malformed_json", 400, "Not JSON", "Caller: send well-formed JSON in UTF-8; the detail names line and column."),
    m("duplicate_json_key", 400, "Duplicate JSON key", "Caller: send each key of an object once; which of two values is meant cannot be known."),
    m("invalid_parameter", 400, "Invalid query parameter", "Caller: correct the query; every parameter at fault is listed in `errors`."),
    m("invalid_cursor", 400, "Invalid cursor", "Caller: use `next_cursor` of the previous page unchanged, or start again without a cursor."),
    m("idempotency_key_missing", 400, "Idempotency-Key missing", "Caller: send an Idempotency-Key that is new for each thing to be done and kept when retrying it."),
    m("idempotency_key_invalid", 400, "Idempotency-Key invalid", "Caller: send one key of 1 to 255 printable ASCII characters, bare or as a quoted string."),
    m("invalid_token", 401, "Sign in again", "Caller: fetch a new access token. Support: if it repeats, compare issuer, audience and clocks."),
    m("sign_in_failed", 401, "Sign-in failed", "Operator: check number and PIN, and that you may work in this store. Support: an administrator can set a new PIN."),
    m("insufficient_scope", 403, "Not permitted", "Operator: ask somebody whose role may do this. Support: the detail names the roles that may."),
    m("approval_required", 403, "Approval required", "Operator: ask for the approval that `decision` names. Caller: send the override token in `approvals`, or ask with `on_approval_needed`."),
    m("approver_is_operator", 403, "Approver is the operator", "Operator: let somebody else approve; nobody approves their own return."),
    m("approver_lacks_role", 403, "Approver may not approve this", "Operator: ask somebody of the role that the finding names, or of a higher one."),
    m("approver_own_purchase", 403, "Approver's own purchase", "Operator: let somebody else approve; nobody approves the return of their own purchase."),
    m("publisher_is_author", 403, "Publisher is the author", "Operator: let a second person publish the policy."),
    m("wrong_register", 403, "Register is not yours", "Operator: sign in at the register that you use. Caller: send the `register` of the token."),
    m("unknown_register", 403, "Unknown register", "Operator: ask an administrator to add the register. Support: a store with saved registers takes no other."),
    m("register_inactive", 403, "Register out of service", "Operator: use another register. Support: an administrator can set `active` again."),
    m("not_found", 404, "Not found", "Caller: check the address. Support: what lies outside the token's stores answers like this, too."),
    m("sale_not_found", 404, "Sale not found", "Operator: check receipt number, store and date, or proceed without a receipt."),
    m("card_not_found", 404, "Gift card not found", "Operator: check the card's code and PIN."),
    m("unknown_store", 404, "Unknown store", "Support: create the store, or correct the register's store number."),
    m("method_not_allowed", 405, "Method not allowed", "Caller: use a method of the Allow header."),
    m("not_acceptable", 406, "Not acceptable", "Caller: ask for a media type that the documentation lists for this route."),
    m("request_timeout", 408, "Request too slow", "Caller: send the request again, all of it at once."),
    m("idempotency_key_in_use", 409, "First request still running", "Caller: wait as long as Retry-After says, then send the same request again."),
    m("receipt_exists", 409, "Receipt exists with other content", "Caller: a sale is never changed; correct the receipt number. Support: compare both versions of the sale."),
    m("receipt_ambiguous", 409, "Receipt number of several sales", "Operator: choose the sale by register and date. Caller: send the `id` of one of `sales`, or its `store`, `register` and `business_date`."),
    m("amount_changed", 409, "Amount changed", "Operator: show the customer the new amount and confirm. Caller: send it as `expected_refund`."),
    m("quote_drifted", 409, "Quote out of date", "Operator: check again; the differences are listed. Caller: send the new quote."),
    m("return_not_voidable", 409, "Return cannot be voided", "Operator: the detail says what stands in the way."),
    m("sale_not_voidable", 409, "Sale cannot be voided", "Operator: the detail says what stands in the way."),
    m("refund_not_due", 409, "Refund not due", "Caller: read the return again; this refund has been settled or voided."),
    m("policy_published", 409, "Policy is published", "Caller: published versions never change; draft a new version."),
    m("override_used", 409, "Override used", "Operator: ask for a new override; each is good for one return."),
    m("card_frozen", 409, "Gift card frozen", "Operator: a manager can unfreeze the card after looking into it."),
    m("card_expired", 409, "Gift card expired", "Operator: the card cannot be used any more. Support: the card's entries say since when."),
    m("card_void", 409, "Gift card void", "Operator: the card was voided or replaced; ask for the new one."),
    m("card_spent", 409, "Gift card spent", "Operator: only an unspent card can be voided; freeze it instead."),
    m("redemption_not_reversible", 409, "Redemption cannot be reversed", "Operator: read the card's statement; the detail says where the money is."),
    m("insufficient_balance", 409, "Balance too low", "Operator: charge less, or take the rest by another tender."),
    m("cash_out_not_allowed", 409, "Cash-out not allowed", "Operator: the balance stays on the card; the law here asks for no cash at this balance."),
    m("day_closed", 409, "Day is closed", "Operator: nothing is left to do; what comes in later falls into the next day end. A return is recorded without a business date then."),
    m("day_open", 409, "An earlier day is open", "Operator: close first what the detail names, then this day again."),
    m("precondition_failed", 412, "Changed meanwhile", "Caller: read the document again, apply the change to it, send its new ETag in If-Match."),
    m("body_too_large", 413, "Body too large", "Caller: send less at once. Operator of the service: the limit is configurable."),
    m("unsupported_media_type", 415, "Unsupported media type", "Caller: send `Content-Type: application/json`, uncompressed, in UTF-8."),
    m("invalid_body", 422, "Invalid body", "Caller: correct what `errors` lists."),
    m("invalid_amount", 422, "Invalid amount", "Caller: send amounts as decimal strings in the currency's digits, like \"12.30\"."),
    m("invalid_quantity", 422, "Invalid quantity", "Caller: send a decimal string or an integer, more than zero, up to three decimals."),
    m("unknown_field", 422, "Unknown field", "Caller: remove or rename the field; nothing is ignored silently."),
    m("missing_field", 422, "Missing field", "Caller: send the field."),
    m("invalid_value", 422, "Invalid value", "Caller: correct the value as `errors` says."),
    m("too_long", 422, "Too long", "Caller: shorten the text."),
    m("too_many", 422, "Too many entries", "Caller: split the request."),
    m("card_number_refused", 422, "Card number refused", "Operator: do not type card numbers into text fields. Caller: send the terminal's token and the last four digits."),
    m("idempotency_key_reused", 422, "Idempotency-Key reused", "Caller: use a new key for a new request; this one belongs to a different body."),
    m("does_not_add_up", 422, "Does not add up", "Caller: correct the sum that the detail names; the service never adjusts amounts of the register."),
    m("return_refused", 422, "Return refused", "Operator: tell the customer what the findings of `decision` say; `alternatives` lists what is possible."),
    m("quote_required", 422, "Quote required", "Caller: check first, and send the quote of the check."),
    m("tender_not_allowed", 422, "Tender not allowed", "Operator: choose one of the means that the detail names."),
    m("tender_exhausted", 422, "Tender exhausted", "Operator: this tender has been refunded in full by other returns; nothing is left to pay out."),
    m("quote_invalid", 422, "Quote invalid", "Caller: send the quote of a check unchanged, or none."),
    m("override_expired", 422, "Override expired", "Operator: ask for a new override; it is good for minutes."),
    m("override_mismatch", 422, "Override is for something else", "Operator: ask for an override of this return. Caller: record the body that the approver was shown."),
    m("override_invalid", 422, "Override invalid", "Caller: send the override token unchanged. Support: if it repeats, compare clocks and keys."),
    m("policy_invalid", 422, "Policy invalid", "Caller: correct what `errors` lists; `/v1/policies/lint` finds it before."),
    m("currency_mismatch", 422, "Currency mismatch", "Caller: send amounts in the currency of the store and the sale."),
    m("wrong_currency", 422, "Card of another currency", "Operator: the card can be used in stores of its currency."),
    m("day_in_future", 422, "Day has not come", "Operator: close a day when it has come; check the date."),
    m("time_in_future", 422, "Time in the future", "Caller: set the register's clock."),
    m("precondition_required", 428, "If-Match required", "Caller: read the document, send its ETag in If-Match."),
    m("locked_out", 429, "Locked out", "Operator: wait as long as Retry-After says. Support: an administrator can set a new PIN."),
    m("too_many_requests", 429, "Too many requests", "Caller: wait as long as Retry-After says."),
    m("internal_error", 500, "Internal error", "Caller: retry with the same Idempotency-Key. Support: find the request by X-Request-Id in the log."),
    m("overloaded", 503, "Busy", "Caller: retry with the same Idempotency-Key after Retry-After. Operator of the service: look at the queue's metrics."),
    m("unavailable", 503, "Unavailable", "Caller: retry with the same Idempotency-Key after Retry-After. Operator of the service: `/readyz` says what is missing."),
];

const INTERNAL: Meaning = m("internal_error", 500, "Internal error", "");

/// Looks a code up. An unlisted code is a bug, which tests find; in production it answers as an
/// internal error.
pub fn meaning(code: &str) -> &'static Meaning {
    let found = CODES.iter().find(|meaning| meaning.code == code);
    debug_assert!(found.is_some(), "`{code}` is not listed in wire::problem::codes");
    found.unwrap_or(&INTERNAL)
}

/// Whether a problem can have this code.
pub fn is_listed(code: &str) -> bool {
    CODES.iter().any(|meaning| meaning.code == code)
}

/// The listed code of that name.
pub fn known(code: &str) -> &'static str {
    meaning(code).code
}

/// The code that stands for a status that something other than our handlers answered.
pub fn for_status(status: u16) -> &'static str {
    match status {
        401 => "invalid_token",
        403 => "insufficient_scope",
        404 => "not_found",
        405 => "method_not_allowed",
        406 => "not_acceptable",
        408 => "request_timeout",
        412 => "precondition_failed",
        413 => "body_too_large",
        415 => "unsupported_media_type",
        428 => "precondition_required",
        429 => "too_many_requests",
        503 => "unavailable",
        422 => "invalid_body",
        400..=499 => "bad_request",
        _ => "internal_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn codes_are_unique_snake_case_and_explained() {
        let names: BTreeSet<_> = CODES.iter().map(|meaning| meaning.code).collect();
        assert_eq!(names.len(), CODES.len());
        for Meaning { code, status, title, advice } in CODES {
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
            assert!((400..600).contains(status), "{code}");
            assert!(!title.is_empty() && advice.ends_with('.'), "{code}");
        }
        assert!(CODES.is_sorted_by_key(|meaning| meaning.status));
    }

    #[test]
    fn every_status_has_a_listed_stand_in() {
        for status in 400..600 {
            assert!(CODES.iter().any(|meaning| meaning.code == for_status(status)), "{status}");
        }
    }

    /// Every literal code given to a constructor anywhere in the crate is listed.
    #[test]
    fn every_code_in_the_sources_is_listed() {
        let mut unlisted = Vec::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, text| {
            for constructor in ["Problem::new(", "Fault::new(", "ApiError::new("] {
                for (_, rest) in text
                    .match_indices(constructor)
                    .map(|(at, _)| text.split_at(at + constructor.len()))
                {
                    let Some(code) = rest
                        .trim_start()
                        .strip_prefix('"')
                        .and_then(|r| r.split('"').next())
                        .filter(|r| !r.starts_with('/'))
                    else {
                        continue;
                    };
                    if !CODES.iter().any(|meaning| meaning.code == code) {
                        unlisted.push(format!("{}: {code}", path.display()));
                    }
                }
            }
        });
        assert_eq!(unlisted, Vec::<String>::new());
    }

    fn walk(folder: &Path, see: &mut impl FnMut(&Path, &str)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, see);
            } else if path.extension().is_some_and(|ext| ext == "rs")
                && !path.ends_with("wire/problem/codes.rs")
            {
                see(&path, &std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}
