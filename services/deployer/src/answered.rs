//! How the instances of a service answered one request of the manifest. Pure.

use events::ServiceName;
use manifest::Call;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) service: ServiceName,
    /// As `GET /predict`.
    pub(crate) request: String,
    /// How often it was sent, to all of them together.
    pub(crate) sent: usize,
    /// How many answers were as wanted.
    pub(crate) good: usize,
    /// How long the slowest of these took.
    pub(crate) slowest: Duration,
    /// Why one was not as wanted; empty when all were.
    pub(crate) wrong: String,
    /// What is said of its speed beside that of the stable release; empty when that was not compared.
    pub(crate) compared: String,
}

impl Answered {
    /// It was not sent yet.
    pub(crate) fn none(service: &ServiceName, call: &Call) -> Self {
        Self {
            service: service.clone(),
            request: format!("{} {}", call.method(), call.path()),
            sent: 0,
            good: 0,
            slowest: Duration::ZERO,
            wrong: String::new(),
            compared: String::new(),
        }
    }

    /// It was sent once more; how long the answer took if it was as wanted.
    pub(crate) fn count(&mut self, took: Option<Duration>) {
        self.sent += 1;
        self.good += usize::from(took.is_some());
        self.slowest = self.slowest.max(took.unwrap_or_default());
    }

    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.good += other.good;
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// What all instances answered together; each was sent the requests of its service in the same order.
pub(crate) fn together(instances: impl IntoIterator<Item = Vec<Answered>>) -> Vec<Answered> {
    let mut all: BTreeMap<(ServiceName, usize), Answered> = BTreeMap::new();
    for answered in instances {
        for (position, one) in answered.into_iter().enumerate() {
            match all.entry((one.service.clone(), position)) {
                Entry::Occupied(mut known) => known.get_mut().add(&one),
                Entry::Vacant(place) => {
                    place.insert(one);
                }
            }
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::RequestPath;

    /// An instance of `service` that was asked twice, and answered after so many milliseconds, or not as wanted.
    fn instance(service: &str, took: [Option<u64>; 2]) -> Vec<Answered> {
        let service = service.parse().expect("a name");
        let paths = ["/warm", "/hot"].into_iter().zip(took);
        let asked = paths.map(|(path, took)| {
            let call = Call::Get(RequestPath::parse(path).expect("a path"));
            let mut answered = Answered::none(&service, &call);
            answered.count(took.map(Duration::from_millis));
            answered
        });
        asked.collect()
    }

    #[test]
    fn instances_of_a_service_count_together_request_by_request() {
        let instances = [
            instance("web", [Some(5), Some(9)]),
            instance("api", [Some(1), None]),
            instance("web", [Some(7), None]),
        ];
        let told = together(instances).into_iter().map(|one| {
            let slowest = one.slowest.as_millis();
            format!("{} {} {}/{} {slowest}", one.service, one.request, one.good, one.sent)
        });
        let told: Vec<String> = told.collect();
        let wanted = [
            "api GET /warm 1/1 1",
            "api GET /hot 0/1 0",
            "web GET /warm 2/2 7",
            "web GET /hot 1/2 9",
        ];
        assert_eq!(told, wanted);
    }
}
