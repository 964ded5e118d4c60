//! End-to-end stories: what a team does, and what its users see.

mod access;
mod apps;
mod away;
mod builds;
mod canary;
mod cli;
mod drift;
mod drift_adopt;
mod drift_heal;
mod drift_live;
mod engine;
mod faults;
mod flood;
mod follow;
mod jobs;
mod lives;
mod manifests;
mod push;
mod services;
mod tell;
mod traces;
mod traffic;
mod twice;
mod verified;
mod watched;
mod webhooks;
