//! Git, by the `git` program: argv only, an environment of our own, one bare mirror per repository.

pub mod command;
pub mod credentials;
pub mod mirror;
pub mod objects;
pub mod remote;
pub mod repository;
pub mod tree;
pub mod verdict;
pub mod write;
