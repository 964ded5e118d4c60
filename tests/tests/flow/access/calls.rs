//! Every call of the API, once, on the app shop: what a token may do shows in what it is answered.

use proto::v1::set_traffic_request::Mode;
use proto::v1::{
    AcceptDataDriftRequest, App, ApproveReleaseRequest, CancelBuildRequest, CancelReleaseRequest,
    CheckDataDriftRequest, CheckDriftRequest, CollectBuildsRequest, CollectReleasesRequest,
    CommitFilesRequest, CreateAppRequest, CreateChangeRequest, CreateReleaseRequest,
    CreateTokenRequest, DeleteAppRequest, DeleteSecretRequest, DeleteTokenRequest, GetAppRequest,
    GetBuildRequest, GetCandidateRequest, GetCiRequest, GetDeliveryRequest, GetEnvironmentRequest,
    GetQualityRequest, GetReleaseRequest, GetRunRequest, ListBuildsRequest, ListChangesRequest,
    ListDataDriftRequest, ListDeliveriesRequest, ListJobsRequest, ListRunsRequest,
    ListSecretsRequest, ListTokensRequest, MuteDataDriftRequest, PromoteEnvironmentRequest,
    PromoteReleaseRequest, PublishModelRequest, ReadReferenceRequest, RefuseReleaseRequest,
    ReplayDeliveryRequest, RestoreModelRequest, RetrainRequest, RevealSecretsRequest,
    RollbackEnvironmentRequest, RotateWebhookSecretRequest, RunJobRequest, SetSecretRequest,
    SetTrafficRequest, TellTruthRequest, UnpinReleaseRequest, UpdateAppRequest,
    WatchBuildLogRequest, WatchEventsRequest, WatchLogsRequest, WatchReleasesRequest,
    WatchRunRequest,
};
use stories::Client;
use tonic::Status;

/// What exists: the ids that the platform gave.
#[derive(Debug, Clone)]
pub(super) struct There {
    /// As builds/018f....
    pub(super) build: String,
    /// As deliveries/018f....
    pub(super) delivery: String,
    /// As runs/018f....
    pub(super) run: String,
}

/// Calls, in an order in which each finds what it is about; the ones for administrators last.
pub(super) const CALLS: [&str; 57] = [
    "GetApp",
    "GetCi",
    "ListChanges",
    "ListDeliveries",
    "GetDelivery",
    "ListBuilds",
    "GetBuild",
    "WatchBuildLog",
    "GetEnvironment",
    "GetRelease",
    "WatchReleases",
    "WatchLogs",
    "WatchEvents",
    "ListJobs",
    "ListRuns",
    "GetRun",
    "WatchRun",
    "ListSecrets",
    "CheckDrift",
    "ListDataDrift",
    "GetQuality",
    "CreateRelease, only planned",
    "CreateRelease",
    "CancelRelease",
    "PromoteRelease",
    "PromoteEnvironment",
    "ApproveRelease",
    "RefuseRelease",
    "GetCandidate",
    "CheckDataDrift",
    "AcceptDataDrift",
    "MuteDataDrift",
    "TellTruth",
    "RollbackEnvironment",
    "UnpinRelease",
    "RunJob",
    "Retrain",
    "RestoreModel",
    "SetTraffic",
    "SetSecret",
    "DeleteSecret",
    "CreateChange",
    "ReplayDelivery",
    "CancelBuild",
    "RevealSecrets",
    "CommitFiles",
    "ReadReference",
    "PublishModel",
    "ListTokens",
    "CreateToken",
    "DeleteToken",
    "CreateApp",
    "UpdateApp",
    "RotateWebhookSecret",
    "CollectReleases",
    "CollectBuilds",
    "DeleteApp",
];

const APP: &str = "apps/shop";
const PLACE: &str = "apps/shop/environments/production";
const RELEASE: &str = "apps/shop/environments/production/releases/1";
pub(super) const JOB: &str = "apps/shop/environments/production/jobs/hello";
const SECRET: &str = "apps/shop/environments/production/secrets/KEY";

