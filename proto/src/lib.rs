//! The gRPC contracts of `slipway.v1` as Rust code, resource names, and time and truths on the wire.

pub mod name;
pub mod time;
pub mod truth;

/// Messages, clients and servers of package `slipway.v1`, generated from `proto/slipway/v1`.
#[expect(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
pub mod v1 {
    tonic::include_proto!("slipway.v1");
}

/// The descriptors of every contract, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
