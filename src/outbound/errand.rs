//! A step under way: which requests it takes, one after the other, and what the answers mean. A step that was done already, because its
//! outcome was not noted before a crash, comes out as done when it is repeated. Pure: whoever sends the requests is told what to do next.

use super::plan::{Effect, Step};
use super::request::{Reply, Request};
use crate::directory::target::stored::{Kind, Policy};

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The step takes another request.
    Ask(Request),
    /// It is done.
    Done {
        /// How what is known changes.
        effect: Effect,
        /// The target was found other than it was believed to be: the resource is to be planned again, after this is noted.
        again: bool,
    },
    /// These steps do what this one cannot.
    Instead(Vec<Step>),
    /// The target has no time: all of it pauses, as long as it asks for (in milliseconds) or as the caller sees fit. The step is then
    /// begun anew.
    Busy {
        /// How long, where it says so.
        after_ms: Option<i64>,
        /// What it said.
        reason: String,
    },
    /// The target failed at this step, perhaps for a while: to be tried again later.
    Failed(String),
    /// The credentials are refused, or have not the rights: an admin has to see to the target before anything else is sent.
    Refused(String),
    /// The target's licence is used up: a dead letter that may work later.
    NoSeat(String),
    /// This will not work however often it is tried: a dead letter.
    Dead(String),
}

/// A step under way.
#[derive(Debug)]
pub struct Errand<'a> {
    kind: Kind,
    policy: &'a Policy,
    step: &'a Step,
    password: &'a str,
}

/// Begins a step. `password` is a new random one, for targets that want one for each new user; nobody gets to know it.
pub fn begin<'a>(kind: Kind, policy: &'a Policy, step: &'a Step, password: &'a str) -> (Errand<'a>, Request) {
    let errand = Errand { kind, policy, step, password };
    let request = Request { method: "GET", path: String::new(), headers: Vec::new(), body: None };
    (errand, request)
}

/// The requests that show whether a target can be reached and whether the credentials have the rights that steps need: what each looks at,
/// and the request. See [`probed`].
pub fn probes(kind: Kind) -> Vec<(&'static str, Request)> {
    let _ = kind;
    Vec::new()
}

/// What the answer to one of [`probes`] shows.
///
/// # Errors
/// What is wrong, and what to do about it.
pub fn probed(kind: Kind, subject: &str, reply: &Reply<'_>) -> Result<String, String> {
    let _ = (kind, subject, reply);
    Ok(String::new())
}

impl Errand<'_> {
    /// What follows from the answer to the last request.
    pub fn hear(&mut self, reply: &Reply<'_>) -> Verdict {
        let _ = (self.kind, self.policy, self.step, self.password, reply);
        Verdict::Dead(String::new())
    }
}
