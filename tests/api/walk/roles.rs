//! Who may what: one row for each operation.

use super::operations;
use crate::support::TestDb;
use crate::support::caller::{Answer, Caller};
use crate::support::contract::Operation;
use crate::support::shop::Shop;
use actix_web::http::Method;
use returndesk::domain::caller::Role::{self, *};
use std::collections::BTreeSet;

const APPROVERS: &[Role] = &[Supervisor, Manager, DistrictManager];
const COUNTER: &[Role] = &[Cashier, Supervisor, Manager, DistrictManager];
const TERMINAL: &[Role] = &[Register, Cashier, Supervisor, Manager, DistrictManager];
const READERS: &[Role] =
    &[Register, Cashier, Supervisor, Manager, DistrictManager, LossPrevention, Auditor, Admin];
const DIRECTORY: &[Role] = &[Manager, DistrictManager, Auditor, Admin];
/// No token needed.
const PUBLIC: &[Role] = &[];

#[rustfmt::skip]
const TABLE: &[(&str, &str, &[Role])] = &[
    ("POST", "/v1/tokens", PUBLIC),
    ("GET", "/.well-known/jwks.json", PUBLIC),
    ("POST", "/v1/sales", &[Register, Admin]),
    ("POST", "/v1/sales/import", &[Register, Admin]),
    ("GET", "/v1/sales", READERS),
    ("GET", "/v1/sales/{id}", READERS),
    ("POST", "/v1/sales/{id}/void", APPROVERS),
    ("POST", "/v1/sales/{id}/tenders/{tender}/chargeback", APPROVERS),
    ("POST", "/v1/returns/check", COUNTER),
    ("POST", "/v1/returns", COUNTER),
    ("GET", "/v1/returns", READERS),
    ("GET", "/v1/returns/{id}", READERS),
    ("POST", "/v1/returns/{id}/void", APPROVERS),
    ("POST", "/v1/returns/{id}/refunds/{refund}/settlement", TERMINAL),
    ("POST", "/v1/overrides", TERMINAL),
    ("POST", "/v1/gift-cards", APPROVERS),
    ("POST", "/v1/gift-cards/bulk", APPROVERS),
    ("POST", "/v1/gift-cards/lookup", COUNTER),
    ("GET", "/v1/gift-cards/{id}", READERS),
    ("GET", "/v1/gift-cards/{id}/entries", READERS),
    ("POST", "/v1/gift-cards/{id}/redemptions", COUNTER),
    ("POST", "/v1/gift-cards/{id}/redemptions/{entry}/reverse", APPROVERS),
    ("POST", "/v1/gift-cards/{id}/loads", COUNTER),
    ("POST", "/v1/gift-cards/{id}/cash-out", COUNTER),
    ("POST", "/v1/gift-cards/{id}/transfers", APPROVERS),
    ("POST", "/v1/gift-cards/{id}/replace", APPROVERS),
    ("POST", "/v1/gift-cards/{id}/freeze", APPROVERS),
    ("POST", "/v1/gift-cards/{id}/unfreeze", APPROVERS),
    ("POST", "/v1/gift-cards/{id}/void", APPROVERS),
    ("POST", "/v1/policies/lint", &[PolicyAdmin]),
    ("GET", "/v1/policies/{name}/versions", &Role::ALL),
    ("POST", "/v1/policies/{name}/versions", &[PolicyAdmin]),
    ("GET", "/v1/policies/{name}/versions/{version}", &Role::ALL),
    ("POST", "/v1/policies/{name}/versions/{version}/publish", &[PolicyAdmin]),
    ("GET", "/v1/policies/{name}/versions/{a}/diff/{b}", &Role::ALL),
    ("GET", "/v1/stores", &Role::ALL),
    ("GET", "/v1/stores/{store}", &Role::ALL),
    ("PUT", "/v1/stores/{store}", &[Admin]),
    ("GET", "/v1/stores/{store}/registers", &Role::ALL),
    ("GET", "/v1/stores/{store}/registers/{register}", &Role::ALL),
    ("PUT", "/v1/stores/{store}/registers/{register}", &[Admin]),
    ("GET", "/v1/operators", DIRECTORY),
    ("GET", "/v1/operators/{operator}", DIRECTORY),
    ("PUT", "/v1/operators/{operator}", &[Admin]),
    ("POST", "/v1/day-ends", APPROVERS),
    ("GET", "/v1/day-ends", &[Supervisor, Manager, DistrictManager, Auditor]),
    ("GET", "/v1/day-ends/{id}", &[Supervisor, Manager, DistrictManager, Auditor]),
    ("GET", "/v1/ledger", &[Manager, DistrictManager, Auditor]),
    ("GET", "/v1/ledger/balances", &[Manager, DistrictManager, Auditor]),
    ("GET", "/v1/audit/events", &[Auditor]),
    ("GET", "/v1/audit/export", &[Auditor]),
    ("GET", "/v1/audit/key", &[Auditor]),
    ("POST", "/v1/audit/verify", &[Auditor]),
    ("GET", "/healthz", PUBLIC),
    ("GET", "/readyz", PUBLIC),
    ("GET", "/metrics", PUBLIC),
];

/// Asks without anything that the operation needs: whoever may is told what is missing.
fn ask(shop: &Shop, caller: &Caller<'_>, operation: &Operation) -> Answer {
    shop.ask(caller.request(operation.method.parse::<Method>().unwrap(), &operation.somewhere()))
}

#[test]
fn every_operation_has_its_row() {
    let db = TestDb::sqlite();
    let rows: BTreeSet<_> =
        TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(rows.len(), TABLE.len());
    assert_eq!(rows, operations(&Shop::open(&db).contract));
}

#[test]
fn without_a_token_only_what_is_public_answers() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    for (method, path, roles) in TABLE {
        let operation = shop
            .contract
            .0
            .iter()
            .find(|o| (o.method.as_str(), o.path.as_str()) == (*method, *path))
            .unwrap();
        let answer = ask(&shop, &shop.nobody(), operation);
        if *roles == PUBLIC {
            assert_ne!(answer.status, 401, "{method} {path}");
            assert_eq!(operation.document["security"], serde_json::json!([{}]), "{method} {path}");
        } else {
            let told = answer.expect_problem(401, "invalid_token");
            assert_eq!(
                told.header("www-authenticate"),
                Some("Bearer error=\"invalid_token\""),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn every_other_role_is_told_which_it_takes() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    for (method, path, roles) in TABLE.iter().filter(|(_, _, roles)| *roles != PUBLIC) {
        let operation = shop
            .contract
            .0
            .iter()
            .find(|o| (o.method.as_str(), o.path.as_str()) == (*method, *path))
            .unwrap();
        for role in Role::ALL {
            let answer = ask(&shop, &Caller::new(&shop, "1", &[role], &["*"]), operation);
            if roles.contains(&role) {
                assert!(
                    ![401, 403].contains(&answer.status),
                    "{method} {path} as {}: {answer}",
                    role.as_str()
                );
            } else {
                let told = answer.expect_problem(403, "insufficient_scope");
                assert_eq!(
                    told.header("www-authenticate"),
                    Some("Bearer error=\"insufficient_scope\"")
                );
                let named = told.body["detail"].as_str().unwrap().to_owned();
                assert!(
                    roles.iter().all(|role| named.contains(role.as_str())),
                    "{method} {path}: {named}"
                );
            }
        }
    }
}
