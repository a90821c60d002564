//! Requests leave a trace: an id on the answer and in the log's entry; HEAD as GET.

use crate::support::bodies::hearts;
use crate::support::on_each_database;
use crate::support::shop::Shop;

#[test]
fn the_request_id_is_on_the_answer_and_in_the_entry() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let headers = [("X-Request-Id", "till-3.4711"), ("traceparent", trace)];
        let answer = shop.till().post_with("/v1/sales", &headers, &sale).expect(201);
        assert_eq!(
            (answer.header("x-request-id"), answer.header("traceparent")),
            (Some("till-3.4711"), Some(trace))
        );
        assert_eq!(shop.logged("sale.recorded")[0]["request_id"], "till-3.4711");
        let own = shop
            .till()
            .post_with("/v1/sales", &[("X-Request-Id", "forged id")], &hearts(&shop))
            .expect(201);
        let id = own.header("x-request-id").unwrap();
        assert_eq!(id.len(), 36, "an id that could forge a line is replaced: {id}");
        assert!(shop.logged("sale.recorded").iter().any(|entry| entry["request_id"] == id));
        let failed = shop.nobody().get_with("/v1/sales", &headers).expect(401);
        assert_eq!(
            (failed.header("x-request-id"), failed.header("traceparent")),
            (Some("till-3.4711"), Some(trace))
        );
        assert_eq!(
            shop.nobody().get("/none").expect(404).header("x-content-type-options"),
            Some("nosniff")
        );
    });
}

#[test]
fn head_is_get_without_its_body() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sold = shop.sell(&hearts(&shop));
        let sale = format!("/v1/sales/{}", sold["id"].as_str().unwrap());
        for path in [
            "/healthz",
            "/v1/stores",
            "/v1/stores/0042",
            &sale,
            "/v1/sales",
            "/openapi.json",
            "/none",
        ] {
            let (get, head) = (shop.cashier().get(path), shop.cashier().head(path));
            let kept = |name: &str| {
                (get.header(name).map(str::to_owned), head.header(name).map(str::to_owned))
            };
            assert_eq!((get.status, &head.bytes), (head.status, &Vec::new()), "{path}");
            for name in ["content-type", "etag", "cache-control", "link"] {
                let (of_get, of_head) = kept(name);
                assert_eq!(of_get, of_head, "{path}: {name}");
            }
        }
    });
}