/// Makes the call; only whether it was refused, and how, is of interest.
pub(super) async fn call(client: Client, there: &There, call: &str) -> Result<(), Status> {
    match call {
        "GetBuild" | "ListBuilds" | "WatchBuildLog" | "CancelBuild" | "CollectBuilds"
        | "CommitFiles" | "ReadReference" => of_builds(client, there, call).await,
        "CheckDataDrift" | "ListDataDrift" | "AcceptDataDrift" | "MuteDataDrift" | "TellTruth"
        | "GetQuality" => of_data(client, call).await,
        "ListSecrets" | "SetSecret" | "DeleteSecret" | "RevealSecrets" => {
            of_secrets(client, call).await
        }
        "ListJobs" | "ListRuns" | "GetRun" | "WatchRun" | "RunJob" | "Retrain" | "RestoreModel" => {
            of_jobs(client, there, call).await
        }
        "ListTokens" | "CreateToken" | "DeleteToken" | "WatchEvents" | "CheckDrift" => {
            of_the_platform(client, call).await
        }
        "GetApp" | "GetCi" | "ListChanges" | "ListDeliveries" | "GetDelivery" | "CreateChange" => {
            of_apps(client, there, call).await
        }
        "PublishModel" => publish(client).await,
        "ReplayDelivery" | "CreateApp" | "UpdateApp" | "RotateWebhookSecret" | "DeleteApp" => {
            to_apps(client, there, call).await
        }
        "ApproveRelease" | "RefuseRelease" | "GetCandidate" | "PromoteEnvironment" => {
            before_all(client, call).await
        }
        _ => of_releases(client, call).await,
    }
}

async fn publish(client: Client) -> Result<(), Status> {
    let parts = futures_util::stream::iter([PublishModelRequest::default()]);
    client.clone().apps.publish_model(parts).await.map(drop)
}

async fn of_apps(client: Client, there: &There, call: &str) -> Result<(), Status> {
    let mut apps = client.apps;
    let (name, parent) = (APP.to_owned(), APP.to_owned());
    match call {
        "GetApp" => apps.get_app(GetAppRequest { name }).await.map(drop),
        "GetCi" => {
            let request = GetCiRequest { parent, commit: "c".repeat(40), required: Vec::new() };
            apps.get_ci(request).await.map(drop)
        }
        "ListChanges" => {
            let request = ListChangesRequest { parent, ..Default::default() };
            apps.list_changes(request).await.map(drop)
        }
        "ListDeliveries" => {
            let request = ListDeliveriesRequest { source: "shop".into(), ..Default::default() };
            apps.list_deliveries(request).await.map(drop)
        }
        "GetDelivery" => {
            let request = GetDeliveryRequest { name: there.delivery.clone() };
            apps.get_delivery(request).await.map(drop)
        }
        _ => {
            let environments = vec!["production".to_owned()];
            let request = CreateChangeRequest { parent, environments, ..Default::default() };
            apps.create_change(request).await.map(drop)
        }
    }
}

async fn to_apps(client: Client, there: &There, call: &str) -> Result<(), Status> {
    let mut apps = client.apps;
    let name = APP.to_owned();
    match call {
        "ReplayDelivery" => {
            let request =
                ReplayDeliveryRequest { name: there.delivery.clone(), ..Default::default() };
            apps.replay_delivery(request).await.map(drop)
        }
        "CreateApp" => apps.create_app(CreateAppRequest::default()).await.map(drop),
        "UpdateApp" => {
            let app = Some(App { name, ..App::default() });
            apps.update_app(UpdateAppRequest { app, ..Default::default() }).await.map(drop)
        }
        "RotateWebhookSecret" => {
            let request = RotateWebhookSecretRequest { name, ..Default::default() };
            apps.rotate_webhook_secret(request).await.map(drop)
        }
        _ => apps.delete_app(DeleteAppRequest { name, ..Default::default() }).await.map(drop),
    }
}

