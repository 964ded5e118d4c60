//! How long what is live was live for where it goes on to.

use super::last;
use proto::v1::{Release, Soak};

/// A line for each environment that it goes on to.
pub(crate) fn lines(release: &Release) -> Vec<String> {
    let line = |Soak { environment, told, .. }: &Soak| {
        format!("  → {}/{}: {told}", release.app, last(environment))
    };
    release.soaks.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_for_each_environment() {
        let soak = Soak {
            environment: "apps/shop/environments/production".to_owned(),
            told: "release 4 of staging has been live for 12m of 1h, and comes by itself in 48m"
                .to_owned(),
            soaked_time: None,
        };
        let release = Release { app: "shop".to_owned(), soaks: vec![soak], ..Release::default() };
        insta::assert_snapshot!(lines(&release).join("\n"), @"  → shop/production: release 4 of staging has been live for 12m of 1h, and comes by itself in 48m");
        assert!(lines(&Release::default()).is_empty());
    }
}
