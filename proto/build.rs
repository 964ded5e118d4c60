//! Compiles the contracts with a protobuf compiler written in Rust, so that no `protoc` is needed.

use prost::Message;
use std::path::PathBuf;

const CONTRACTS: &[&str] = &[
    "slipway/v1/app.proto",
    "slipway/v1/build.proto",
    "slipway/v1/data_drift.proto",
    "slipway/v1/drift.proto",
    "slipway/v1/event.proto",
    "slipway/v1/instance.proto",
    "slipway/v1/job.proto",
    "slipway/v1/notification.proto",
    "slipway/v1/release.proto",
    "slipway/v1/router.proto",
    "slipway/v1/secret.proto",
    "slipway/v1/token.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=slipway");
    let descriptors = protox::compile(CONTRACTS, ["."])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}
