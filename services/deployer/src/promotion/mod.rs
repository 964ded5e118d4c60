//! Promotion: what was live in one environment for long enough is released in another, with the same digests. Nothing
//! is built and no repository is read: the builder keeps the manifests of what it built.

mod call_off;
mod decide;
mod gate;
mod look;
mod make;

pub(crate) use call_off::call_off;
pub(crate) use decide::{Lived, lacking, told};
pub(crate) use gate::gate;
pub(crate) use look::look;
pub(crate) use make::{Promotion, content, origin};
