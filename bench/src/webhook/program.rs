//! The gateway as users run it, with a broker to which it publishes, and the app `shop` registered.

use anyhow::{Context, Result};
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::{App, CreateAppRequest};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use testkit::{Loopback, Nats};
use tokio::process::{Child, Command};

/// The webhook secret of `shop`.
pub(super) const SECRET: &str = "a secret that GitHub knows";
const TOKEN: &str = "bootstrap-token-of-the-bench";

/// A running gateway; ends with this value.
pub(super) struct Program {
    /// Where webhooks arrive.
    pub hooks: SocketAddr,
    _child: Child,
    _folder: tempfile::TempDir,
    _nats: Nats,
}

impl Program {
    /// Starts it on an empty database.
    pub(super) async fn start(program: &Path, database: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a directory")?;
        let host = Loopback::unused();
        let (hooks, api) = (host.port(8800), host.port(8801));
        let nats = Nats::start(Path::new(&testkit::variable("SLIPWAY_TEST_NATS_SERVER")), host);
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new(program)
            .env("SLIPWAY_GATEWAY_HOOKS_ADDRESS", hooks.to_string())
            .env("SLIPWAY_GATEWAY_ADDRESS", api.to_string())
            .env("SLIPWAY_DATABASE_URL", database)
            .env("SLIPWAY_NATS_URL", nats.url())
            .env("SLIPWAY_INTERNAL_TOKEN", "internal-token-of-the-bench")
            .env("SLIPWAY_BOOTSTRAP_TOKEN", TOKEN)
            .env("SLIPWAY_DATA", folder.path().join("data"))
            .env("SLIPWAY_ALLOW_LOCAL_REPOSITORIES", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        register(api, &folder.path().join("shop")).await?;
        Ok(Self { hooks, _child: child, _folder: folder, _nats: nats })
    }
}

async fn register(api: SocketAddr, repository: &Path) -> Result<()> {
    let made = Command::new("git").args(["init", "--quiet", "--bare"]).arg(repository).status();
    anyhow::ensure!(made.await.context("running git")?.success(), "git init failed");
    let until_it_answers = async {
        loop {
            match AppServiceClient::connect(format!("http://{api}")).await {
                Ok(apps) => return apps,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    let answering = tokio::time::timeout(Duration::from_secs(30), until_it_answers).await;
    let mut apps = answering.context("the gateway does not answer")?;
    let app = App { repository: repository.display().to_string(), ..App::default() };
    let mut request = tonic::Request::new(CreateAppRequest {
        app_id: "shop".to_owned(),
        app: Some(app),
        webhook_secret: SECRET.to_owned(),
        ..CreateAppRequest::default()
    });
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse()?);
    apps.create_app(request).await.context("registering the app")?;
    Ok(())
}
