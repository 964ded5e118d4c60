//! A gateway of its own for every test, a repository to push to, and GitHub's side of a webhook.

use crate::running::Running;
use axum::body::Body;
use bytes::Bytes;
use gateway::{Config, LocalRoots};
use hmac::{Hmac, Mac};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::token_service_client::TokenServiceClient;
use proto::v1::{
    App, Change, CreateAppRequest, CreateAppResponse, GetDeliveryRequest, ListChangesRequest,
};
use serde_json::{Value, json};
use service::Secret;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use testkit::{Database, eventually};
use tonic::transport::Channel;
use uuid::Uuid;

pub(crate) const WEBHOOK_SECRET: &str = "a secret that GitHub knows";
pub(crate) const BOOTSTRAP: &str = "bootstrap-token-of-the-test";
pub(crate) const INTERNAL: &str = "internal-token-of-the-test";
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000";

/// Everything a test waits for comes about within this, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn cluster() -> String {
    testkit::variable("SLIPWAY_TEST_DATABASE_URL")
}

/// A running gateway with a database and a folder of its own.
pub(crate) struct World {
    pub hooks: SocketAddr,
    pub api: SocketAddr,
    pub folder: TempDir,
    pub database: Database,
    config: Config,
    running: Option<Running>,
}

fn config(database: &Database, folder: &Path) -> Config {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let away = "http://127.0.0.1:1".to_owned();
    Config {
        trusted_proxies: gateway::Proxies::default(),
        hooks_address: anywhere,
        api_address: anywhere,
        database_url: Secret::new(database.url()),
        nats_url: Secret::new("nats://127.0.0.1:1"),
        internal_token: Secret::new(INTERNAL),
        bootstrap_token: Some(Secret::new(BOOTSTRAP)),
        data: folder.join("data"),
        backends: gateway::Backends {
            builder: away.clone(),
            deployer: away.clone(),
            monitor: away.clone(),
            router: away,
        },
        reconcile_every: Duration::from_hours(1),
        local_repositories: LocalRoots::parse(&folder.display().to_string()).expect("absolute"),
        private_targets: "127.0.0.0/8".parse().expect("a network"),
        ca_file: None,
        mail: None,
        public_url: None,
        github: None,
        release_link: None,
        delivery_days: 30,
        delivery_bytes: 1 << 30,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A gateway with `change`d configuration; remote heads are looked at once an hour unless changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::create(&cluster()).await;
        let mut config = config(&database, folder.path());
        change(&mut config);
        let (hooks, api, running) = Running::start(config.clone()).await;
        Self { hooks, api, folder, database, config, running: Some(running) }
    }

    /// The gateway is killed, and started again when nobody waits for what it had claimed any more.
    pub(crate) async fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
        self.nothing_is_put_off().await;
        let (hooks, api, running) = Running::start(self.config.clone()).await;
        (self.hooks, self.api, self.running) = (hooks, api, Some(running));
    }

    /// What would be tried again later is due, and nobody has claimed it.
    pub(crate) async fn nothing_is_put_off(&self) {
        for forget in [
            "update gateway.sink set not_before = clock_timestamp()",
            "update gateway.notification set wake_at = clock_timestamp()",
            "update gateway.report set claimed_until = null",
            "update gateway.issue set claimed_until = null",
        ] {
            let mut connection =
                PgConnection::connect(&self.database.url()).await.expect("the database");
            sqlx::query(forget).execute(&mut connection).await.expect("forgotten");
        }
    }

    /// Another copy of the gateway on the same database; it ends with what is returned.
    pub(crate) async fn beside(&self, change: impl FnOnce(&mut Config)) -> Running {
        let mut config = config(&self.database, self.folder.path());
        change(&mut config);
        Running::start(config).await.2
    }

    pub(crate) async fn until_body_is_gone(&self, name: &str) {
        let apps = self.apps().await;
        eventually("the body to be gone", PATIENCE, async || {
            let get = admin(GetDeliveryRequest { name: name.to_owned() });
            let found = apps.clone().get_delivery(get).await.expect("there").into_inner();
            found.delivery.expect("a delivery").body.is_empty().then_some(())
        })
        .await;
    }

    /// A gateway with the app `shop` registered, and its repository.
    pub(crate) async fn with_shop() -> (Self, Repository) {
        let world = Self::new().await;
        let shop = world.shop().await;
        (world, shop)
    }

    /// Makes a repository with one commit and registers it as `shop`.
    pub(crate) async fn shop(&self) -> Repository {
        let repository = Repository::new(&self.folder.path().join("shop"));
        repository.commit("first");
        let registered = self.register("shop", &repository.address()).await;
        registered.expect("registered");
        repository
    }

    pub(crate) async fn register(
        &self,
        name: &str,
        repository: &str,
    ) -> Result<CreateAppResponse, tonic::Status> {
        let request = CreateAppRequest {
            app_id: name.to_owned(),
            app: Some(App { repository: repository.to_owned(), ..App::default() }),
            webhook_secret: WEBHOOK_SECRET.to_owned(),
            ..CreateAppRequest::default()
        };
        self.apps().await.create_app(admin(request)).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.api)).expect("an address");
        endpoint.connect().await.expect("the gateway answers")
    }

    pub(crate) async fn apps(&self) -> AppServiceClient<Channel> {
        AppServiceClient::new(self.channel().await)
    }

    pub(crate) async fn tokens(&self) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.channel().await)
    }

    /// The changes of `shop`, oldest first.
    pub(crate) async fn changes(&self) -> Vec<Change> {
        let request = ListChangesRequest { parent: "apps/shop".to_owned(), ..Default::default() };
        let answer = self.apps().await.list_changes(admin(request)).await.expect("listed");
        answer.into_inner().changes.into_iter().rev().collect()
    }

    /// Waits until there are `count` changes of `shop`.
    pub(crate) async fn until_changes(&self, count: usize) -> Vec<Change> {
        eventually(&format!("{count} changes"), PATIENCE, async || {
            Some(self.changes().await).filter(|changes| changes.len() >= count)
        })
        .await
    }

    /// What is in the outbox: the commit of each event.
    pub(crate) async fn said(&self) -> Vec<String> {
        let mut connection =
            PgConnection::connect(&self.database.url()).await.expect("the database");
        sqlx::query_scalar("select envelope #>> '{data,commit}' from bus.outbox order by position")
            .fetch_all(&mut connection)
            .await
            .expect("the outbox")
    }

    /// Waits until everything in the outbox was published.
    pub(crate) async fn until_said(&self) {
        let waiting = "select count(*) from bus.outbox where published_at is null";
        self.until(waiting, 0).await;
    }

    /// Waits until the database tells `number`.
    pub(crate) async fn until(&self, query: &'static str, number: i64) {
        let mut connection =
            PgConnection::connect(&self.database.url()).await.expect("the database");
        eventually(&format!("{query} to be {number}"), PATIENCE, async || {
            let told = sqlx::query_scalar::<_, i64>(query).fetch_one(&mut connection).await;
            (told.expect("a number") == number).then_some(())
        })
        .await;
    }

    /// Delivers as GitHub does.
    pub(crate) async fn deliver(&self, delivery: Delivery) -> Answer {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let request = delivery.request(self.hooks);
        Answer::of(client.request(request).await.expect("an answer").map(Body::new)).await
    }

    /// Delivers the push of `after` to `main`, as it came after `before`.
    pub(crate) async fn push(&self, before: &str, after: &str) -> Answer {
        self.deliver(Delivery::push("refs/heads/main", before, after)).await
    }
}

