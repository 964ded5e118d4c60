//! The `slipway-monitor` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main("monitor", async |env, shutdown| {
        let monitor = monitor::start(monitor::Config::read(env)?).await?;
        monitor.run(shutdown.token()).await
    })
}
