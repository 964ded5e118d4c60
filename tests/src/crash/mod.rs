//! Cuts releases wherever they can be cut, and looks whether they end right.

mod answered;
mod broker;
mod calamity;
mod checked;
mod deliveries;
mod jobs;
mod lane;
mod promoted;
mod pushed;
mod report;
mod run;
mod scene;
mod sequence;
mod table;

pub use broker::{STALL, Survived, kill_the_broker};
pub use calamity::{CALAMITIES, Calamity, Ground};
pub use deliveries::{Delivered, deliver_through_kills};
pub use lane::{Lane, name_of};
pub use pushed::{KILLED, Killed};
pub use report::Report;
pub use run::{Converged, Stage};
pub use scene::Scene;
pub use table::{
    Case, FAULTS, JOBS, POINTS, PROMOTING, Point, STEPS, Step, cases, jobs, promotions, sample,
    sample_of_jobs,
};
