//! What every answer of the sample service looks like.

use super::*;
use actix_web::HttpServer;
use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service, try_call_service};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// What came back: status, headers, and the body as JSON (or as text, if it is none).
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

async fn send(request: TestRequest) -> Answer {
    let service = init_service(app!()).await;
    let response = match try_call_service(&service, request.to_request()).await {
        Ok(answer) => answer.into_parts().1,
        Err(error) => error.error_response(),
    };
    let status = response.status().as_u16();
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
    let headers =
        response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let bytes = to_bytes(response.into_body()).await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answer { status, headers, body }
}

fn record_request() -> TestRequest {
    TestRequest::post()
        .uri("/v1/returns?x=1")
        .insert_header(("Idempotency-Key", "\"k1\""))
        .insert_header(("X-Request-Id", "till-7.42"))
}

fn with_json(request: TestRequest, body: &str) -> TestRequest {
    request.insert_header(("Content-Type", "application/json")).set_payload(body.to_owned())
}

fn problem(
    code: &str,
    status: u16,
    title: &str,
    detail: &str,
    instance: &str,
    errors: Value,
) -> Value {
    json!({"type": format!("https://returndesk.dev/problems/{code}"), "title": title, "status": status, "detail": detail,
           "instance": instance, "code": code, "errors": errors})
}

fn is_problem(answer: &Answer, expected: Value) {
    assert_eq!(
        (answer.status, &answer.body),
        (expected["status"].as_u64().unwrap() as u16, &expected)
    );
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert!(answer.headers.contains_key("x-request-id"));
}

