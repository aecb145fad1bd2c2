//! Whether a whole database agrees with itself: every row can be read, indexes say what the records say, each membership has both its
//! rows, counters count what is there, tokens and tenants know each other. One pass over the rows in the order of their keys, of a
//! snapshot or of a backup, in bounded memory: what has to be the same set on both sides is compared by sums of hashes.

mod rows;
mod sums;

use self::sums::Pair;
use crate::limits;
use crate::scim::schema::types::Types;
use crate::store::Snapshot;
use crate::store::dump::{self, Summary};
use std::collections::BTreeMap;
use std::io::Read;

/// Takes rows in the order of their keys.
#[derive(Default)]
pub struct Checker {
    rows: u64,
    tenants: BTreeMap<u32, Sums>,
    problems: Vec<Problem>,
    /// The member whose mark was met last.
    marked: Vec<u8>,
    /// The types of tenants that have defined any; `None` where there was no room.
    types: BTreeMap<u32, Option<Types>>,
    /// How long the definitions were from which they come.
    definitions_bytes: usize,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that were read.
    pub rows: u64,
    /// What does not agree, one sentence each; as many as there is room for.
    pub problems: Vec<String>,
}

/// Checks what a snapshot shows; blocks meanwhile. `progress` is told the rows so far and ends the check with false.
pub fn snapshot(snapshot: &Snapshot, progress: &mut dyn FnMut(u64) -> bool) -> Result<Outcome, dump::Error> {
    let mut checker = Checker::default();
    dump::rows(snapshot, &mut |row| checker.take(&row, progress))?;
    Ok(checker.finish())
}

/// Checks a backup, also whether it is whole; blocks meanwhile. `progress` as in [`snapshot`].
pub fn backup(input: &mut impl Read, progress: &mut dyn FnMut(u64) -> bool) -> Result<(Outcome, Summary), dump::Error> {
    let mut checker = Checker::default();
    let summary = dump::read(input, &mut |row| checker.take(&row, progress))?;
    Ok((checker.finish(), summary))
}

/// What has to agree within a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aspect {
    /// `U` rows and the records.
    Unique,
    /// `I` rows and the records.
    Index,
    /// `E` rows and `M` rows.
    Memberships,
    /// Counters of resources, in all and by time, and the records.
    Resources,
    /// Counters of members and `M` rows.
    Members,
    /// The counter of members that are groups and `M` rows.
    Nested,
    /// `K` rows and `P` rows.
    Tokens,
    /// `N` rows and `T` rows.
    Name,
    /// The three kinds of `X` rows.
    Deleted,
    /// The two kinds of `Z` rows.
    Applications,
}

const ASPECTS: [Aspect; 10] = [
    Aspect::Unique,
    Aspect::Index,
    Aspect::Memberships,
    Aspect::Resources,
    Aspect::Members,
    Aspect::Nested,
    Aspect::Tokens,
    Aspect::Name,
    Aspect::Deleted,
    Aspect::Applications,
];

impl Aspect {
    fn sentence(self, pair: &Pair) -> String {
        let (there, expected) = (pair.there.count(), pair.expected.count());
        let numbers = match there == expected {
            true => format!("{there} on both sides, but not the same"),
            false => format!("{there} instead of {expected}"),
        };
        let what = match self {
            Aspect::Unique => "the entries of the unique index are not those of the records",
            Aspect::Index => "the entries of the index are not those of the records",
            Aspect::Memberships => "the memberships under members are not those under groups",
            Aspect::Resources => "the counters of resources do not count the records",
            Aspect::Members => "the counters of members do not count the members",
            Aspect::Nested => "the counter of groups in groups does not count them",
            Aspect::Tokens => "the tokens are not those that the tenant lists",
            Aspect::Deleted => "what deleted resources are found by is not what they say",
            Aspect::Applications => "the names of Crowd applications do not lead to them",
            Aspect::Name => "the name does not lead to the tenant",
        };
        format!("{what}: {numbers}")
    }
}

/// What is known of one tenant.
#[derive(Default)]
struct Sums {
    pairs: [Pair; ASPECTS.len()],
    /// Its name, once its settings have been met.
    name: Option<String>,
    /// It is on its way out, row by row.
    is_deleted: bool,
    /// Its records were not looked at, so that its indexes cannot be compared with them.
    is_unread: bool,
}

struct Problem {
    tenant: Option<u32>,
    text: String,
}

impl Checker {
    /// One row; `is_counter` says that it is kept by additions.
    pub fn row(&mut self, key: &[u8], value: &[u8], is_counter: bool) {
        self.rows += 1;
        rows::take(self, key, value, is_counter);
    }

    /// The outcome, after the last row.
    pub fn finish(mut self) -> Outcome {
        for (number, sums) in std::mem::take(&mut self.tenants) {
            self.name(number, sums.name.as_deref());
            // What is left of a tenant that is being deleted need not agree.
            if sums.is_deleted || sums.is_unread {
                continue;
            }
            let Some(name) = &sums.name else {
                self.problem(None, format!("there are rows of the tenant number {number}, which does not exist"));
                continue;
            };
            for (aspect, pair) in ASPECTS.iter().zip(&sums.pairs) {
                if !pair.agrees() {
                    self.problem(None, format!("tenant '{name}': {}", aspect.sentence(pair)));
                }
            }
        }
        let problems = self.problems.into_iter().map(|problem| problem.text).collect();
        Outcome { rows: self.rows, problems }
    }

    fn take(&mut self, row: &dump::Row<'_>, progress: &mut dyn FnMut(u64) -> bool) -> Result<(), dump::Error> {
        self.row(row.key, row.value, row.counter);
        match self.rows.is_multiple_of(limits::CHECK_PROGRESS_ROWS) && !progress(self.rows) {
            true => Err(dump::Error::Cancelled),
            false => Ok(()),
        }
    }

    /// The sums of a tenant, which come into being with the first row of it.
    fn tenant(&mut self, number: u32) -> Option<&mut Sums> {
        if self.tenants.len() >= limits::CHECK_TENANTS_MAX && !self.tenants.contains_key(&number) {
            return None;
        }
        Some(self.tenants.entry(number).or_default())
    }

    fn pair(&mut self, number: u32, aspect: Aspect) -> Option<&mut Pair> {
        self.tenant(number)?.pairs.get_mut(aspect as usize)
    }

    fn calls_for(&mut self, number: u32, aspect: Aspect, item: &[u8]) {
        if let Some(pair) = self.pair(number, aspect) {
            pair.expected.add(item, 1);
        }
    }

    fn found(&mut self, number: u32, aspect: Aspect, item: &[u8], times: i64) {
        if let Some(pair) = self.pair(number, aspect) {
            pair.there.add(item, times);
        }
    }

    fn problem(&mut self, tenant: Option<u32>, text: String) {
        if self.problems.len() < limits::CHECK_PROBLEMS_MAX {
            self.problems.push(Problem { tenant, text });
        }
    }

    /// Puts a tenant's name before what is told of it.
    fn name(&mut self, number: u32, name: Option<&str>) {
        for problem in self.problems.iter_mut().filter(|problem| problem.tenant == Some(number)) {
            let name = name.map_or_else(|| format!("number {number}"), |name| format!("'{name}'"));
            problem.text = format!("tenant {name}: {}", problem.text);
            problem.tenant = None;
        }
    }
}

#[cfg(test)]
mod tests;
