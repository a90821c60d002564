//! What the service says about itself: log lines on stderr, and metrics in Prometheus' text form.
//!
//! A line of the log is a line: what a caller sends (a note, a receipt number) may hold CR, LF or a
//! terminal's control sequences, and must not be able to forge another line. JSON escapes them by
//! its grammar; the text form of tracing-subscriber quotes `Debug` values but writes the message
//! and `%` values as they are, so [`OneLine`] stands between.

use crate::config::{Log, LogFormat};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt;
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FormatFields, MakeWriter};

/// Upper bounds of the buckets of every metric that ends in `_seconds`, in seconds: from a read
/// served by memory to a request that is about to be given up.
const SECONDS: &[f64] =
    &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// Upper bounds of the buckets of every metric that ends in `_size`: commands in a batch, rows in a
/// page.
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0];

/// How often recorded samples are moved into their buckets; between two scrapes they would pile up
/// in memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts the log on stderr; if this process has one already, that one stays.
pub fn init(log: &Log) {
    let ansi = std::io::stderr().is_terminal();
    // An error means that a test, or an earlier App in this process, was first; its log serves as
    // well.
    let _already_set =
        tracing::subscriber::set_global_default(subscriber(log, std::io::stderr, ansi));
}

/// The subscriber for `log`, writing to `writer`.
fn subscriber<W>(log: &Log, writer: W, ansi: bool) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    // Config has checked the filter; `lossy` keeps what is right of one that was made by hand.
    let filter = EnvFilter::builder().parse_lossy(&log.filter);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match log.format {
        LogFormat::Text => {
            Box::new(lines.with_ansi(ansi).fmt_fields(OneLine(DefaultFields::new())).finish())
        }
        LogFormat::Json => {
            Box::new(lines.json().flatten_event(true).with_current_span(false).finish())
        }
    }
}

/// The default form of fields, with everything escaped that could end the line or steer a terminal.
struct OneLine(DefaultFields);

impl<'writer> FormatFields<'writer> for OneLine {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut plain = String::new();
        self.0.format_fields(Writer::new(&mut plain), fields)?;
        for letter in plain.chars() {
            match breaks_the_line(letter) {
                true => write!(writer, "{}", letter.escape_default())?,
                false => writer.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// Control characters, Unicode's line and paragraph separators, and the marks that reorder what is
/// shown.
fn breaks_the_line(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// The metrics of this process, to be rendered by `GET /metrics`. The first call installs the
/// recorder, so it belongs at the start of the App: what is counted before it is lost. Any number
/// of calls is one recorder.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = buckets().unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        // Fails only where an embedding program has its own recorder; ours then stays empty.
        let _already_set = metrics::set_global_recorder(recorder);
        let upkeep = handle.clone();
        let work = move || loop {
            std::thread::sleep(UPKEEP);
            upkeep.run_upkeep();
        };
        if let Err(error) = std::thread::Builder::new().name("metrics".into()).spawn(work) {
            tracing::warn!(%error, "no thread for the metrics' upkeep; they are kept up by each scrape alone");
        }
        handle
    })
}

fn buckets() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".into()), SIZES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    const FORGERY: &str =
        "ok\r\n2026-11-22T00:00:00Z  INFO returndesk: refund paid\u{2028}\u{85}\u{1b}[2K\u{202e}";

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug)]
    struct Trouble(&'static str);
    impl fmt::Display for Trouble {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl std::error::Error for Trouble {}

    /// What a log of `format` holds after an event that carries the forgery in every way an event
    /// can.
    fn logged(format: LogFormat, filter: &str) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = Log { format, filter: filter.into() };
        tracing::subscriber::with_default(subscriber(&log, move || writer.clone(), true), || {
            let span = tracing::info_span!("request", path = FORGERY, late = tracing::field::Empty);
            span.record("late", tracing::field::display(FORGERY));
            let error: &dyn std::error::Error = &Trouble(FORGERY);
            span.in_scope(|| tracing::info!(display = %FORGERY, debug = ?FORGERY, text = FORGERY, error, "{FORGERY}"));
            tracing::debug!("not asked for");
        });
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_field_of_an_event_or_its_span_can_forge_a_line_of_text() {
        let text = logged(LogFormat::Text, "info");
        let line = text.strip_suffix('\n').unwrap();
        assert_eq!(line.matches("refund paid").count(), 7, "{line}");
        // The colours of the level and of the span's name are ours; no escape sequence but SGR is
        // let through.
        let uncoloured: String = line
            .split('\u{1b}')
            .map(|part| part.split_once('m').map_or(part, |(_, rest)| rest))
            .collect();
        assert_eq!(line.matches('\u{1b}').count(), line.matches("\u{1b}[").count());
        assert!(!line.contains("\u{1b}[2K"), "{line:?}");
        assert!(!uncoloured.contains(breaks_the_line), "{uncoloured:?}");
        assert!(line.contains("ok\\r\\n2026"), "{line}");
    }

    #[test]
    fn a_line_of_json_is_one_object_that_keeps_the_value_as_it_was() {
        let text = logged(LogFormat::Json, "info");
        let line = text.strip_suffix('\n').unwrap();
        assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line:?}");
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["message"], FORGERY);
        assert_eq!(value["display"], FORGERY);
        assert_eq!(value["spans"][0]["path"], FORGERY);
    }

    #[test]
    fn the_filter_decides_what_is_logged() {
        assert_eq!(logged(LogFormat::Text, "warn"), "");
        assert!(logged(LogFormat::Text, "debug").ends_with("not asked for\n"));
    }

    #[test]
    fn metrics_are_one_recorder_however_often_asked() {
        assert!(std::ptr::eq(metrics(), metrics()));
        metrics::histogram!("telemetry_test_seconds").record(Duration::from_millis(3));
        metrics::histogram!("telemetry_test_batch_size").record(3);
        metrics::counter!("telemetry_test_total").increment(2);
        let text = metrics().render();
        assert!(text.contains("telemetry_test_total 2"), "{text}");
        assert!(text.contains("telemetry_test_seconds_bucket{le=\"0.005\"} 1"), "{text}");
        assert!(text.contains("telemetry_test_batch_size_bucket{le=\"4\"} 1"), "{text}");
    }

    #[test]
    fn starting_the_log_twice_is_harmless() {
        let log = Log { format: LogFormat::Text, filter: "off".into() };
        init(&log);
        init(&log);
    }
}
