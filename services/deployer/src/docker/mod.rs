//! The Docker engine: networks, volumes, images, instances. Every effect is create-or-adopt and may run twice;
//! what carries other labels than ours is never touched; every call has a deadline.

mod archive;
mod config;
mod disk;
mod engine;
mod error;
mod exec;
mod facts;
mod image;
mod instance;
pub mod label;
pub mod listening;
mod log_line;
mod logs;
mod network;
mod rename;
mod running;
mod secret_file;
mod stop;
mod volume;

pub use archive::Packed;
pub(crate) use config::container as engine_body;
pub use disk::Capacity;
pub use engine::Engine;
pub use error::EngineError;
pub use exec::ExecOutput;
pub use facts::{Health, InstanceFacts, Labelled};
pub use image::{Credentials, ImageFacts};
pub use instance::Created;
pub use log_line::{LogLine, Mask, clean};
pub use logs::{LogError, Since};
pub use network::LabelledNetwork;
pub(crate) use running::Running;
pub use stop::{Stage, StopReport};
pub use volume::LabelledVolume;
