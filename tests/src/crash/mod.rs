//! Cuts releases wherever they can be cut, and looks whether they end right.

mod calamity;
mod report;
mod run;
mod sequence;
mod table;

pub use calamity::{CALAMITIES, Calamity};
pub use report::Report;
pub use run::{Converged, Stage};
pub use table::{Case, FAULTS, POINTS, Point, STEPS, Scene, Step, cases, sample};