async fn of_builds(client: Client, there: &There, call: &str) -> Result<(), Status> {
    let mut builds = client.builds;
    let name = there.build.clone();
    match call {
        "ListBuilds" => {
            let request = ListBuildsRequest { parent: APP.into(), ..Default::default() };
            builds.list_builds(request).await.map(drop)
        }
        "GetBuild" => builds.get_build(GetBuildRequest { name }).await.map(drop),
        "WatchBuildLog" => {
            let request = WatchBuildLogRequest { name, ..Default::default() };
            builds.watch_build_log(request).await.map(drop)
        }
        "CommitFiles" => {
            let parts = futures_util::stream::iter([CommitFilesRequest::default()]);
            builds.commit_files(parts).await.map(drop)
        }
        "CollectBuilds" => {
            let request = CollectBuildsRequest { validate_only: true, ..Default::default() };
            builds.collect_builds(request).await.map(drop)
        }
        "ReadReference" => {
            let request = ReadReferenceRequest { name, ..Default::default() };
            builds.read_reference(request).await.map(drop)
        }
        _ => {
            let request = CancelBuildRequest { name, ..Default::default() };
            builds.cancel_build(request).await.map(drop)
        }
    }
}

async fn of_releases(client: Client, call: &str) -> Result<(), Status> {
    let mut releases = client.releases;
    let (name, parent) = (PLACE.to_owned(), PLACE.to_owned());
    let release = RELEASE.to_owned();
    let made = CreateReleaseRequest { parent: parent.clone(), ..Default::default() };
    match call {
        "GetEnvironment" => {
            releases.get_environment(GetEnvironmentRequest { name }).await.map(drop)
        }
        "GetRelease" => releases.get_release(GetReleaseRequest { name: release }).await.map(drop),
        "WatchReleases" => {
            let request = WatchReleasesRequest { parent, ..Default::default() };
            releases.watch_releases(request).await.map(drop)
        }
        "WatchLogs" => {
            let request = WatchLogsRequest { name, ..Default::default() };
            releases.watch_logs(request).await.map(drop)
        }
        "CreateRelease" => releases.create_release(made).await.map(drop),
        "CreateRelease, only planned" => {
            let request = CreateReleaseRequest { validate_only: true, ..made };
            releases.create_release(request).await.map(drop)
        }
        "CancelRelease" => {
            let request = CancelReleaseRequest { name: release, ..Default::default() };
            releases.cancel_release(request).await.map(drop)
        }
        "PromoteRelease" => {
            let request = PromoteReleaseRequest { name: release, ..Default::default() };
            releases.promote_release(request).await.map(drop)
        }
        "RollbackEnvironment" => {
            let request = RollbackEnvironmentRequest { name, ..Default::default() };
            releases.rollback_environment(request).await.map(drop)
        }
        "UnpinRelease" => {
            let request = UnpinReleaseRequest { name: release, ..Default::default() };
            releases.unpin_release(request).await.map(drop)
        }
        "CollectReleases" => {
            let request = CollectReleasesRequest { validate_only: true, ..Default::default() };
            releases.collect_releases(request).await.map(drop)
        }
        "SetTraffic" => {
            let mode = Mode::Serving.into();
            let request = SetTrafficRequest { name, mode, ..Default::default() };
            releases.set_traffic(request).await.map(drop)
        }
        other => unreachable!("{other} is no call"),
    }
}

async fn of_jobs(client: Client, there: &There, call: &str) -> Result<(), Status> {
    let mut jobs = client.jobs;
    let (name, parent) = (there.run.clone(), PLACE.to_owned());
    match call {
        "ListJobs" => jobs.list_jobs(ListJobsRequest { parent }).await.map(drop),
        "ListRuns" => {
            let request = ListRunsRequest { parent: APP.into(), ..Default::default() };
            jobs.list_runs(request).await.map(drop)
        }
        "GetRun" => jobs.get_run(GetRunRequest { name }).await.map(drop),
        "WatchRun" => jobs.watch_run(WatchRunRequest { name }).await.map(drop),
        "Retrain" => {
            let request = RetrainRequest { parent, ..Default::default() };
            jobs.retrain(request).await.map(drop)
        }
        "RestoreModel" => {
            let request = RestoreModelRequest { parent, number: 1, ..Default::default() };
            jobs.restore_model(request).await.map(drop)
        }
        _ => {
            let request = RunJobRequest { name: JOB.into(), ..Default::default() };
            jobs.run_job(request).await.map(drop)
        }
    }
}

