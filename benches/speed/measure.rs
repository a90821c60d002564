//! The measurements on one database, in the order in which they are done.

use crate::database::Database;
use crate::load::{self, Load, Taken};
use crate::options::Options;
use crate::plain_postgres::{self, PgBench};
use crate::processes::{Watched, resident_mib};
use crate::report::Report;
use crate::samples::Samples;
use crate::service::{Folder, Service, cashiers, token};
use crate::shop::{STORES, ask, back, counting, get, of_store, policy, post, scattered, store};
use crate::{bare, plain_sqlite, transfer};
use std::collections::BTreeMap;
use std::ops::Range;

/// Kinds of stores: those that the service is measured on, those of the policy with many rules,
/// those of the baselines.
const SHOP: char = 'S';
const RULES: char = 'R';
const PLAIN: char = 'P';
/// Rules of the long policy, and sales of its stores.
pub const MANY_RULES: usize = 500;
const RULES_SALES: usize = 4_000;
/// Gift cards of each store.
const CARDS: usize = 500;

/// A service on a database, and how far its sales are used up.
pub struct Bench<'a> {
    pub options: &'a Options,
    pub database: &'a Database,
    pub folder: &'a Folder,
    pub service: Service,
    pub report: Report,
    /// Sales of each kind of stores that nothing has come back of: of those imported, the last
    /// ones.
    stock: BTreeMap<char, Range<usize>>,
    /// Gift cards, each with its store's place.
    cards: Vec<(usize, String)>,
    redeemed: usize,
}

