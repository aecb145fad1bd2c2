//! The groups that an identity provider has sent so far, by the names that it gave them: those that are stored, and those that the
//! policy refused. Whether a name would be taken now is not known here.

use super::tenant_number;
use crate::directory::record::{self, Record, RefusedGroup};
use crate::directory::refused::Refused;
use crate::directory::{Directory, keys, store_error, write};
use crate::limits;
use crate::scim::errors::Error;
use crate::scim::fold::fold;
use crate::store::{Page, Scan, Snapshot};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its name as it was sent.
    pub name: String,
    /// Its id; `None`: it was refused.
    pub id: Option<Uuid>,
    /// What it is called here; empty: it was refused.
    pub stored_name: String,
    /// When it was refused last, in milliseconds since the epoch.
    pub refused_ms: Option<i64>,
}

/// A page of groups.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The groups, by their names without regard to case.
    pub groups: Vec<Seen>,
    /// After which place the next page goes on, when there is one.
    pub next: Option<Vec<u8>>,
}

/// The folded name, and the id of a stored group.
type Place = (String, [u8; 16]);

/// Up to `limit` groups after a place. All names are looked at for each page: nobody but an admin asks for them.
pub async fn list(directory: &Directory, tenant: &str, after: Option<&[u8]>, limit: usize) -> Result<Listed, Refused> {
    let snapshot = directory.snapshot().await?;
    let tenant = tenant_number(&snapshot, tenant).await?;
    let after = after.map(|place| parse(place).ok_or_else(|| no_place())).transpose()?;
    let mut refused = refused(&snapshot, tenant).await?;
    let mut least: BTreeMap<Place, Seen> = BTreeMap::new();
    let mut keep = |place: Place, seen: Seen| {
        if after.as_ref().is_none_or(|after| place > *after) {
            least.insert(place, seen);
            if least.len() > limit + 1 {
                least.pop_last();
            }
        }
    };
    let mut from = None;
    while let Some(page) = page(&snapshot, &keys::records(tenant, keys::GROUP), &mut from).await? {
        for row in page.iter() {
            let id = keys::last_id(row.key).unwrap_or_default();
            let values = Record::decode(row.value)?.values()?;
            let (name, stored_name) = (named(values.asserted()), named(&values.stored));
            let folded = fold(&name).into_owned();
            let refused_ms = refused.get_mut(&folded).map(|(group, is_stored)| {
                *is_stored = true;
                group.refused_ms
            });
            keep((folded, id.into_bytes()), Seen { name, id: Some(id), stored_name, refused_ms });
        }
    }
    for (folded, (group, _)) in refused.into_iter().filter(|(_, (_, is_stored))| !is_stored) {
        let (name, refused_ms) = (group.name, Some(group.refused_ms));
        keep((folded, [0; 16]), Seen { name, refused_ms, ..Seen::default() });
    }
    let has_more = least.len() > limit;
    if has_more {
        least.pop_last();
    }
    let next = least.last_key_value().filter(|_| has_more).map(|(place, _)| write_place(place));
    Ok(Listed { groups: least.into_values().collect(), next })
}

/// The refused names by their folded form; the flag becomes true for one that a stored group has.
async fn refused(snapshot: &Snapshot, tenant: u32) -> Result<HashMap<String, (RefusedGroup, bool)>, Error> {
    let mut refused = HashMap::new();
    let mut from = None;
    while let Some(page) = page(snapshot, &keys::refused_groups(tenant), &mut from).await? {
        for row in page.iter() {
            let group: RefusedGroup = record::unpack(row.value)?;
            refused.insert(fold(&group.name).into_owned(), (group, false));
        }
    }
    Ok(refused)
}

async fn page(snapshot: &Snapshot, prefix: &[u8], from: &mut Option<Vec<u8>>) -> Result<Option<Page>, Error> {
    let scan = Scan { prefix, after: from.as_deref(), skip: 0, limit: limits::PREVIEW_ROWS, values: true };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    *from = page.last_key().map(<[u8]>::to_vec);
    tokio::task::yield_now().await;
    Ok((!page.is_empty()).then_some(page))
}

fn named(group: &Map<String, Value>) -> String {
    group.get(write::GROUP_NAME).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn write_place((name, id): &Place) -> Vec<u8> {
    [id, name.as_bytes()].concat()
}

fn parse(place: &[u8]) -> Option<Place> {
    let (id, name) = place.split_first_chunk()?;
    Some((String::from_utf8(name.to_vec()).ok()?, *id))
}

fn no_place() -> Refused {
    Refused::field("page_token", "it is no next_page_token of this list")
}
