//! Who a bearer token is. Answers are kept for a few seconds; a token that ends ends at once here, and in
//! other copies of the gateway when their answer is no longer fresh. So do the streams it opened.

use crate::db;
use events::PrincipalName;
use parking_lot::Mutex;
use service::Secret;
use service::principal::{Grant, Principal, Role};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long an answer of the database counts.
const FRESH: Duration = Duration::from_secs(3);
/// Answers kept; when there are more, all are asked for again.
const KEPT: usize = 1024;
/// Every token begins with this, so that scanners for leaked secrets find it.
const PREFIX: &str = "slipway_";

/// Who a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Another service, which says itself on whose behalf it asks.
    Service,
    /// A person or program outside.
    Outside(Principal),
}

/// SHA-256 of a token.
type Hash = [u8; 32];

#[derive(Debug)]
struct Answer {
    principal: Principal,
    at: Instant,
}

/// The tokens that are valid.
#[derive(Debug)]
pub(crate) struct Tokens {
    pool: PgPool,
    internal: Secret,
    bootstrap: Option<Secret>,
    answers: Mutex<HashMap<Hash, Answer>>,
    /// How often answers were forgotten.
    generation: watch::Sender<u64>,
}

impl Tokens {
    pub(crate) fn new(pool: PgPool, internal: Secret, bootstrap: Option<Secret>) -> Self {
        let (answers, generation) = (Mutex::default(), watch::Sender::new(0));
        Self { pool, internal, bootstrap, answers, generation }
    }

    /// Who holds `token`; nobody when it is unknown, has expired or was ended.
    pub(crate) async fn caller(&self, token: &str) -> Result<Option<Caller>, sqlx::Error> {
        if self.internal.matches(token.as_bytes()) {
            return Ok(Some(Caller::Service));
        }
        if self.bootstrap.as_ref().is_some_and(|secret| secret.matches(token.as_bytes())) {
            let grants = vec![Grant::everywhere(Role::Admin)];
            let name = PrincipalName::new("bootstrap");
            return Ok(Some(Caller::Outside(Principal { name, grants })));
        }
        let hash = hash(token);
        if let Some(principal) = self.answered(&hash) {
            return Ok(Some(Caller::Outside(principal)));
        }
        Ok(self.ask(hash).await?.map(Caller::Outside))
    }

    /// Returns when `token` is nobody's any more. While the database cannot be asked, it stays what it was.
    pub(crate) async fn ended(&self, token: &Secret) {
        let mut forgotten = self.generation.subscribe();
        loop {
            // The sender is a field of this: it is there.
            let again = tokio::time::timeout(FRESH, forgotten.changed()).await;
            drop(again);
            if let Ok(None) = self.caller(token.expose()).await {
                return;
            }
        }
    }

    /// Forgets every answer; call it after a token was deleted and that is committed.
    pub(crate) fn forget(&self) {
        // While the lock is held, so that no answer from before is kept after it.
        let mut answers = self.answers.lock();
        answers.clear();
        self.generation.send_modify(|generation| *generation += 1);
    }

    fn answered(&self, hash: &Hash) -> Option<Principal> {
        let answers = self.answers.lock();
        answers.get(hash).filter(|answer| answer.at.elapsed() < FRESH).map(|a| a.principal.clone())
    }

    async fn ask(&self, hash: Hash) -> Result<Option<Principal>, sqlx::Error> {
        let (generation, at) = (*self.generation.borrow(), Instant::now());
        let Some(token) = db::token::find(&self.pool, &hash).await? else { return Ok(None) };
        db::token::touch(&self.pool, &token.name).await?;
        let principal = Principal { name: PrincipalName::new(&token.name), grants: token.grants.0 };
        let mut answers = self.answers.lock();
        if answers.len() >= KEPT {
            answers.clear();
        }
        // An answer from before a token was ended must not outlive the forgetting.
        if generation == *self.generation.borrow() {
            answers.insert(hash, Answer { principal: principal.clone(), at });
        }
        drop(answers);
        Ok(Some(principal))
    }
}

/// What is stored of a token.
pub(crate) fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

/// A new random token.
pub(crate) fn fresh() -> String {
    format!("{PREFIX}{}", hex::encode(rand::random::<[u8; 32]>()))
}
