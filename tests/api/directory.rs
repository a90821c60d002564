//! Stores, registers and operators: documents that are changed by whoever has seen them.

use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::json;

#[test]
fn a_store_is_created_read_changed_and_listed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let admin = shop.admin();
        let body = json!({"name": "Fifth Avenue", "time_zone": "America/New_York", "currency": "USD", "region": "US-NY"});
        let created = admin.put("/v1/stores/0099", &body).expect(201);
        let shown = json!({"store": "0099", "name": "Fifth Avenue", "time_zone": "America/New_York", "currency": "USD",
            "region": "US-NY", "policy": "standard"});
        assert_eq!((&created.body, created.header("location")), (&shown, Some("/v1/stores/0099")));
        let read = admin.get("/v1/stores/0099").expect(200);
        assert_eq!((&read.body, read.header("etag")), (&shown, created.header("etag")));
        let etag = read.header("etag").unwrap();
        let unchanged = admin.get_with("/v1/stores/0099", &[("If-None-Match", etag)]).expect(304);
        assert_eq!((unchanged.bytes.len(), unchanged.header("etag")), (0, Some(etag)));
        admin.put("/v1/stores/0099", &body).expect_problem(428, "precondition_required");
        let mut renamed = body.clone();
        renamed["name"] = json!("Sixth Avenue");
        let changed =
            admin.put_with("/v1/stores/0099", &[("If-Match", etag)], &renamed).expect(200);
        assert_eq!(changed.body["name"], "Sixth Avenue");
        admin
            .put_with("/v1/stores/0099", &[("If-Match", etag)], &body)
            .expect_problem(412, "precondition_failed");
        admin
            .put_with("/v1/stores/0098", &[("If-Match", etag)], &body)
            .expect_problem(412, "precondition_failed");
        let listed = admin.get("/v1/stores").expect(200).body;
        let numbers: Vec<_> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|store| store["store"].clone())
            .collect();
        assert_eq!(numbers, ["0042", "0043", "0044", "0099"]);
        assert_eq!(
            shop.logged("store.saved").iter().filter(|entry| entry["subject_id"] == "0099").count(),
            2
        );
    });
}

#[test]
fn a_store_that_cannot_be_is_refused_with_every_fault() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = json!({"name": "", "time_zone": "Mars/Olympus", "currency": "XYZ", "region": "?", "colour": "red"});
        let refused = shop.admin().put("/v1/stores/0099", &body).expect(422);
        let named: Vec<_> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
        assert!(
            named.contains(&"/colour".to_owned()) && named.contains(&"/name".to_owned()),
            "{refused}"
        );
        let body =
            json!({"name": "x", "time_zone": "Mars/Olympus", "currency": "XYZ", "region": "??"});
        let refused = shop.admin().put("/v1/stores/0099", &body).expect(422);
        let named: Vec<_> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(named, ["/currency", "/time_zone", "/region"]);
        let body = json!({"name": "x", "time_zone": "Europe/Paris", "currency": "EUR", "region": "FR", "policy": "none"});
        let refused =
            shop.admin().put("/v1/stores/0099", &body).expect_problem(422, "invalid_value");
        assert_eq!(refused.faults(), [("/policy".to_owned(), "invalid_value".to_owned())]);
        shop.admin().get("/v1/stores/0099").expect_problem(404, "not_found");
    });
}

#[test]
fn the_currency_of_a_store_stays() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = json!({"name": "x", "time_zone": "America/New_York", "currency": "EUR", "region": "US-NY"});
        let refused = shop.admin().put_with("/v1/stores/0042", &[("If-Match", "*")], &body);
        let refused = refused.expect_problem(422, "currency_mismatch");
        assert_eq!(refused.faults(), [("/currency".to_owned(), "currency_mismatch".to_owned())]);
    });
}

#[test]
fn registers_belong_to_their_store() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let admin = shop.admin();
        let path = "/v1/stores/0042/registers/3";
        let created = admin.put(path, &json!({"name": "Front left"})).expect(201);
        let shown = json!({"store": "0042", "register": "3", "name": "Front left", "active": true});
        assert_eq!((&created.body, created.header("location")), (&shown, Some(path)));
        let read = shop.cashier().get(path).expect(200);
        assert_eq!((&read.body, read.header("etag")), (&shown, created.header("etag")));
        admin.put(path, &json!({"active": false})).expect_problem(428, "precondition_required");
        let changed =
            admin.put_with(path, &[("If-Match", "*")], &json!({"active": false})).expect(200);
        assert_eq!(
            changed.body,
            json!({"store": "0042", "register": "3", "name": null, "active": false})
        );
        let listed = shop.cashier().get("/v1/stores/0042/registers").expect(200).body;
        assert_eq!(listed, json!({"items": [changed.body], "next_cursor": null}));
        assert_eq!(admin.get("/v1/stores/0043/registers").expect(200).body["items"], json!([]));
        admin.put("/v1/stores/0999/registers/3", &json!({})).expect_problem(404, "not_found");
        admin.get("/v1/stores/0999/registers").expect_problem(404, "not_found");
        admin.get("/v1/stores/0043/registers/3").expect_problem(404, "not_found");
        shop.stranger().get(path).expect_problem(404, "not_found");
    });
}

