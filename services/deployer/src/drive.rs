//! Drives one release: load, do what the state wants, apply what came of it, again. Killing a driver
//! anywhere changes nothing but time: the next one loads the row and does the state's effect again.

use crate::app::App;
use crate::db::claim::{self, Lease};
use crate::db::release::Release;
use crate::db::{command, release};
use crate::perform::{Outcome, perform};
use crate::tenure::Tenure;
use crate::transition::{TransitionError, apply};
use crate::{admit, ci, finish, window};
use ::release::{Effect, Input, Shift, State};
use service::fail_point::reach;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// How often a driver says that it is alive and asks whether somebody wants something.
const BEAT: Duration = Duration::from_secs(1);
/// First and longest pause before an effect that could not be done now is tried again.
const AGAIN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// How long a queued release waits before it looks by itself whether the environment is free.
const QUEUED: Duration = Duration::from_secs(5);
/// A bake or a settling that is late because its driver stood still is done for so long, which is some answers to a
/// probe, or drain and grace: an end that nobody saw is not a good one, and what was replaced does not run on.
const LAST_TRY: Duration = Duration::from_mins(1);

/// Why a driver lets go before the release waits or ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriveError {
    #[error("another driver has the release")]
    Lost,
    #[error(transparent)]
    Transition(TransitionError),
    #[error("read the release")]
    Read(#[from] sqlx::Error),
}

impl From<TransitionError> for DriveError {
    fn from(error: TransitionError) -> Self {
        if matches!(error, TransitionError::Lost) { Self::Lost } else { Self::Transition(error) }
    }
}

/// What interrupts an effect.
enum Interrupt {
    Command,
    Late,
    Lost,
}

/// Drives until the release waits for somebody, or ends.
pub(crate) async fn drive(app: &App, lease: Lease) -> Result<(), DriveError> {
    loop {
        let release = release::get(&app.pool, lease.release).await?.ok_or(DriveError::Lost)?;
        if take_commands(app, lease, &release).await? {
            continue;
        }
        let tenure = Tenure::since(Instant::now());
        let beat = claim::beat(&app.pool, lease).await?.ok_or(DriveError::Lost)?;
        // What CI says last is part of why it was too late.
        let looks_late =
            matches!(release.state, State::Baking | State::Settling | State::AwaitingCi { .. });
        if beat.is_late && !looks_late {
            apply(app, Some(lease), &release, late("")).await?;
            continue;
        }
        match release.plan.effect(&release.state) {
            Some(effect) => act(app, (lease, &tenure), &release, effect).await?,
            None if matches!(release.state, State::Queued { .. }) => {
                if !admit::admit(app, lease, &release).await? {
                    return let_go(app, lease, Some(QUEUED)).await;
                }
            }
            None if matches!(release.state, State::AwaitingCi { .. }) => {
                if let Some(pause) = ci::look(app, (lease, beat.is_late), &release).await? {
                    return let_go(app, lease, Some(pause)).await;
                }
            }
            None if matches!(release.state, State::AwaitingWindow { .. }) => {
                if let Some(closed) = window::look(app, lease, &release).await? {
                    return let_go(app, lease, Some(closed)).await;
                }
            }
            None => {
                let steps = finish::finish(app, &release).await;
                let_go(app, lease, None).await?;
                // Whoever collects traces may be slow, and nobody waits for that.
                if let Some(steps) = steps {
                    finish::export(&release, steps).await;
                }
                return Ok(());
            }
        }
    }
}

pub(crate) async fn let_go(
    app: &App,
    lease: Lease,
    pause: Option<Duration>,
) -> Result<(), DriveError> {
    let mut transaction = app.pool.begin().await?;
    claim::give_back(&mut transaction, lease, pause).await?;
    transaction.commit().await?;
    Ok(())
}

fn late(last: &str) -> Input {
    Input::DeadlinePassed { last: last.to_owned() }
}

