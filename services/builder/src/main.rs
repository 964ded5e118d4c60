//! The `slipway-builder` program.

use builder::config::Config;
use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(builder::app::SERVICE, |env, shutdown| async move {
        let builder = builder::app::start(Config::read(env)?).await?;
        tracing::info!(address = %builder.address()?, "listening");
        Box::pin(builder.run(shutdown.token())).await
    })
}
