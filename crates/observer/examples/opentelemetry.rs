//! A stop as one OpenTelemetry trace: a span for the tree, and below it one for every child that was asked.
//!
//! `cargo run -p rootward-observer --example opentelemetry` stops a small tree and prints its trace. A recording
//! (`rootward-demo --events FILE`) is exported with `... --example opentelemetry FILE`. A program has a tracer of its
//! own, with an exporter such as that of `opentelemetry-otlp`, and gives it to [`export_stop`].

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    SpanBuilder, SpanId, SpanKind, Status, TraceContextExt, Tracer, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use rootward::{ChildSpec, Shutdown, Supervisor, TaskContext};
use rootward_observer::wire::{Event, Outcome, What};

/// Exports the stop of the tree that these events tell of, below the span that is active where this is called, if
/// one is. Says how many spans there are. What runs before the stop is left out.
///
/// A span begins when the child is asked, and ends when it is gone. The events of a span say when the child was forced.
/// A span has the status of an error if the child was ended by force, or was still there at the end of the record.
fn export_stop<T>(events: &[Event], tracer: &T) -> usize
where
    T: Tracer,
    T::Span: Send + Sync + 'static,
{
    let Some(root) = events.first().map(|event| event.path.clone()) else { return 0 };
    let is_stop = |event: &Event| event.path == root && matches!(event.what, What::Stopping { .. });
    let Some(begin) = events.iter().position(is_stop) else { return 0 };
    let mut open: BTreeMap<&str, Context> = BTreeMap::new();
    let mut spans = 0;
    for event in &events[begin..] {
        let at = time_of(event);
        if let What::Stopping { cause, signal, .. } = &event.what {
            let mut attributes = vec![
                KeyValue::new("rootward.path", event.path.clone()),
                KeyValue::new("rootward.incarnation", i64::from(event.incarnation)),
                KeyValue::new("rootward.stop.cause", cause.clone()),
            ];
            attributes.extend(signal.clone().map(|signal| KeyValue::new("rootward.stop.signal", signal)));
            let span = SpanBuilder::from_name(format!("stop {}", event.path))
                .with_kind(SpanKind::Internal)
                .with_start_time(at)
                .with_attributes(attributes);
            let parent = above(&open, &event.path);
            let span = tracer.build_with_context(span, &parent);
            open.insert(&event.path, parent.with_span(span));
            spans += 1;
        } else if let (What::Escalated { to }, Some(context)) = (&event.what, open.get(event.path.as_str())) {
            let span = context.span();
            span.add_event_with_timestamp("forced", at, vec![KeyValue::new("to", to.clone())]);
            span.set_status(Status::error(format!("not gone within its grace: {to}")));
        } else if let What::Stopped { outcome, .. } = event.what {
            let Some(context) = open.remove(event.path.as_str()) else { continue };
            if outcome == Outcome::Unreapable {
                context.span().set_status(Status::error("not gone at the deadline"));
            }
            context.span().end_with_timestamp(at);
        }
    }
    // Children before their supervisors.
    for context in open.into_values().rev() {
        context.span().set_status(Status::error("not gone when the record ends"));
        context.span().end_with_timestamp(events.last().map_or_else(SystemTime::now, time_of));
    }
    spans
}

/// The span of the nearest supervisor that is being stopped, or the one that is active here.
fn above(open: &BTreeMap<&str, Context>, path: &str) -> Context {
    let mut path = path;
    while let Some((parent, _)) = path.rsplit_once('/') {
        if let Some(context) = open.get(parent) {
            return context.clone();
        }
        path = parent;
    }
    Context::current()
}

fn time_of(event: &Event) -> SystemTime {
    humantime::parse_rfc3339(&event.time).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let events = match std::env::args_os().nth(1) {
        Some(file) => {
            let text = std::fs::read_to_string(file)?;
            text.lines().map(serde_json::from_str).collect::<Result<Vec<Event>, _>>()?
        }
        None => stop_a_tree().await?,
    };
    let memory = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(memory.clone()).build();

    export_stop(&events, &provider.tracer("rootward"));

    let spans = memory.get_finished_spans()?;
    let root = spans.iter().find(|span| span.parent_span_id == SpanId::INVALID);
    root.into_iter().for_each(|root| print(&spans, root, 0));
    Ok(())
}

