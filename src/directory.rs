//! The use cases: what can be done with a tenant's resources, one verb a file. The only layer that awaits the store. It reads a
//! snapshot, builds one batch with everything that belongs to the change, and commits it whole; when another write came between,
//! it starts again from a new snapshot. It knows no HTTP, no gRPC and no database.

pub mod network;
pub mod keys;
pub mod record;
pub mod index;
pub mod count;
pub mod change;
pub mod audit;
pub mod seal;
pub mod admin_certificate;
pub mod refused;
pub mod upgrade;
pub mod definition;
pub mod mapping;
pub mod tenant;
pub mod token;
pub mod target;
pub mod membership;
pub mod members;
pub mod generation;
pub mod sweep;
pub mod view;
pub mod answer;
pub mod plan;
pub mod evaluate;
pub mod list;
pub mod cursor;
pub mod read;
pub mod position;
pub mod log;
pub mod follow;
pub mod transaction;
pub mod trim;
pub mod export;
pub mod import;
pub mod check;
pub mod backup;
pub mod scope;
pub mod places;
pub mod browse;
pub mod provision;
pub mod write;
pub mod create;
pub mod replace;
pub mod patch;
pub mod delete;
pub mod deleted;
pub mod whatif;
pub mod bulk;
pub mod application;
pub mod sight;

use self::places::Places;
use self::provision::Fired;
use crate::clock::Clock;
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::store::{self, CommitError, Store};
use quick_cache::sync::Cache;
use std::sync::Arc;
use tokio::sync::{Notify, OnceCell, watch};

/// All tenants' directories over one store.
pub struct Directory {
    store: Store,
    clock: Clock,
    /// Wakes the sweeper.
    sweeps: Arc<Notify>,
    /// Tenants by their numbers, each with the revision of its settings.
    tenants: Cache<u32, (u64, Arc<tenant::Tenant>)>,
    /// Tokens by their ids, each with the revision of its record.
    tokens: Cache<String, (u64, Arc<token::Known>)>,
    /// Crowd applications, kept ready, and who fails to prove to be one.
    pub applications: application::access::Applications,
    /// Uses of tokens that are to be written down.
    uses: token::usage::Uses,
    /// Tenants that are being deleted.
    removals: tenant::removal::Removals,
    /// Logs that are to be sealed.
    unsealed: seal::Unsealed,
    /// Places for long work.
    places: Places,
    /// Writes whose clients do not wait.
    pub transactions: transaction::Transactions,
    /// What there is for targets beside what is stored.
    pub targets: target::Targets,
    /// The key of cursors, once it was read.
    cursors: OnceCell<cursor::Secret>,
}

/// Who asks, in which tenant, seen under which URL.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Where.
    pub directory: &'a Directory,
    /// In which tenant.
    pub tenant: &'a tenant::Tenant,
    /// The tenant's SCIM base URL, without a slash at its end; it stands in `meta.location` and `$ref`.
    pub base: &'a str,
    /// By whom.
    pub actor: &'a Actor,
}

/// Who a change is attributed to.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The id of the token.
    pub token: String,
    /// The id of the request.
    pub request: String,
    /// The rules of the tenant's mapping that had a hand in the request.
    pub rules: Arc<Fired>,
}

impl Actor {
    /// A token with a request of which no rule has been told yet.
    pub fn new(token: impl Into<String>, request: impl Into<String>) -> Actor {
        Actor { token: token.into(), request: request.into(), rules: Arc::default() }
    }
}

impl Directory {
    /// Over a store whose tenants and tokens may or may not be there yet.
    pub fn new(store: Store, clock: Clock) -> Directory {
        Directory {
            store,
            clock,
            sweeps: Arc::new(Notify::new()),
            tenants: Cache::new(limits::ACCESS_CACHED_MAX),
            tokens: Cache::new(limits::ACCESS_CACHED_MAX),
            applications: application::access::Applications::default(),
            uses: token::usage::Uses::default(),
            removals: tenant::removal::Removals::default(),
            unsealed: seal::Unsealed::default(),
            places: Places::default(),
            transactions: transaction::Transactions::default(),
            targets: target::Targets::default(),
            cursors: OnceCell::new(),
        }
    }

