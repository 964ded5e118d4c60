//! The wire form of every payload is frozen: a difference here is a bug in the code, not in the sample.

use events::payload::{
    self, BuildV1, DiskV1, DriftV1, InstanceV1, Payload, ReleaseV1, RunV1, SourcePushedV1,
};
use events::{AppName, Envelope, EventId, EventType};

fn envelope(event_type: EventType, sample: &str) -> Envelope {
    Envelope {
        id: EventId::new(uuid::Uuid::nil()),
        event_type,
        source: "/slipway/test".to_owned(),
        app: AppName::parse("shop").expect("valid"),
        at: chrono::DateTime::UNIX_EPOCH,
        traceparent: None,
        data: serde_json::from_str(sample).expect("a sample is JSON"),
    }
}

fn reads_and_writes_the_same<P: Payload>(event_type: EventType, sample: &str) {
    let envelope = envelope(event_type, sample);
    let read: P = payload::read(&envelope).expect("an old sample must parse");
    assert_eq!(payload::write(&read).expect("serialises"), envelope.data);
}

#[test]
fn source_pushed_v1_is_frozen() {
    reads_and_writes_the_same::<SourcePushedV1>(
        EventType::SourcePushed,
        include_str!("frozen/source.pushed.v1.json"),
    );
}

#[test]
fn build_v1_is_frozen() {
    reads_and_writes_the_same::<BuildV1>(
        EventType::BuildSucceeded,
        include_str!("frozen/build.succeeded.v1.json"),
    );
}

#[test]
fn release_v1_is_frozen() {
    reads_and_writes_the_same::<ReleaseV1>(
        EventType::ReleaseRolledBack,
        include_str!("frozen/release.rolled_back.v1.json"),
    );
}

#[test]
fn instance_v1_is_frozen() {
    reads_and_writes_the_same::<InstanceV1>(
        EventType::InstanceCrashed,
        include_str!("frozen/instance.crashed.v1.json"),
    );
}

#[test]
fn drift_v1_is_frozen() {
    reads_and_writes_the_same::<DriftV1>(
        EventType::DriftDetected,
        include_str!("frozen/drift.detected.v1.json"),
    );
}

#[test]
fn drift_v1_of_data_is_frozen() {
    reads_and_writes_the_same::<DriftV1>(
        EventType::DriftDetected,
        include_str!("frozen/drift.detected.data.v1.json"),
    );
}

#[test]
fn drift_v1_with_what_came_later_is_frozen() {
    for sample in [
        include_str!("frozen/drift.detected.data.began.v1.json"),
        include_str!("frozen/drift.detected.quality.v1.json"),
        include_str!("frozen/drift.detected.healing.v1.json"),
        include_str!("frozen/drift.detected.again.v1.json"),
    ] {
        reads_and_writes_the_same::<DriftV1>(EventType::DriftDetected, sample);
    }
}

#[test]
fn run_v1_is_frozen() {
    reads_and_writes_the_same::<RunV1>(
        EventType::RunFinished,
        include_str!("frozen/run.finished.v1.json"),
    );
}

#[test]
fn disk_v1_is_frozen() {
    reads_and_writes_the_same::<DiskV1>(
        EventType::DiskFilled,
        include_str!("frozen/disk.filled.v1.json"),
    );
}

#[test]
fn samples_v1_are_frozen() {
    let sample = include_str!("frozen/samples.v1.json");
    let read = events::sample::read(sample.as_bytes()).expect("an old sample must parse");
    let written = serde_json::to_value(&read).expect("serialises");
    let kept: serde_json::Value = serde_json::from_str(sample).expect("a sample is JSON");
    assert_eq!(written, kept);
    let later = sample.replace("\"v\": 1", "\"v\": 2");
    let error = events::sample::read(later.as_bytes()).expect_err("version 2 is unknown");
    assert_eq!(error.to_string(), "the samples have version 2, this program reads 1");
}

#[test]
fn a_later_version_is_refused_by_name() {
    let sample = include_str!("frozen/drift.detected.v1.json").replace("\"v\": 1", "\"v\": 2");
    let error = payload::read::<DriftV1>(&envelope(EventType::DriftDetected, &sample))
        .expect_err("version 2 is unknown");
    assert_eq!(
        error.to_string(),
        "the payload of drift.detected has version 2, this program reads 1"
    );
}
