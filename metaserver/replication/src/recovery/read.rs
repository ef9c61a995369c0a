//! Reading a copy that stands still: base rows and batches, several at once, in order.

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};

use crate::frame::{Commit, Damage, Position, read_commit, read_part, read_segment};
use crate::meta::{Base, Chain};
use crate::pack::Change;
use crate::retry::Board;
use crate::store::{Key, Row, Store};

async fn row<S: Store>(store: &S, board: &Board, key: Key) -> Result<Row, Damage> {
    let row = board.until_done(|| store.get(key)).await;
    row.ok_or_else(|| Damage::new(key, "is missing"))
}

/// The rows of a base's rows from the `skip`-th on.
pub fn base<'a, S: Store>(
    store: &'a S,
    board: &'a Board,
    base: &'a Base,
    skip: u64,
    in_flight: usize,
) -> impl Stream<Item = Result<Vec<Change>, Damage>> + 'a {
    let numbers = base.spans.iter().flat_map(|span| {
        (span.first..span.first + span.count).map(|number| Key::base(span.epoch, number))
    });
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    stream::iter(numbers.skip(skip))
        .map(move |key| async move { read_segment(key, &row(store, board, key).await?) })
        .buffered(in_flight)
}

/// A batch's commit row.
///
/// # Errors
/// If it is missing or damaged.
pub async fn commit<S: Store>(
    store: &S,
    board: &Board,
    at: Position,
) -> Result<(Commit, Vec<Change>), Damage> {
    let key = Key::journal(at.epoch, at.batch);
    read_commit(key, &row(store, board, key).await?)
}

/// The commit rows of the batches of a closed chain after `after`, in order.
pub fn commits<'a, S: Store>(
    store: &'a S,
    board: &'a Board,
    chain: &Chain,
    after: Position,
    in_flight: usize,
) -> impl Stream<Item = Result<(Commit, Vec<Change>), Damage>> + 'a {
    let runs = chain.after(after).into_iter();
    let batches = runs.flat_map(|(epoch, first, last)| {
        (first..=last).map(move |batch| Position { epoch, batch })
    });
    stream::iter(batches).map(move |at| commit(store, board, at)).buffered(in_flight)
}

/// The parts of a batch from the `skip`-th on, in order.
pub fn parts<'a, S: Store>(
    store: &'a S,
    board: &'a Board,
    of: &Commit,
    skip: u32,
    in_flight: usize,
) -> impl Stream<Item = Result<Vec<Change>, Damage>> + 'a {
    let at = of.position;
    stream::iter(skip..of.parts)
        .map(move |part| async move {
            let key = Key::part(at.epoch, at.batch, part);
            read_part(key, &row(store, board, key).await?)
        })
        .buffered(in_flight)
}

/// Bytes of changes, about.
pub fn size(changes: &[Change]) -> usize {
    changes.iter().map(|c| c.key.len() + c.value.as_ref().map_or(0, Bytes::len) + 16).sum()
}
