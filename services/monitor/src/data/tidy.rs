//! Which files of captured requests go: those that are old, and the oldest of too many.

use super::Samples;
use super::file::Sampled;
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct There {
    path: PathBuf,
    hour: DateTime<Utc>,
    bytes: u64,
}

/// Removes what goes of the files below the folder; others are left alone.
pub(super) fn tidy(samples: &Samples, now: DateTime<Utc>) -> std::io::Result<()> {
    let mut files = Vec::new();
    gather(&samples.folder, &mut files)?;
    for path in goes(files, samples, now) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn gather(folder: &Path, files: &mut Vec<There>) -> std::io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, about) = (entry.path(), entry.metadata()?);
        if about.is_dir() {
            gather(&path, files)?;
        } else if let Some(file) = entry.file_name().to_str().and_then(Sampled::of_name) {
            files.push(There { path, hour: file.hour, bytes: about.len() });
        }
    }
    Ok(())
}

/// Pure.
fn goes(mut files: Vec<There>, samples: &Samples, now: DateTime<Utc>) -> Vec<PathBuf> {
    files.sort_by(|a, b| b.hour.cmp(&a.hour).then_with(|| b.path.cmp(&a.path)));
    let mut bytes = 0;
    let stays = |file: &There| {
        bytes += file.bytes;
        let age = (now - file.hour).to_std().unwrap_or_default();
        age <= samples.kept && bytes <= samples.bytes
    };
    let stay = files.iter().map(stays).collect::<Vec<_>>();
    let gone = files.into_iter().zip(stay).filter(|(_, stays)| !stays);
    gone.map(|(file, _)| file.path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use std::time::Duration;

    #[test]
    fn what_is_old_or_too_much_goes() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(100);
        let file = |age: i64| There {
            path: format!("{age}").into(),
            hour: now - TimeDelta::hours(age),
            bytes: 10,
        };
        let samples = |hours, bytes| Samples {
            folder: PathBuf::new(),
            kept: Duration::from_hours(hours),
            bytes,
        };
        let files = vec![file(3), file(1), file(2), file(9)];
        let gone = |hours, bytes| goes(files.clone(), &samples(hours, bytes), now);
        assert_eq!(gone(5, 1_000), [PathBuf::from("9")]);
        assert_eq!(gone(50, 25), [PathBuf::from("3"), PathBuf::from("9")]);
        assert_eq!(gone(50, 40), Vec::<PathBuf>::new());
    }
}
