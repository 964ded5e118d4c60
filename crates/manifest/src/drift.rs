//! What is compared with what was released.

use crate::environment::DriftMode;
use crate::grammar::mapping;
use crate::value::{FeatureName, JsonPointer, PathPrefix, Percent, RelativePath, Schedule};
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
    }
}

mapping! {
    /// Production data, compared with the reference.
    pub struct DataDrift {
        /// When they are compared, in UTC.
        schedule: Schedule = "\"0 2 * * *\"", "every night, when it is quiet";
        /// The data the model was trained on: CSV or Parquet in the repository.
        reference: RelativePath;
        /// What is recorded of the requests.
        capture: Capture;
        /// The job to propose when data drifted; it runs when a person agrees.
        retrain: Option<JobName>;
    }
}

mapping! {
    /// What is recorded of the requests and answers of a service.
    pub struct Capture {
        /// The service.
        service: ServiceName;
        /// The paths.
        path: PathPrefix;
        /// How many of the requests.
        share: Percent = "10%", "shows a distribution and costs little";
        /// Where each feature stands in the JSON of a request.
        features: BTreeMap<FeatureName, JsonPointer>;
        /// Where the prediction stands in the JSON of an answer.
        prediction: Option<JsonPointer>;
    }
}
