//! Environments: what is live and what moves.

use super::{certificate, drift, progress, release, soak, table, time};
use chrono::{DateTime, Utc};
use proto::v1::{Environment, EnvironmentDrift};

/// Many environments, each with what does not run of it by `verdicts`, and with the release that moves.
pub(crate) fn list(
    environments: &[Environment],
    verdicts: &[EnvironmentDrift],
    now: DateTime<Utc>,
) -> String {
    let head = ["ENVIRONMENT", "TRAFFIC", "LIVE", "CONTENT", "SINCE", "SWITCH", "MOVING", "HOSTS"];
    let mut table = table::Table::new(head, "nothing was released yet");
    let verdict_on = |environment: &Environment| {
        verdicts.iter().find(|verdict| verdict.name == environment.name)
    };
    for environment in environments {
        let (live, moving) = (environment.live.as_ref(), environment.moving.as_ref());
        table.row([
            name(environment),
            traffic(environment, verdict_on(environment)),
            live.map_or_else(String::new, |live| format!("#{}", live.number)),
            live.map_or_else(String::new, release::content),
            time::age(environment.live_since_time.as_ref(), now),
            live.and_then(|live| live.certificate.as_ref())
                .map_or_else(String::new, certificate::short),
            moving.map_or_else(String::new, |moving| {
                format!("#{} {}", moving.number, release::state(moving))
            }),
            environment.hosts.join(", "),
        ]);
    }
    let moving = environments.iter().filter_map(|environment| environment.moving.as_ref());
    let blocks = moving.map(|moving| format!("\n{}", progress::block(moving, now).join("\n")));
    let verdicts = environments.iter().filter_map(verdict_on);
    let ill = verdicts.flat_map(|verdict| drift::ill(verdict, now));
    let soaks = environments.iter().filter_map(|it| it.live.as_ref()).flat_map(soak::lines);
    std::iter::once(table.render())
        .chain(ill)
        .chain(soaks)
        .chain(blocks)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What becomes of requests: as it was asked for, and what of the live release does not run.
fn traffic(environment: &Environment, verdict: Option<&EnvironmentDrift>) -> String {
    let mode = &environment.traffic;
    let all = verdict.map_or(0, |verdict| verdict.instance_count);
    match verdict.map_or(0, drift::down) {
        0 => mode.clone(),
        down if down >= all && mode == "serving" => "down".to_owned(),
        down => format!("{mode}, {down} of {all} down"),
    }
}

/// `shop/production`
pub(crate) fn name(environment: &Environment) -> String {
    proto::name::parts(&environment.name, "apps/{app}/environments/{environment}")
        .map_or_else(|_| environment.name.clone(), |parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::{Finding, Liveness};

    fn shop(traffic: &str) -> Environment {
        let name = "apps/shop/environments/production".to_owned();
        Environment { name, traffic: traffic.to_owned(), ..Environment::default() }
    }

    fn finding(instance: &str, reason: &str) -> Finding {
        Finding {
            service: "web".to_owned(),
            instance: instance.to_owned(),
            reason: reason.to_owned(),
            message: format!("container {instance} differs"),
            ..Finding::default()
        }
    }

    fn verdict(instance_count: i32, findings: Vec<Finding>) -> EnvironmentDrift {
        let name = shop("").name;
        EnvironmentDrift { name, instance_count, findings, ..EnvironmentDrift::default() }
    }

    #[test]
    fn an_environment_whose_instances_are_down_does_not_just_serve() {
        let told = |all, findings| traffic(&shop("serving"), Some(&verdict(all, findings)));
        assert_eq!(told(1, vec![]), "serving");
        assert_eq!(told(1, vec![finding("a", "ENV")]), "serving", "another variable is not down");
        assert_eq!(told(1, vec![finding("a", "STOPPED")]), "down");
        assert_eq!(told(2, vec![finding("a", "MISSING")]), "serving, 1 of 2 down");
        assert_eq!(traffic(&shop("paused"), None), "paused");
    }

    #[test]
    fn what_does_not_run_is_named_below() {
        let life = Liveness {
            service: "worker".to_owned(),
            state: "crash_loop".to_owned(),
            message: "GET /health 500".to_owned(),
            ..Liveness::default()
        };
        let verdict = EnvironmentDrift {
            liveness: vec![life],
            ..verdict(2, vec![finding("a", "STOPPED"), finding("b", "ENV")])
        };
        let now = DateTime::UNIX_EPOCH;
        insta::assert_snapshot!(list(&[shop("serving")], &[verdict], now), @r"
        ENVIRONMENT      TRAFFIC               LIVE  CONTENT  SINCE  SWITCH  MOVING  HOSTS
        shop/production  serving, 1 of 2 down
        ✗ shop/production web: container a differs [STOPPED]
        ✗ shop/production worker 0: crash loop: GET /health 500
        ");
    }
}
