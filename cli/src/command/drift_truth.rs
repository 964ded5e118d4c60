//! `slipway drift truth` and `show`: what was true of captured predictions, how good models are by that, and whether what they are
//! asked changed.

use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print::drift_truth as print;
use crate::session::Session;
use clap::Args;
use proto::v1::data_drift::Verdict as Drift;
use proto::v1::data_drift_service_client::DataDriftServiceClient;
use proto::v1::model_quality::Verdict;
use proto::v1::{GetQualityRequest, TellTruthRequest, TellTruthResponse, TruthOf};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Truths that are told at once.
const AT_ONCE: usize = 5_000;
/// Hours of a window nobody says.
const WEEK: u64 = 7 * 24;

/// What was true.
#[derive(Debug, Args)]
pub(super) struct Truth {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// A CSV file with the columns `key` and `truth`
    file: PathBuf,
}

/// Where, and how far back.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// How many hours are compared with what was before
    #[arg(long, value_name = "HOURS", default_value_t = WEEK)]
    window: u64,
}

pub(super) async fn tell(session: &Session, it: Truth) -> Result<Exit, Error> {
    let name = proto::name::environment(&it.app, &it.environment);
    let truths = read(&it.file)?;
    let server = session.server()?;
    let mut all = TellTruthResponse::default();
    for truths in truths.chunks(AT_ONCE) {
        let question = TellTruthRequest {
            name: name.clone(),
            truths: truths.to_vec(),
            request_id: request_id(),
        };
        let told = server.ask(question, async |channel, question| {
            DataDriftServiceClient::new(channel).tell_truth(question).await
        });
        let told = told.await?;
        all.known_count += told.known_count;
        all.unknown_count += told.unknown_count;
    }
    session.out.message(&all, print::told)?;
    Ok(Exit::Done)
}

pub(super) async fn show(session: &Session, it: Show) -> Result<Exit, Error> {
    let name = proto::name::environment(&it.app, &it.environment);
    let window = Duration::from_secs(it.window.saturating_mul(3_600));
    let question = GetQualityRequest { name, window: Some(proto::time::duration(window)) };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DataDriftServiceClient::new(channel).get_quality(question).await
    });
    let answer = answer.await?;
    session.out.message(&answer, print::shown)?;
    // The newest model is the one that answers.
    let is_worse = answer.models.first().is_some_and(|model| model.verdict() == Verdict::Worse);
    let has_drifted = answer.data_drift.as_ref().is_some_and(|it| it.verdict() == Drift::Drift);
    Ok(if is_worse || has_drifted { Exit::Failed } else { Exit::Done })
}

fn read(path: &Path) -> Result<Vec<TruthOf>, Error> {
    let name = path.display();
    let usage = |error: csv::Error| Error::Usage(format!("{name}: {error}"));
    let mut reader = csv::Reader::from_path(path).map_err(usage)?;
    let head = reader.headers().map_err(usage)?;
    let column = |wanted: &str| head.iter().position(|name| name.trim() == wanted);
    let (Some(key), Some(truth)) = (column("key"), column("truth")) else {
        let told = format!("{name}: the first line must name the columns `key` and `truth`");
        return Err(Error::Usage(told));
    };
    let mut truths = Vec::new();
    for row in reader.records() {
        let row = row.map_err(usage)?;
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        truths.push(TruthOf {
            key: cell(key).to_owned(),
            is: Some(proto::truth::of_text(cell(truth))),
        });
    }
    Ok(truths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::truth_of;
    use std::io::Write;

    fn of(text: &str) -> Result<Vec<TruthOf>, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("is written");
        read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_has_keys_and_what_was_true() {
        let truth = |key: &str, is| TruthOf { key: key.to_owned(), is: Some(is) };
        let read = of("at,key,truth\n1,a,true\n2,b,0\n3,c,DE\n").expect("readable");
        let wanted = [
            truth("a", truth_of::Is::Flag(true)),
            truth("b", truth_of::Is::Number(0.0)),
            truth("c", truth_of::Is::Text("DE".to_owned())),
        ];
        assert_eq!(read, wanted);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let why = of("key,label\na,1\n").expect_err("no truth");
        assert!(why.ends_with("the first line must name the columns `key` and `truth`"), "{why}");
        assert!(of("key,truth\na\n").is_err());
    }
}
