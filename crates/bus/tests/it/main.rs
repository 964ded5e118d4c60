//! The bus with a real broker and a real Postgres, and everything that can be wrong with a message.

mod again;
mod faults;
mod poison;
mod world;
