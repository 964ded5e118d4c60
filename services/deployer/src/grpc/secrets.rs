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
use service::grpc::status;
use service::principal::{Principal, Role};
use std::collections::HashMap;
use tonic::{Request, Response, Status, async_trait};

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
    principal: &Principal,
    name: &Name,
    value: Option<&[u8]>,
) -> Result<i64, Status> {
    principal.require(Role::Deployer, Some(&name.app), name.environment.as_ref())?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let version =
        secret::next_version(&mut transaction, &name.app, &name.secret).await.map_err(database)?;
    let context = secret::context(&name.app, name.secret.as_str(), version);
    let new = NewVersion {
        app: &name.app,
        environment: name.environment_text(),
        name: &name.secret,
        version,
        sealed: value.map(|value| app.key.seal(&context, value)),
        by: principal.name.as_str(),
    };
    secret::insert(&mut transaction, &new).await.map_err(database)?;
    transaction.commit().await.map_err(database)?;
    Ok(version)
}

#[async_trait]
impl SecretService for Secrets {
    async fn list_secrets(
        &self,
        request: Request<ListSecretsRequest>,
    ) -> Result<Response<ListSecretsResponse>, Status> {
        let principal = Principal::of(&request)?;
        let scope = super::name::Scope::parse(&request.into_inner().parent)?;
        let needed =
            || status::invalid("parent", "use apps/{app} or apps/{app}/environments/{environment}");
        let app = scope.app.clone().ok_or_else(needed)?;
        principal.require(Role::Viewer, Some(&app), scope.environment.as_ref())?;
        let newest = secret::newest(&self.0.pool, &app, scope.environment_text()).await;
        let secrets = newest.map_err(database)?.into_iter().map(|v| show(&app, v)).collect();
        Ok(Response::new(ListSecretsResponse { secrets, next_page_token: String::new() }))
    }

    async fn set_secret(
        &self,
        request: Request<SetSecretRequest>,
    ) -> Result<Response<SetSecretResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let name = Name::parse(&request.name)?;
        if request.value.is_empty() || request.value.len() > LARGEST {
            return Err(status::invalid("value", "use 1 byte to 64 KiB"));
        }
        if std::str::from_utf8(&request.value).is_err() {
            return Err(status::invalid("value", "use UTF-8 text; encode binary values as base64"));
        }
        let version = write(&self.0, &principal, &name, Some(&request.value)).await?;
        let secret = Secret {
            name: request.name,
            version,
            by: principal.name.to_string(),
            create_time: Some(proto::time::timestamp(self.0.clock.now())),
        };
        Ok(Response::new(SetSecretResponse { secret: Some(secret) }))
    }

    async fn delete_secret(
        &self,
        request: Request<DeleteSecretRequest>,
    ) -> Result<Response<DeleteSecretResponse>, Status> {
        let principal = Principal::of(&request)?;
        let name = Name::parse(&request.into_inner().name)?;
        let newest = secret::newest(&self.0.pool, &name.app, name.environment_text()).await;
        let is_there = newest.map_err(database)?.iter().any(|version| {
            version.name == name.secret.as_str() && version.environment == name.environment_text()
        });
        principal.require(Role::Deployer, Some(&name.app), name.environment.as_ref())?;
        if !is_there {
            return Err(status::not_found("secret", &name.secret));
        }
        write(&self.0, &principal, &name, None).await?;
        Ok(Response::new(DeleteSecretResponse {}))
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
        let current = secret::current(&self.0.pool, &app, &request.environment).await;
        let current = current.map_err(database)?;
        let mut values = HashMap::new();
        for name in request.secrets {
            let Some(version) = current.get(&name) else { continue };
            let sealed =
                secret::sealed(&self.0.pool, &app, &name, *version).await.map_err(database)?;
            let Some(sealed) = sealed else { continue };
            let context = secret::context(&app, &name, *version);
            let value = self.0.key.open(&context, &sealed).map_err(|e| status::internal(&e))?;
            values.insert(name, value.to_vec());
        }
        Ok(Response::new(RevealSecretsResponse { values }))
    }
}