pub(crate) fn admin<T>(message: T) -> tonic::Request<T> {
    with_token(BOOTSTRAP, message)
}

pub(crate) fn with_token<T>(token: &str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let value = format!("Bearer {token}").parse().expect("printable");
    request.metadata_mut().insert("authorization", value);
    request
}

/// The stable reason of a refusal, with its code.
pub(crate) fn reason(status: &tonic::Status) -> String {
    let reason = service::grpc::status::reason(status).unwrap_or_default();
    format!("{:?} {reason}", status.code())
}

/// An answer to a delivery.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Value,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// Status and outcome, or status and reason of a refusal: `202 accepted`.
    pub(crate) fn short(&self) -> String {
        let text = |field: &str| self.body[field].as_str().map(ToOwned::to_owned);
        let what = text("outcome").or_else(|| text("reason")).unwrap_or_default();
        format!("{} {what}", self.status.as_u16())
    }

    pub(crate) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }
}

/// A delivery as GitHub makes it; tests change what they are about.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub source: String,
    pub method: &'static str,
    pub id: String,
    pub event: String,
    pub content_type: &'static str,
    pub secret: String,
    pub body: Vec<u8>,
}

impl Delivery {
    pub(crate) fn new(event: &str, body: &Value) -> Self {
        Self {
            source: "shop".to_owned(),
            method: "POST",
            id: Uuid::new_v4().to_string(),
            event: event.to_owned(),
            content_type: "application/json",
            secret: WEBHOOK_SECRET.to_owned(),
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn push(git_ref: &str, before: &str, after: &str) -> Self {
        Self::push_saying(git_ref, before, after, "feat: something new\n\nand why")
    }

    pub(crate) fn push_saying(git_ref: &str, before: &str, after: &str, message: &str) -> Self {
        let deleted = after == NOTHING;
        let head = json!({"id": after, "message": message, "timestamp": "2026-11-21T04:00:00Z"});
        let body = json!({
            "ref": git_ref, "before": before, "after": after,
            "created": before == NOTHING, "deleted": deleted, "forced": false,
            "commits": [], "head_commit": if deleted { Value::Null } else { head },
            "repository": {"clone_url": "https://github.com/acme/shop.git", "private": false},
            "pusher": {"name": "ada"}, "sender": {"login": "ada", "id": 1},
        });
        Self::new("push", &body)
    }

    fn request(&self, address: SocketAddr) -> Request<Full<Bytes>> {
        let mut mac =
            Hmac::<sha2::Sha256>::new_from_slice(self.secret.as_bytes()).expect("any key");
        mac.update(&self.body);
        let signature = hex::encode(mac.finalize().into_bytes());
        Request::builder()
            .method(self.method)
            .uri(format!("http://{address}/hooks/{}", self.source))
            .header("content-type", self.content_type)
            .header("user-agent", "GitHub-Hookshot/044aadd")
            .header("x-github-event", &self.event)
            .header("x-github-delivery", &self.id)
            .header("x-hub-signature-256", format!("sha256={signature}"))
            .body(Full::from(self.body.clone()))
            .expect("a request")
    }
}

/// A git repository that apps are registered with.
pub(crate) struct Repository {
    path: PathBuf,
}

impl Repository {
    pub(crate) fn new(path: &Path) -> Self {
        std::fs::create_dir_all(path).expect("a folder");
        let repository = Self { path: path.to_owned() };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    pub(crate) fn address(&self) -> String {
        self.path.display().to_string()
    }

    /// Commits something; returns the commit.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.head("HEAD")
    }

    pub(crate) fn head(&self, name: &str) -> String {
        self.git(&["rev-parse", name])
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@example.com",
                "-c",
                "tag.gpgSign=false",
            ])
            .args(arguments)
            .current_dir(&self.path)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }
}

impl World {
    /// The database is gone, as far as the gateway can see.
    pub(crate) async fn break_database(&self) {
        let url = self.database.url();
        let name = url.rsplit('/').next().expect("a name");
        let mut admin = PgConnection::connect(&cluster()).await.expect("the test database server");
        for statement in [
            format!("alter database {name} with allow_connections false"),
            format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
            ),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut admin).await.expect("broken");
        }
    }
}
