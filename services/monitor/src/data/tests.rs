use super::check::subject;
use super::standard::accept_quality;
use super::{Quality, count, run, worse};
use crate::app::{App, MIGRATOR};
use crate::data::accept::{AcceptError, Accepted};
use crate::db::quality::Hour;
use crate::place::Place;
use crate::policy::Policy;
use crate::{Config, SERVICE, db};
use chrono::TimeDelta;
use events::{Envelope, PrincipalName, ReleaseId};
use service::Env;
use sqlx::PgConnection;
use testkit::{Database, variable};
use uuid::Uuid;

const MANIFEST: &str = "app: shop\nservices: { api: { build: ., http: 80 } }\n\
    environments: { production: { track: { branch: main } } }\ndrift:\n  data:\n    reference: r.csv\n    \
    truth: { kind: class }\n    \
    capture: { service: api, path: /, features: { amount: /amount }, prediction: /class }\n";

/// What the monitor keeps of places, in a database of its own, without anybody to ask.
pub(super) struct Kept {
    pub(super) app: App,
    _database: Database,
    _folder: tempfile::TempDir,
}

impl Kept {
    pub(super) async fn start() -> Self {
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let pool = pg::connect(&database.url(), SERVICE, 2).await.expect("it answers");
        pg::migrate_bus(&pool).await.expect("tables of the bus");
        pg::migrate(&pool, SERVICE, &MIGRATOR).await.expect("tables");
        let folder = tempfile::tempdir().expect("a folder");
        let nobody = "http://127.0.0.1:1".to_owned();
        let env = Env::of([
            ("SLIPWAY_DATABASE_URL", database.url()),
            ("SLIPWAY_NATS_URL", "nats://127.0.0.1:1".to_owned()),
            ("SLIPWAY_INTERNAL_TOKEN", "t0ken".to_owned()),
            ("SLIPWAY_DEPLOYER_URL", nobody.clone()),
            ("SLIPWAY_BUILDER_URL", nobody.clone()),
            ("SLIPWAY_ROUTER_URL", nobody),
            ("SLIPWAY_DATA", folder.path().display().to_string()),
        ]);
        let config = Config::read(env).expect("valid");
        let app = App::new(config, pool).expect("it is made");
        Self { app, _database: database, _folder: folder }
    }

    async fn connection(&self) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
        self.app.pool.acquire().await.expect("a connection")
    }

    /// The release with this number is live at the place.
    pub(super) async fn lives(&self, environment: &str, number: i64) -> Place {
        let place = Place::parse("shop", environment).expect("a place");
        let data = manifest::parse(MANIFEST).expect("valid").drift.data;
        let policy = Policy { data, ..Policy::default() };
        let live = Some((release(number), number));
        let mut connection = self.connection().await;
        let expected = db::verdict::expect(&mut connection, &place, live, Some(&policy), false);
        expected.await.expect("it is known");
        let watched = db::data_watch::keep(&mut connection, &place, "0 2 * * *", None);
        watched.await.expect("it is watched");
        place
    }

    /// It is told of so many predictions of a release that they were right, and of so many that they were wrong.
    async fn told(&self, place: &Place, number: i64, days_ago: i64, (right, wrong): (u64, u64)) {
        let hour = Hour {
            begins: count::hour(self.app.clock.now() - TimeDelta::days(days_ago)),
            number,
            model: format!("sha256:{number}"),
            quality: Quality::Class { right, wrong },
        };
        let mut connection = self.connection().await;
        let added = db::quality::add(&mut connection, (place, release(number)), &hour);
        added.await.expect("counted");
        db::data_watch::tell_truths(&mut connection, place).await.expect("told");
    }

    /// Looks how good models are; what was said since the beginning.
    async fn looked(&self) -> Vec<String> {
        worse::look(&self.app).await;
        let envelopes = "select envelope from bus.outbox order by position";
        let rows: Vec<serde_json::Value> =
            sqlx::query_scalar(envelopes).fetch_all(&self.app.pool).await.expect("the outbox");
        let said = rows.into_iter().map(|row| {
            let envelope: Envelope = serde_json::from_value(row).expect("an envelope");
            let environment = envelope.data["environment"].as_str().unwrap_or_default().to_owned();
            let again = if envelope.data["again"] == true { " again" } else { "" };
            format!("{environment} {}{again}", envelope.event_type.as_str())
        });
        said.collect()
    }

    /// The times of three days passed.
    async fn is_due(&self) {
        let earlier =
            "update monitor.data_watch set next_at = clock_timestamp() - interval '3 days'";
        sqlx::query(earlier).execute(&self.app.pool).await.expect("it is due");
    }

    async fn accept(&self, place: &Place) -> Result<(i32, usize), AcceptError> {
        self.accept_of(place, None).await
    }

    async fn accept_of(
        &self,
        place: &Place,
        window: Option<TimeDelta>,
    ) -> Result<(i32, usize), AcceptError> {
        let ana = PrincipalName::new("ana");
        let answered = async |_: &mut PgConnection, _: Accepted| Ok::<(), AcceptError>(());
        let said = (&ana, "another market");
        let accepted = accept_quality(&self.app, place, window, said, answered).await?;
        Ok((accepted.version, accepted.rows))
    }

    async fn mute(&self, place: &Place, hours: i64) {
        let until = self.app.clock.now() + TimeDelta::hours(hours);
        let mut connection = self.connection().await;
        let muted = db::data_watch::mute(&mut connection, place, Some(until), ("ana", "holidays"));
        muted.await.expect("muted");
    }
}

