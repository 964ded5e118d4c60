//! `make demo`: the platform shown on this machine, and its end. Usage: `slipway-demo [stop]`.

use std::process::ExitCode;
use stories::demo;

#[tokio::main]
async fn main() -> ExitCode {
    let wish = std::env::args().nth(1);
    let outcome = match wish.as_deref() {
        None => demo::play().await,
        Some("stop") => demo::stop().await,
        Some(_) => Err(anyhow::anyhow!("usage: slipway-demo [stop]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            demo::tell::failure(&error);
            ExitCode::FAILURE
        }
    }
}
