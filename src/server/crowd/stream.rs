//! Answers of any length: what is looked up a piece at a time is written as it comes, at the speed at which the client reads. A short one
//! is whole before its first byte is sent, and an answer that fails on its way is cut, so that no client takes a part for the whole.

use super::encode::{Detail, Encoder, Entity};
use super::events;
use super::xml::escape;
use crate::directory::answer::Cut;
use crate::directory::sight::Sight;
use crate::directory::sight::events::Story;
use crate::directory::sight::index::Depth;
use crate::directory::sight::search::Restriction;
use crate::directory::sight::walk::Walk;
use crate::limits;
use crate::scim::errors::Error;
use crate::server::body::Answer;
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use uuid::Uuid;

/// What an answer is to hold.
pub enum Matter {
    /// A list of users or groups.
    List(List),
    /// Who is in which group.
    Memberships,
    /// What is otherwise since a moment.
    Events(Box<Story>),
}

/// A list of users or groups.
pub struct List {
    /// Of which it is.
    pub entity: Entity,
    /// Who is looked at.
    pub walk: Walk,
    /// Whom of them it has.
    pub restriction: Restriction,
    /// How much it tells of each.
    pub detail: Detail,
    /// How many are left out at its beginning.
    pub start: usize,
    /// How many it has at most; `None`: all.
    pub max: Option<usize>,
}

/// Makes the answer in a task of its own; gives it whole when it is short, and else what there is of it while the rest is made.
///
/// # Errors
/// Those of the directory before anything was sent.
pub async fn answer(
    sight: Sight,
    encoder: Encoder,
    matter: Matter,
    place: OwnedSemaphorePermit,
) -> Result<Answer, Error> {
    let (head, begun) = oneshot::channel();
    let out = Out { bytes: encoder.begin(), way: Way::Held(Some(head)) };
    tokio::spawn(async move {
        make(sight, encoder, matter, out).await;
        drop(place);
    });
    let failed = |_| Error::new(crate::scim::errors::Kind::Internal, "the answer could not be made");
    begun.await.map_err(failed)?
}

/// Where the bytes of an answer go.
struct Out {
    bytes: Vec<u8>,
    way: Way,
}

enum Way {
    /// Nothing was sent yet.
    Held(Option<oneshot::Sender<Result<Answer, Error>>>),
    /// The client reads already.
    Sent(mpsc::Sender<Result<Bytes, Cut>>),
}

/// Why an answer ends before its end.
enum Ended {
    Gone,
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Failed(error)
    }
}

impl Out {
    /// Sends what has come together, when that is enough.
    async fn flush(&mut self) -> Result<(), Ended> {
        if self.bytes.len() < limits::STREAM_CHUNK_BYTES {
            return Ok(());
        }
        if let Way::Held(head) = &mut self.way {
            let (sender, receiver) = mpsc::channel(limits::STREAM_CHUNKS_MAX);
            let head = head.take().ok_or(Ended::Gone)?;
            head.send(Ok(Answer::Stream(receiver))).map_err(|_| Ended::Gone)?;
            self.way = Way::Sent(sender);
        }
        let chunk = std::mem::replace(&mut self.bytes, Vec::with_capacity(limits::STREAM_CHUNK_BYTES + 1024));
        self.send(Ok(Bytes::from(chunk))).await
    }

    async fn send(&mut self, part: Result<Bytes, Cut>) -> Result<(), Ended> {
        let Way::Sent(sender) = &self.way else { return Ok(()) };
        // A client that takes nothing any more must not keep the snapshot, by which the file grows.
        let pause = Duration::from_millis(limits::PIECE_MS_MAX);
        sender.send_timeout(part, pause).await.map_err(|_| Ended::Gone)
    }

    /// The answer is complete, or it is not.
    async fn end(mut self, made: Result<(), Ended>) {
        match (made, &mut self.way) {
            (Ok(()), Way::Held(head)) => {
                let whole = Answer::Full(Bytes::from(std::mem::take(&mut self.bytes)));
                // A client that went away does not hear it.
                let _ = head.take().map(|head| head.send(Ok(whole)));
            }
            (Ok(()), Way::Sent(_)) => {
                let rest = Bytes::from(std::mem::take(&mut self.bytes));
                if !rest.is_empty() && self.send(Ok(rest)).await.is_err() {
                    let _ = self.send(Err(Cut)).await;
                }
            }
            (Err(Ended::Failed(error)), Way::Held(head)) => {
                let _ = head.take().map(|head| head.send(Err(error)));
            }
            (Err(ended), Way::Sent(_)) => {
                if let Ended::Failed(error) = ended {
                    tracing::error!(%error, "an answer of the Crowd face was cut");
                }
                let _ = self.send(Err(Cut)).await;
            }
            (Err(Ended::Gone), Way::Held(_)) => {}
        }
    }
}

async fn make(sight: Sight, encoder: Encoder, matter: Matter, mut out: Out) {
    let made = match matter {
        Matter::List(list) => write_list(&sight, &encoder, list, &mut out).await,
        Matter::Memberships => write_memberships(&sight, &mut out).await,
        Matter::Events(story) => write_events(&sight, &encoder, *story, &mut out).await,
    };
    out.end(made).await;
}