pub(super) fn release(number: i64) -> ReleaseId {
    ReleaseId::new(Uuid::from_u128(number.unsigned_abs().into()))
}

const DETECTED: &str = "production drift.detected";
const CLEARED: &str = "production drift.cleared";

#[tokio::test]
async fn times_that_passed_are_made_up_by_one_verdict() {
    let kept = Kept::start().await;
    let place = kept.lives("production", 7).await;
    kept.is_due().await;
    run::compare(&kept.app).await;
    run::compare(&kept.app).await;
    let verdicts = db::data_verdict::of(&kept.app.pool, &place, None, 10).await.expect("verdicts");
    let by: Vec<&str> = verdicts.iter().map(|verdict| verdict.by.as_str()).collect();
    assert_eq!(by, ["slipway"]);
    let watched = db::data_watch::get(&kept.app.pool, &place).await.expect("rows");
    let next_at = watched.and_then(|watched| watched.next_at).expect("it goes on");
    assert!(next_at > verdicts[0].made_at, "{next_at}");
}

#[tokio::test]
async fn that_a_model_still_is_worse_is_said_again_by_the_schedule() {
    let kept = Kept::start().await;
    let place = kept.lives("production", 7).await;
    kept.told(&place, 7, 20, (950, 50)).await;
    kept.told(&place, 7, 1, (900, 100)).await;
    assert_eq!(kept.looked().await, [DETECTED]);
    kept.told(&place, 7, 1, (9, 1)).await;
    assert_eq!(kept.looked().await, [DETECTED], "truths alone are no reason");
    kept.is_due().await;
    run::compare(&kept.app).await;
    assert_eq!(kept.looked().await, [DETECTED, "production drift.detected again"]);
}

#[tokio::test]
async fn a_model_that_got_worse_is_told_until_what_it_is_by_now_is_accepted() {
    let kept = Kept::start().await;
    let place = kept.lives("production", 7).await;
    kept.told(&place, 7, 20, (950, 50)).await;
    kept.told(&place, 7, 1, (900, 100)).await;
    assert_eq!(kept.looked().await, [DETECTED]);
    assert_eq!(kept.accept(&place).await.expect("accepted"), (1, 1_000));
    assert_eq!(kept.looked().await, [DETECTED, CLEARED]);
    // As wrong as was accepted is no news, more is.
    kept.told(&place, 7, 0, (900, 100)).await;
    assert_eq!(kept.looked().await.len(), 2);
    kept.told(&place, 7, 0, (500, 500)).await;
    assert_eq!(kept.looked().await, [DETECTED, CLEARED, DETECTED]);
    let subject = subject(&kept.app, &place).await.expect("it is watched");
    let mut connection = kept.connection().await;
    let grade = worse::grade(&mut connection, &subject, worse::WEEK).await.expect("hours");
    let standard = grade.and_then(|grade| grade.standard).expect("it is compared with that");
    assert_eq!((standard.by.as_str(), standard.reason.as_str()), ("ana", "another market"));
    assert_eq!(kept.accept(&place).await.expect("accepted"), (2, 3_000), "the next version");
}

