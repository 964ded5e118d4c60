//! A release as the API shows it.

use crate::answered::Answered;
use crate::approval;
use crate::db::analysis::Told;
use crate::db::answer::Kept;
use crate::db::certificate::Certificate;
use crate::db::instance::Instance;
use crate::db::log::Line;
use crate::db::reading::Reading;
use crate::db::release::Release;
use crate::db::synthetic::Sent;
use crate::db::vote::{Kind, Vote};
use crate::db::wreck::Wreck;
use crate::limits::UNSEEN;
use crate::member;
use crate::shadow::Report;
use crate::steps::{Step, steps};
use ::release::{Shift, State, Traffic};
use chrono::{DateTime, Utc};
use manifest::Closed;
use proto::v1;
use proto::v1::release::State as Shown;

/// Everything that a release is shown with.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) release: &'a Release,
    pub(super) stable: Option<&'a Release>,
    pub(super) restores_number: i64,
    pub(super) promoted_from: Option<&'a Release>,
    pub(super) log: &'a [Line],
    pub(super) instances: &'a [Instance],
    pub(super) traffic: &'a Traffic,
    pub(super) told: Option<&'a Told>,
    pub(super) votes: &'a [Vote],
    /// Why it waits for its window.
    pub(super) closed: Option<&'a Closed>,
    pub(super) certificate: Option<&'a Certificate>,
    /// What is left of it to be looked into.
    pub(super) wrecks: &'a [Wreck],
    /// What came of the copies that it got.
    pub(super) shadow: Option<&'a Report>,
    /// What was read of it and of the stable release.
    pub(super) readings: &'a [Reading],
    /// How it answered the requests of its manifest.
    pub(super) answers: &'a [Kept],
    /// Requests of our own that it was judged by.
    pub(super) sent: Option<Sent>,
}

impl Seen<'_> {
    pub(super) fn show(&self) -> v1::Release {
        let release = self.release;
        let origin = &release.origin;
        let text = |value: Option<String>| value.unwrap_or_default();
        v1::Release {
            name: name(release),
            uid: release.id.to_string(),
            app: release.app.to_string(),
            environment: release.environment.to_string(),
            number: release.number,
            state: state(&release.state).into(),
            failure: release.state.failure().map(failure),
            cause: origin.cause.clone(),
            by: origin.by.to_string(),
            commit: text(origin.commit.as_ref().map(ToString::to_string)),
            git_ref: text(origin.git_ref.as_ref().map(ToString::to_string)),
            build: text(origin.build.map(|build| format!("builds/{build}"))),
            strategy: release.content.resolved.strategy.as_str().to_owned(),
            services: self.services(),
            config_hash: release.content_hash.clone(),
            stable_number: self.stable.map_or(0, |stable| stable.number),
            restores_number: self.restores_number,
            pinned: release.pinned,
            steps: steps(release, self.log).iter().map(step).collect(),
            trace_id: crate::trace::of(release).id().to_string(),
            create_time: time(Some(release.created_at)),
            end_time: time(release.ended_at),
            deadline_time: time(release.deadline_at),
            weight_percent: i32::try_from(self.traffic.percent_of(release.id)).unwrap_or(100),
            version: release.version,
            secrets: secrets(release),
            canary: self.canary(),
            errands: Vec::new(),
            irreversible: release.plan.irreversible,
            asks: matches!(release.state, State::Shifting { phase: Shift::Asking { .. }, .. }),
            votes: self.votes.iter().map(vote).collect(),
            waiting: self.waiting(),
            certificate: self.certificate.map(certificate),
            reason: text(origin.reason.clone()),
            promoted_from: text(self.promoted_from.map(name)),
            shadow: self.shadow.map(Report::show),
            model: text(origin.model.clone()),
            soaks: Vec::new(),
            readings: self.readings.iter().map(reading).collect(),
            synthetic: self
                .sent
                .map(|Sent { candidate, stable }| v1::SyntheticCounts { candidate, stable }),
            wrecks: self.wrecks.iter().map(wreck).collect(),
            answers: self.answers.iter().map(answered).collect(),
        }
    }

    fn waiting(&self) -> Option<v1::Waiting> {
        if let Some(closed) = self.closed {
            let (freeze, open_time) = (closed.why.clone(), time(closed.until));
            return Some(v1::Waiting { freeze, open_time, ..v1::Waiting::default() });
        }
        if let State::AwaitingCi { .. } = self.release.state {
            let wait = self.release.content.resolved.wait_for_ci.as_ref();
            let ci = wait.map(|wait| wait.required.to_string()).unwrap_or_default();
            return Some(v1::Waiting { ci, ..v1::Waiting::default() });
        }
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        matches!(self.release.state, State::AwaitingApproval { .. }).then(|| v1::Waiting {
            approvals_wanted: count(approval::wanted(&self.release.content.resolved)),
            approvals: count(approval::agreed(self.votes)),
            not_by: approval::not_by(&self.release.origin),
            approvals_from: approval::from(&self.release.content.resolved)
                .iter()
                .map(ToString::to_string)
                .collect(),
            ..v1::Waiting::default()
        })
    }

    fn canary(&self) -> Option<v1::Canary> {
        let (held, told) = (self.release.state.held()?, self.told?);
        // Of the step before, until the first look at this one.
        if usize::try_from(told.step) != Ok(held) {
            return None;
        }
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Some(v1::Canary {
            step: count(held + 1),
            steps: count(self.release.plan.weights().len()),
            verdict: told.verdict.clone(),
            sentence: told.sentence.clone(),
            waits: matches!(self.release.state, State::Shifting { phase: Shift::Deciding, .. }),
            look_time: time(Some(told.looked_at)),
            hold: Some(proto::time::duration(self.release.plan.hold(held).saturating_sub(UNSEEN))),
        })
    }

    fn services(&self) -> Vec<v1::ReleasedService> {
        let content = &self.release.content;
        let changed = content.changed_from(self.stable.map(|stable| &stable.content));
        let own = member::of_content(content, self.instances);
        let show = |(service, hash): (events::ServiceName, String)| v1::ReleasedService {
            image: content.images.get(&service).map(|image| v1::Image {
                repository: image.repository.clone(),
                digest: image.digest.to_string(),
                size_bytes: 0,
            }),
            config_hash: hash,
            changed: changed.contains(&service),
            instances: own.iter().filter(|i| i.service == service).map(instance).collect(),
            service: service.to_string(),
        };
        content.service_hashes().into_iter().map(show).collect()
    }
}

