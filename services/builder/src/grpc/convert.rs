//! From rows to messages.

use crate::db::{build, service, step};
use crate::registry::layers::Layer;
use proto::time::timestamp;
use proto::v1::build::State;
use proto::v1::{Build, BuildStep, Failure, Image, ServiceBuild};

/// A build with those of `services` and `steps` that are its own.
pub(super) fn build(row: build::Row, services: &[service::Row], steps: &[step::Row]) -> Build {
    let id = row.id;
    Build {
        name: format!("builds/{id}"),
        state: state(&row.state).into(),
        failure: failure(&row),
        app: row.app,
        change: format!("changes/{}", row.change),
        git_ref: row.git_ref,
        commit: row.commit,
        title: row.title.unwrap_or_default(),
        cause: row.cause,
        by: row.pushed_by,
        environments: row.environments,
        services: services.iter().filter(|row| row.build == id).map(service_build).collect(),
        create_time: Some(timestamp(row.created_at)),
        start_time: row.started_at.map(timestamp),
        end_time: row.ended_at.map(timestamp),
        steps: steps.iter().filter(|row| row.build == id).map(build_step).collect(),
        ..Build::default()
    }
}

/// A state this program does not know is shown as unspecified.
fn state(text: &str) -> State {
    match text {
        "queued" => State::Queued,
        "running" => State::Running,
        "succeeded" => State::Succeeded,
        "failed" => State::Failed,
        "cancelled" => State::Cancelled,
        "skipped" => State::Skipped,
        "blocked" => State::Blocked,
        _ => State::Unspecified,
    }
}

fn failure(row: &build::Row) -> Option<Failure> {
    Some(Failure {
        reason: row.reason.clone()?,
        message: row.message.clone().unwrap_or_default(),
        service: row.failed_service.clone().unwrap_or_default(),
        exit_code: row.exit_code,
        log_lines: row.log_tail.clone(),
        ..Failure::default()
    })
}

fn service_build(row: &service::Row) -> ServiceBuild {
    let layers: Vec<Layer> = serde_json::from_value(row.new_layers.clone()).unwrap_or_default();
    let layer = |layer: Layer| proto::v1::Layer { digest: layer.digest, size_bytes: layer.size };
    ServiceBuild {
        service: row.name.clone(),
        image: Some(Image {
            repository: row.repository.clone(),
            digest: row.digest.clone(),
            size_bytes: row.size_bytes,
        }),
        reused: row.reused,
        content_key: row.content_key.clone().unwrap_or_default(),
        new_layers: layers.into_iter().map(layer).collect(),
        shared_layer_count: row.shared_layer_count,
        tags: row.tags.clone(),
    }
}

fn build_step(row: &step::Row) -> BuildStep {
    BuildStep {
        step: row.name.clone(),
        start_time: Some(timestamp(row.started_at)),
        end_time: row.ended_at.map(timestamp),
        detail: row.detail.clone(),
    }
}
