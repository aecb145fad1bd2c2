//! Brings the data of an older version up to date at the start, in one commit, or not at all.

use super::{Directory, cursor, keys, record, store_error, tenant};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::Scan;

/// Version 0.1 had one tenant, made no list of its tokens and did not count tenants. Does nothing to data that is up to date.
/// It had no secret for cursors either; a new data directory gets its own here too.
pub async fn run(directory: &Directory) -> Result<(), Error> {
    cursor::secret(directory).await?;
    let snapshot = directory.snapshot().await?;
    let first = snapshot.get(&keys::tenant(tenant::FIRST)).await.map_err(store_error)?;
    let made = snapshot.get(keys::TENANTS_MADE).await.map_err(store_error)?;
    if first.is_none() || made.is_some() {
        return Ok(());
    }
    let mut batch = directory.batch();
    batch.expect_absent(keys::TENANTS_MADE);
    batch.put(keys::TENANTS_MADE, record::pack_number(tenant::FIRST));
    let scan = Scan { prefix: keys::TOKENS, after: None, skip: 0, limit: limits::TOKENS_MAX, values: false };
    let tokens = snapshot.scan(&scan).await.map_err(store_error)?;
    for key_id in tokens.iter().filter_map(|row| keys::key_id(row.key)) {
        batch.put_stamped(keys::tokens(tenant::FIRST), key_id, record::PRESENT);
    }
    directory.commit(batch).await?;
    tracing::info!("the data of an older version was brought up to date");
    Ok(())
}

#[cfg(test)]
mod tests;
