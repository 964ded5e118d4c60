//! The `slipway-gateway` program.

use anyhow::Context;
use std::process::ExitCode;

fn main() -> ExitCode {
    service::main("gateway", |env, shutdown| async move {
        let config = gateway::Config::read(env)?;
        let gateway = gateway::start(config).await.context("start the gateway")?;
        Box::pin(gateway.run(shutdown.token())).await.context("run the gateway")
    })
}
