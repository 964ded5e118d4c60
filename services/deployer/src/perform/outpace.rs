//! Asks the candidate and the stable release the same in turn, one request at a time, and compares how fast they answer.
//! Users are on the stable one meanwhile.

use super::Outcome;
use super::verify::{Fault, ask, explain};
use crate::answered::Answered;
use crate::app::App;
use crate::candidate::{self, Asked};
use crate::db::release::{self, Release};
use crate::race::Race;
use ::release::Failure;
use events::ServiceName;
use manifest::{Performance, VerifyRequest};
use stats::Verdict;
use tokio::time::Instant;

/// A stable release that gives so many bad answers is not asked on.
const MOST_BAD: u32 = 10;

/// Instances of a service that differ, each side with at least one.
struct Sides {
    candidate: Vec<Asked>,
    stable: Vec<Asked>,
}

/// Every request whose performance matters is answered as fast as by the stable release, as far as can be told. What is
/// said of each is written with what was `answered`, which has them all.
pub(super) async fn outpace(
    app: &App,
    release: &Release,
    answered: &mut [Answered],
) -> Result<(), Outcome> {
    for (request, answered) in release.content.resolved.verify.iter().zip(answered) {
        let Some(performance) = &request.performance else { continue };
        let (verdict, said) = match sides(app, release, &request.service).await? {
            Ok(sides) => race(app, release, &sides, (request, performance)).await?,
            Err(why) => (Verdict::Inconclusive, format!("not compared, {why}")),
        };
        answered.compared = said;
        if verdict == Verdict::Fail {
            return Err(slower(request, &answered.compared));
        }
    }
    Ok(())
}

/// Who is asked; or why nothing can be compared.
async fn sides(
    app: &App,
    release: &Release,
    service: &ServiceName,
) -> Result<Result<Sides, String>, Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let Some(stable) = release.stable else {
        return Ok(Err("there is no stable release".to_owned()));
    };
    let Some(stable) = release::get(&app.pool, stable).await.map_err(again)? else {
        return Ok(Err("the stable release is not known any more".to_owned()));
    };
    if !release.content.changed_from(Some(&stable.content)).contains(service) {
        return Ok(Err(format!("{service} did not change")));
    }
    let mut candidate = candidate::instances(app, release).await.map_err(again)?;
    let mut stable = candidate::instances(app, &stable).await.map_err(again)?;
    candidate.retain(|instance| instance.service == *service);
    stable.retain(|instance| instance.service == *service);
    if candidate.is_empty() || stable.is_empty() {
        return Ok(Err(format!("{service} of the stable release does not run")));
    }
    Ok(Ok(Sides { candidate, stable }))
}

async fn race(
    app: &App,
    release: &Release,
    sides: &Sides,
    (request, performance): (&VerifyRequest, &Performance),
) -> Result<(Verdict, String), Outcome> {
    let end = Instant::now() + Performance::LONGEST.duration();
    let mut race = Race::new(performance);
    let mut bad = 0;
    let pairs = sides.candidate.iter().cycle().zip(sides.stable.iter().cycle());
    for ((candidate, stable), n) in pairs.zip(0..performance.count) {
        // Who comes first takes turns, too.
        let (took, stable) = if n.is_multiple_of(2) {
            let took = ask(candidate, request).await;
            (took, ask(stable, request).await)
        } else {
            let stable = ask(stable, request).await;
            (ask(candidate, request).await, stable)
        };
        let took = match took {
            Ok(took) => took,
            Err(fault) => return Err(bad_answer(app, release, *fault).await),
        };
        match stable {
            Ok(stable) => race.observe(took, stable),
            Err(_) => bad += 1,
        }
        let is_over = bad >= MOST_BAD || Instant::now() >= end;
        let (verdict, said) = race.verdict();
        if is_over || verdict != Verdict::Inconclusive {
            return Ok((verdict, said));
        }
    }
    Ok(race.verdict())
}

/// One that is away may be somewhere else since its engine started anew: all is asked again.
async fn bad_answer(app: &App, release: &Release, fault: Fault) -> Outcome {
    if fault.is_lost {
        return Outcome::Again("an instance did not answer while it was compared".to_owned());
    }
    Outcome::failed(explain(app, release, fault).await)
}

fn slower(request: &VerifyRequest, said: &str) -> Outcome {
    let (method, path) = (request.call.method(), request.call.path());
    let message = format!("{method} {path} is answered more slowly than `verify` allows: {said}");
    Outcome::failed(Failure {
        service: Some(request.service.to_string()),
        ..Failure::new("SLOWER", message)
    })
}
