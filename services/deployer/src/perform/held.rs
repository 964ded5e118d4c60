//! All that is known of a candidate while a share is held: seen at each look, stored, and gone on with by whoever drives
//! it next.

use super::Outcome;
use super::watch::{changed_routes, copied, measured};
use crate::app::App;
use crate::changed_routes::ChangedRoutes;
use crate::compare;
use crate::db::analysis::{self, Verdict};
use crate::db::release::Release;
use crate::db::{environment, reading as rows, release, shadow, synthetic as own_requests};
use crate::reading::{self, Readers};
use crate::shadow::Report;
use crate::synthetic::{self, Own, Place, Sender, Whose};
use manifest::Strategy;
use stats::{Analysis, Judgement, Sight};
use std::sync::Arc;
use std::time::Duration;

/// See the module.
#[derive(Debug)]
pub(super) struct Held<'a> {
    app: &'a App,
    release: &'a Release,
    step: usize,
    analysis: Analysis,
    /// On which the two are compared.
    routes: ChangedRoutes,
    /// Of copies, if the release gets them.
    report: Option<Report>,
    readers: Readers,
    /// Of requests of our own, if the manifest asks for them.
    own: Option<Own>,
}

impl<'a> Held<'a> {
    /// What is known from before: from another driver, or from the steps behind it.
    pub(super) async fn begin(
        app: &'a App,
        release: &'a Release,
        step: usize,
    ) -> Result<Self, Outcome> {
        let analysis = analysis(app, release, step).await?;
        let routes = changed_routes(app, release).await?;
        let report = report(app, release).await?;
        let readers = readers(app, release).await?;
        let sender = sender(app, release).await?;
        let own = sender.map(|sender| Own::new(sender, &analysis.judgement()));
        Ok(Self { app, release, step, analysis, routes, report, readers, own })
    }

    /// One look at what the router measured, and at what was read meanwhile; the share is held for `left` yet. While the
    /// router is away nothing is seen, and nothing is judged.
    pub(super) async fn look(&mut self, left: Duration) -> Judgement {
        if let Some(sight) = self.sight().await {
            let readings = self.readers.news();
            self.analysis.observe(&Sight { readings, ..sight });
        }
        let judgement = self.analysis.judgement();
        if let Some(own) = &mut self.own {
            own.look(&judgement, left);
        }
        judgement
    }

    async fn sight(&mut self) -> Option<Sight> {
        let (app, release) = (self.app, self.release);
        if let Some(report) = &mut self.report {
            let copied = copied(app, release).await?;
            report.observe(&copied);
            return compare::sight_of_copies(&copied);
        }
        let mut measured = measured(app, release).await.unwrap_or_default();
        measured.releases.retain(|of| self.routes.tell(&of.route));
        compare::sight(&measured, &release.id.to_string(), &release.stable?.to_string())
    }

    /// The judgement for people, with what could not be read and how much of it is our own.
    pub(super) fn sentence(&self, judgement: &Judgement) -> String {
        let known: Vec<_> = self.readers.known().collect();
        let own = self.own.as_ref().map(|own| own.sent().told()).unwrap_or_default();
        format!("{judgement}{}{own}", reading::told(&known))
    }

    pub(super) async fn save(&self, judgement: &Judgement) -> Result<(), Outcome> {
        let again = |error: sqlx::Error| Outcome::again(&error);
        let id = self.release.id;
        let mut transaction = self.app.pool.begin().await.map_err(again)?;
        release::fence(&mut *transaction, self.release).await.map_err(again)?;
        let sentence = self.sentence(judgement);
        let verdict = Verdict { verdict: judgement.verdict, sentence: &sentence };
        let known = (row_step(self.step), &self.analysis);
        analysis::save(&mut transaction, id, known, &verdict).await.map_err(again)?;
        if let Some(report) = &self.report {
            shadow::save(&mut transaction, id, report).await.map_err(again)?;
        }
        for reading in self.readers.known() {
            rows::save(&mut transaction, id, &reading).await.map_err(again)?;
        }
        if let Some(own) = &self.own {
            own_requests::save(&mut transaction, id, own.sent()).await.map_err(again)?;
        }
        transaction.commit().await.map_err(again)
    }
}

async fn analysis(app: &App, release: &Release, step: usize) -> Result<Analysis, Outcome> {
    let found = analysis::find(&app.pool, release.id).await;
    let found = found.map_err(|error| Outcome::again(&error))?;
    let Some((known, mut analysis)) = found else {
        let plan = compare::plan_of(&release.content);
        let plan = plan.ok_or_else(|| "the release has no step to judge".to_owned());
        return plan.map(Analysis::new).map_err(Outcome::Again);
    };
    if known != row_step(step) {
        analysis.next_step();
    }
    Ok(analysis)
}

fn row_step(step: usize) -> i32 {
    i32::try_from(step).unwrap_or(i32::MAX)
}

/// What is known of copies from before, if that is what the release gets.
async fn report(app: &App, release: &Release) -> Result<Option<Report>, Outcome> {
    if !release.plan.is_shadowing(&release.state) {
        return Ok(None);
    }
    let found = shadow::find(&app.pool, release.id).await;
    let found = found.map_err(|error| Outcome::again(&error))?;
    Ok(Some(found.unwrap_or_default()))
}

/// What is read of both releases, if the manifest asks for anything.
async fn readers(app: &App, release: &Release) -> Result<Readers, Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let analysis = release.content.resolved.strategy.analysis();
    let wanted = analysis.map(|analysis| &analysis.readings).filter(|wanted| !wanted.is_empty());
    let (Some(wanted), Some(stable)) = (wanted, release.stable) else {
        return Ok(Readers::default());
    };
    let stable = release::get(&app.pool, stable).await.map_err(again)?;
    let Some(stable) = stable else { return Ok(Readers::default()) };
    let known = rows::of_release(&app.pool, release.id).await.map_err(again)?;
    let sides = (Arc::new(release.clone()), Arc::new(stable));
    Ok(reading::begin(app, &sides, wanted, &known))
}

/// Sends requests to both releases when it is wanted, if the manifest asks for that.
async fn sender(app: &App, release: &Release) -> Result<Option<Sender>, Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let resolved = &release.content.resolved;
    let (wanted, whose) = match &resolved.strategy {
        Strategy::Canary(canary) => (canary.synthetic.as_ref(), Whose::OfEach),
        Strategy::Shadow(shadow) => (shadow.synthetic.as_ref(), Whose::OfStable),
        Strategy::BlueGreen | Strategy::Recreate => return Ok(None),
    };
    let (Some(synthetic), Some(host), Some(_)) = (wanted, resolved.hosts.first(), release.stable)
    else {
        return Ok(None);
    };
    let place = (&release.app, &release.environment);
    let environment = environment::find(&app.pool, place).await.map_err(again)?;
    let Some(environment) = environment else { return Ok(None) };
    let place = Place {
        router: app.traffic_address,
        host: host.clone(),
        token: environment.candidate_token,
    };
    let before = own_requests::find(&app.pool, release.id).await.map_err(again)?;
    let timeout = resolved.limits.timeout.duration();
    Ok(Some(synthetic::begin(place, (synthetic, whose), timeout, before.unwrap_or_default())))
}
