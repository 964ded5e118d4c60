//! `slipway.v1.SecretService`: set and listed by people, shown to no person.

use super::Secrets;
use super::read::database;
use crate::app::App;
use crate::db::secret::{self, NewVersion, Version};
use events::{AppName, EnvironmentName, SecretName};
use proto::name::parts;
use proto::v1::secret_service_server::SecretService;
use proto::v1::{
    DeleteSecretRequest, DeleteSecretResponse, ListSecretsRequest, ListSecretsResponse,
    RevealSecretsRequest, RevealSecretsResponse, Secret, SetSecretRequest, SetSecretResponse,
};
use service::grpc::page::Page;
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use std::collections::HashMap;
use tonic::{Request, Response, Status, async_trait};
use zeroize::Zeroizing;

/// Largest value, in bytes.
const LARGEST: usize = 64 * 1024;

/// Which secret: of one environment, or of all.
struct Name {
    app: AppName,
    environment: Option<EnvironmentName>,
    secret: SecretName,
}

impl Name {
    fn parse(name: &str) -> Result<Self, Status> {
        let invalid = |error: String| status::invalid("name", error);
        let in_app = parts(name, "apps/{app}/secrets/{secret}");
        let pattern = "apps/{app}/environments/{environment}/secrets/{secret}";
        let (app, environment, secret) = if let Ok(found) = in_app {
            (found[0], None, found[1])
        } else {
            let found = parts(name, pattern).map_err(|error| invalid(error.to_string()))?;
            (found[0], Some(found[1]), found[2])
        };
        let environment = environment.map(EnvironmentName::parse).transpose();
        Ok(Self {
            app: AppName::parse(app).map_err(|error| invalid(error.to_string()))?,
            environment: environment.map_err(|error| invalid(error.to_string()))?,
            secret: SecretName::parse(secret).map_err(|error| invalid(error.to_string()))?,
        })
    }

    fn environment_text(&self) -> &str {
        self.environment.as_ref().map_or("", EnvironmentName::as_str)
    }
}

fn show(app: &AppName, version: Version) -> Secret {
    let parent = match version.environment.as_str() {
        "" => proto::name::app(app),
        environment => proto::name::environment(app, environment),
    };
    Secret {
        name: format!("{parent}/secrets/{}", version.name),
        version: version.version,
        by: version.set_by,
        create_time: Some(proto::time::timestamp(version.created_at)),
    }
}

/// Writes the next version; without a value, the secret is deleted.
async fn write(
    app: &App,
    connection: &mut PgConnection,
    (principal, name): (&Principal, &Name),
    value: Option<&[u8]>,
) -> Result<i64, Status> {
    let version =
        secret::next_version(&mut *connection, &name.app, &name.secret).await.map_err(database)?;
    let context = secret::context(&name.app, name.secret.as_str(), version);
    let new = NewVersion {
        app: &name.app,
        environment: name.environment_text(),
        name: &name.secret,
        version,
        sealed: value.map(|value| app.key.seal(&context, value)),
        by: principal.name.as_str(),
    };
    secret::insert(connection, &new).await.map_err(database)?;
    Ok(version)
}

