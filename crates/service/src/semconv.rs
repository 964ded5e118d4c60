//! Names of attributes, as OpenTelemetry's conventions 1.42 have them. What may still be renamed there
//! is renamed here, in one place.

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => { $($(#[$doc])* pub const $name: &str = $text;)* };
}

/// The version of the conventions these names are from.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

names! {
    /// Name of a pipeline: `<app>/<environment>`.
    PIPELINE_NAME = "cicd.pipeline.name",
    /// `BUILD`, `RUN` or `SYNC`.
    PIPELINE_ACTION = "cicd.pipeline.action.name",
    /// Identity of a run: the release or the build.
    PIPELINE_RUN_ID = "cicd.pipeline.run.id",
    /// `success`, `failure`, `error`, `timeout`, `cancellation` or `skip`.
    PIPELINE_RESULT = "cicd.pipeline.result",
    /// Name of a step.
    TASK_NAME = "cicd.pipeline.task.name",
    /// Identity of a step.
    TASK_RUN_ID = "cicd.pipeline.task.run.id",
    /// How a step ended, as [`PIPELINE_RESULT`].
    TASK_RUN_RESULT = "cicd.pipeline.task.run.result",
    /// `build`, `test`, `deploy`, `verify`, `approve` or `rollback`.
    TASK_TYPE = "cicd.pipeline.task.type",
    /// The commit.
    REVISION = "vcs.ref.head.revision",
    /// Branch or tag.
    REF_NAME = "vcs.ref.head.name",
    /// The environment.
    ENVIRONMENT = "deployment.environment.name",
    /// Identity of a deployment.
    DEPLOYMENT_ID = "deployment.id",
    /// `succeeded` or `failed`.
    DEPLOYMENT_STATUS = "deployment.status",
    /// What the registry says an image is.
    IMAGE_DIGEST = "oci.manifest.digest",
    /// A low-cardinality reason, only on errors.
    ERROR_TYPE = "error.type",
    /// `nats`.
    MESSAGING_SYSTEM = "messaging.system",
    /// `publish`, `process`, ...
    MESSAGING_OPERATION = "messaging.operation.name",
    /// The subject with its variable parts left out.
    MESSAGING_TEMPLATE = "messaging.destination.template",
    /// The consumer.
    MESSAGING_GROUP = "messaging.consumer.group.name",
    /// `Nats-Msg-Id`.
    MESSAGING_MESSAGE_ID = "messaging.message.id",
    /// `grpc`.
    RPC_SYSTEM = "rpc.system.name",
    /// `package.Service/Method`.
    RPC_METHOD = "rpc.method",
    /// As `OK` or `NOT_FOUND`; called `rpc.status_code` from 1.45 on.
    RPC_STATUS = "rpc.response.status_code",
    /// The app; ours.
    APP = "slipway.app",
    /// The release; ours.
    RELEASE_ID = "slipway.release.id",
    /// The strategy; ours.
    STRATEGY = "slipway.release.strategy",
}
