//! `drift.detected` of data, or of how good the model is: it is made anew, or people are asked whether it is to be, as the manifest says.

use crate::app::App;
use crate::db::release::{self, Release};
use crate::db::{app_removal, environment, errand, model, run};
use crate::job::Kind;
use crate::retrain::{Decision, Origin, Situation, answers, choose, decide, on_drift, order};
use bus::Verdict;
use events::payload::{DriftKind, DriftV1, read};
use events::{AppName, Envelope, EnvironmentName, JobName, PrincipalName};
use manifest::Retrain;
use sqlx::PgConnection;
use std::time::Duration;

/// How long people may think about it.
const PATIENCE: Duration = Duration::from_hours(24 * 7);
/// What was committed and did not come back for so long will not.
const ON_ITS_WAY: Duration = Duration::from_hours(24);

/// Why it is not decided.
#[derive(Debug, thiserror::Error)]
#[error("decide what follows of drift in {app}/{environment}")]
struct NotDecided {
    app: AppName,
    environment: EnvironmentName,
    source: sqlx::Error,
}

/// Handles `drift.detected`.
pub(crate) async fn handle(app: &App, envelope: Envelope) -> Verdict {
    let drift: DriftV1 = match read(&envelope) {
        Ok(drift) => drift,
        Err(error) => return error.into(),
    };
    if drift.kind == DriftKind::Runtime {
        return Verdict::Done;
    }
    match respond(app, &envelope, &drift).await {
        Ok(()) => Verdict::Done,
        Err(source) => {
            let DriftV1 { app, environment, .. } = drift;
            Verdict::retry(&NotDecided { app, environment, source })
        }
    }
}

async fn respond(app: &App, envelope: &Envelope, drift: &DriftV1) -> Result<(), sqlx::Error> {
    let place = (&drift.app, &drift.environment);
    let mut transaction = app.pool.begin().await?;
    if !pg::inbox::first_time(&mut transaction, crate::NAME, envelope.id).await? {
        return Ok(());
    }
    app_removal::keep_out(&mut transaction, place.0).await?;
    let going = app_removal::refusal(&mut *transaction, place.0, Some(envelope.at)).await?;
    environment::lock(&mut transaction, place).await?;
    let live = match release::live(&mut *transaction, place).await? {
        Some(id) => release::get(&mut *transaction, id).await?,
        None => None,
    };
    if let Some(live) = live.filter(|_| going.is_none()) {
        answer(&mut transaction, drift, &live).await?;
    }
    transaction.commit().await?;
    app.changed();
    Ok(())
}

async fn answer(
    connection: &mut PgConnection,
    drift: &DriftV1,
    live: &Release,
) -> Result<(), sqlx::Error> {
    let (app, environment) = (&drift.app, &drift.environment);
    let resolved = &live.content.resolved;
    let retrain = on_drift(resolved).filter(|retrain| answers(retrain, drift.kind));
    let Some(retrain) = retrain else { return Ok(()) };
    let job = match choose(resolved, None) {
        Ok(job) => job,
        Err(error) => {
            tracing::warn!(%app, %environment, %error, "nothing makes a model anew");
            return Ok(());
        }
    };
    let now = situation(connection, drift, (live, &job, retrain)).await?;
    let decision = decide(retrain, now);
    tracing::info!(%app, %environment, %job, kind = ?drift.kind, ?decision, "drift is answered");
    let asks = match decision {
        Decision::Nothing(_) => return Ok(()),
        Decision::AskAlso(run) => return errand::ask_also(connection, run, drift.kind).await,
        Decision::Ask(why) => Some(why),
        Decision::Run => None,
    };
    let why = why(drift, asks.flatten());
    let origin = Origin { kind: Kind::Drift, by: &PrincipalName::slipway(), why: &why };
    let id = order(connection, live, &job, origin).await?;
    if asks.is_some() {
        errand::ask(connection, id, (PATIENCE, drift.kind)).await?;
    }
    Ok(())
}