fn name(release: &Release) -> String {
    proto::name::release(&release.app, &release.environment, release.number)
}

fn wreck(wreck: &Wreck) -> v1::Wreck {
    v1::Wreck {
        service: wreck.service.to_string(),
        container: wreck.container_name.clone(),
        until_time: time(Some(wreck.kept_until)),
    }
}

fn vote(vote: &Vote) -> v1::Vote {
    let kind = match vote.kind {
        Kind::Approve => v1::vote::Kind::Approve,
        Kind::Refuse => v1::vote::Kind::Refuse,
        Kind::OverrideFreeze => v1::vote::Kind::OverrideFreeze,
        Kind::OverrideSoak => v1::vote::Kind::OverrideSoak,
    };
    v1::Vote {
        by: vote.voter.to_string(),
        kind: kind.into(),
        reason: vote.reason.clone(),
        time: time(Some(vote.at)),
    }
}

fn answered(kept: &Kept) -> v1::Answered {
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let Answered { service, request, sent, good, slowest, wrong, compared } = kept.answered.clone();
    v1::Answered {
        step: kept.step.clone(),
        service: service.to_string(),
        request,
        sent: count(sent),
        good: count(good),
        slowest: prost_types::Duration::try_from(slowest).ok(),
        wrong,
        compared,
        time: time(Some(kept.asked_at)),
    }
}

fn reading(reading: &Reading) -> v1::Reading {
    v1::Reading {
        name: reading.name.clone(),
        pairs: reading.pairs,
        candidate: reading.candidate,
        stable: reading.stable,
        problem: reading.problem.clone().unwrap_or_default(),
    }
}

fn certificate(certificate: &Certificate) -> v1::Certificate {
    let counts = certificate.counts.as_ref().map(|counts| v1::SwitchCounts {
        requests: counts.requests,
        failed: counts.failed,
        retried: counts.retried,
        cut: counts.cut,
        drained: counts.drained,
        held: counts.held,
    });
    v1::Certificate {
        begin_time: time(Some(certificate.begun_at)),
        end_time: time(certificate.ended_at),
        counts,
        unknown: certificate.unknown.clone().unwrap_or_default(),
    }
}

fn secrets(release: &Release) -> Vec<String> {
    let secrets = release.content.secrets.iter();
    secrets.map(|(name, version)| format!("{name}@{version}")).collect()
}

fn instance(instance: &Instance) -> v1::Instance {
    v1::Instance {
        uid: instance.id.to_string(),
        service: instance.service.to_string(),
        container_id: instance.container_id.clone().unwrap_or_default(),
        container_name: instance.container_name.clone(),
        address: instance.address.clone().unwrap_or_default(),
        state: instance.state.clone(),
        replica: i32::try_from(instance.replica).unwrap_or(i32::MAX),
        restart_count: 0,
        start_time: time(Some(instance.created_at)),
    }
}

fn step(step: &Step) -> v1::ReleaseStep {
    v1::ReleaseStep {
        step: step.name.to_owned(),
        start_time: time(Some(step.started_at)),
        end_time: time(step.ended_at),
        detail: step.detail.clone(),
        failed: step.failed,
    }
}

fn time(at: Option<DateTime<Utc>>) -> Option<prost_types::Timestamp> {
    at.map(proto::time::timestamp)
}

fn failure(failure: &::release::Failure) -> v1::Failure {
    v1::Failure {
        reason: failure.reason.clone(),
        message: failure.message.clone(),
        service: failure.service.clone().unwrap_or_default(),
        exit_code: failure.exit_code,
        out_of_memory: failure.out_of_memory,
        log_lines: failure.log_lines.clone(),
        probe_lines: failure.probe_lines.clone(),
    }
}

fn state(state: &State) -> Shown {
    match state {
        State::Queued { .. } => Shown::Queued,
        State::AwaitingCi { .. } => Shown::AwaitingCi,
        State::AwaitingApproval { .. } => Shown::AwaitingApproval,
        State::AwaitingWindow { .. } => Shown::AwaitingWindow,
        State::Preparing => Shown::Preparing,
        State::RunningJobs => Shown::RunningJobs,
        State::Starting => Shown::Starting,
        State::Warming => Shown::Warming,
        State::Verifying => Shown::Verifying,
        State::Shifting { .. } => Shown::Shifting,
        State::Baking => Shown::Baking,
        State::Settling => Shown::Settling,
        State::Live => Shown::Live,
        State::Retained => Shown::Retained,
        State::Collected => Shown::Collected,
        State::RollingBack { .. } => Shown::RollingBack,
        State::RolledBack { .. } => Shown::RolledBack,
        State::Failed { .. } => Shown::Failed,
        State::Cancelled { .. } => Shown::Cancelled,
        State::Superseded { .. } => Shown::Superseded,
        State::Stuck { .. } => Shown::Stuck,
    }
}
