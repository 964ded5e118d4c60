//! The `slipway-deployer` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(deployer::NAME, |env, shutdown| async move {
        let deployer = deployer::start(deployer::Config::read(env)?).await?;
        Box::pin(deployer.run(shutdown.token())).await
    })
}
