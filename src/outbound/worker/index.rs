//! Who is who: what the target calls its users and groups, and which of the directory's they are. In memory, a few dozen bytes each.

use super::resource;
use super::task::{Ended, Task};
use crate::directory::keys;
use crate::directory::target::stored::Kind;
use crate::limits;
use crate::outbound::capability;
use crate::outbound::plan::{KnownGroup, KnownUser};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// See the module. Names and ids stand in it as the beginnings of their hashes.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_id: HashMap<u128, Uuid>,
    by_name: HashMap<u128, Uuid>,
}

impl Index {
    /// Adds somebody by what the target calls him for good, which may be nothing, and by his name there.
    pub(super) fn add(&mut self, kind: Kind, code: u8, (id, name): (&str, &str), resource: Uuid) {
        if !id.is_empty() {
            self.by_id.insert(hash(code, id), resource);
        }
        self.add_name(kind, code, name, resource);
    }

    /// Adds somebody by his name.
    pub(super) fn add_name(&mut self, kind: Kind, code: u8, name: &str, resource: Uuid) {
        if !name.is_empty() {
            self.by_name.insert(hash(code, &key(kind, code, name)), resource);
        }
    }

    /// Both; where they differ, this one counts.
    pub(super) fn over(self, mut other: Index) -> Index {
        other.by_id.extend(self.by_id);
        other.by_name.extend(self.by_name);
        other
    }

    /// Who is called so: by the id for good, else by the name.
    pub(super) fn find(&self, kind: Kind, code: u8, id: &str, name: &str) -> Option<Uuid> {
        let by_id = || self.by_id.get(&hash(code, id)).filter(|_| !id.is_empty());
        let by_name = || self.by_name.get(&hash(code, &key(kind, code, name))).filter(|_| !name.is_empty());
        by_id().or_else(by_name).copied()
    }
}

impl Task {
    /// Everybody whom the target is known to have.
    pub(super) async fn known_index(&self, codes: &[u8]) -> Result<Index, Ended> {
        let mut index = Index::default();
        let kind = self.shown.target.kind;
        for code in codes {
            let mut after: Option<Vec<u8>> = None;
            loop {
                let snapshot = self.directory.snapshot().await?;
                let page = self.site().all_known(&snapshot, *code, after.as_deref(), limits::SCAN_ROWS).await?;
                for (_, id, known) in page.rows.into_iter().filter(|(_, _, known)| !known.state.is_null()) {
                    let (its_id, name) = match *code {
                        keys::USER => {
                            let user: KnownUser = resource::read(known.state)?;
                            (user.id, user.name)
                        }
                        _ => {
                            let group: KnownGroup = resource::read(known.state)?;
                            (group.id, group.name)
                        }
                    };
                    index.add(kind, *code, (&its_id, &name), id);
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(index)
    }
}

fn key(kind: Kind, code: u8, name: &str) -> String {
    if code == keys::USER { capability::user_key(kind, name) } else { capability::group_key(kind, name) }
}

fn hash(code: u8, text: &str) -> u128 {
    let digest = Sha256::new().chain_update([code]).chain_update(text).finalize();
    digest.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}