async fn write_list(sight: &Sight, encoder: &Encoder, mut list: List, out: &mut Out) -> Result<(), Ended> {
    encoder.list_begins(&mut out.bytes, list.entity);
    let mut page = Page { skip: list.start, left: list.max, is_first: true };
    let reads_records = list.detail != Detail::Name || list.restriction.needs_records();
    while page.left != Some(0) {
        let Some(mut ids) = list.walk.next(sight).await? else { break };
        // Whoever is passed over anyway need not be read.
        if list.restriction == Restriction::All {
            let passed = page.skip.min(ids.len());
            ids.drain(..passed);
            page.skip -= passed;
            ids.truncate(page.left.unwrap_or(ids.len()));
        }
        match (list.entity, reads_records) {
            (Entity::User, true) => {
                for user in sight.users(&ids).await?.iter().filter(|user| list.restriction.finds_user(user)) {
                    page.write(encoder, &mut out.bytes, |out| encoder.user(out, user, list.detail));
                }
            }
            (Entity::Group, true) => {
                for group in sight.groups(&ids).await?.iter().filter(|group| list.restriction.finds_group(group)) {
                    page.write(encoder, &mut out.bytes, |out| encoder.group(out, group, list.detail));
                }
            }
            (entity, false) => {
                let names = match entity {
                    Entity::User => &sight.index().users,
                    Entity::Group => &sight.index().groups,
                };
                let names = ids.iter().filter_map(|id| names.name(*id));
                for name in names.filter(|name| list.restriction.finds_name(name)) {
                    page.write(encoder, &mut out.bytes, |out| encoder.name(out, entity, name));
                }
            }
        }
        out.flush().await?;
        tokio::task::yield_now().await;
    }
    encoder.list_ends(&mut out.bytes, list.entity);
    Ok(())
}

/// Where in a list its writer is.
struct Page {
    skip: usize,
    left: Option<usize>,
    is_first: bool,
}

impl Page {
    fn write(&mut self, encoder: &Encoder, out: &mut Vec<u8>, element: impl FnOnce(&mut Vec<u8>)) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        match &mut self.left {
            Some(0) => return,
            Some(left) => *left -= 1,
            None => {}
        }
        if !std::mem::take(&mut self.is_first) {
            encoder.between(out);
        }
        element(out);
    }
}

/// Always XML: no client reads anything else here.
async fn write_memberships(sight: &Sight, out: &mut Out) -> Result<(), Ended> {
    out.bytes.extend_from_slice(b"<memberships>");
    let mut groups = Walk::Groups(None);
    while let Some(ids) = groups.next(sight).await? {
        for id in ids {
            let Some(name) = sight.index().groups.name(id) else { continue };
            out.bytes.extend_from_slice(b"<membership group=\"");
            escape(&mut out.bytes, name);
            out.bytes.extend_from_slice(b"\"><users>");
            let mut members = Walk::members(sight, id, Depth::Direct);
            while let Some(users) = members.next(sight).await? {
                for name in users.iter().filter_map(|user| sight.index().users.name(*user)) {
                    named(&mut out.bytes, "user", name);
                }
                out.flush().await?;
                tokio::task::yield_now().await;
            }
            out.bytes.extend_from_slice(b"</users><groups>");
            let below = sight.index().below(id, Depth::Direct);
            for name in below.iter().filter_map(|group| sight.index().groups.name(*group)) {
                named(&mut out.bytes, "group", name);
            }
            out.bytes.extend_from_slice(b"</groups></membership>");
        }
        out.flush().await?;
        tokio::task::yield_now().await;
    }
    out.bytes.extend_from_slice(b"</memberships>");
    Ok(())
}

fn named(out: &mut Vec<u8>, tag: &str, name: &str) {
    out.push(b'<');
    out.extend_from_slice(tag.as_bytes());
    out.extend_from_slice(b" name=\"");
    escape(out, name);
    out.extend_from_slice(b"\"/>");
}

async fn write_events(sight: &Sight, encoder: &Encoder, story: Story, out: &mut Out) -> Result<(), Ended> {
    use events::Operation::{Created, Updated};
    let mut writer = events::Writer::new(encoder);
    writer.begins(&mut out.bytes, &sight.token());
    for name in &story.groups_gone {
        writer.gone(&mut out.bytes, Entity::Group, name);
    }
    for name in &story.users_gone {
        writer.gone(&mut out.bytes, Entity::User, name);
    }
    for (ids, operation) in
        [(&story.users_renamed, Updated), (&story.users_new, Created), (&story.users_changed, Updated)]
    {
        for ids in ids.chunks(limits::CROWD_ROWS) {
            for user in sight.users(ids).await? {
                writer.user(&mut out.bytes, &user, operation);
            }
            out.flush().await?;
        }
    }
    for (ids, operation) in [(&story.groups_new, Created), (&story.groups_changed, Updated)] {
        for ids in ids.chunks(limits::CROWD_ROWS) {
            for group in sight.groups(ids).await? {
                writer.group(&mut out.bytes, &group, operation);
            }
            out.flush().await?;
        }
    }
    for name in &story.names_left {
        writer.gone(&mut out.bytes, Entity::User, name);
    }
    memberships(sight, &mut writer, &story, out).await?;
    writer.ends(&mut out.bytes);
    Ok(())
}

async fn memberships(
    sight: &Sight,
    writer: &mut events::Writer<'_>,
    story: &Story,
    out: &mut Out,
) -> Result<(), Ended> {
    let names = |ids: &[Uuid]| ids.iter().filter_map(|id| sight.index().groups.name(*id).cloned()).collect::<Vec<_>>();
    for user in &story.users_moved {
        let Some(name) = sight.index().users.name(*user) else { continue };
        let groups = sight.groups_of(*user, Depth::Direct).await?;
        writer.user_membership(&mut out.bytes, name, &names(&groups));
        out.flush().await?;
    }
    for group in &story.groups_moved {
        let Some(name) = sight.index().groups.name(*group) else { continue };
        let above = names(&sight.groups_above(*group, Depth::Direct));
        let below = names(&sight.index().below(*group, Depth::Direct));
        writer.group_membership(&mut out.bytes, name, &above, &below);
        out.flush().await?;
    }
    Ok(())
}
