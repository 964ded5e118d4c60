//! What `/metrics` tells of the data plane. Labels are routes and sides of a comparison, never releases.

use crate::capture::Counts;
use crate::instance::Instance;
use crate::ledger::Slot;
use crate::measure::{BOUNDS, Snapshot, seconds};
use crate::plane::Plane;
use crate::refused::Refused;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Every third of the bounds the router counts by: 1, 2, 4 and 8 of each decade, less or more.
const EVERY: usize = 3;

/// Reads the counters when they are asked for.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) plane: Arc<Plane>,
    pub(crate) refused: Arc<Refused>,
    pub(crate) dropped_lines: Arc<AtomicU64>,
    pub(crate) samples: Arc<Counts>,
}

type BySlot = BTreeMap<(String, Slot), Snapshot>;

impl Collector for Figures {
    fn encode(&self, mut out: DescriptorEncoder) -> fmt::Result {
        let slots = self.plane.ledger().by_slot();
        requests(&mut out, &slots)?;
        upstream_errors(&mut out, &slots)?;
        durations(&mut out, &slots)?;
        self.refused(&mut out)?;
        self.table(&mut out)?;
        let help = "Lines of the access log that could not be written in time";
        let name = "router_access_log_dropped_lines";
        let mut metric = out.encode_descriptor(name, help, None, MetricType::Counter)?;
        counter(&mut metric, self.dropped_lines.load(Relaxed))?;
        let help = "Requests that were captured, by what became of them";
        let mut metric =
            out.encode_descriptor("router_samples", help, None, MetricType::Counter)?;
        for (outcome, count) in self.samples.by_outcome() {
            counter(&mut metric.encode_family(&[("outcome", outcome)])?, count)?;
        }
        Ok(())
    }
}

impl Figures {
    fn refused(&self, out: &mut DescriptorEncoder) -> fmt::Result {
        let help = "Requests that belonged to no release, by reason";
        let mut metric =
            out.encode_descriptor("router_refused_requests", help, None, MetricType::Counter)?;
        for (reason, count) in self.refused.by_reason() {
            counter(&mut metric.encode_family(&[("reason", reason)])?, count)?;
        }
        Ok(())
    }

    fn table(&self, out: &mut DescriptorEncoder) -> fmt::Result {
        let live = self.plane.live();
        let help = "Generation of the route table in force";
        let mut metric =
            out.encode_descriptor("router_table_generation", help, None, MetricType::Gauge)?;
        metric.encode_gauge(&live.table.generation)?;
        let help = "Requests that instances are working on";
        let mut metric =
            out.encode_descriptor("router_requests_in_flight", help, None, MetricType::Gauge)?;
        for route in &live.routes {
            let instances = route.targets.iter().flat_map(|target| &target.instances);
            let sum: u64 = instances.map(|instance: &Arc<Instance>| instance.in_flight()).sum();
            let labels = [("route", route.route.name.as_str())];
            metric.encode_family(&labels)?.encode_gauge(&sum)?;
        }
        Ok(())
    }
}

fn requests(out: &mut DescriptorEncoder, slots: &BySlot) -> fmt::Result {
    const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    let help = "Requests of users by what they were answered; gone when the client did not wait";
    let mut metric = out.encode_descriptor("router_requests", help, None, MetricType::Counter)?;
    for ((route, slot), figures) in slots {
        let known = CLASSES.into_iter().zip(figures.status);
        for (code, count) in known.chain([("gone", figures.abandoned)]) {
            let labels = [("route", route.as_str()), ("slot", slot.label()), ("code", code)];
            counter(&mut metric.encode_family(&labels)?, count)?;
        }
    }
    Ok(())
}

fn upstream_errors(out: &mut DescriptorEncoder, slots: &BySlot) -> fmt::Result {
    let help = "Requests to which an instance gave no answer, or not all of it";
    let mut metric =
        out.encode_descriptor("router_upstream_errors", help, None, MetricType::Counter)?;
    for ((route, slot), figures) in slots {
        let labels = [("route", route.as_str()), ("slot", slot.label())];
        counter(&mut metric.encode_family(&labels)?, figures.upstream_errors)?;
    }
    Ok(())
}

fn durations(out: &mut DescriptorEncoder, slots: &BySlot) -> fmt::Result {
    let help = "Time until the head of the answer";
    let unit = prometheus_client::registry::Unit::Seconds;
    let name = "router_upstream_duration";
    let mut metric = out.encode_descriptor(name, help, Some(&unit), MetricType::Histogram)?;
    for ((route, slot), figures) in slots {
        let labels = [("route", route.as_str()), ("slot", slot.label())];
        let buckets = coarse(figures);
        let count = figures.buckets.iter().sum();
        metric.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
            seconds(figures.sum_micros),
            count,
            &buckets,
            None,
        )?;
    }
    Ok(())
}

/// Upper bounds and what is between them.
fn coarse(figures: &Snapshot) -> Vec<(f64, u64)> {
    let bounds = BOUNDS.iter().map(|&bound| seconds(bound)).chain([f64::MAX]);
    let all: Vec<(f64, u64)> = bounds.zip(figures.buckets).collect();
    let sums = all[..BOUNDS.len()].chunks(EVERY);
    let sums = sums.map(|chunk| (chunk[chunk.len() - 1].0, chunk.iter().map(|(_, n)| n).sum()));
    sums.chain([all[BOUNDS.len()]]).collect()
}

fn counter(metric: &mut MetricEncoder, value: u64) -> fmt::Result {
    metric.encode_counter::<NoLabelSet, _, u64>(&value, None)
}
