//! A step under way: which requests it takes, one after the other, and what the answers mean. A step that was done already, because its
//! outcome was not noted before a crash, comes out as done when it is repeated. Pure: whoever sends the requests is told what to do next.

use super::plan::{Act, Effect, Former, KnownGroup, KnownUser, Step};
use super::reading::Seen;
use super::request::{self, Reply, Request};
use super::{bitbucket, confluence, jira, scim};
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
        /// The target was found other than it was believed to be: the resource is to be planned again, after this is noted. After
        /// `CreateUser` and `CreateGroup` it means that the account or group was there and is taken over; that it is not another
        /// resource's already is the caller's to see.
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
    pub(super) kind: Kind,
    pub(super) policy: &'a Policy,
    pub(super) step: &'a Step,
    /// What the request that is under way is for.
    pub(super) phase: Phase,
    /// Why the step's own request was refused, while it is looked up what that means.
    pub(super) reason: String,
    /// Members that a group which is emptied would not let go.
    pub(super) stuck: usize,
    /// Members and the like that are still to be dealt with.
    pub(super) waiting: Vec<Seen>,
    /// What a user of Jira leads has been given to others.
    pub(super) relieved: bool,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The step itself.
    Main,
    /// Whether the credentials have their rights: the step was refused as if they had not.
    Probe,
    /// What the target has of the user or group; the second look, where there are two.
    Find,
    /// The same by another name.
    FindElsewhere,
    /// What the target has of the one member.
    FindMember,
    /// The members of the group, before one is taken out.
    Inside,
    /// One member is taken out.
    Out,
    /// The projects that a user of Jira leads.
    Projects,
    /// A project is given another lead.
    Project,
    /// The components that he leads, from the page that begins here on.
    Components(usize),
    /// A component is given another lead.
    Component,
}

/// Begins a step. `password` is a new random one, for targets that want one for each new user; nobody gets to know it.
pub fn begin<'a>(kind: Kind, policy: &'a Policy, step: &'a Step, password: &str) -> (Errand<'a>, Request) {
    let mut errand = Errand {
        kind,
        policy,
        step,
        phase: Phase::Main,
        reason: String::new(),
        stuck: 0,
        waiting: Vec::new(),
        relieved: false,
    };
    let request = match kind {
        Kind::Jira => jira::begin(&mut errand),
        Kind::Confluence => confluence::begin(&mut errand, password),
        Kind::Bitbucket => bitbucket::begin(&mut errand, password),
        Kind::Scim | Kind::AtlassianCloud => scim::begin(&mut errand),
    };
    (errand, request)
}

/// The requests that show whether a target can be reached and whether the credentials have the rights that steps need: what each looks at,
/// and the request. See [`probed`].
pub fn probes(kind: Kind) -> Vec<(&'static str, Request)> {
    match kind {
        Kind::Jira => jira::probes(),
        Kind::Confluence => confluence::probes(),
        Kind::Bitbucket => bitbucket::probes(),
        Kind::Scim | Kind::AtlassianCloud => scim::probes(),
    }
}

/// What the answer to one of [`probes`] shows.
///
/// # Errors
/// What is wrong, and what to do about it.
pub fn probed(kind: Kind, subject: &str, reply: &Reply<'_>) -> Result<String, String> {
    match reply.status {
        401 => return Err(format!("the credentials are refused: {}", request::said(reply))),
        403 => return Err(format!("the credentials have not the rights: {}", request::said(reply))),
        404 => return Err(format!("there is no such API at this URL: {}", request::said(reply))),
        _ if !reply.is_fine() => return Err(request::said(reply)),
        _ => {}
    }
    match kind {
        Kind::Jira => jira::probed(subject, reply),
        Kind::Confluence => confluence::probed(subject, reply),
        Kind::Bitbucket => bitbucket::probed(subject, reply),
        Kind::Scim | Kind::AtlassianCloud => scim::probed(subject, reply),
    }
}