/// The record of a small tree in which one task does not heed the request to stop.
async fn stop_a_tree() -> Result<Vec<Event>, Box<dyn Error>> {
    let heeds = |id: &str| ChildSpec::task(id, |cx: TaskContext| async move { cx.stopping().await });
    let deaf = ChildSpec::task("deaf", |_cx| std::future::pending::<()>());
    let workers = Supervisor::new("workers")
        .child(heeds("a"))
        .child(deaf.shutdown(Shutdown::Grace(Duration::from_millis(50))));
    let mut builder = Supervisor::new("shop").child(heeds("database")).child(workers).into_tree()?;
    let mut record = builder.subscribe();
    let _ = builder.start().await?.stop().await;
    let mut events = Vec::new();
    while let Some(event) = record.next().await? {
        events.push(Event::from(&*event));
    }
    Ok(events)
}

#[expect(clippy::print_stdout, reason = "it is what the example is for")]
fn print(spans: &[SpanData], span: &SpanData, depth: usize) {
    let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
    let status = match &span.status {
        Status::Error { description } => format!(" · {description}"),
        Status::Ok | Status::Unset => String::new(),
    };
    println!("{:1$}{2} · {took:?}{status}", "", 2 * depth, span.name);
    let below = spans.iter().filter(|below| below.parent_span_id == span.span_context.span_id());
    below.for_each(|below| print(spans, below, depth + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exported(events: &[Event]) -> Vec<SpanData> {
        let memory = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(memory.clone()).build();
        assert_eq!(export_stop(events, &provider.tracer("test")), memory.get_finished_spans().unwrap().len());
        memory.get_finished_spans().unwrap()
    }

    fn span<'a>(spans: &'a [SpanData], path: &str) -> &'a SpanData {
        let name = format!("stop {path}");
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("there is no span {name:?}"))
    }

    #[tokio::test]
    async fn a_stop_is_one_trace_with_the_shape_of_the_tree() {
        let spans = exported(&stop_a_tree().await.unwrap());

        let traces: std::collections::BTreeSet<_> =
            spans.iter().map(|span| span.span_context.trace_id().to_string()).collect();
        assert_eq!((traces.len(), spans.len()), (1, 5));
        for (child, parent) in [
            ("shop/database", "shop"),
            ("shop/workers", "shop"),
            ("shop/workers/a", "shop/workers"),
            ("shop/workers/deaf", "shop/workers"),
        ] {
            let (child, parent) = (span(&spans, child), span(&spans, parent));
            assert_eq!(child.parent_span_id, parent.span_context.span_id());
            assert!(child.start_time >= parent.start_time && child.end_time <= parent.end_time, "{child:?}");
        }
        assert_eq!(span(&spans, "shop").parent_span_id, SpanId::INVALID);
    }

    #[tokio::test]
    async fn the_times_are_those_of_the_record_and_what_was_forced_is_an_error() {
        let events = stop_a_tree().await.unwrap();
        let spans = exported(&events);

        for event in &events {
            if let What::Stopped { .. } = event.what {
                assert_eq!(span(&spans, &event.path).end_time, time_of(event));
            }
        }
        let deaf = span(&spans, "shop/workers/deaf");
        assert_eq!(deaf.status, Status::error("not gone within its grace: abort"));
        assert!(deaf.end_time.duration_since(deaf.start_time).unwrap() >= Duration::from_millis(50));
        assert_eq!(deaf.events.events.len(), 1);
        assert_eq!(span(&spans, "shop/workers/a").status, Status::Unset);
    }

    #[tokio::test]
    async fn a_record_that_breaks_off_ends_its_spans_as_errors() {
        let mut events = stop_a_tree().await.unwrap();
        events.truncate(events.len() - 1);

        let spans = exported(&events);

        assert_eq!(span(&spans, "shop").status, Status::error("not gone when the record ends"));
        assert!(exported(&events[..3]).is_empty(), "without a stop there is no trace");
    }
}