    /// The store's readiness.
    pub fn state(&self) -> store::State {
        self.store.state()
    }

    /// What the store counts about itself.
    pub fn figures(&self) -> store::figures::Figures {
        self.store.figures()
    }

    /// The clock that the directory was given.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The revision of the newest commit, for those who wait for the next one.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.store.revisions()
    }

    /// What is there now, to be read for a short while.
    pub async fn snapshot(&self) -> Result<store::Snapshot, Error> {
        self.store.snapshot().await.map_err(store_error)
    }

    fn batch(&self) -> store::Batch {
        store::Batch::new(self.clock.now_ms())
    }

    /// Commits, or says with `None` that something which the batch relies on has changed.
    async fn commit(&self, batch: store::Batch) -> Result<Option<store::Stamp>, Error> {
        let logs: Vec<u32> = logs(&batch).collect();
        let by_definitions = by_definitions(&batch);
        match self.store.commit(batch).await {
            Ok(stamp) => {
                logs.into_iter().for_each(|log| self.unsealed.note(log));
                Ok(Some(stamp))
            }
            // What was read by other definitions has to be read again, from its beginning.
            Err(CommitError::Conflict { expectation }) if by_definitions == Some(expectation) => {
                Err(definitions_changed())
            }
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error @ CommitError::TooLarge { .. }) => {
                Err(Error::new(Kind::TooLarge, format!("the change is too large for one commit: {error}")))
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed");
                Err(Error::new(Kind::Unavailable, "the change could not be made durable; try again"))
            }
        }
    }
}

impl Call<'_> {
    /// A batch about the tenant's data. It relies on the tenant being there: nothing is written into one that was deleted meanwhile.
    fn batch(&self) -> store::Batch {
        let mut batch = self.directory.batch();
        batch.expect_exists(keys::tenant(self.tenant.number));
        batch
    }

    /// A batch that writes a resource. It relies on the definitions by which the resource was read.
    fn writing(&self) -> Result<store::Batch, Error> {
        if self.tenant.is_changing {
            return Err(definitions_changed());
        }
        let mut batch = self.batch();
        write::rely_on(&mut batch, keys::definitions(self.tenant.number), self.tenant.definitions);
        Ok(batch)
    }
}

/// The logs that a batch adds entries to.
fn logs(batch: &store::Batch) -> impl Iterator<Item = u32> {
    batch.writes.iter().filter_map(|write| match write {
        store::Write::PutStamped { prefix, .. } => keys::log_number(prefix),
        _ => None,
    })
}

/// Which expectation of a batch is that the definitions are those by which a resource was read, see [`Call::writing`].
fn by_definitions(batch: &store::Batch) -> Option<usize> {
    let is_it = |expect: &store::Expect| match expect {
        store::Expect::Absent(key) | store::Expect::Unchanged(key, _) => key.starts_with(keys::DEFINITIONS),
        store::Expect::Exists(_) => false,
    };
    // A change of definitions relies on them first of all; a resource's batch on its tenant.
    batch.expect.iter().take(2).position(is_it).filter(|at| *at == 1)
}

fn definitions_changed() -> Error {
    Error::new(Kind::Unavailable, "the tenant's schemas or its mapping were being changed meanwhile; try again")
}

/// A failed read, for the client; the reason is for the log.
fn store_error(error: store::Error) -> Error {
    tracing::error!(%error, "a read failed");
    Error::new(Kind::Unavailable, "the store cannot be read now; try again")
}

/// The answer when other writes came between too often.
fn contended() -> Error {
    Error::new(Kind::Unavailable, "other changes of the same resource came between too often; try again")
}

#[cfg(test)]
pub(crate) mod tests;
