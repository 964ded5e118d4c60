//! What becomes of whole files: of real ones, of hard ones, and of garbage.

mod examples;
mod keys;
mod properties;
mod refused;
mod samples;
mod small;
mod support;
