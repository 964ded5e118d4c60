//! Runs the crash table, or the rows whose names hold every word given, and tells what came of it.

use anyhow::{Result, ensure};
use stories::crash::{
    CALAMITIES, Calamity, Case, Converged, Ground, Report, STEPS, Stage, Step, cases,
    deliver_through_kills, kill_the_broker,
};

/// What chance follows from.
const SEED: u64 = 20_261_121;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "what a program says")]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| words.iter().all(|word| name.contains(word.as_str()));
    let rows: Vec<Case> = cases().filter(|case| wanted(&case.name())).collect();
    let strikes = STEPS.into_iter().flat_map(|step| CALAMITIES.map(|calamity| (step, calamity)));
    let strikes: Vec<_> =
        strikes.filter(|(step, calamity)| wanted(&name_of(*step, *calamity))).collect();
    let (broker, deliveries) = (wanted("broker kills"), wanted("deliveries kills"));
    let count = rows.len() + strikes.len() + usize::from(broker) + usize::from(deliveries);
    ensure!(count > 0, "nothing has all of {words:?} in its name");
    println!("{count} rows, seed {SEED}");
    if broker {
        println!("{}", kill_the_broker(200, SEED).await);
    }
    if deliveries {
        let delivered = deliver_through_kills(10_000, SEED).await;
        println!("{delivered}");
        ensure!(delivered.lost + delivered.twice == 0, "a webhook was lost or done twice");
    }
    if rows.len() + strikes.len() == 0 {
        return Ok(());
    }
    let mut report = Report::default();
    if !rows.is_empty() {
        let mut stage = Stage::start().await;
        for case in &rows {
            let converged = stage.run(case).await;
            tell(&case.name(), &converged);
            report.add(case.fault.name(), case.step, &converged);
        }
        report.absorbed(stage.world.absorbed().await);
    }
    for ground in Ground::ALL {
        let here: Vec<_> = strikes.iter().filter(|(_, it)| it.ground() == ground).collect();
        if here.is_empty() {
            continue;
        }
        let mut stage = Stage::on(ground).await;
        for (step, calamity) in here {
            let converged = stage.survive(*step, *calamity).await;
            tell(&name_of(*step, *calamity), &converged);
            report.add(calamity.name(), *step, &converged);
        }
        report.absorbed(stage.world.absorbed().await);
    }
    println!("\n{report}");
    Ok(())
}

fn name_of(step: Step, calamity: Calamity) -> String {
    format!("{} {}", step.name, calamity.name())
}

#[expect(clippy::print_stdout, reason = "what a program says")]
fn tell(name: &str, converged: &Converged) {
    println!("{name:<44} {:<12} {:5.1} s", converged.state, converged.took.as_secs_f64());
}
