//! Special functions, exact to about twelve digits, in the tails, too, where probabilities are small. Error and gamma
//! functions are libm's.

pub(crate) mod bessel;
pub(crate) mod binomial;
pub(crate) mod gamma;
pub(crate) mod kolmogorov;
pub(crate) mod normal;
pub(crate) mod student;
