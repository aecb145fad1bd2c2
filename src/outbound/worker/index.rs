//! Who is to be called how: the directory's users or groups by the names that they should have at the target. In memory, a few dozen bytes
//! each.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// See the module. Names stand in it as the beginnings of their hashes, each as the target tells names apart.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_name: HashMap<u128, Uuid>,
}

impl Index {
    /// Adds somebody by the name that he should have, if that is any.
    pub(super) fn add(&mut self, name: &str, resource: Uuid) {
        if !name.is_empty() {
            self.by_name.insert(hash(name), resource);
        }
    }

    /// Who should be called so.
    pub(super) fn find(&self, name: &str) -> Option<Uuid> {
        self.by_name.get(&hash(name)).copied()
    }
}

fn hash(name: &str) -> u128 {
    Sha256::digest(name).first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}
