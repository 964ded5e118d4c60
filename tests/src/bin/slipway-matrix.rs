//! Runs the crash table, or the rows whose names hold every word given, and tells what came of it.

use anyhow::{Result, ensure};
use stories::crash::{Case, Report, Stage, cases};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "what a program says")]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |case: &Case| words.iter().all(|word| case.name().contains(word.as_str()));
    let rows: Vec<Case> = cases().filter(wanted).collect();
    ensure!(!rows.is_empty(), "no row of the crash table has all of {words:?} in its name");
    println!("{} rows", rows.len());
    let mut stage = Stage::start().await;
    let mut report = Report::default();
    for case in &rows {
        let converged = stage.run(case).await;
        println!(
            "{:<44} {:<12} {:5.1} s",
            case.name(),
            converged.state,
            converged.took.as_secs_f64()
        );
        report.add(case, &converged);
    }
    println!("\n{report}");
    Ok(())
}
