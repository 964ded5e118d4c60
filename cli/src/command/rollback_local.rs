//! `slipway rollback --local`: asks the router on this host, when nobody else can be asked.

use crate::client::Server;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::Session;
use clap::Args;
use proto::v1::RollBackLocallyRequest;
use proto::v1::router_service_client::RouterServiceClient;
use service::principal::{METADATA, Principal};
use std::path::PathBuf;

/// How the router of this host is reached.
#[derive(Debug, Args)]
pub(crate) struct Local {
    /// Ask the router on this host, without the platform: back to the release whose instances still run
    #[arg(long = "local", conflicts_with_all = ["number", "wait"])]
    pub(crate) is_wanted: bool,
    /// Control address of the router [default: the one that `slipway up` runs here]
    #[arg(long, env = "SLIPWAY_ROUTER_URL", value_name = "URL", hide_env_values = true)]
    router: Option<String>,
    /// File with the internal token [default: the one that `slipway up` made here]
    #[arg(long, env = "SLIPWAY_INTERNAL_TOKEN_FILE", value_name = "FILE", hide_env_values = true)]
    internal_token_file: Option<PathBuf>,
}

impl Local {
    /// Sends all requests of the environment back.
    pub(crate) async fn roll_back(
        self,
        session: &Session,
        environment: String,
        (reason, confirm_irreversible): (String, bool),
    ) -> Result<Exit, Error> {
        let router = self.router.clone().or_else(|| session.local_address("router"));
        let router = router.ok_or_else(|| {
            Error::Usage(
                "no router is known on this host: give its control address with --router"
                    .to_owned(),
            )
        })?;
        let server = Server::new(&router, Some(&self.token(session)?))?;
        let by = format!("{} on the host", session.account());
        let asked = RollBackLocallyRequest {
            environment: environment.clone(),
            by,
            reason,
            confirm_irreversible,
        };
        let answer = server.ask(asked, async |channel, mut request| {
            request.metadata_mut().insert_bin(METADATA, Principal::slipway().encode());
            RouterServiceClient::new(channel).roll_back_locally(request).await
        });
        let rollback = answer.await?.local_rollback.unwrap_or_default();
        session.out.message(&rollback, |rollback| {
            format!(
                "all requests of {environment} go to release {} again; the platform records it when it is back",
                rollback.release
            )
        })?;
        Ok(Exit::Done)
    }

    fn token(&self, session: &Session) -> Result<String, Error> {
        let own = || session.layout().secret("internal-token");
        let path = self.internal_token_file.clone().unwrap_or_else(own);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| Error::Read { path: path.display().to_string(), source })?;
        Ok(text.trim().to_owned())
    }
}
