//! Prints `docs/manifest.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(manifest::reference().as_bytes())
}
