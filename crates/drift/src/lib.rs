//! Whether data changed: the columns of a table against those of its reference, by tests and distances with names, and
//! what follows for the column and the whole.
//!
//! Invariants: no data make a panic; what cannot be computed says why and is no verdict; below a least number of rows
//! nothing is ever called unchanged. The methods are in `docs/drift-data.md`.

mod anderson;
mod bins;
mod categories;
mod chi_square;
mod column;
mod cramer;
mod distance;
mod divergence;
mod effect;
mod epps;
mod evidently;
mod finding;
mod fisher;
mod judge;
mod kind;
mod kolmogorov;
mod mann_whitney;
mod measure;
mod method;
mod number;
mod outline;
mod picture;
mod proportion;
mod report;
mod retyped;
mod row_numbers;
mod special;
mod student;
mod sum;
mod summary;
mod suspicion;
mod tally;
mod ties;
mod variation;
mod verdict;

pub use column::{Column, Content, Form, Numbers, Texts};
pub use finding::{Code, Finding, Gravity};
pub use judge::{Judge, LEAST_VALUES, Pair};
pub use kind::{Kind, UnknownKind};
pub use method::{Method, Methods, UnknownMethod};
pub use number::Number;
pub use outline::Outline;
pub use report::{ColumnReport, Dataset, Mode, Plot, Report, Row, Verdict};
pub use summary::{Beyond, Cell, Moments, Summary};
pub use tally::Tally;

/// A count as a real number; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of rows fit in 52 bits")]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}
