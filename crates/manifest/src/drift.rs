//! What is compared with what was released.

use crate::environment::DriftMode;
use crate::grammar::{choice, mapping};
use crate::read::{Reading, default_of};
use crate::truth::Truth;
use crate::value::{
    FeatureName, Glob, JsonPointer, PathPrefix, Percent, RelativePath, Schedule, Span,
};
use events::{JobName, ServiceName};
use std::collections::BTreeMap;

mapping! {
    /// What is compared with what was released.
    pub struct Drift {
        /// What runs, with what was released.
        runtime: RuntimeDrift = "{}", "its keys have defaults of their own";
        /// The data that come in, with those the model was trained on.
        data: Option<DataDrift>;
    }
}

mapping! {
    /// What runs, compared with what was released.
    pub struct RuntimeDrift short "mode" {
        /// What is done about a difference.
        mode: DriftMode = "notify", "nothing changes that nobody asked to change";
        /// What may differ.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ignore: Vec<Ignore>;
    }
}

mapping! {
    /// Fields that somebody else may change, by their names in `slipway drift`.
    pub struct Ignore short "field" {
        /// A pattern for fields: `env.FEATURE_*`, `limits.memory`.
        field: Glob;
        /// Only of this service.
        service: Option<ServiceName>;
    }
}

impl RuntimeDrift {
    /// Whether `field` of an instance of `service` may differ.
    pub fn ignores(&self, service: Option<&ServiceName>, field: &str) -> bool {
        self.ignore.iter().any(|rule| {
            let concerns = rule.service.is_none() || rule.service.as_ref() == service;
            concerns && rule.field.matches(field)
        })
    }
}

mapping! {
    /// What is compared otherwise in one environment.
    pub struct DriftOverride short "mode" {
        /// What is done about a difference in what runs. Where it or `ignore` stands, nothing of the app's `drift.runtime`
        /// counts here; beside `ignore` it may be left out, and is `notify`.
        mode: Option<DriftMode>;
        /// What may differ in what runs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ignore: Vec<Ignore>;
        /// What is otherwise about the data that come in.
        data: Option<DataDriftOverride>;
    }
}

mapping! {
    /// How production data are compared otherwise in one environment.
    pub struct DataDriftOverride {
        /// When they are compared here, in UTC, instead of by the app's `drift.data.schedule`.
        schedule: Schedule;
    }
}

impl DriftOverride {
    /// What is done here when what runs differs, if that is said.
    pub(crate) fn runtime(&self) -> Option<RuntimeDrift> {
        let is_said = self.mode.is_some() || !self.ignore.is_empty();
        let usual: RuntimeDrift = default_of("{}", &mut Reading::default());
        let mode = self.mode.unwrap_or(usual.mode);
        is_said.then(|| RuntimeDrift { mode, ignore: self.ignore.clone() })
    }

    /// When data are compared here, if that is said.
    pub(crate) fn schedule(&self) -> Option<&Schedule> {
        self.data.as_ref().map(|data| &data.schedule)
    }
}

mapping! {
    /// Production data, compared with the reference.
    pub struct DataDrift {
        /// When they are compared, in UTC, unless the environment says otherwise.
        schedule: Schedule = "\"0 2 * * *\"", "every night, when it is quiet";
        /// How far back they are compared, in whole hours; left out, a day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<Span>;
        /// The data the model was trained on: CSV or Parquet in the repository.
        reference: RelativePath;
        /// What is recorded of the requests.
        capture: Capture;
        /// What was true of the predictions, told later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        truth: Option<Truth>;
        /// What makes the model anew when data drifted, or it got worse, and who decides that; a commit is released by the mode
        /// of the default branch.
        retrain: Option<Retrain>;
    }
}

mapping! {
    /// The job that makes the model anew when data drifted, or it got worse.
    pub struct Retrain short "job" {
        /// The job; without one, the only one that commits.
        job: Option<JobName>;
        /// Who decides that it runs.
        mode: RetrainMode = "propose", "a machine changes nothing that nobody agreed to";
        /// How often it runs without being asked for; what is more waits for a person.
        budget: Budget = "{}", "its keys have defaults of their own";
        /// What it answers.
        #[serde(default = "RetrainOn::usual", skip_serializing_if = "RetrainOn::are_usual")]
        on: Vec<RetrainOn> = "[data]", "a model that got worse while its requests are as they were may be broken";
    }
}

choice! {
    /// What a retraining answers.
    pub enum RetrainOn {
        /// Requests that are not like the reference.
        Data = "data",
        /// A model that got worse by what was true of its predictions.
        Quality = "quality",
    }
}

impl RetrainOn {
    fn usual() -> Vec<Self> {
        vec![Self::Data]
    }

    /// Releases from before it are equal to those that say nothing of it.
    fn are_usual(on: &[Self]) -> bool {
        on == [Self::Data]
    }
}

choice! {
    /// Who decides that a model is made anew.
    pub enum RetrainMode {
        /// Who is told of the drift is told the command, too.
        Propose = "propose",
        /// A run waits until somebody agrees.
        Approval = "approval",
        /// It runs, as often as the budget allows.
        Automatic = "automatic",
    }
}

mapping! {
    /// How often something may be done without being asked for.
    pub struct Budget {
        /// So often.
        count: u32 = "1", "a second drift of the same week is for a person to look at";
        /// In this time.
        within: Span = "7d", "a second drift of the same week is for a person to look at";
    }
}

mapping! {
    /// What is recorded of the requests and answers of a service.
    pub struct Capture {
        /// The service.
        service: ServiceName;
        /// The paths: this one and all below it.
        path: PathPrefix;
        /// How many of the requests.
        share: Percent = "10%", "shows a distribution and costs little";
        /// Where each feature stands in the JSON of a request.
        features: BTreeMap<FeatureName, JsonPointer>;
        /// Where the prediction stands in the JSON of an answer.
        prediction: Option<JsonPointer>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(yaml: &str) -> RuntimeDrift {
        default_of(yaml, &mut Reading::default())
    }

    #[test]
    fn a_rule_is_for_all_services_or_for_one() {
        let rules = rules("{ ignore: [limits.*, { field: env.MODE, service: web }] }");
        let web = ServiceName::parse("web").expect("valid");
        assert!(rules.ignores(None, "limits.memory") && rules.ignores(Some(&web), "env.MODE"));
        assert!(!rules.ignores(None, "env.MODE") && !rules.ignores(Some(&web), "env.MODEL"));
    }

    #[test]
    fn an_environment_that_says_only_when_leaves_what_is_done_to_the_app() {
        let here = |yaml: &str| -> DriftOverride { default_of(yaml, &mut Reading::default()) };
        let nightly = here("{ data: { schedule: \"30 3 * * *\" } }");
        assert_eq!(nightly.schedule().map(Schedule::as_str), Some("30 3 * * *"));
        assert_eq!(nightly.runtime(), None);
        let mode = |yaml: &str| here(yaml).runtime().map(|runtime| runtime.mode);
        assert_eq!(mode("heal"), Some(DriftMode::Heal));
        assert_eq!(mode("{ ignore: [labels.*] }"), Some(DriftMode::Notify));
    }

    #[test]
    fn what_was_stored_without_rules_is_read_and_written_as_it_was() {
        let stored = r#"{"mode":"notify"}"#;
        let read: RuntimeDrift = serde_json::from_str(stored).expect("readable");
        assert_eq!(serde_json::to_string(&read).expect("JSON"), stored);
    }
}
