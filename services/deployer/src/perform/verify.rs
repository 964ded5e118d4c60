//! The candidate's answers to the requests of the manifest: asked of every instance before users are, and once more
//! when the users are its own.

use super::outpace::outpace;
use super::verify_jobs::verify_by_jobs;
use super::{Outcome, counted, ready};
use crate::app::App;
use crate::candidate::{self, Asked};
use crate::db::release::Release;
use crate::docker::clean;
use crate::expect::faults;
use crate::job::Kind;
use crate::probe::{Answer, Question, Reply, call};
use crate::{diagnose, member};
use ::release::Failure;
use futures_util::future::join_all;
use manifest::VerifyRequest;
use std::time::Duration;

/// How much of a body that is not as wanted is told, in characters.
const TOLD: usize = 200;

/// An answer that is not as wanted.
pub(super) struct Fault {
    instance: Asked,
    question: String,
    /// All that is wrong with it.
    wrong: String,
    /// There was no answer: the instance may be at another address since its engine started anew.
    pub(super) is_lost: bool,
    body: String,
}

/// Every request is answered as the manifest wants it, by every instance of its service, and as fast; and jobs that try
/// the candidate are content.
pub(crate) async fn verify(app: &App, release: &Release) -> Result<String, Outcome> {
    ready::bring_up(app, release).await?;
    let mut answered = round(app, release).await?;
    if answered.as_ref().is_err_and(|fault| fault.is_lost) {
        // Where it is now is looked up once.
        ready::bring_up(app, release).await?;
        answered = round(app, release).await?;
    }
    let slowest = match answered {
        Ok(slowest) => slowest,
        Err(fault) => return Err(Outcome::failed(explain(app, release, *fault).await)),
    };
    let mut told = Vec::new();
    let asked = release.content.resolved.verify.len();
    if asked > 0 {
        let requests = counted(asked, "request", "good");
        told.push(format!("{requests}, the slowest answer after {} ms", slowest.as_millis()));
    }
    told.extend(Box::pin(outpace(app, release)).await?);
    told.extend(Box::pin(verify_by_jobs(app, release, Kind::Verify)).await?);
    Ok(told.join("; "))
}

/// The same with the traffic of users. Who does not answer at all is left to those who watch it.
pub(crate) async fn verify_again(app: &App, release: &Release) -> Result<(), Outcome> {
    match round(app, release).await? {
        Err(fault) if !fault.is_lost => Err(Outcome::failed(explain(app, release, *fault).await)),
        _ => Ok(()),
    }
}

/// The time of the slowest answer, or the first that is not as wanted.
async fn round(app: &App, release: &Release) -> Result<Result<Duration, Box<Fault>>, Outcome> {
    let instances = candidate::instances(app, release).await;
    let instances = instances.map_err(|error| Outcome::again(&error))?;
    let mut slowest = Duration::ZERO;
    for request in &release.content.resolved.verify {
        let asked = instances.iter().filter(|instance| instance.service == request.service);
        for answered in join_all(asked.map(|instance| ask(instance, request))).await {
            match answered {
                Ok(took) => slowest = slowest.max(took),
                Err(fault) => return Ok(Err(fault)),
            }
        }
    }
    Ok(Ok(slowest))
}

/// How long the answer took, which is as wanted.
pub(super) async fn ask(instance: &Asked, request: &VerifyRequest) -> Result<Duration, Box<Fault>> {
    let within = request.within.duration();
    let VerifyRequest { call: asked, json, headers, .. } = request;
    let json = json.as_ref();
    let question = Question { agent: "slipway-verify", call: asked, json, headers, within };
    let reply = call(instance.address, question).await;
    let wrong = match &reply {
        Ok(reply) => faults(request, reply).join("; "),
        Err(answer) => format!("there was no answer: {answer}"),
    };
    if let (Ok(reply), true) = (&reply, wrong.is_empty()) {
        return Ok(reply.took);
    }
    let is_lost = matches!(&reply, Err(Answer::Refused | Answer::Unreachable(_) | Answer::Reset));
    Err(Box::new(Fault {
        instance: instance.clone(),
        question: format!("{} {}", asked.method(), asked.path()),
        wrong,
        is_lost,
        body: reply.map(body).unwrap_or_default(),
    }))
}

fn body(reply: Reply) -> String {
    String::from_utf8_lossy(&reply.body.unwrap_or_default()).into_owned()
}

/// The fault as a failure, with the begin of the answer and the last lines of the instance, secrets hidden.
pub(super) async fn explain(app: &App, release: &Release, fault: Fault) -> Failure {
    let Fault { instance, question, wrong, body, .. } = fault;
    let message = format!("{question} is not answered by {instance} as `verify` wants it");
    let failure = Failure {
        service: Some(instance.service.to_string()),
        ..Failure::new("VERIFY_FAILED", message)
    };
    // Without the secrets nothing can be hidden, and so nothing is kept.
    let Ok(Some(mask)) = member::mask(app, release).await else {
        let why = "the answer is not kept, because not all secrets are known to be hidden";
        return Failure { probe_lines: vec![why.to_owned()], ..failure };
    };
    let begin: String = mask.hide(&clean(&body)).chars().take(TOLD).collect();
    let wrong = mask.hide(&wrong);
    Failure {
        message: format!("{}: {wrong}", failure.message),
        log_lines: diagnose::log_lines(&app.engine, &instance.container_id, &mask).await,
        probe_lines: vec![format!("{question}: {wrong}"), begin],
        ..failure
    }
}