/// Applies what people and other releases want; true when the release may have changed.
async fn take_commands(app: &App, lease: Lease, release: &Release) -> Result<bool, DriveError> {
    let mut transaction = app.pool.begin().await?;
    let waiting = command::waiting(&mut transaction, release.id).await?;
    let Some(first) = waiting.into_iter().next() else { return Ok(false) };
    let name = first.input.name();
    decided(&release.state, "before_effect").await?;
    let applied =
        crate::transition::apply_in(app, &mut transaction, Some(lease), release, first.input).await;
    let refused = match applied {
        Ok(_) => None,
        Err(TransitionError::Refused(refused)) => {
            // Refused by what the release is, not by what it was when it was read.
            if release::fence(&mut *transaction, release).await.is_err() {
                return Err(DriveError::Lost);
            }
            Some(refused.to_string())
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(why) = &refused {
        tracing::info!(release.id = %release.id, command = name, why, "a command does nothing");
    }
    command::take(&mut transaction, first.id, refused).await?;
    decided(&release.state, "effect_done").await?;
    transaction.commit().await?;
    decided(&release.state, "recorded").await?;
    app.changed();
    Ok(true)
}

/// Where nothing is done but waiting for people, it is their decision that a test can cut.
async fn decided(state: &State, place: &str) -> Result<(), sqlx::Error> {
    let is_asking = matches!(state, State::Shifting { phase: Shift::Asking { .. }, .. });
    if is_asking || matches!(state, State::AwaitingApproval { .. } | State::AwaitingWindow { .. }) {
        reach(|| format!("deployer.{}.{place}", state.step())).await?;
    }
    Ok(())
}

/// Does the state's effect until it is done, cannot be done, or something interrupts it.
async fn act(
    app: &App,
    held: (Lease, &Tenure),
    release: &Release,
    effect: Effect,
) -> Result<(), DriveError> {
    let span = tracing::info_span!(
        "effect",
        otel.name = release.state.name(),
        release.id = %release.id,
        slipway.app = %release.app,
        deployment.environment.name = %release.environment,
        trace_id = tracing::field::Empty,
    );
    let parent = crate::trace::of(release).traceparent().to_string();
    service::telemetry::continue_from(&span, &parent);
    Box::pin(act_on(app, held, release, effect)).instrument(span).await
}

async fn act_on(
    app: &App,
    (lease, tenure): (Lease, &Tenure),
    release: &Release,
    effect: Effect,
) -> Result<(), DriveError> {
    let is_tried = matches!(effect, Effect::Watch | Effect::Settle);
    let tried_until = Instant::now() + if is_tried { LAST_TRY } else { Duration::ZERO };
    let watch = || watch(app, (lease, tenure), tried_until);
    let mut last = String::new();
    let mut pause = AGAIN.0;
    loop {
        let doing = tenure.within(attempt(app, release, effect));
        let interrupt = tokio::select! {
            outcome = doing => match outcome.ok_or(DriveError::Lost)? {
                Outcome::Done(detail) => return go_on(app, lease, release, Input::Done { detail }).await,
                Outcome::Undecided(detail) => return go_on(app, lease, release, Input::Undecided { detail }).await,
                Outcome::Failed(failure) => {
                    tracing::warn!(release.id = %release.id, state = release.state.name(), failure = %failure, "the release cannot go on");
                    return go_on(app, lease, release, Input::Failed { failure: *failure }).await;
                }
                Outcome::Again(why) => {
                    tracing::warn!(release.id = %release.id, state = release.state.name(), why, "the effect is tried again");
                    last = why;
                    tokio::select! {
                        () = tokio::time::sleep(pause) => None,
                        interrupt = watch() => Some(interrupt),
                    }
                }
            },
            interrupt = watch() => Some(interrupt),
        };
        pause = (pause * 2).min(AGAIN.1);
        match interrupt {
            None => {}
            Some(Interrupt::Command) => return Ok(()),
            Some(Interrupt::Late) => return go_on(app, lease, release, late(&last)).await,
            Some(Interrupt::Lost) => return Err(DriveError::Lost),
        }
    }
}

/// The effect, between the places where a test can make it fail.
async fn attempt(app: &App, release: &Release, effect: Effect) -> Outcome {
    let step = release.state.step();
    if let Err(injected) = reach(|| format!("deployer.{step}.before_effect")).await {
        return Outcome::again(&injected);
    }
    let outcome = perform(app, release, effect).await;
    if matches!(outcome, Outcome::Again(_)) {
        return outcome;
    }
    match reach(|| format!("deployer.{step}.effect_done")).await {
        Ok(()) => outcome,
        Err(injected) => Outcome::again(&injected),
    }
}

async fn go_on(app: &App, lease: Lease, release: &Release, input: Input) -> Result<(), DriveError> {
    apply(app, Some(lease), release, input).await?;
    Ok(())
}

/// Keeps the lease while an effect runs; returns when something interrupts it, which lateness does from `tried_until`
/// on. Asks at once: whoever stood still while another took over lets go before it tries anything.
async fn watch(app: &App, (lease, tenure): (Lease, &Tenure), tried_until: Instant) -> Interrupt {
    let mut answered = Instant::now();
    let mut nudges = app.nudges.subscribe();
    loop {
        let sent = Instant::now();
        // A server that vanished answers nothing, not even that it is gone.
        let Ok(beat) = tokio::time::timeout(claim::LEASE, claim::beat(&app.pool, lease)).await
        else {
            return Interrupt::Lost;
        };
        match beat {
            Ok(None) => return Interrupt::Lost,
            Ok(Some(beat)) if beat.has_commands => return Interrupt::Command,
            Ok(Some(beat)) if beat.is_late && sent >= tried_until => return Interrupt::Late,
            Ok(Some(_)) => {
                tenure.renew(sent);
                answered = Instant::now();
            }
            Err(error) => {
                tracing::warn!(release.id = %lease.release, %error, "the lease cannot be renewed");
                if answered.elapsed() > claim::LEASE {
                    return Interrupt::Lost;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(BEAT) => {}
            _ = nudges.recv() => {}
        }
    }
}