/// Before a release begins, or has all traffic.
async fn before_all(client: Client, call: &str) -> Result<(), Status> {
    let mut releases = client.releases;
    let name = RELEASE.to_owned();
    match call {
        "ApproveRelease" => {
            let request = ApproveReleaseRequest { name, ..Default::default() };
            releases.approve_release(request).await.map(drop)
        }
        "RefuseRelease" => {
            let request = RefuseReleaseRequest { name, ..Default::default() };
            releases.refuse_release(request).await.map(drop)
        }
        "PromoteEnvironment" => {
            let (name, source) = (PLACE.to_owned(), "staging".to_owned());
            let request = PromoteEnvironmentRequest { name, source, ..Default::default() };
            releases.promote_environment(request).await.map(drop)
        }
        _ => releases.get_candidate(GetCandidateRequest { name: PLACE.into() }).await.map(drop),
    }
}

async fn of_secrets(client: Client, call: &str) -> Result<(), Status> {
    let mut secrets = client.secrets;
    let name = SECRET.to_owned();
    match call {
        "ListSecrets" => {
            let request = ListSecretsRequest { parent: PLACE.into(), ..Default::default() };
            secrets.list_secrets(request).await.map(drop)
        }
        "SetSecret" => {
            let request = SetSecretRequest { name, value: b"value".to_vec(), ..Default::default() };
            secrets.set_secret(request).await.map(drop)
        }
        "DeleteSecret" => {
            let request = DeleteSecretRequest { name, ..Default::default() };
            secrets.delete_secret(request).await.map(drop)
        }
        _ => {
            let request = RevealSecretsRequest { app: "shop".into(), ..Default::default() };
            secrets.reveal_secrets(request).await.map(drop)
        }
    }
}

async fn of_data(client: Client, call: &str) -> Result<(), Status> {
    let mut data = client.data_drift;
    let name = PLACE.to_owned();
    match call {
        "CheckDataDrift" => {
            let request = CheckDataDriftRequest { name, window: None };
            data.check_data_drift(request).await.map(drop)
        }
        "ListDataDrift" => {
            let request = ListDataDriftRequest { name, ..Default::default() };
            data.list_data_drift(request).await.map(drop)
        }
        "AcceptDataDrift" => {
            let request =
                AcceptDataDriftRequest { name, reason: "ok".into(), ..Default::default() };
            data.accept_data_drift(request).await.map(drop)
        }
        "TellTruth" => {
            let request = TellTruthRequest { name, ..Default::default() };
            data.tell_truth(request).await.map(drop)
        }
        "GetQuality" => {
            let request = GetQualityRequest { name, window: None };
            data.get_quality(request).await.map(drop)
        }
        _ => {
            let request = MuteDataDriftRequest { name, ..Default::default() };
            data.mute_data_drift(request).await.map(drop)
        }
    }
}

async fn of_the_platform(client: Client, call: &str) -> Result<(), Status> {
    let (mut tokens, mut events, mut drift) = (client.tokens, client.events, client.drift);
    match call {
        "ListTokens" => tokens.list_tokens(ListTokensRequest::default()).await.map(drop),
        "CreateToken" => tokens.create_token(CreateTokenRequest::default()).await.map(drop),
        "DeleteToken" => {
            let request = DeleteTokenRequest { name: "tokens/none".into(), ..Default::default() };
            tokens.delete_token(request).await.map(drop)
        }
        "CheckDrift" => drift.check_drift(CheckDriftRequest { name: PLACE.into() }).await.map(drop),
        _ => {
            let request = WatchEventsRequest { app: "shop".into(), ..Default::default() };
            events.watch_events(request).await.map(drop)
        }
    }
}
