//! `TokenService`: tokens made, listed, ended. Only for who may do everything.

use super::once::Once;
use super::read::{database, last_part, taken};
use crate::app::App;
use crate::{db, tokens};
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, SourceName};
use proto::v1::token_service_server::TokenService;
use proto::v1::{
    self, CreateTokenRequest, CreateTokenResponse, DeleteTokenRequest, DeleteTokenResponse,
    ListTokensRequest, ListTokensResponse, grant,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Grant, Principal, Role};
use tonic::{Request, Response, Status};

/// Names the platform uses itself.
const RESERVED: [&str; 2] = ["bootstrap", "slipway"];

/// `TokenService`.
#[derive(Debug, Clone)]
pub(crate) struct TokenApi(pub App);

fn wire(token: &db::token::Token) -> v1::Token {
    let timestamp = |at: DateTime<Utc>| proto::time::timestamp(at);
    v1::Token {
        name: format!("tokens/{}", token.name),
        grants: token.grants.0.iter().map(wire_grant).collect(),
        create_time: Some(timestamp(token.created_at)),
        expire_time: token.expires_at.map(timestamp),
        last_use_time: token.last_used_at.map(timestamp),
    }
}

fn wire_grant(grant: &Grant) -> v1::Grant {
    let role = match grant.role {
        Role::Viewer => grant::Role::Viewer,
        Role::Deployer => grant::Role::Deployer,
        Role::Admin => grant::Role::Admin,
    };
    v1::Grant {
        role: role.into(),
        app: grant.app.as_ref().map(ToString::to_string).unwrap_or_default(),
        environment: grant.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn read_grant(wire: &v1::Grant) -> Result<Grant, Status> {
    let role = match wire.role() {
        grant::Role::Viewer => Role::Viewer,
        grant::Role::Deployer => Role::Deployer,
        grant::Role::Admin => Role::Admin,
        grant::Role::Unspecified => {
            return Err(status::invalid("token.grants.role", "use viewer, deployer or admin"));
        }
    };
    let app = Some(&wire.app).filter(|app| !app.is_empty()).map(|app| AppName::parse(app));
    let app = app.transpose().map_err(|e| status::invalid("token.grants.app", e.to_string()))?;
    let environment = Some(&wire.environment).filter(|name| !name.is_empty());
    let environment = environment.map(|name| EnvironmentName::parse(name)).transpose();
    let environment =
        environment.map_err(|e| status::invalid("token.grants.environment", e.to_string()))?;
    if role == Role::Admin && (app.is_some() || environment.is_some()) {
        return Err(status::invalid("token.grants", "an admin has no scope; use deployer"));
    }
    Ok(Grant { role, app, environment })
}

fn read_name(token_id: &str) -> Result<String, Status> {
    let field = "token_id";
    let name = SourceName::parse(token_id).map_err(|_| {
        status::invalid(
            field,
            "use 1 to 63 lower-case letters, digits and '-', starting with a letter",
        )
    })?;
    if RESERVED.contains(&name.as_str()) {
        return Err(status::invalid(field, format!("{name} is a name of the platform itself")));
    }
    Ok(name.into())
}

fn read_expiry(app: &App, token: &v1::Token) -> Result<Option<DateTime<Utc>>, Status> {
    let Some(wire) = &token.expire_time else { return Ok(None) };
    let at = proto::time::from_timestamp(wire).filter(|at| *at > app.clock.now());
    at.map(Some).ok_or_else(|| status::invalid("token.expire_time", "must be in the future"))
}

#[tonic::async_trait]
impl TokenService for TokenApi {
    async fn list_tokens(
        &self,
        request: Request<ListTokensRequest>,
    ) -> Result<Response<ListTokensResponse>, Status> {
        Principal::of(&request)?.require(Role::Admin, None, None)?;
        let request = request.into_inner();
        let page = Page::<String>::wanted(request.page_size, &request.page_token, "tokens")?;
        let rows = db::token::list(&self.0.pool, page.after.as_deref(), page.limit()).await;
        let (rows, next_page_token) = page.cut(rows.map_err(database)?, |row| row.name.clone());
        let tokens = rows.iter().map(wire).collect();
        Ok(Response::new(ListTokensResponse { tokens, next_page_token }))
    }

    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenResponse>, Status> {
        let principal = Principal::of(&request)?;
        principal.require(Role::Admin, None, None)?;
        let request = request.into_inner();
        let once = Once::new(&self.0, &principal, &request.request_id, &request)?;
        if let Some(answer) = once.answered().await? {
            return Ok(Response::new(answer));
        }
        let name = read_name(&request.token_id)?;
        let wanted = request.token.unwrap_or_default();
        let grants: Vec<Grant> = wanted.grants.iter().map(read_grant).collect::<Result<_, _>>()?;
        if grants.is_empty() {
            return Err(status::invalid("token.grants", "give at least one"));
        }
        let expires_at = read_expiry(&self.0, &wanted)?;
        let secret = tokens::fresh();
        let mut transaction = self.0.pool.begin().await.map_err(database)?;
        let hash = tokens::hash(&secret);
        let row = db::token::insert(&mut transaction, &name, &hash, &grants, expires_at).await;
        let row = row.map_err(|error| taken(&error, "token", &name))?;
        let answer = CreateTokenResponse { token: Some(wire(&row)), secret };
        once.record(&mut transaction, &answer).await?;
        transaction.commit().await.map_err(database)?;
        tracing::info!(token = name, by = %principal.name, "token made");
        Ok(Response::new(answer))
    }

    async fn delete_token(
        &self,
        request: Request<DeleteTokenRequest>,
    ) -> Result<Response<DeleteTokenResponse>, Status> {
        let principal = Principal::of(&request)?;
        principal.require(Role::Admin, None, None)?;
        let request = request.into_inner();
        let once = Once::new(&self.0, &principal, &request.request_id, &request)?;
        if let Some(answer) = once.answered().await? {
            return Ok(Response::new(answer));
        }
        let name = last_part(&request.name, "tokens/{token}")?;
        let mut transaction = self.0.pool.begin().await.map_err(database)?;
        if !db::token::delete(&mut transaction, name).await.map_err(database)? {
            return Err(status::not_found("token", name));
        }
        let answer = DeleteTokenResponse {};
        once.record(&mut transaction, &answer).await?;
        transaction.commit().await.map_err(database)?;
        self.0.tokens.forget();
        tracing::info!(token = name, by = %principal.name, "token ended");
        Ok(Response::new(answer))
    }
}