#[test]
fn operators_are_kept_without_showing_the_pin() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let admin = shop.admin();
        let body = json!({"name": "Ana Ruiz", "roles": ["cashier"], "stores": ["0042"], "pin": "493817", "customer": "C-77"});
        let created = admin.put("/v1/operators/1042", &body).expect(201);
        let shown = json!({"operator": "1042", "name": "Ana Ruiz", "roles": ["cashier"], "stores": ["0042"],
            "has_pin": true, "customer": "C-77", "active": true});
        assert_eq!(
            (&created.body, created.header("location")),
            (&shown, Some("/v1/operators/1042"))
        );
        let etag = created.header("etag").unwrap();
        let body =
            json!({"name": "Ana Ruiz", "roles": ["cashier", "register"], "stores": ["0042"]});
        admin.put("/v1/operators/1042", &body).expect_problem(428, "precondition_required");
        let changed =
            admin.put_with("/v1/operators/1042", &[("If-Match", etag)], &body).expect(200);
        let shown = json!({"operator": "1042", "name": "Ana Ruiz", "roles": ["cashier", "register"],
            "stores": ["0042"], "has_pin": true, "customer": null, "active": true});
        assert_eq!(changed.body, shown);
        let listed = shop.manager().get("/v1/operators").expect(200).body;
        assert_eq!(listed, json!({"items": [shown], "next_cursor": null}));
        let abroad = Caller::new(&shop, "2002", &[Role::Manager], &["0043"]);
        assert_eq!(abroad.get("/v1/operators").expect(200).body["items"], json!([]));
        abroad.get("/v1/operators/1042").expect_problem(404, "not_found");
    });
}

/// A cashier's PIN may have four digits, and nobody knows how many a kept one has.
#[test]
fn who_becomes_an_approver_gets_a_new_pin() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let save = |roles: &[&str], pin: Option<&str>| {
            let mut body = json!({"name": "Ana Ruiz", "roles": roles, "stores": ["0042"]});
            pin.into_iter().for_each(|pin| body["pin"] = json!(pin));
            let any = [("If-Match", "*")];
            let headers: &[_] = if pin == Some("4938") { &[] } else { &any };
            shop.admin().put_with("/v1/operators/1042", headers, &body)
        };
        save(&["cashier"], Some("4938")).expect(201);
        let refused = save(&["cashier", "manager"], None).expect_problem(422, "invalid_value");
        let detail = "The PIN of an approver has 6 to 12 digits. Send a new one with these roles.";
        assert_eq!(
            refused.body["errors"],
            json!([{"pointer": "/pin", "code": "invalid_value", "detail": detail}])
        );
        save(&["cashier", "register"], None).expect(200);
        save(&["manager"], Some("493817")).expect(200);
        save(&["district_manager"], None).expect(200);
    });
}

#[test]
fn nobody_gives_rights_in_stores_that_are_not_their_own() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let local = Caller::new(&shop, "9002", &[Role::Admin], &["0042"]);
        let body = |stores: &[&str]| json!({"name": "x", "roles": ["cashier"], "stores": stores, "pin": "493817"});
        local
            .put("/v1/operators/1050", &body(&["0042", "0043"]))
            .expect_problem(404, "unknown_store");
        local.put("/v1/operators/1050", &body(&["*"])).expect_problem(404, "unknown_store");
        local.put("/v1/operators/1050", &body(&["0042"])).expect(201);
        shop.admin().put("/v1/operators/1051", &body(&["0043"])).expect(201);
        local
            .put_with("/v1/operators/1051", &[("If-Match", "*")], &body(&["0042"]))
            .expect_problem(404, "not_found");
        local
            .put(
                "/v1/stores/0077",
                &json!({"name": "x", "time_zone": "UTC", "currency": "USD", "region": "US"}),
            )
            .expect(404);
        // An operator of both stores is not taken away from the other one.
        shop.admin().put("/v1/operators/1052", &body(&["0042", "0043"])).expect(201);
        local.put_with("/v1/operators/1052", &[("If-Match", "*")], &body(&["0042"])).expect(404);
    });
}
