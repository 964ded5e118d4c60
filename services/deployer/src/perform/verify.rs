//! The candidate's answers to the requests of the manifest: asked of every instance before users are, and once more
//! when the users are its own.

use super::keep::keep;
use super::outpace::outpace;
use super::verify_jobs::verify_by_jobs;
use super::{Outcome, counted, ready};
use crate::answered::Answered;
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
/// How much of what is wrong with an answer is told, in characters.
const WRONG: usize = 1000;

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

/// What came of asking everything once. After a fault nothing more was asked.
#[derive(Default)]
struct Round {
    answered: Vec<Answered>,
    fault: Option<Box<Fault>>,
}

/// Every request is answered as the manifest wants it, by every instance of its service, and as fast; and jobs that try
/// the candidate are content.
pub(crate) async fn verify(app: &App, release: &Release) -> Result<String, Outcome> {
    ready::bring_up(app, release).await?;
    let mut asked = round(app, release).await?;
    if asked.fault.as_ref().is_some_and(|fault| fault.is_lost) {
        // Where it is now is looked up once.
        ready::bring_up(app, release).await?;
        asked = round(app, release).await?;
    }
    let Round { mut answered, fault } = asked;
    if let Some(fault) = fault {
        return Err(fails(app, release, answered, *fault).await);
    }
    let outpaced = Box::pin(outpace(app, release, &mut answered)).await;
    keep(app, release, &answered).await?;
    outpaced?;
    let mut told: Vec<String> = good(&answered).into_iter().collect();
    let compared = answered.iter().filter(|one| !one.compared.is_empty());
    told.extend(compared.map(|one| format!("{}: {}", one.request, one.compared)));
    told.extend(Box::pin(verify_by_jobs(app, release, Kind::Verify)).await?);
    Ok(told.join("; "))
}

/// That all were good, if any were asked.
fn good(answered: &[Answered]) -> Option<String> {
    let slowest = answered.iter().map(|one| one.slowest).max()?;
    let requests = counted(answered.len(), "request", "good");
    Some(format!("{requests}, the slowest answer after {} ms", slowest.as_millis()))
}

/// The same with the traffic of users. Who does not answer at all is left to those who watch it.
pub(crate) async fn verify_again(app: &App, release: &Release) -> Result<(), Outcome> {
    let Round { mut answered, fault } = round(app, release).await?;
    match fault {
        Some(fault) if !fault.is_lost => Err(fails(app, release, answered, *fault).await),
        lost => {
            if let (Some(fault), Some(last)) = (lost, answered.last_mut()) {
                last.wrong = fault.wrong;
            }
            keep(app, release, &answered).await
        }
    }
}

/// Asks everything, until something is not as wanted.
async fn round(app: &App, release: &Release) -> Result<Round, Outcome> {
    let instances = candidate::instances(app, release).await;
    let instances = instances.map_err(|error| Outcome::again(&error))?;
    let mut round = Round::default();
    for request in &release.content.resolved.verify {
        let mut answered = Answered::none(&request.service, &request.call);
        let asked = instances.iter().filter(|instance| instance.service == request.service);
        for result in join_all(asked.map(|instance| ask(instance, request))).await {
            answered.count(result.as_ref().ok().copied());
            if let Err(fault) = result {
                round.fault.get_or_insert(fault);
            }
        }
        round.answered.push(answered);
        if round.fault.is_some() {
            break;
        }
    }
    Ok(round)
}

/// The release fails by `fault`, which is kept with the answers before it.
async fn fails(app: &App, release: &Release, mut answered: Vec<Answered>, fault: Fault) -> Outcome {
    let failure = explain(app, release, fault).await;
    if let Some(last) = answered.last_mut() {
        last.wrong.clone_from(&failure.message);
    }
    match keep(app, release, &answered).await {
        Ok(()) => Outcome::failed(failure),
        Err(outcome) => outcome,
    }
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
    let wrong: String = mask.hide(&clean(&wrong)).chars().take(WRONG).collect();
    Failure {
        message: format!("{}: {wrong}", failure.message),
        log_lines: diagnose::log_lines(&app.engine, &instance.container_id, &mask).await,
        probe_lines: vec![format!("{question}: {wrong}"), begin],
        ..failure
    }
}
