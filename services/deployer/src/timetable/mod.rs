//! Jobs by the clock: when each is due next is a row, made when its release goes live; what is due becomes an errand, by
//! the clock of the database, once for each time whoever looks.

mod keep;
mod run;
mod take;

pub(crate) use keep::keep;
pub(crate) use run::run;
