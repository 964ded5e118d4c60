//! Cuts releases wherever they can be cut, and looks whether they end right.

mod answered;
mod broker;
mod calamity;
mod checked;
mod deliveries;
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
pub use table::{
    Case, FAULTS, POINTS, PROMOTING, Point, STEPS, Scene, Step, cases, promotions, sample,
};