/// Sets a secret once. The request is remembered without its value, which no hash may give away; a request
/// that is sent again must have the value that was set.
async fn set(
    app: &App,
    principal: &Principal,
    request: SetSecretRequest,
) -> Result<SetSecretResponse, Status> {
    let name = Name::parse(&request.name)?;
    if request.value.is_empty() || request.value.len() > LARGEST {
        return Err(status::invalid("value", "use 1 byte to 64 KiB"));
    }
    if std::str::from_utf8(&request.value).is_err() {
        return Err(status::invalid("value", "use UTF-8 text; encode binary values as base64"));
    }
    principal.require(Role::Deployer, Some(&name.app), name.environment.as_ref())?;
    let (id, value) = (request.request_id.clone(), Zeroizing::new(request.value));
    let request = SetSecretRequest { value: Vec::new(), ..request };
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before: Option<SetSecretResponse> =
        replay::answered(&mut transaction, crate::NAME, &id, &request).await?;
    if let Some(answer) = before {
        let version = answer.secret.as_ref().map_or(0, |secret| secret.version);
        return match open(app, &mut transaction, (&name.app, name.secret.as_str()), version).await?
        {
            Some(known) if *known == *value => Ok(answer),
            _ => Err(status::invalid("request_id", "it was used for another value")),
        };
    }
    let version = write(app, &mut transaction, (principal, &name), Some(&value)).await?;
    let secret = Secret {
        name: request.name.clone(),
        version,
        by: principal.name.to_string(),
        create_time: Some(proto::time::timestamp(app.clock.now())),
    };
    let answer = SetSecretResponse { secret: Some(secret) };
    replay::record(&mut transaction, crate::NAME, &id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    Ok(answer)
}

async fn delete(
    app: &App,
    principal: &Principal,
    request: DeleteSecretRequest,
) -> Result<DeleteSecretResponse, Status> {
    let name = Name::parse(&request.name)?;
    principal.require(Role::Deployer, Some(&name.app), name.environment.as_ref())?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let newest = secret::newest(&mut *transaction, &name.app, name.environment_text()).await;
    let is_there = newest.map_err(database)?.iter().any(|version| {
        version.name == name.secret.as_str() && version.environment == name.environment_text()
    });
    if !is_there {
        return Err(status::not_found("secret", &name.secret));
    }
    write(app, &mut transaction, (principal, &name), None).await?;
    let answer = DeleteSecretResponse {};
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    Ok(answer)
}

/// The value of one version; nothing when it was deleted with it.
async fn open(
    app: &App,
    connection: &mut PgConnection,
    (of, name): (&AppName, &str),
    version: i64,
) -> Result<Option<Zeroizing<Vec<u8>>>, Status> {
    let sealed = secret::sealed(connection, of, name, version).await.map_err(database)?;
    let Some(sealed) = sealed else { return Ok(None) };
    let value = app.key.open(&secret::context(of, name, version), &sealed);
    value.map(Some).map_err(|error| status::internal(&error))
}

#[async_trait]
impl SecretService for Secrets {
    async fn list_secrets(
        &self,
        request: Request<ListSecretsRequest>,
    ) -> Result<Response<ListSecretsResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let scope = super::name::Scope::parse(&request.parent)?;
        let needed =
            || status::invalid("parent", "use apps/{app} or apps/{app}/environments/{environment}");
        let app = scope.app.clone().ok_or_else(needed)?;
        principal.require(Role::Viewer, Some(&app), scope.environment.as_ref())?;
        let page: Page<(String, String)> =
            Page::wanted(request.page_size, &request.page_token, &request.parent)?;
        let after = page.after.clone().unwrap_or_default();
        let after = (after.0.as_str(), after.1.as_str());
        let place = (&app, scope.environment_text());
        let rows =
            secret::page(&self.0.pool, place, after, page.limit()).await.map_err(database)?;
        let (rows, next_page_token) =
            page.cut(rows, |version| (version.name.clone(), version.environment.clone()));
        let secrets = rows.into_iter().map(|version| show(&app, version)).collect();
        Ok(Response::new(ListSecretsResponse { secrets, next_page_token }))
    }

    async fn set_secret(
        &self,
        request: Request<SetSecretRequest>,
    ) -> Result<Response<SetSecretResponse>, Status> {
        let principal = Principal::of(&request)?;
        set(&self.0, &principal, request.into_inner()).await.map(Response::new)
    }

    async fn delete_secret(
        &self,
        request: Request<DeleteSecretRequest>,
    ) -> Result<Response<DeleteSecretResponse>, Status> {
        let principal = Principal::of(&request)?;
        delete(&self.0, &principal, request.into_inner()).await.map(Response::new)
    }

    async fn reveal_secrets(
        &self,
        request: Request<RevealSecretsRequest>,
    ) -> Result<Response<RevealSecretsResponse>, Status> {
        let principal = Principal::of(&request)?;
        if principal != Principal::slipway() {
            return Err(status::denied("secrets are shown to services of the platform only"));
        }
        let request = request.into_inner();
        let app = AppName::parse(&request.app)
            .map_err(|error| status::invalid("app", error.to_string()))?;
        let mut connection = self.0.pool.acquire().await.map_err(database)?;
        let current = secret::current(&mut *connection, &app, &request.environment).await;
        let current = current.map_err(database)?;
        let mut values = HashMap::new();
        for name in request.secrets {
            let Some(version) = current.get(&name) else { continue };
            let value = open(&self.0, &mut connection, (&app, &name), *version).await?;
            values.extend(value.map(|value| (name, value.to_vec())));
        }
        Ok(Response::new(RevealSecretsResponse { values }))
    }
}