async fn situation(
    connection: &mut PgConnection,
    drift: &DriftV1,
    (live, job, retrain): (&Release, &JobName, &Retrain),
) -> Result<Situation, sqlx::Error> {
    let place = (&drift.app, &drift.environment);
    let runs = run::is_open(&mut *connection, place, job).await?;
    let is_waiting = errand::is_waiting(&mut *connection, place, job).await?;
    let within = retrain.budget.within.duration();
    Ok(Situation {
        is_of_live: drift.release == live.id,
        asked_for: errand::asking(&mut *connection, place, job).await?,
        is_open: runs || is_waiting,
        is_on_its_way: model::is_on_its_way(&mut *connection, place, ON_ITS_WAY).await?,
        is_moving: !release::unfinished(&mut *connection, place).await?.is_empty(),
        ordered: errand::for_drift(&mut *connection, place, within).await?,
    })
}

/// Why it runs or is asked for, for those who read the list of runs.
fn why(drift: &DriftV1, asks: Option<&str>) -> String {
    let asks = asks.map(|asks| format!("; {asks}")).unwrap_or_default();
    if drift.kind == DriftKind::Quality {
        let because: Vec<&str> = drift.findings.iter().map(|it| it.message.as_str()).collect();
        return format!("the model got worse: {}{asks}", because.join("; "));
    }
    let columns = drift.data.iter().flat_map(|data| &data.columns);
    let columns: Vec<&str> = columns.map(|column| column.column.as_str()).collect();
    format!("data drifted: {}{asks}", columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{self, Content};
    use crate::db::release::NewRelease;
    use ::release::{Failure, Plan, State};
    use events::{ReleaseId, RunId};
    use sqlx::PgPool;
    use std::collections::BTreeMap;
    use testkit::{Database, variable};

    /// A live release whose requests drift.
    struct Drifting {
        pool: PgPool,
        live: Release,
        _database: Database,
    }

    impl Drifting {
        async fn start(mode: &str) -> Self {
            let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
            let pool = pg::connect(&database.url(), crate::NAME, 2).await.expect("it answers");
            pg::migrate_bus(&pool).await.expect("tables of the bus");
            pg::migrate(&pool, crate::NAME, &crate::app::MIGRATOR).await.expect("tables");
            let insert =
                "insert into deployer.environment (app, environment, traffic, candidate_token)
                          values ('shop', 'production', '{}', 't')";
            sqlx::query(insert).execute(&pool).await.expect("an environment");
            let live = live(&pool, mode).await;
            Self { pool, live, _database: database }
        }

        fn place(&self) -> (&AppName, &EnvironmentName) {
            (&self.live.app, &self.live.environment)
        }

        /// It is told that they drift; what was ordered and asked for until then, the oldest first.
        async fn drifts(&self) -> Vec<String> {
            let drift = DriftV1 {
                kind: DriftKind::Data,
                app: self.live.app.clone(),
                environment: self.live.environment.clone(),
                release: self.live.id,
                findings: Vec::new(),
                data: None,
                quality: None,
                healing: false,
                again: true,
            };
            let mut connection = self.pool.acquire().await.expect("a connection");
            answer(&mut connection, &drift, &self.live).await.expect("it is answered");
            self.ordered().await
        }

        async fn ordered(&self) -> Vec<String> {
            let select = "select coalesce(reason, case when ended_at is not null then 'ran'
                                                       when asks_until is not null then 'asks' else 'due' end)
                          from deployer.errand order by created_at, id";
            sqlx::query_scalar(select).fetch_all(&self.pool).await.expect("errands")
        }

        /// What is due runs, and makes nothing better.
        async fn runs(&self) {
            let claimed = errand::claim(&self.pool, service::new_id()).await.expect("errands");
            let claimed = claimed.expect("one is due");
            let mut connection = self.pool.acquire().await.expect("a connection");
            errand::end(&mut connection, &claimed, None).await.expect("it ran");
        }

        /// As many count for the budget of a week.
        async fn spent(&self) -> i64 {
            let week = Duration::from_hours(24 * 7);
            errand::for_drift(&self.pool, self.place(), week).await.expect("errands")
        }

        /// The week in which somebody might have agreed is over.
        async fn nobody_agrees(&self) {
            let job = JobName::parse("train").expect("a name");
            let asked = errand::asking(&self.pool, self.place(), &job).await.expect("errands");
            let asked: RunId = asked.expect("it is asked for");
            let mut connection = self.pool.acquire().await.expect("a connection");
            let at_once = (Duration::ZERO, DriftKind::Data);
            errand::ask(&mut connection, asked, at_once).await.expect("it is asked for");
            let why = Failure::new("NOT_AGREED", "nobody agreed to it in time");
            assert_eq!(errand::expire(&self.pool, &why).await.expect("errands"), 1);
        }
    }

    async fn live(pool: &PgPool, mode: &str) -> Release {
        let text = format!(
            "app: shop\nservices: {{ api: {{ build: ., http: 80 }} }}\n\
             jobs: {{ train: {{ service: api, command: [x], at: manual, commit: {{ paths: [m] }} }} }}\n\
             environments: {{ production: {{ track: {{ branch: main }} }} }}\n\
             drift:\n  data:\n    reference: r.csv\n    \
             capture: {{ service: api, path: /, features: {{ amount: /amount }} }}\n    \
             retrain: {{ job: train, mode: {mode}, budget: {{ count: 2, within: 7d }} }}\n"
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        let environment = EnvironmentName::parse("production").expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("it resolves");
        let content = Content { resolved, images: BTreeMap::new(), secrets: BTreeMap::new() };
        let origin = content::Origin {
            cause: "push".to_owned(),
            by: PrincipalName::slipway(),
            author: None,
            commit: None,
            git_ref: None,
            build: None,
            change: None,
            reason: None,
            model: None,
        };
        let new = NewRelease {
            id: ReleaseId::new(service::new_id()),
            app: &AppName::parse("shop").expect("a name"),
            environment: &environment,
            number: 7,
            content: &content,
            plan: &Plan::blue_green(),
            origin: &origin,
            restores: None,
            promoted_from: None,
            state: &State::Live,
            traceparent: None,
        };
        let mut connection = pool.acquire().await.expect("a connection");
        release::insert(&mut connection, &new).await.expect("it is written");
        release::get(pool, new.id).await.expect("releases").expect("it is there")
    }

    #[tokio::test]
    async fn drift_that_goes_on_is_answered_again_until_the_budget_is_spent() {
        let drifting = Drifting::start("automatic").await;
        assert_eq!(drifting.drifts().await, ["due"]);
        assert_eq!(drifting.drifts().await, ["due"], "a run is due already");
        drifting.runs().await;
        assert_eq!(drifting.drifts().await, ["ran", "due"]);
        drifting.runs().await;
        assert_eq!(drifting.drifts().await, ["ran", "ran", "asks"]);
        assert_eq!(drifting.drifts().await, ["ran", "ran", "asks"]);
        assert_eq!(drifting.spent().await, 2, "what is asked for has not begun");
        drifting.nobody_agrees().await;
        assert_eq!(drifting.drifts().await, ["ran", "ran", "NOT_AGREED", "asks"]);
        assert_eq!(drifting.spent().await, 2);
    }

    #[tokio::test]
    async fn a_budget_is_there_again_when_its_time_is_over() {
        let drifting = Drifting::start("automatic").await;
        drifting.drifts().await;
        drifting.runs().await;
        drifting.drifts().await;
        drifting.runs().await;
        let earlier =
            "update deployer.errand set created_at = clock_timestamp() - interval '8 days'";
        sqlx::query(earlier).execute(&drifting.pool).await.expect("a week later");
        assert_eq!(drifting.spent().await, 0);
        assert_eq!(drifting.drifts().await, ["ran", "ran", "due"]);
        assert_eq!(drifting.spent().await, 1, "what is about to begin counts");
    }

    #[tokio::test]
    async fn what_people_are_asked_for_is_asked_once_until_its_time_is_over() {
        let drifting = Drifting::start("approval").await;
        assert_eq!(drifting.drifts().await, ["asks"]);
        assert_eq!(drifting.drifts().await, ["asks"]);
        drifting.nobody_agrees().await;
        assert_eq!(drifting.drifts().await, ["NOT_AGREED", "asks"]);
        let mut connection = drifting.pool.acquire().await.expect("a connection");
        let over = Failure::new("DRIFT_CLEARED", "data are again like their reference");
        let withdrawn =
            errand::withdraw(&mut connection, drifting.place(), (DriftKind::Data, &over)).await;
        withdrawn.expect("it is taken back");
        assert_eq!(drifting.ordered().await, ["NOT_AGREED", "DRIFT_CLEARED"]);
        assert_eq!(drifting.spent().await, 0);
        assert_eq!(Drifting::start("propose").await.drifts().await, Vec::<String>::new());
    }
}
