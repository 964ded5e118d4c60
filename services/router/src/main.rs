//! The `slipway-router` program.

use router::Config;
use std::process::ExitCode;

/// Requests are made of many small pieces that live equally long: this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    service::main("slipway-router", |env, shutdown| async move {
        let router = router::start(Config::read(env)?).await?;
        router.run(shutdown.token()).await?;
        Ok(())
    })
}