impl Errand<'_> {
    /// What follows from the answer to the last request.
    pub fn hear(&mut self, reply: &Reply<'_>) -> Verdict {
        if let Some(busy) = busy(reply) {
            return busy;
        }
        if self.phase == Phase::Probe {
            // A single user or group may be beyond these credentials, such as another administrator: that stops nothing else.
            return match reply.status {
                401 | 403 => Verdict::Refused(std::mem::take(&mut self.reason)),
                _ if reply.is_fine() && self.has_rights(reply) => Verdict::Dead(std::mem::take(&mut self.reason)),
                _ if reply.is_fine() => Verdict::Refused(std::mem::take(&mut self.reason)),
                _ => Verdict::Failed(request::said(reply)),
            };
        }
        match self.kind {
            Kind::Jira => jira::hear(self, reply),
            Kind::Confluence => confluence::hear(self, reply),
            Kind::Bitbucket => bitbucket::hear(self, reply),
            Kind::Scim | Kind::AtlassianCloud => scim::hear(self, reply),
        }
    }

    fn has_rights(&self, reply: &Reply<'_>) -> bool {
        match probes(self.kind).last() {
            Some((subject, _)) => probed(self.kind, subject, reply).is_ok(),
            None => true,
        }
    }

    /// The step is done as it was planned.
    pub(super) fn done(&self) -> Verdict {
        Verdict::Done { effect: self.step.after.clone(), again: false }
    }

    /// The user is made, or changed, and this is what the target calls him.
    pub(super) fn done_user(&self, id: &str) -> Verdict {
        let mut effect = self.step.after.clone();
        if let Effect::User(Some(user)) = &mut effect
            && !id.is_empty()
        {
            id.clone_into(&mut user.id);
        }
        Verdict::Done { effect, again: false }
    }

    /// Asks the next request, which is for this.
    pub(super) fn ask(&mut self, phase: Phase, request: Request) -> Verdict {
        self.phase = phase;
        Verdict::Ask(request)
    }

    /// Asks what a refusal means, whose words are kept.
    pub(super) fn look(&mut self, phase: Phase, reply: &Reply<'_>, request: Request) -> Verdict {
        self.reason = request::said(reply);
        self.ask(phase, request)
    }

    /// Gives up, with the words of the refusal that was looked into.
    pub(super) fn dead(&mut self) -> Verdict {
        match request::speaks_of_licence(&self.reason) {
            true => Verdict::NoSeat(std::mem::take(&mut self.reason)),
            false => Verdict::Dead(std::mem::take(&mut self.reason)),
        }
    }

    /// An answer that the step has no better reading of: without the rights it is asked whether they are there at all.
    pub(super) fn otherwise(&mut self, reply: &Reply<'_>) -> Verdict {
        match reply.status {
            402 => Verdict::NoSeat(request::said(reply)),
            401 | 403 => {
                self.reason = request::said(reply);
                match probes(self.kind).pop() {
                    Some((_, request)) => self.ask(Phase::Probe, request),
                    None => Verdict::Refused(std::mem::take(&mut self.reason)),
                }
            }
            400..=499 => {
                self.reason = request::said(reply);
                self.dead()
            }
            _ => Verdict::Failed(request::said(reply)),
        }
    }

    /// The account that the step wanted to make is there. Without leave to take accounts over, it is taken only if it is what would have
    /// been made: then this step may have made it before it was interrupted.
    pub(super) fn adopted(&mut self, wanted: &KnownUser, found: KnownUser) -> Verdict {
        let same = found.display_name == wanted.display_name
            && (found.email.is_empty() || found.email == wanted.email)
            && found.active == wanted.active;
        if same || self.policy.adopt {
            return Verdict::Done { effect: Effect::User(Some(found)), again: true };
        }
        Verdict::Dead(format!("there is a user \"{}\" already, and the policy says to take none over", found.name))
    }

    /// The group that the step wanted to make is there, with or without members.
    pub(super) fn adopted_group(&mut self, id: &str, is_empty: bool) -> Verdict {
        let Effect::NewGroup { group, .. } = &self.step.after else { return self.done() };
        let is_ours = matches!(&self.step.act, Act::CreateGroup(KnownGroup { doubt: Some(_), .. }));
        if !is_empty && !is_ours && !self.policy.adopt {
            return Verdict::Dead(format!(
                "there is a group \"{}\" with members already, and the policy says to take none over",
                group.name
            ));
        }
        let mut group = group.clone();
        id.clone_into(&mut group.id);
        Verdict::Done { effect: Effect::NewGroup { group, read: !is_empty }, again: !is_empty }
    }

    /// The user is there, and this is what he is called.
    pub(super) fn found(&self, user: &KnownUser, seen: &KnownUser) -> Verdict {
        let user = KnownUser { id: seen.id.clone(), ..user.named(&seen.name) };
        Verdict::Done { effect: Effect::User(Some(user)), again: true }
    }

    /// The target has nothing of the user any more.
    pub(super) fn no_user(&self) -> Verdict {
        Verdict::Done { effect: Effect::User(None), again: true }
    }

    /// The target has nothing of the group any more.
    pub(super) fn no_group(&self) -> Verdict {
        Verdict::Done { effect: Effect::Group(None), again: true }
    }

    /// That the policy says to make no groups.
    pub(super) fn makes_no_group(name: &str) -> Verdict {
        Verdict::Dead(format!("there is no group \"{name}\", and the policy says to make none"))
    }
}

/// That the target has no time, if that is what it says.
pub(super) fn busy(reply: &Reply<'_>) -> Option<Verdict> {
    matches!(reply.status, 429 | 502 | 503 | 504)
        .then(|| Verdict::Busy { after_ms: reply.retry_after_ms(), reason: request::said(reply) })
}

/// A group as members of it are read.
pub(super) fn place(id: &str, name: &str) -> Former {
    Former { id: id.to_owned(), name: name.to_owned() }
}

#[cfg(test)]
mod tests;