#[actix_web::test]
async fn a_good_body_reaches_the_handler() {
    let answer =
        send(with_json(record_request(), r#"{"store": "0042", "expected_refund": "1.50"}"#)).await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.body,
        json!({"key": "k1", "store": "0042", "digest": answer.body["digest"], "request_id": "till-7.42"})
    );
    let expected = BTreeMap::from(
        [
            ("cache-control", "no-store"),
            ("content-type", "application/json"),
            ("x-content-type-options", "nosniff"),
            ("x-request-id", "till-7.42"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    assert_eq!(answer.headers, expected);
    let rewritten =
        send(with_json(record_request(), r#"{"expected_refund":"1.50","store":"0042"}"#)).await;
    assert_eq!(rewritten.body, answer.body);
}

#[actix_web::test]
async fn bodies_are_refused_for_what_is_wrong_with_them() {
    let refused = |code: &str, status, title: &str, detail: &str, errors| {
        problem(code, status, title, detail, "/v1/returns", errors)
    };
    let cases = [
        (
            "{\"store\": 1,}",
            refused(
                "malformed_json",
                400,
                "Not JSON",
                "The body is not JSON: trailing comma, at line 1, column 13.",
                json!([]),
            ),
        ),
        (
            r#"{"store":"1","store":"2"}"#,
            refused(
                "duplicate_json_key",
                400,
                "Duplicate JSON key",
                "The key `store` is there twice.",
                json!([{"pointer": "/store", "code": "duplicate_json_key", "detail": "The key `store` is there twice."}]),
            ),
        ),
        (
            r#"{"store":"1","expected_refund":1.5}"#,
            refused(
                "invalid_amount",
                422,
                "Invalid amount",
                "`expected_refund` must be an amount written as a string, like \"12.30\".",
                json!([{"pointer": "/expected_refund", "code": "invalid_amount", "detail": "`expected_refund` must be an amount written as a string, like \"12.30\"."}]),
            ),
        ),
        (
            r#"{"note":"4242 4242 4242 4242","status":"completed"}"#,
            refused(
                "invalid_body",
                422,
                "Invalid body",
                "The request has 3 faults. The first: `note` looks like it contains a card number, which must not be kept.",
                json!([
                {"pointer": "/note", "code": "card_number_refused", "detail": "`note` looks like it contains a card number, which must not be kept."},
                {"pointer": "/status", "code": "unknown_field", "detail": "`status` is not a field here."},
                {"pointer": "/store", "code": "missing_field", "detail": "`store` is missing."}]),
            ),
        ),
        (
            &"x".repeat(201),
            refused(
                "body_too_large",
                413,
                "Body too large",
                "The body is larger than 200 bytes, the most that is taken.",
                json!([]),
            ),
        ),
    ];
    for (body, expected) in cases {
        is_problem(&send(with_json(record_request(), body)).await, expected);
    }
    let plain = send(record_request().set_payload("{}")).await;
    is_problem(
        &plain,
        refused(
            "unsupported_media_type",
            415,
            "Unsupported media type",
            "The body must be application/json in UTF-8, not compressed.",
            json!([]),
        ),
    );
    let decided = send(with_json(record_request(), r#"{"store":"closed"}"#)).await;
    let mut expected = refused("return_refused", 422, "Return refused", "Final sale.", json!([]));
    expected["decision"] = json!({"decision": "refused"});
    is_problem(&decided, expected);
}

#[actix_web::test]
async fn a_key_is_required_where_money_moves() {
    let answer = send(with_json(TestRequest::post().uri("/v1/returns"), "{}")).await;
    let detail = "The register must send an Idempotency-Key, so that nothing is done twice.";
    is_problem(
        &answer,
        problem(
            "idempotency_key_missing",
            400,
            "Idempotency-Key missing",
            detail,
            "/v1/returns",
            json!([]),
        ),
    );
}

#[actix_web::test]
async fn what_no_route_takes_is_404_or_405() {
    let nowhere = send(TestRequest::get().uri("/v2/nothing?token=secret")).await;
    is_problem(
        &nowhere,
        problem(
            "not_found",
            404,
            "Not found",
            "There is nothing at this address.",
            "/v2/nothing",
            json!([]),
        ),
    );
    let wrong = send(TestRequest::delete().uri("/v1/returns")).await;
    is_problem(
        &wrong,
        problem(
            "method_not_allowed",
            405,
            "Method not allowed",
            "This address takes GET, HEAD, POST.",
            "/v1/returns",
            json!([]),
        ),
    );
    assert_eq!(wrong.headers["allow"], "GET, HEAD, POST");
    let about = send(TestRequest::post().uri("/openapi.json")).await;
    assert_eq!((about.status, about.headers["allow"].as_str()), (405, "GET, HEAD"));
    let no_id = send(TestRequest::get().uri("/v1/returns/7")).await;
    is_problem(
        &no_id,
        problem(
            "not_found",
            404,
            "Not found",
            "There is nothing of this id in your stores.",
            "/v1/returns/7",
            json!([]),
        ),
    );
}

#[actix_web::test]
async fn panics_and_foreign_errors_say_nothing_of_the_inside() {
    let detail = "Something went wrong on our side. Try again; nothing is done twice with the same Idempotency-Key.";
    for (path, status) in [("/panic", 500), ("/foreign", 502)] {
        let answer = send(TestRequest::get().uri(path)).await;
        is_problem(
            &answer,
            problem("internal_error", status, "Internal error", detail, path, json!([])),
        );
    }
}

#[actix_web::test]
async fn queries_are_read_strictly() {
    let good = send(TestRequest::get().uri("/echo?store=00%2042&count=3&status=a&status=b")).await;
    assert_eq!(
        (good.status, good.body),
        (200, json!({"store": "00 42", "from": null, "count": 3, "status": ["a", "b"]}))
    );
    let bad =
        send(TestRequest::get().uri("/echo?from=yesterday&count=&stroe=1&store=1&store=2")).await;
    let fault = |name: &str, rest: &str| json!({"pointer": format!("?{name}"), "code": "invalid_parameter", "detail": format!("`{name}` {rest}")});
    let errors = json!([
        fault("count", "is empty; give it a value, or leave it out."),
        fault("stroe", "is not a parameter here; there are: count, from, status, store."),
        fault("store", "is there twice."),
        fault("from", "must be a date, like \"2026-03-01\"."),
    ]);
    let detail =
        "The query has 4 faults. The first: `count` is empty; give it a value, or leave it out.";
    is_problem(
        &bad,
        problem("invalid_parameter", 400, "Invalid query parameter", detail, "/echo", errors),
    );
}

#[actix_web::test]
async fn lists_are_walked_by_their_links() {
    let mut uri = "/v1/returns?store=s%2F&limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = send(TestRequest::get().uri(&uri)).await;
        assert_eq!(page.status, 200);
        pages.push(page.body["items"].clone());
        let Some(link) = page.headers.get("link") else {
            assert_eq!(page.body["next_cursor"], Value::Null);
            break;
        };
        uri = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .unwrap()
            .to_owned();
        assert_eq!(
            uri,
            format!(
                "/v1/returns?store=s%2F&limit=2&cursor={}",
                page.body["next_cursor"].as_str().unwrap()
            )
        );
    }
    assert_eq!(pages, [json!(["s/0", "s/1"]), json!(["s/2", "s/3"]), json!(["s/4"])]);
    let bad = send(TestRequest::get().uri("/v1/returns?cursor=nonsense")).await;
    is_problem(
        &bad,
        problem(
            "invalid_cursor",
            400,
            "Invalid cursor",
            "The cursor is not one that an earlier page gave.",
            "/v1/returns",
            json!([]),
        ),
    );
    let limit = send(TestRequest::get().uri("/v1/returns?limit=501")).await;
    let detail = "`limit` must be a whole number from 1 to 500.";
    let errors = json!([{"pointer": "?limit", "code": "invalid_parameter", "detail": detail}]);
    is_problem(
        &limit,
        problem("invalid_parameter", 400, "Invalid query parameter", detail, "/v1/returns", errors),
    );
}

#[actix_web::test]
async fn changing_needs_the_etag() {
    let uri = "/v1/returns/0190d3a0-0000-7000-8000-000000000000";
    let put = || with_json(TestRequest::put().uri(uri), r#"{"store":"1"}"#);
    assert_eq!(send(put()).await.status, 428);
    assert_eq!(send(put().insert_header(("If-Match", "\"0\""))).await.status, 412);
    assert_eq!(send(put().insert_header(("If-Match", "\"1\""))).await.status, 200);
    let first = send(TestRequest::get().uri(uri)).await;
    let again = send(
        TestRequest::get()
            .uri(uri)
            .insert_header(("If-None-Match", first.headers["etag"].as_str())),
    )
    .await;
    assert_eq!((first.status, again.status, again.body), (200, 304, json!("")));
    assert_eq!(again.headers["etag"], first.headers["etag"]);
}

#[actix_web::test]
async fn ids_and_traces_are_taken_and_given_back() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = send(TestRequest::get().uri("/echo").insert_header(("traceparent", trace))).await;
    assert_eq!(answer.headers["traceparent"], trace);
    let made: uuid::Uuid = answer.headers["x-request-id"].parse().unwrap();
    assert_eq!(
        (made.get_version_num(), made.get_timestamp().unwrap().to_unix().0),
        (7, 1_772_366_400)
    );
    let bad = send(
        TestRequest::get()
            .uri("/echo")
            .insert_header(("X-Request-Id", "a b"))
            .insert_header(("traceparent", "00-x")),
    )
    .await;
    assert_eq!(bad.headers["x-request-id"].len(), 36);
    assert!(!bad.headers.contains_key("traceparent"));
}

#[actix_web::test]
async fn head_is_get_without_its_body() {
    let server = HttpServer::new(|| app!()).workers(1).bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let running = server.run();
    let handle = running.handle();
    let running = actix_web::rt::spawn(running);
    let exchange = move |method: Method, path: &'static str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: r\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<String> =
            head.lines().filter(|line| !line.starts_with("date")).map(str::to_owned).collect();
        lines.sort();
        (lines, body.to_owned())
    };
    let answers = actix_web::rt::task::spawn_blocking(move || {
        ["/echo?count=1", "/v1/returns?limit=1", "/nowhere", "/panic", "/openapi.json"]
            .map(|path| (exchange(Method::GET, path), exchange(Method::HEAD, path)))
    });
    for (get, head) in answers.await.unwrap() {
        assert_eq!(head, (get.0.clone(), String::new()));
        assert!(get.0.contains(&format!("content-length: {}", get.1.len())), "{:?}", get.0);
    }
    handle.stop(false).await;
    running.await.unwrap().unwrap();
}

#[actix_web::test]
async fn the_document_describes_what_every_operation_can_answer() {
    let document = send(TestRequest::get().uri("/openapi.json")).await.body;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let answers = |path: &str, method: &str| {
        paths[path][method]["responses"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(answers("/v1/returns", "post"), "201 400 401 403 408 409 413 415 422 429 500 503");
    assert_eq!(answers("/v1/returns", "get"), "200 400 401 403 429 500 503");
    assert_eq!(answers("/v1/returns/{id}", "get"), "200 401 403 404 429 500 503");
    assert_eq!(
        answers("/v1/returns/{id}", "put"),
        "200 400 401 403 404 408 412 413 415 422 428 429 500 503"
    );
    assert_eq!(answers("/echo", "get"), "200 400 500 503");
    let recording = &paths["/v1/returns"]["post"];
    assert_eq!(recording["responses"]["422"], json!({"$ref": "#/components/responses/Problem422"}));
    assert_eq!(
        recording["responses"]["201"]["headers"]["X-Request-Id"],
        json!({"$ref": "#/components/headers/XRequestId"})
    );
    assert_eq!(
        (&recording["tags"], &recording["operationId"]),
        (&json!(["returns"]), &json!("record"))
    );
    assert_eq!(recording["parameters"][0]["name"], "Idempotency-Key");
    let names: Vec<_> = paths["/v1/returns"]["get"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["limit", "cursor", "store", "from", "count", "status"]);
    assert_eq!(
        document["components"]["schemas"]["NewReturn"]["additionalProperties"],
        json!(false)
    );
    assert_eq!(unresolved(&document, &document), Vec::<String>::new());
}

/// References that lead nowhere.
fn unresolved(json: &Value, document: &Value) -> Vec<String> {
    match json {
        Value::Array(entries) => {
            entries.iter().flat_map(|entry| unresolved(entry, document)).collect()
        }
        Value::Object(object) => {
            let own = object
                .get("$ref")
                .and_then(Value::as_str)
                .filter(|target| document.pointer(target.trim_start_matches('#')).is_none());
            own.map(str::to_owned)
                .into_iter()
                .chain(object.values().flat_map(|value| unresolved(value, document)))
                .collect()
        }
        _ => Vec::new(),
    }
}

#[actix_web::test]
async fn the_reference_can_be_browsed_without_the_internet() {
    let redirect = send(TestRequest::get().uri("/docs")).await;
    assert_eq!((redirect.status, redirect.headers["location"].as_str()), (308, "/docs/"));
    for path in ["/docs/", "/docs/swagger-ui-bundle.js", "/docs/swagger-initializer.js"] {
        assert_eq!(send(TestRequest::get().uri(path)).await.status, 200, "{path}");
    }
    let page = send(TestRequest::get().uri("/docs/")).await.body;
    assert!(!page.as_str().unwrap().contains("https://"));
}

/// Collects what is logged on this thread.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn the_access_log_has_one_line_without_secrets() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    // With a single subscriber alive, tracing asks only the thread that meets a log line first
    // whether anybody listens, and other tests' threads say no for good; with two it asks all
    // subscribers.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let logging = tracing::subscriber::set_default(subscriber);
    let uri = "/v1/returns/0190d3a0-0000-7000-8000-000000000000?access_token=secret";
    let request = TestRequest::default().method(Method::HEAD).uri(uri);
    send(
        request
            .insert_header(("Authorization", "Bearer secret"))
            .insert_header(("X-Request-Id", "till-7")),
    )
    .await;
    drop(logging);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let mut logged: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    logged.retain(|line| line["target"] == "returndesk::access");
    assert!(logged[0]["fields"]["micros"].is_u64() && !text.contains("secret"), "{text}");
    logged[0]["fields"]["micros"] = json!(1);
    let fields = json!({"method": "HEAD", "route": "/v1/returns/{id}", "status": 200, "micros": 1, "request_id": "till-7"});
    assert_eq!((logged.len(), &logged[0]["fields"]), (1, &fields));
}

#[actix_web::test]
async fn problems_are_described_with_all_their_members() {
    let document = send(TestRequest::get().uri("/openapi.json")).await.body;
    let problem = &document["components"]["schemas"]["Problem"];
    assert_eq!(
        problem["required"],
        json!(["type", "title", "status", "detail", "instance", "code", "errors"])
    );
}
