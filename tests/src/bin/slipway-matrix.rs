//! Runs the crash table, or the rows whose names hold every word given, and tells what came of it.

use anyhow::{Result, ensure};
use stories::crash::{
    CALAMITIES, Calamity, Case, Ground, KILLED, Lane, PROMOTING, Report, STALL, STEPS, cases,
    deliver_through_kills, jobs, kill_the_broker, name_of, promotions,
};

/// What chance follows from.
const SEED: u64 = 20_261_121;

#[expect(clippy::print_stdout, reason = "what a program says")]
fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| words.iter().all(|word| name.contains(word.as_str()));
    let (broker, deliveries) = (wanted("broker kills"), wanted("deliveries kills"));
    let (rows, lanes) = lanes(wanted);
    let count = rows + usize::from(broker) + usize::from(deliveries);
    ensure!(count > 0, "nothing has all of {words:?} in its name");
    println!("{count} rows, seed {SEED}");
    if broker {
        let survived = on_a_runtime(kill_the_broker(200, SEED))?;
        println!("{survived}");
        ensure!(survived.stall < STALL, "nothing was handled for too long");
    }
    if deliveries {
        let delivered = on_a_runtime(deliver_through_kills(10_000, SEED))?;
        println!("{delivered}");
        ensure!(delivered.lost + delivered.twice == 0, "a webhook was lost or done twice");
    }
    if rows == 0 {
        return Ok(());
    }
    let report = play(lanes)?;
    println!("\n{report}");
    ensure!(report.is_right(), "not every case ended right");
    Ok(())
}

/// How many cases there are, and in which order, side by side: most of a case is waiting. Engines of one's own are not
/// side by side.
fn lanes(wanted: impl Fn(&str) -> bool) -> (usize, [Vec<Lane>; 4]) {
    let mut cut: Vec<Case> = jobs().chain(cases()).filter(|case| wanted(&case.name())).collect();
    let second_half = cut.split_off(cut.len() / 2);
    let pushed = KILLED.into_iter().filter(|killed| wanted(&killed.name())).collect();
    let promoted = promotions().filter(|case| wanted(&case.name())).collect();
    let struck = |ground: Ground| {
        let all = STEPS.into_iter().flat_map(|step| CALAMITIES.map(|calamity| (step, calamity)));
        let here = all.filter(|(step, it)| it.ground() == ground && wanted(&name_of(*step, *it)));
        Lane::Struck(ground, here.collect())
    };
    let undermined = |ground: Ground| {
        let here = |it: &Calamity| it.ground() == ground && wanted(&name_of(PROMOTING, *it));
        Lane::Undermined(ground, CALAMITIES.into_iter().filter(here).collect())
    };
    let on = |grounds: &[Ground]| -> Vec<Lane> {
        grounds.iter().flat_map(|ground| [struck(*ground), undermined(*ground)]).collect()
    };
    let lanes: [Vec<Lane>; 4] = [
        vec![Lane::Pushed(pushed), Lane::Promoted(promoted), Lane::Cut(cut)],
        vec![Lane::Cut(second_half)],
        on(&[Ground::Engine, Ground::LiveEngine, Ground::SmallEngine]),
        on(&[Ground::Usual, Ground::Clock]),
    ];
    let count = lanes.iter().flatten().map(Lane::len).sum();
    (count, lanes)
}

fn play(lanes: [Vec<Lane>; 4]) -> Result<Report> {
    let threads = lanes.map(|lanes| {
        std::thread::spawn(|| {
            on_a_runtime(async {
                let mut report = Report::default();
                for lane in lanes {
                    Box::pin(lane.play(&mut report)).await;
                }
                report
            })
        })
    });
    let mut report = Report::default();
    for thread in threads {
        let played = thread.join().map_err(|_| anyhow::anyhow!("a platform did not start"))?;
        report = report.and(played?);
    }
    Ok(report)
}

fn on_a_runtime<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}
