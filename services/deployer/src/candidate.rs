//! The instances of a release as Slipway itself asks them, before users do.

use crate::app::App;
use crate::db::instance;
use crate::db::release::Release;
use crate::member;
use events::ServiceName;
use manifest::Resolved;
use std::net::SocketAddr;

/// An instance that can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) service: ServiceName,
    pub(crate) replica: u32,
    pub(crate) container_id: String,
    pub(crate) address: SocketAddr,
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.service, self.replica)
    }
}

/// Those that serve HTTP and were ready when they were last looked at.
pub(crate) async fn instances(app: &App, release: &Release) -> Result<Vec<Asked>, sqlx::Error> {
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await?;
    let own = member::of_content(&release.content, &all);
    let asked =
        own.into_iter().filter(|instance| instance.state == "ready").filter_map(|instance| {
            let address = instance.address.as_deref().and_then(|address| address.parse().ok())?;
            let container_id = instance.container_id?;
            Some(Asked {
                service: instance.service,
                replica: instance.replica,
                container_id,
                address,
            })
        });
    Ok(asked.collect())
}

/// Where a job finds the candidate that it tries: the instances of its service, or, where that serves nothing, of the
/// one that answers the shortest path; and an instance of each service by its name.
pub(crate) fn variables(
    resolved: &Resolved,
    service: &ServiceName,
    instances: &[Asked],
) -> Vec<(String, String)> {
    let of = |service: &ServiceName| -> Vec<String> {
        let own = instances.iter().filter(|instance| instance.service == *service);
        own.map(|instance| format!("http://{}", instance.address)).collect()
    };
    let front = resolved.routes.last().map(|route| &route.service);
    let tried = [Some(service), front].into_iter().flatten().map(of).find(|all| !all.is_empty());
    let tried = tried.unwrap_or_default();
    let own = tried.first().cloned().map(|first| {
        [("SLIPWAY_CANDIDATE_URL", first), ("SLIPWAY_CANDIDATE_URLS", tried.join(" "))]
    });
    let named = resolved.services.keys().filter_map(|service| {
        let name = service.as_str().to_uppercase().replace('-', "_");
        Some((format!("SLIPWAY_CANDIDATE_URL_{name}"), of(service).into_iter().next()?))
    });
    let own = own.into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
    own.chain(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "
app: shop
services:
  api: { image: api, replicas: 2, http: { port: 8000, path_prefix: /api } }
  front-end: { image: front, http: { port: 80, path_prefix: / } }
  tests: { image: tests, replicas: 0 }
environments: { production: { track: { branch: main } } }
";

    fn told(service: &str) -> String {
        let manifest = manifest::parse(MANIFEST).expect("a manifest");
        let production = "production".parse().expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &production).expect("resolves");
        let asked = |(service, replica, address): (&str, u32, &str)| Asked {
            service: service.parse().expect("a name"),
            replica,
            container_id: String::new(),
            address: address.parse().expect("an address"),
        };
        let all = [
            ("api", 0, "10.0.0.2:8000"),
            ("api", 1, "10.0.0.3:8000"),
            ("front-end", 0, "10.0.0.4:80"),
        ];
        let variables = variables(&resolved, &service.parse().expect("a name"), &all.map(asked));
        let lines = variables.into_iter().map(|(name, value)| format!("{name}={value}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_job_is_told_where_the_candidate_of_its_service_is() {
        insta::assert_snapshot!(told("api"), @"
        SLIPWAY_CANDIDATE_URL=http://10.0.0.2:8000
        SLIPWAY_CANDIDATE_URLS=http://10.0.0.2:8000 http://10.0.0.3:8000
        SLIPWAY_CANDIDATE_URL_API=http://10.0.0.2:8000
        SLIPWAY_CANDIDATE_URL_FRONT_END=http://10.0.0.4:80
        ");
    }

    #[test]
    fn a_job_in_an_image_of_tests_is_told_where_users_will_come_in() {
        assert!(told("tests").starts_with("SLIPWAY_CANDIDATE_URL=http://10.0.0.4:80\n"));
    }
}
