//! The bare batch loop: the desk's writers with full batches of 64 returns that are read already,
//! without queue, HTTP, token and JSON of the request.

use crate::database::Database;
use crate::load::Taken;
use crate::shop::{back, scattered};
use returndesk::clock::Clock;
use returndesk::desk::answer::Render;
use returndesk::desk::queue::SharedSettings;
use returndesk::desk::{Key, Reply, Request, Writer};
use returndesk::domain::caller::{Caller, Role, Stores};
use returndesk::domain::money::Currency;
use returndesk::domain::overrides::Override;
use returndesk::domain::perform::Command;
use returndesk::domain::returns::RecordReturn;
use returndesk::wire::answer::{MintOverride, answer};
use returndesk::wire::returns::ReturnRequest;
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

const BATCH: usize = 64;

/// No override is issued here.
struct NoMint;

impl MintOverride for NoMint {
    fn mint(&self, _: &Override) -> Option<String> {
        None
    }
}

/// Records one return of each sale of a range, spread over so many writers.
pub fn record(database: &Database, writers: usize, kind: char, sales: Range<usize>) -> Taken {
    let order = (0..sales.len()).map(|number| sales.start + scattered(number, sales.len()));
    let requests: Vec<Request> = order.map(|number| request(kind, number)).collect();
    let parts: Vec<&[Request]> = requests.chunks(requests.len().div_ceil(writers)).collect();
    let settings = SharedSettings::default();
    let mut ready: Vec<Writer> = parts.iter().map(|_| writer(database, &settings)).collect();
    let started = Instant::now();
    let latencies = std::thread::scope(|scope| {
        let work = |(writer, part)| scope.spawn(move || serve(writer, part));
        let threads: Vec<_> = ready.iter_mut().zip(parts).map(work).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a writer ends")).collect()
    });
    Taken::new(started.elapsed().as_secs_f64(), latencies)
}

fn writer(database: &Database, settings: &SharedSettings) -> Writer {
    let render: Render = Arc::new(|outcome, rendering| answer(outcome, &rendering.path, &NoMint));
    Writer::connect(&database.db(), Clock::system(), settings.clone(), render)
        .expect("a writer connects")
}

fn serve(writer: &mut Writer, requests: &[Request]) -> Vec<u32> {
    let mut latencies = Vec::with_capacity(requests.len());
    for batch in requests.chunks(BATCH) {
        let batch: Vec<&Request> = batch.iter().collect();
        let began = Instant::now();
        let replies = writer.serve(&batch);
        let micros = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
        latencies.extend(replies.iter().map(|_| micros));
        let good =
            |reply: &Reply| matches!(reply, Reply::Done { answer, .. } if answer.status == 201);
        assert!(replies.iter().all(good), "{:?}", replies.iter().find(|reply| !good(reply)));
    }
    latencies
}

fn request(kind: char, number: usize) -> Request {
    let body = back(kind, number);
    let read: ReturnRequest = serde_json::from_str(&body).expect("a body");
    let read =
        read.read(Currency::parse("USD"), "1042", &|_| [0; 32]).expect("a body without faults");
    let digest = Sha256::digest(&body).into();
    let id = Uuid::from_slice(&Sha256::digest(format!("bare {kind} {number}"))[..16])
        .expect("sixteen bytes");
    let caller = Caller {
        subject: "returndesk|1042".into(),
        operator: "1042".into(),
        client_id: "bench".into(),
        roles: vec![Role::Cashier],
        stores: Stores::All,
        register: None,
    };
    Request {
        command: Command::RecordReturn(Box::new(RecordReturn {
            draft: read.draft,
            grants: Vec::new(),
            bad_grant: None,
            quoted: None,
            digest: read.digest,
            expected_refund: None,
            codes: Default::default(),
        })),
        caller: Arc::new(caller),
        key: Some(Key { id, digest }),
        request_id: Some("0193a8a1-7c1b-7c3e-8f43-0123456789ab".into()),
        path: "/v1/returns".into(),
    }
}
