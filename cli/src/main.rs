//! The program `slipway`.

fn main() -> std::process::ExitCode {
    cli::main()
}
