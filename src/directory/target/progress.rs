//! What is told of work on a target while it goes on: steps that are planned or done, how far it is, and what a test found.

use std::collections::BTreeMap;

/// One step, planned or done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What kind of step, a word such as `create_user`.
    pub kind: String,
    /// The id of the user or group that it is about.
    pub resource: String,
    /// What people call that.
    pub display: String,
    /// What is done, as a phrase.
    pub what: String,
    /// It takes something away from somebody.
    pub destructive: bool,
    /// It waits for an approval.
    pub held: bool,
}

/// How far a synchronisation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it is at, such as "reading users".
    pub phase: String,
    /// Resources that it has dealt with.
    pub done: u64,
    /// Resources in all; 0 while that is not known.
    pub total: u64,
    /// Steps so far, by their kind.
    pub steps: BTreeMap<String, u64>,
    /// Resources that failed.
    pub failed: u64,
    /// Destructive steps that wait for an approval.
    pub held: u64,
}

/// One thing that a test looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// It is as it should be.
    pub fine: bool,
    /// What was found, and what to do about it.
    pub detail: String,
}

/// What whoever gave an order is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A step that would be taken.
    Step(Step),
    /// How far it is.
    Progress(Progress),
    /// Something that a test looked at.
    Finding(Finding),
    /// Everything is done; the last that is told.
    Done(Progress),
}
