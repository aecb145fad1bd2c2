//! The steps for a user: how his account comes about, follows him, and is shut. It knows no requests.

use super::{Act, Effect, KnownUser, Plan, Step, User, is_same_user};
use crate::directory::target::stored::{Kind, Leavers, Policy};
use crate::outbound::errand::Verdict;
use crate::outbound::{capability, scim};
use serde_json::json;

/// Characters that Confluence takes in no user name (its REST reference, "create user").
const NOT_AT_CONFLUENCE: &[char] = &['\\', ',', '+', '<', '>', '\'', '"'];

/// A user whose name is in doubt. Once it is known he is planned again.
pub(super) fn in_doubt(known: &KnownUser) -> Plan {
    let after = Effect::User(Some(known.named(&known.name)));
    Plan { steps: vec![Step { act: Act::FindUser(known.clone()), destructive: false, after }], trouble: None }
}

/// A user of whom the target has nothing.
pub(super) fn arriving(kind: Kind, wanted: &User) -> Plan {
    let account = account(kind, wanted, &KnownUser::default());
    if !account.active && !capability::of(kind).makes_inactive {
        return Plan::default();
    }
    if let Some(trouble) = refused_anyway(kind, &account) {
        return Plan { steps: Vec::new(), trouble: Some(trouble) };
    }
    let after = Effect::User(Some(account.clone()));
    Plan { steps: vec![Step { act: Act::CreateUser(account), destructive: false, after }], trouble: None }
}

/// A user that the target is not to have any more.
pub(super) fn gone(kind: Kind, policy: &Policy, known: &KnownUser) -> Plan {
    let known = &believed(known, true);
    let steps = match policy.leavers {
        Leavers::Never => Vec::new(),
        Leavers::Delete if !known.kept => {
            vec![Step { act: Act::DeleteUser(known.clone()), destructive: true, after: Effect::User(None) }]
        }
        Leavers::Delete | Leavers::Deactivate | Leavers::Release => shut(kind, policy, known),
    };
    Plan { steps, trouble: None }
}

/// A user whom the target refuses to delete.
pub(super) fn kept(kind: Kind, policy: &Policy, known: &KnownUser) -> Verdict {
    let known = KnownUser { kept: true, ..known.clone() };
    match shut(kind, policy, &known) {
        steps if steps.is_empty() => Verdict::Done { effect: Effect::User(Some(known)), again: false },
        steps => Verdict::Instead(steps),
    }
}

/// A user that the target has and is to have. Whether he is active comes first: a change of his address that is refused must not keep his
/// account open.
pub(super) fn staying(kind: Kind, policy: &Policy, known: &KnownUser, wanted: &User) -> Plan {
    let mut goal = account(kind, wanted, known);
    if policy.leavers == Leavers::Never && !goal.active {
        set_active(&mut goal, known.active);
    }
    let mut now = believed(known, !goal.active);
    let mut steps = Vec::new();
    if !goal.active {
        steps = shut(kind, policy, &now);
        set_active(&mut now, false);
        now.released |= loses_licence(kind, policy);
    } else if !now.active {
        steps = opened(kind, policy, &now);
        set_active(&mut now, true);
        now.released = false;
    }
    goal.released = now.released;
    let mut trouble = None;
    if now.name != goal.name && !capability::of(kind).renames_users {
        trouble = Some(format!(
            "{} cannot rename a user by its REST API: \"{}\" keeps this name there and is not called \"{}\"",
            words(kind),
            now.name,
            goal.name
        ));
        goal.name.clone_from(&now.name);
    }
    steps.extend(changed(kind, now, goal));
    Plan { steps, trouble }
}

/// What is believed of an account. With doubts about it, the worst: that it is still as it is not to be, so that every step is taken.
fn believed(known: &KnownUser, is_to_be_shut: bool) -> KnownUser {
    let mut believed = known.clone();
    if known.doubt.is_some() {
        set_active(&mut believed, is_to_be_shut);
        believed.released = !is_to_be_shut;
    }
    believed
}

/// An account that is shut and about whose details there are doubts: they are taken for others, so that they are sent when it is opened.
fn unbelieved(mut known: KnownUser) -> KnownUser {
    if known.doubt.take().is_some() {
        known.display_name.clear();
        known.attributes.clear();
    }
    known
}

/// The account that a user is to have where the target has `known` of him. An address that is not known here stays what it is there: no
/// product takes an empty one.
fn account(kind: Kind, wanted: &User, known: &KnownUser) -> KnownUser {
    let person = &wanted.person;
    let name = capability::user_name(kind, person.name.trim());
    // Where case makes no difference, a name that differs in nothing else is no other name.
    let name = if is_same_user(kind, &known.name, &name) { known.name.clone() } else { name };
    let email = match person.email.trim() {
        "" if !is_scim(kind) => known.email.clone(),
        email => email.to_owned(),
    };
    KnownUser {
        id: known.id.clone(),
        name,
        display_name: person.display_name.trim().to_owned(),
        email,
        active: person.active,
        released: known.released,
        kept: known.kept && person.active,
        attributes: if is_scim(kind) { wanted.attributes.clone() } else { known.attributes.clone() },
        was_read: false,
        doubt: None,
    }
}