#[tokio::test]
async fn a_model_that_got_worse_is_not_told_while_that_is_muted() {
    let kept = Kept::start().await;
    let place = kept.lives("production", 7).await;
    kept.mute(&place, 1).await;
    kept.told(&place, 7, 20, (950, 50)).await;
    kept.told(&place, 7, 1, (900, 100)).await;
    assert_eq!(kept.looked().await, Vec::<String>::new());
    kept.mute(&place, -1).await;
    kept.told(&place, 7, 1, (9, 1)).await;
    assert_eq!(kept.looked().await, [DETECTED]);
}

#[tokio::test]
async fn a_model_that_got_worse_is_forgotten_when_the_one_before_it_lives_again() {
    let kept = Kept::start().await;
    let place = kept.lives("production", 7).await;
    kept.told(&place, 6, 20, (950, 50)).await;
    kept.told(&place, 7, 1, (900, 100)).await;
    assert_eq!(kept.looked().await, [DETECTED]);
    kept.lives("production", 6).await;
    kept.told(&place, 6, 0, (950, 50)).await;
    assert_eq!(kept.looked().await, [DETECTED, CLEARED]);
}

#[tokio::test]
async fn of_little_no_standard_is_made() {
    let kept = Kept::start().await;
    let place = kept.lives("production", 7).await;
    let refused = |accepted: Result<_, AcceptError>| accepted.expect_err("refused").to_string();
    let needed = "a standard needs 100 predictions of which it is known what was true";
    assert_eq!(refused(kept.accept(&place).await), format!("{needed}; there are 0"));
    kept.told(&place, 7, 1, (90, 9)).await;
    assert_eq!(refused(kept.accept(&place).await), format!("{needed}; there are 99"));
    // A window that somebody asks for gets no longer, though all of the model is compared with the one before it.
    kept.told(&place, 6, 20, (950, 50)).await;
    kept.told(&place, 7, 10, (950, 50)).await;
    let week = kept.accept_of(&place, Some(TimeDelta::weeks(1))).await;
    assert_eq!(refused(week), format!("{needed}; there are 99"));
    assert_eq!(kept.accept(&place).await.expect("accepted"), (1, 1_099));
}

#[tokio::test]
async fn a_model_that_is_worse_than_what_was_accepted_is_not_as_good_for_that() {
    let kept = Kept::start().await;
    let place = kept.lives("production", 7).await;
    kept.told(&place, 7, 20, (9_500, 500)).await;
    kept.told(&place, 7, 1, (9_000, 1_000)).await;
    assert_eq!(kept.looked().await, [DETECTED]);
    let month = kept.accept_of(&place, Some(TimeDelta::days(30))).await;
    assert_eq!(month.expect("accepted"), (1, 20_000));
    assert_eq!(kept.looked().await, [DETECTED]);
    assert_eq!(kept.accept(&place).await.expect("accepted"), (2, 10_000));
    assert_eq!(kept.looked().await, [DETECTED, CLEARED]);
}

#[tokio::test]
async fn a_place_whose_counts_cannot_be_read_holds_up_no_other() {
    let kept = Kept::start().await;
    for environment in ["development", "production"] {
        let place = kept.lives(environment, 7).await;
        kept.told(&place, 7, 20, (950, 50)).await;
        kept.told(&place, 7, 1, (900, 100)).await;
    }
    let broken = r#"update monitor.quality set counts = '{"kind": "of tomorrow"}' where environment = 'development'"#;
    sqlx::query(broken).execute(&kept.app.pool).await.expect("of another version");
    assert_eq!(kept.looked().await, [DETECTED]);
}
