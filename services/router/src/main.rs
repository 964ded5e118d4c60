//! The `slipway-router` program.

use router::Config;
use std::process::ExitCode;

fn main() -> ExitCode {
    service::main("slipway-router", |env, shutdown| async move {
        let router = router::start(Config::read(env)?).await?;
        router.run(shutdown.token()).await?;
        Ok(())
    })
}
