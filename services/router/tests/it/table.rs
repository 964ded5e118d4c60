//! Route tables, made step by step.

use crate::instance::Instance;
use proto::v1;
use proto::v1::route::Mode;
use std::net::SocketAddr;
use std::time::Duration;

/// The secret of every candidate here.
pub(crate) const TOKEN: &str = "token-of-a-candidate";

/// A route that serves every host and path until something else is said.
#[derive(Clone)]
pub(crate) struct Draft(v1::Route);

pub(crate) fn route(name: &str) -> Draft {
    Draft(v1::Route {
        name: name.to_owned(),
        hosts: vec!["*".to_owned()],
        path_prefix: "/".to_owned(),
        mode: Mode::Serving.into(),
        candidate_token: TOKEN.to_owned(),
        ..v1::Route::default()
    })
}

/// All requests to these instances of one release.
pub(crate) fn to(instances: &[&Instance]) -> Draft {
    route("shop").target(1, instances)
}

impl Draft {
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.0.hosts = vec![host.to_owned()];
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.0.path_prefix);
        self
    }

    pub(crate) fn stripped(mut self) -> Self {
        self.0.strip_prefix = true;
        self
    }

    pub(crate) fn target(mut self, weight: u32, instances: &[&Instance]) -> Self {
        let upstreams = instances.iter().map(|instance| upstream(&instance.id, instance.address));
        self.0.targets.push(v1::Target {
            release: instances[0].release.clone(),
            weight,
            upstreams: upstreams.collect(),
            ..v1::Target::default()
        });
        self
    }

    pub(crate) fn candidate(self, instances: &[&Instance]) -> Self {
        let mut draft = self.target(0, instances);
        draft.last().candidate = true;
        draft
    }

    /// The last target is the candidate, and clients are known by a header.
    pub(crate) fn known_by(mut self, header: &str) -> Self {
        self.last().candidate = true;
        self.0.sticky = Some(v1::Sticky { header: header.to_owned(), ..v1::Sticky::default() });
        self
    }

    /// The last target is the candidate, and gets whatever has this header.
    pub(crate) fn insiders(mut self, header: &str, value: &str) -> Self {
        self.last().candidate = true;
        self.0.insiders.push(v1::Insider {
            header: header.to_owned(),
            values: vec![value.to_owned()],
            ..v1::Insider::default()
        });
        self
    }

    /// An instance that nobody started, first in the last target.
    pub(crate) fn dead(mut self, address: SocketAddr) -> Self {
        self.last().upstreams.insert(0, upstream(&uuid::Uuid::nil().to_string(), address));
        self
    }

    pub(crate) fn h2c(mut self) -> Self {
        self.last().h2c = true;
        self
    }

    /// Every request to these paths is captured.
    pub(crate) fn captured(mut self, path: &str) -> Self {
        self.last().capture = Some(v1::Capture {
            environment: "shop/production".to_owned(),
            release_number: 7,
            model: "sha256:0a".to_owned(),
            path_prefix: path.to_owned(),
            per_million: 1_000_000,
            features: [("amount".to_owned(), "/amount".to_owned())].into(),
            ..v1::Capture::default()
        });
        self
    }

    /// The same, with the prediction in their answers.
    pub(crate) fn predicted(self, path: &str, prediction: &str) -> Self {
        let mut draft = self.captured(path);
        let capture = draft.last().capture.as_mut().expect("it was set");
        capture.prediction = Some(prediction.to_owned());
        draft
    }

    pub(crate) fn mode(mut self, mode: Mode) -> Self {
        self.0.mode = mode.into();
        self
    }

    pub(crate) fn paused(mut self, hold: Duration) -> Self {
        self.0.hold_limit = Some(proto::time::duration(hold));
        self.mode(Mode::Paused)
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.0.response_timeout = Some(proto::time::duration(timeout));
        self
    }

    /// The candidate gets copies of all requests of these methods, if nothing else is `changed`.
    pub(crate) fn shadow(mut self, methods: &[&str], change: impl FnOnce(&mut v1::Shadow)) -> Self {
        let mut shadow = v1::Shadow {
            share_basis_points: 10_000,
            methods: methods.iter().map(ToString::to_string).collect(),
            max_body_bytes: 1024,
            // More than any test asks for: on a busy machine all may be open at once.
            max_copies: 64,
            ..v1::Shadow::default()
        };
        change(&mut shadow);
        self.0.shadow = Some(shadow);
        self
    }

    pub(crate) fn max_body(mut self, bytes: u64) -> Self {
        self.0.max_body_bytes = bytes;
        self
    }

    fn last(&mut self) -> &mut v1::Target {
        self.0.targets.last_mut().expect("a target")
    }
}

fn upstream(id: &str, address: SocketAddr) -> v1::Upstream {
    v1::Upstream { instance: id.to_owned(), address: address.to_string() }
}

pub(crate) fn table(generation: u64, routes: impl IntoIterator<Item = Draft>) -> v1::RouteTable {
    let routes = routes.into_iter().map(|draft| draft.0).collect();
    v1::RouteTable { generation, routes, ..v1::RouteTable::default() }
}