impl<'a> Bench<'a> {
    /// Opens the shop: stores and policies.
    pub fn open(options: &'a Options, database: &'a Database, folder: &'a Folder) -> Bench<'a> {
        let service = Service::start(&database.url, &folder.0, options.writers);
        let admin = token(&folder.0, "admin", "*", "9001");
        let (author, publisher) = (
            token(&folder.0, "policy_admin", "*", "3001"),
            token(&folder.0, "policy_admin", "*", "3002"),
        );
        let publish = |name: &str, document: &str| {
            let versions = format!("/v1/policies/{name}/versions");
            ask(service.address, "POST", &versions, &author, document);
            ask(service.address, "POST", &format!("{versions}/1/publish"), &publisher, "{}");
        };
        let standard = ask(service.address, "GET", "/v1/policies/standard/versions/1", &author, "");
        publish("counting", &counting(&standard));
        let many = format!("rules-{MANY_RULES}");
        publish(&many, &policy(MANY_RULES));
        for (kind, policy) in [(SHOP, "counting"), (PLAIN, "counting"), (RULES, many.as_str())] {
            for place in 0..STORES {
                let (path, body) = of_store(kind, place, policy);
                ask(service.address, "PUT", &path, &admin, &body);
            }
        }
        let (report, stock, cards) = (Report::default(), BTreeMap::new(), Vec::new());
        Bench { options, database, folder, service, report, stock, cards, redeemed: 0 }
    }

    /// Everything.
    pub fn all(&mut self) {
        let (returns, rounds) = (self.options.returns, self.options.rounds);
        let per_round = if self.options.quick {
            2 * returns
        } else {
            returns / 16 + returns / 2 + 3 * returns + returns
        };
        self.import(SHOP, rounds * per_round + 64);
        self.import(PLAIN, rounds * returns + 64);
        self.import(RULES, RULES_SALES);
        if !self.options.quick {
            self.issue_cards();
        }
        // The first return gives the baselines their texts.
        self.warm_up();
        let samples = Samples::of(self.database);
        let pgbench = (!self.database.is_sqlite())
            .then(|| PgBench::new(self.database, self.folder, PLAIN, &samples));
        // Before the baselines write what no verifier lets pass: an export stops at the first such
        // entry.
        if !self.options.quick {
            self.export();
        }
        for _ in 0..rounds {
            self.round(&samples, pgbench.as_ref());
        }
    }

    /// The rates of a PostgreSQL database from its first return on, which is never analyzed: the
    /// last of its returns are recorded as fast as the first.
    pub fn young(&mut self) {
        const RETURNS: usize = 20_000;
        const STEP: usize = 2_000;
        self.database.never_analyze();
        self.import(SHOP, RETURNS);
        let mut rates = Vec::new();
        for step in 0..RETURNS / STEP {
            let what = format!("record, 64 connections, after {} returns", step * STEP);
            self.record_as(&what, SHOP, 64, STEP, None);
            rates.push(self.report.last(&what).per_second());
        }
        assert!(!self.database.was_analyzed(), "the young database was analyzed");
        let ratio = rates[rates.len() - 1] / rates[0];
        self.report.ratio("never analyzed: last 2,000 returns / first 2,000", "≥ 0.90", ratio);
    }

    fn note_memory(&mut self, state: &str) {
        let [anonymous, mapped] = resident_mib(self.service.pid());
        let told = format!("{state}: resident {anonymous} MiB anonymous, {mapped} MiB of files");
        self.report.note(told);
    }

    fn round(&mut self, samples: &Samples, pgbench: Option<&PgBench<'_>>) {
        let returns = self.options.returns;
        if !self.options.quick {
            self.no_ops();
            self.checks(pgbench);
            self.record(1, returns / 16, None);
            self.record(8, returns / 2, None);
            self.redeem(1, returns / 16);
            self.redeem(8, returns / 2);
            self.redeem(64, returns);
        }
        let size = self.database.size();
        self.record(64, returns, None);
        let bytes = self.database.size() - size;
        self.report.note(format!(
            "record, 64 connections: {} bytes on disk a return",
            bytes / returns as i64
        ));
        if !self.options.quick {
            let peak = self.report.last("record, 64 connections").per_second();
            self.record(64, returns, Some(peak / 2.0));
        }
        self.bare(returns);
        self.plain(samples, pgbench);
        self.ratios();
    }

    fn watched(&self) -> Watched {
        Watched { service: Some(self.service.pid()), postmaster: self.database.postmaster }
    }

    fn measured(&mut self, what: &str, watched: Watched, work: impl FnOnce(&mut Self) -> Taken) {
        let before = watched.spent();
        let taken = work(self);
        self.report.take(what, taken, watched.spent().since(before));
    }

    pub fn import(&mut self, kind: char, count: usize) {
        let (watched, address, first) = (self.watched(), self.service.address, self.imported(kind));
        self.measured("import of sales, one stream", watched, |bench| {
            transfer::import(
                address,
                &token(&bench.folder.0, "admin", "*", "9001"),
                kind,
                first..first + count,
            )
        });
        self.stock.entry(kind).or_default().end += count;
    }

    fn imported(&self, kind: char) -> usize {
        self.stock.get(&kind).map_or(0, |stock| stock.end)
    }

    fn no_ops(&mut self) {
        let no_op = Service::no_op(&self.folder.0);
        let watched = Watched { service: Some(no_op.pid()), postmaster: None };
        let count = self.options.returns * 4;
        for (what, path, token) in [
            ("no-op route, no token", "/no-op", None),
            ("no-op route, token", "/no-op/token", cashiers(&self.folder.0, SHOP).first().cloned()),
        ] {
            let request = get(path, token.as_deref());
            let load = |connections, count| {
                let request = |_| request.clone();
                load::run(&Load {
                    address: no_op.address,
                    connections,
                    count,
                    rate: None,
                    request: &request,
                    status: 200,
                })
            };
            load(64, 500);
            self.measured(&format!("{what}, 64 connections"), watched, |_| load(64, count));
        }
    }

    fn checks(&mut self, pgbench: Option<&PgBench<'_>>) {
        let returns = self.options.returns;
        for (connections, count) in [(1, returns / 8), (8, returns), (64, returns * 2)] {
            self.check(&format!("check, {connections} connections"), SHOP, connections, count);
        }
        let what = format!("check with {MANY_RULES} rules, 64 connections");
        self.check(&what, RULES, 64, returns * 2);
        if let Some(pgbench) = pgbench {
            let watched = Watched { service: None, ..self.watched() };
            let run = plain_postgres::Run {
                script: plain_postgres::CHECK,
                base: 0,
                clients: 16,
                count: returns,
            };
            self.measured("plain reads of a check, 16 clients", watched, |_| pgbench.run(&run));
        }
    }

    /// Checks returns of any of the sales.
    fn check(&mut self, what: &str, kind: char, connections: usize, count: usize) {
        let (tokens, sales) = (cashiers(&self.folder.0, kind), self.imported(kind));
        let request = |number: usize| {
            let sale = scattered(number % sales, sales);
            post("/v1/returns/check", &tokens[sale % STORES], None, &back(kind, sale))
        };
        let (address, watched) = (self.service.address, self.watched());
        let load = |count| Load {
            address,
            connections,
            count,
            rate: None,
            request: &request,
            status: 200,
        };
        load::run(&load(connections * 4));
        self.measured(what, watched, |_| load::run(&load(count)));
    }

    /// Records returns over HTTP, each of its own sale and under its own key.
    pub fn record(&mut self, connections: usize, count: usize, rate: Option<f64>) {
        let what = match rate {
            None => format!("record, {connections} connections"),
            Some(_) => "record, 64 connections, half of the peak rate".to_owned(),
        };
        self.record_as(&what, SHOP, connections, count, rate);
    }

    fn record_as(
        &mut self,
        what: &str,
        kind: char,
        connections: usize,
        count: usize,
        rate: Option<f64>,
    ) {
        let (first, tokens) = (self.take_sales(kind, count).start, cashiers(&self.folder.0, kind));
        let request = |number: usize| {
            let sale = first + scattered(number, count);
            post(
                "/v1/returns",
                &tokens[sale % STORES],
                Some(&format!("till-7-{kind}-{sale}")),
                &back(kind, sale),
            )
        };
        let (address, watched) = (self.service.address, self.watched());
        let load = Load { address, connections, count, rate, request: &request, status: 201 };
        self.measured(what, watched, |_| load::run(&load));
    }

    fn issue_cards(&mut self) {
        for place in 0..STORES {
            let store = store(SHOP, place);
            let token = token(&self.folder.0, "manager", &store, "2001");
            let cards = transfer::issue(self.service.address, &token, &store, CARDS);
            self.cards.extend(cards.into_iter().map(|card| (place, card)));
        }
    }

    /// Takes 0.05 off a gift card, each time off another, each under its own key.
    fn redeem(&mut self, connections: usize, count: usize) {
        let (first, cards) = (self.redeemed, std::mem::take(&mut self.cards));
        let tokens = cashiers(&self.folder.0, SHOP);
        self.redeemed += count;
        let request = |number: usize| {
            let (place, card) = &cards[scattered((first + number) % cards.len(), cards.len())];
            let path = format!("/v1/gift-cards/{card}/redemptions");
            post(
                &path,
                &tokens[*place],
                Some(&format!("redeem-{}", first + number)),
                r#"{"amount":"0.05"}"#,
            )
        };
        let (address, watched) = (self.service.address, self.watched());
        let load = Load { address, connections, count, rate: None, request: &request, status: 201 };
        self.measured(&format!("redeem, {connections} connections"), watched, |_| load::run(&load));
        self.cards = cards;
    }

    fn warm_up(&mut self) {
        let (first, tokens) = (self.take_sales(SHOP, 64).start, cashiers(&self.folder.0, SHOP));
        let address = self.service.address;
        let request = |number: usize| {
            let sale = first + number;
            post(
                "/v1/returns",
                &tokens[sale % STORES],
                Some(&format!("till-7-{sale}")),
                &back(SHOP, sale),
            )
        };
        load::run(&Load {
            address,
            connections: 8,
            count: 64,
            rate: None,
            request: &request,
            status: 201,
        });
    }

    fn take_sales(&mut self, kind: char, count: usize) -> Range<usize> {
        let stock = self.stock.entry(kind).or_default();
        assert!(count <= stock.len(), "too few sales were imported");
        let first = stock.start;
        stock.start += count;
        first..stock.start
    }

    fn bare(&mut self, returns: usize) {
        let sales = self.take_sales(SHOP, returns);
        let watched = Watched { service: Some(std::process::id()), ..self.watched() };
        let writers = match (self.database.is_sqlite(), self.options.writers) {
            (true, _) => 1,
            (false, 0) => 2,
            (false, writers) => writers,
        };
        let database = self.database;
        self.measured("bare batch loop, batches of 64", watched, |_| {
            bare::record(database, writers, SHOP, sales)
        });
    }

    fn plain(&mut self, samples: &Samples, pgbench: Option<&PgBench<'_>>) {
        let returns = self.options.returns;
        let alone = returns / 8;
        let (database, first) = (self.database, self.take_sales(PLAIN, returns).start);
        let half = returns / 2;
        match pgbench {
            None => {
                let watched = Watched { service: Some(std::process::id()), postmaster: None };
                for (what, first, together) in [
                    ("plain, one commit a return, one client", first, 1),
                    ("plain, 64 returns a commit, one client", first + half, 64),
                ] {
                    let sales = first..first + half;
                    self.measured(what, watched, |_| {
                        plain_sqlite::record(database, PLAIN, sales, together, samples)
                    });
                }
            }
            Some(pgbench) => {
                let watched = Watched { service: None, ..self.watched() };
                let run = |base, clients, count| plain_postgres::Run {
                    script: plain_postgres::RECORD,
                    base,
                    clients,
                    count,
                };
                self.measured("plain, one commit a return, one client", watched, |_| {
                    pgbench.run(&run(first, 1, alone))
                });
                self.measured("plain, one commit a return, 16 clients", watched, |_| {
                    pgbench.run(&run(first + alone, 16, half))
                });
            }
        }
    }

    fn ratios(&mut self) {
        let rate = |what: &str| self.report.last(what).per_second();
        let median = |what: &str| self.report.last(what).quantile(500);
        let record = rate("record, 64 connections");
        let mut ratios: Vec<(&str, &'static str, f64)> = Vec::new();
        let plain = if self.database.is_sqlite() {
            "plain, one commit a return, one client"
        } else {
            "plain, one commit a return, 16 clients"
        };
        let wanted = if self.database.is_sqlite() { "≥ 3" } else { "≥ 4" };
        ratios.push((
            "record, 64 connections / plain, one commit a return",
            wanted,
            record / rate(plain),
        ));
        ratios.push((
            "record, 64 connections / bare batch loop",
            "≥ 0.60",
            record / rate("bare batch loop, batches of 64"),
        ));
        if !self.options.quick {
            let half = self.report.last("record, 64 connections, half of the peak rate");
            ratios.push((
                "half of the peak rate: p99 / p50",
                "≤ 5",
                half.quantile(990) / half.quantile(500),
            ));
            let alone =
                median("record, 1 connections") / median("plain, one commit a return, one client");
            ratios.push(("a lone client's p50 / one plain transaction's", "≤ 1.3", alone));
            let check = rate(&format!("check with {MANY_RULES} rules, 64 connections"));
            if self.database.is_sqlite() {
                let no_op = rate("no-op route, token, 64 connections");
                ratios.push((
                    "check with 500 rules / no-op route with token",
                    "≥ 0.50",
                    check / no_op,
                ));
            } else {
                let plain = rate("plain reads of a check, 16 clients");
                ratios.push((
                    "check with 500 rules / pgbench with the same reads",
                    "≥ 0.60",
                    check / plain,
                ));
            }
        }
        ratios.into_iter().for_each(|(what, wanted, value)| self.report.ratio(what, wanted, value));
    }

    /// Imports so many sales through the service, and records a return of each with the desk's
    /// writers.
    pub fn fill(&mut self, returns: usize) {
        const PIECE: usize = 50_000;
        let mut left = returns;
        while left > 0 {
            let piece = left.min(PIECE);
            self.import(SHOP, piece);
            self.bare(piece);
            left -= piece;
        }
    }

    /// The rates of recording and checking with what is there already, which `state` names: under
    /// the standard policy, and under that with many rules. Checks are of sales of any age under
    /// the first, of the last ones under the second.
    pub fn at(&mut self, state: &str) -> [(f64, f64); 2] {
        let returns = self.options.returns;
        [(SHOP, String::new()), (RULES, format!(", {MANY_RULES} rules"))].map(|(kind, policy)| {
            self.import(kind, returns);
            let size = self.database.size();
            let [record, check] =
                ["record", "check"].map(|what| format!("{what}{policy}, 64 connections, {state}"));
            self.record_as(&record, kind, 64, returns, None);
            let bytes = (self.database.size() - size) / returns as i64;
            self.report.note(format!(
                "{state}: {bytes} bytes on disk a return, {} MiB in all",
                size >> 20
            ));
            self.note_memory(state);
            self.check(&check, kind, 64, returns);
            (self.report.last(&record).per_second(), self.report.last(&check).per_second())
        })
    }

    fn export(&mut self) {
        let (watched, address) = (self.watched(), self.service.address);
        let auditor = token(&self.folder.0, "auditor", "*", "5001");
        let mut bytes = 0;
        self.measured("export of the log, entries", watched, |_| {
            let (taken, all) = transfer::export(address, &auditor);
            bytes = all;
            taken
        });
        self.report.note(format!("export: {} MiB", bytes >> 20));
    }
}
