//! The data plane as users, instances and the deployer see it: real sockets, everything in one process.

mod instance;
mod table;
mod world;

mod bodies;
mod capture;
mod drain;
mod forwarding;
mod http2;
mod limits;
mod measure;
mod modes;
mod restart;
mod retry;
mod routing;
mod shadow;
mod shutdown;
mod swap;
mod tunnel;
