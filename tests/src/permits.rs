//! Tokens: made for a role, ended, and whether their values lie anywhere they should not.

use crate::World;
use proto::v1::grant::Role;
use proto::v1::{CreateTokenRequest, DeleteTokenRequest, Grant, Token};

impl World {
    /// A new token with one grant: in `place`, as `shop/production` or `shop`, or everywhere. Its value.
    pub async fn token(&self, name: &str, role: Role, place: &str) -> String {
        let (app, environment) = place.split_once('/').unwrap_or((place, ""));
        let grant = Grant { role: role.into(), app: app.into(), environment: environment.into() };
        let request = CreateTokenRequest {
            token_id: name.to_owned(),
            token: Some(Token { grants: vec![grant], ..Token::default() }),
            request_id: format!("make-{name}"),
        };
        let answer = self.admin().tokens.create_token(request).await;
        answer.expect("the token is made").into_inner().secret
    }

    /// `slipway token revoke`.
    pub async fn revoke(&self, name: &str) {
        let request = DeleteTokenRequest { name: format!("tokens/{name}"), ..Default::default() };
        self.admin().tokens.delete_token(request).await.expect("the token is ended");
    }

    /// Where `text` can be read: tables of the database, as text or as bytes, and logs of services.
    pub async fn places_that_show(&self, text: &str) -> Vec<String> {
        let hex = text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let pool = sqlx::PgPool::connect(&self.database_url()).await.expect("the database");
        let tables =
            "select format('%I.%I', table_schema, table_name) from information_schema.tables
                      where table_type = 'BASE TABLE'
                      and table_schema not in ('pg_catalog', 'information_schema')";
        let tables: Vec<String> =
            sqlx::query_scalar(tables).fetch_all(&pool).await.expect("tables");
        assert!(tables.len() > 10, "{tables:?}");
        let mut places = Vec::new();
        for table in tables {
            let shows = format!(
                "select exists (select from {table} as r where strpos(r::text, $1) > 0 or strpos(r::text, $2) > 0)"
            );
            let shows = sqlx::query_scalar(sqlx::AssertSqlSafe(shows)).bind(text).bind(&hex);
            if shows.fetch_one(&pool).await.expect("a look") {
                places.push(table);
            }
        }
        let logs =
            crate::SERVICES.into_iter().filter(|service| self.log_of(service).contains(text));
        places.extend(logs.map(|service| format!("the log of {service}")));
        places
    }
}
