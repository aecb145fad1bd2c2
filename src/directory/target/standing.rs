//! How a target is doing, as admins see it: what it is doing now, how far it is, and how much waits.

use super::Shown;
use super::live::{Doing, Now};
use super::state::Site;
use super::stored::{State, Trouble};
use crate::directory::log::Position;
use crate::directory::{Directory, keys, store_error};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Scan, Snapshot};

/// See the module.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What it is doing, with its lag and what waits as they are at this moment.
    pub now: Now,
    /// How far it is.
    pub state: State,
    /// Users that it has from here.
    pub users: u64,
    /// Groups that it has from here.
    pub groups: u64,
}

/// How a target is doing.
pub async fn of(directory: &Directory, shown: &Shown) -> Result<Standing, Error> {
    let snapshot = directory.snapshot().await?;
    let site = Site { directory, tenant: shown.tenant, target: shown.number };
    let mut now = directory.targets.live.of(shown.tenant, shown.number).unwrap_or_default();
    if shown.target.disabled {
        now.doing = Doing::Disabled;
    }
    let state = site.state(&snapshot).await?;
    (now.lag_changes, now.oldest_ms) = lag(&snapshot, shown.tenant, &state.cursor).await?;
    let waits = waiting(&site, &snapshot, 0).await?;
    (now.waiting, now.dead, now.held) = (waits.later, waits.dead, waits.held);
    let users = count(&snapshot, &keys::target_known_all(shown.tenant, shown.number, keys::USER)).await?;
    let groups = count(&snapshot, &keys::target_known_all(shown.tenant, shown.number, keys::GROUP)).await?;
    Ok(Standing { now, state, users, groups })
}

/// How many changes are behind a place in the log, as far as they are counted, and when the first of them was made, in milliseconds since
/// the epoch. Without a place, none: the target has to be read first.
pub async fn lag(snapshot: &Snapshot, tenant: u32, cursor: &str) -> Result<(u64, Option<i64>), Error> {
    let Some(position) = Position::parse(tenant, cursor) else { return Ok((0, None)) };
    let (prefix, after) = (keys::log(tenant), keys::log_after(tenant, position.revision()));
    let (mut lag, mut oldest_ms, mut after) = (0, None, after);
    while lag < limits::TARGET_LAG_ROWS_MAX {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: &prefix, after: Some(&after), skip: 0, limit, values: false };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        oldest_ms = oldest_ms.or_else(|| page.iter().next().map(|row| row.stamp.time_ms));
        lag += page.len();
        match page.last_key() {
            Some(last) if page.len() == limit => after = last.to_vec(),
            _ => break,
        }
    }
    Ok((lag.min(limits::TARGET_LAG_ROWS_MAX) as u64, oldest_ms))
}

/// What waits at a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Resources whose next attempt is due.
    pub due: u64,
    /// Resources that wait for another attempt, those that are due too.
    pub later: u64,
    /// When the first of them is due, in milliseconds since the epoch.
    pub next_ms: Option<i64>,
    /// Resources that attempts were given up for.
    pub dead: u64,
    /// Resources whose steps wait for an approval.
    pub held: u64,
    /// Those of them that were approved.
    pub approved: u64,
}

/// Counts what waits at a target.
pub async fn waiting(site: &Site<'_>, snapshot: &Snapshot, now_ms: i64) -> Result<Waiting, Error> {
    let mut waiting = Waiting::default();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = site.troubles(snapshot, after.as_deref(), limits::TARGET_ROWS).await?;
        for (_, _, Trouble { next_ms, .. }) in &page.rows {
            match next_ms {
                None => waiting.dead += 1,
                Some(next) => {
                    waiting.later += 1;
                    waiting.due += u64::from(*next <= now_ms);
                    waiting.next_ms = Some(waiting.next_ms.map_or(*next, |least| least.min(*next)));
                }
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    loop {
        let page = site.holds(snapshot, after.as_deref(), limits::TARGET_ROWS).await?;
        waiting.held += page.rows.len() as u64;
        waiting.approved += page.rows.iter().filter(|(_, _, hold)| hold.approved).count() as u64;
        after = page.next;
        if after.is_none() {
            return Ok(waiting);
        }
    }
}

async fn count(snapshot: &Snapshot, prefix: &[u8]) -> Result<u64, Error> {
    let (mut rows, mut after) = (0, None::<Vec<u8>>);
    loop {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix, after: after.as_deref(), skip: 0, limit, values: false };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        rows += page.len() as u64;
        match page.last_key() {
            Some(last) if page.len() == limit => after = Some(last.to_vec()),
            _ => return Ok(rows),
        }
    }
}