/// What the target would refuse in any case, in words.
fn refused_anyway(kind: Kind, account: &KnownUser) -> Option<String> {
    let (product, name) = (words(kind), &account.name);
    if kind == Kind::Confluence && name.contains(|c: char| c.is_whitespace() || NOT_AT_CONFLUENCE.contains(&c)) {
        return Some(format!("{product} takes no user name with white space or one of \\ , + < > ' \": \"{name}\""));
    }
    if !is_scim(kind) && account.email.is_empty() {
        return Some(format!("{product} takes no user without an e-mail address: \"{name}\" has none"));
    }
    None
}

/// The steps that change a user's name and details.
fn changed(kind: Kind, now: KnownUser, goal: KnownUser) -> Vec<Step> {
    if is_scim(kind) {
        let same = now.doubt.is_none() && scim::is_same(kind, &now.attributes, &goal.attributes, now.was_read);
        return if same { Vec::new() } else { vec![update(now, goal)] };
    }
    let renamed = now.name != goal.name;
    let changed = now.doubt.is_some() || now.display_name != goal.display_name || now.email != goal.email;
    if kind == Kind::Bitbucket && renamed {
        let between = KnownUser { name: goal.name.clone(), ..now.clone() };
        let rename = Step {
            act: Act::RenameUser { from: now, to: between.clone() },
            destructive: false,
            after: Effect::User(Some(between.clone())),
        };
        let rest = changed.then(|| update(between, goal));
        return std::iter::once(rename).chain(rest).collect();
    }
    if renamed || changed { vec![update(now, goal)] } else { Vec::new() }
}

fn update(from: KnownUser, to: KnownUser) -> Step {
    let after = Effect::User(Some(to.clone()));
    Step { act: Act::UpdateUser { from, to }, destructive: false, after }
}

/// The steps that shut an account: first the account itself, then the licence, where the policy or the product wants that. Nothing where
/// that is done already.
fn shut(kind: Kind, policy: &Policy, known: &KnownUser) -> Vec<Step> {
    let releases = loses_licence(kind, policy) && !known.released;
    let mut shut = known.clone();
    set_active(&mut shut, false);
    let mut steps = Vec::new();
    if capability::of(kind).deactivates && known.active {
        let after = Effect::User(Some(shut.clone()));
        steps.push(Step { act: Act::Deactivate(known.clone()), destructive: true, after });
    }
    let mut acts = Vec::new();
    if releases {
        acts.extend(policy.licence_groups.iter().map(|group| Act::Release(shut.clone(), group.clone())));
        if kind == Kind::Jira {
            acts.extend(policy.applications.iter().map(|key| Act::Unseat(shut.clone(), key.clone())));
        }
    }
    if !capability::of(kind).deactivates && known.active {
        acts.push(Act::Revoke(known.clone()));
        acts.push(Act::Lock(known.clone()));
    }
    let left = unbelieved(KnownUser { released: known.released || releases, ..shut });
    if acts.is_empty()
        && let Some(last) = steps.last_mut()
    {
        last.after = Effect::User(Some(left));
        return steps;
    }
    steps.extend(chain(acts, true, left));
    steps
}

/// The steps that open an account again. Groups that give a licence are the business of memberships.
fn opened(kind: Kind, policy: &Policy, known: &KnownUser) -> Vec<Step> {
    let mut open = known.clone();
    set_active(&mut open, true);
    open.released = false;
    if !capability::of(kind).deactivates {
        // The product has no such thing: that he is there still is what has to be known.
        let (from, to) = (known.clone(), open);
        return vec![update(from, to)];
    }
    let mut acts = vec![Act::Activate(known.clone())];
    if kind == Kind::Jira && known.released {
        acts.extend(policy.applications.iter().map(|key| Act::Seat(known.clone(), key.clone())));
    }
    chain(acts, false, open)
}

/// Acts one after the other, with the last one of which `left` is known.
fn chain(acts: Vec<Act>, destructive: bool, left: KnownUser) -> Vec<Step> {
    let mut steps: Vec<Step> = acts.into_iter().map(|act| Step { act, destructive, after: Effect::Nothing }).collect();
    if let Some(last) = steps.last_mut() {
        last.after = Effect::User(Some(left));
    }
    steps
}

fn loses_licence(kind: Kind, policy: &Policy) -> bool {
    policy.leavers == Leavers::Release || !capability::of(kind).deactivates
}

/// Sets whether an account is active, in its attributes too.
pub(super) fn set_active(user: &mut KnownUser, active: bool) {
    user.active = active;
    if !user.attributes.is_empty() {
        user.attributes.insert("active".to_owned(), json!(active));
    }
}

fn is_scim(kind: Kind) -> bool {
    matches!(kind, Kind::Scim | Kind::AtlassianCloud)
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Jira => "Jira",
        Kind::Confluence => "Confluence",
        Kind::Bitbucket => "Bitbucket",
        Kind::Scim => "the SCIM server",
        Kind::AtlassianCloud => "Atlassian Cloud",
    }
}
