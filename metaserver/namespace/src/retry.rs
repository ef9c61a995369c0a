//! At most once: what calls of Hadoop RPC answered, for their retries (`RetryCache` of HDFS). A
//! client whose server died between commit and answer sends the same call to the next one, which
//! must not do it twice.
//!
//! Answers are kept in generations. One ends after [`LIFETIME_MS`] of replicated time or with
//! [`PER_GENERATION`] answers; the present and the one before are looked at, and older ones are
//! deleted as a whole. So an answer is kept for ten minutes at least, unless there are more than
//! [`PER_GENERATION`] after it, and nothing is swept one by one.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::command::{CallId, Caller, Mutation};
use crate::error::{Failure, RowsError};
use crate::keys;
use crate::reply::Reply;
use crate::rows::Rows;

/// How long a generation lasts, ms of replicated time (dfs.namenode.retrycache.expirytime.millis).
const LIFETIME_MS: i64 = 600_000;

/// Answers in one generation at most: about 20 MiB.
pub(crate) const PER_GENERATION: u32 = 1 << 17;

/// Where the generations are; a part of [`keys::State`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generations {
    /// The present one.
    pub present: u64,
    /// When it began, ms of replicated time.
    pub began_ms: i64,
    /// Answers in it.
    pub answers: u32,
}

impl Generations {
    /// Whether the present one has to end before another answer is added.
    fn is_over(&self, now_ms: i64) -> bool {
        self.answers >= PER_GENERATION || now_ms.saturating_sub(self.began_ms) >= LIFETIME_MS
    }
}

impl<R: Rows + ?Sized> Batch<'_, R> {
    /// Carries out a call, or says again what it answered. A refusal is not remembered: as in
    /// HDFS, a retry is judged anew.
    pub(crate) fn once(
        &mut self,
        call: CallId,
        caller: &Caller,
        mutation: &Mutation,
    ) -> Result<Reply, Failure> {
        if let Some(reply) = self.remembered(call)? {
            return Ok(reply);
        }
        let reply = self.client(caller, mutation)?;
        self.remember(call, &reply)?;
        Ok(reply)
    }

    fn remembered(&self, call: CallId) -> Result<Option<Reply>, RowsError> {
        let present = self.state.retries.present;
        for generation in [Some(present), present.checked_sub(1)].into_iter().flatten() {
            let key = keys::retry(generation, call);
            if let Some(value) = self.overlay.rare_raw(&key)? {
                return keys::decode(&key, &value).map(Some);
            }
        }
        Ok(None)
    }

    fn remember(&mut self, call: CallId, reply: &Reply) -> Result<(), RowsError> {
        let now_ms = self.state.time_ms;
        if self.state.retries.is_over(now_ms) {
            let present = self.state.retries.present + 1;
            self.state.retries = Generations { present, began_ms: now_ms, answers: 0 };
            if let Some(old) = present.checked_sub(2) {
                self.overlay.clear(keys::retry_prefix(old));
            }
        }
        self.state.retries.answers += 1;
        self.overlay.new_raw(keys::retry(self.state.retries.present, call), keys::encode(reply)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Op};
    use crate::memory::MemoryRows;
    use crate::settings::Settings;
    use crate::view::View;

    fn call(number: i32) -> CallId {
        CallId { client: [7; 16], call: number }
    }

    fn superuser() -> Caller {
        Settings::default().caller("hdfs")
    }

    fn mkdirs(path: &str) -> Mutation {
        let path = path.to_owned();
        Mutation::Mkdirs { path, permission: 0o755, unmasked: None, create_parent: true }
    }

    fn delete(path: &str) -> Mutation {
        Mutation::Delete { path: path.to_owned(), recursive: true }
    }

    fn run(rows: &mut MemoryRows, commands: &[(i64, Op)]) -> Vec<Reply> {
        let mut batch = Batch::new(&*rows).unwrap();
        let replies = commands
            .iter()
            .map(|(time_ms, op)| {
                let command = Command { time_ms: *time_ms, op: op.clone() };
                batch.apply(&command).unwrap().unwrap()
            })
            .collect();
        let changes = batch.finish().unwrap();
        rows.apply(changes);
        replies
    }

    fn formed() -> MemoryRows {
        let mut rows = MemoryRows::default();
        run(&mut rows, &[(1, Op::SetSettings(Box::default()))]);
        rows
    }

    fn once(number: i32, mutation: Mutation) -> Op {
        Op::Once(call(number), superuser(), mutation)
    }

    fn answers(rows: &MemoryRows) -> usize {
        rows.rows.keys().filter(|key| key.starts_with(keys::RETRY_PREFIX)).count()
    }

    #[test]
    fn a_retry_answers_the_same_and_does_nothing() {
        let mut rows = formed();
        run(&mut rows, &[(1, once(1, mkdirs("/a"))), (2, once(2, delete("/a")))]);
        // Without memory both would answer otherwise.
        assert_eq!(run(&mut rows, &[(3, once(2, delete("/a")))]), [Reply::Bool(true)]);
        run(&mut rows, &[(4, once(1, mkdirs("/a")))]);
        let there = View::new(&rows).unwrap().file_status(&superuser(), "/a").unwrap();
        assert_eq!(there, None);
        // Another call is another call; and it is found within its own batch too.
        let again = [(5, once(3, delete("/a"))), (5, once(3, delete("/a")))];
        assert_eq!(run(&mut rows, &again), [Reply::Bool(false), Reply::Bool(false)]);
    }

    #[test]
    fn answers_go_after_two_lifetimes_whatever_the_batches() {
        let ops = [
            (1, once(1, mkdirs("/a"))),
            (LIFETIME_MS + 1, once(2, mkdirs("/b"))),
            (LIFETIME_MS + 2, once(1, mkdirs("/a"))),
            (2 * LIFETIME_MS + 1, once(3, mkdirs("/c"))),
            (3 * LIFETIME_MS + 1, once(4, mkdirs("/d"))),
        ];
        let (mut together, mut apart) = (formed(), formed());
        run(&mut together, &ops);
        for op in ops {
            run(&mut apart, &[op]);
        }
        assert_eq!(together, apart);
        assert_eq!(answers(&apart), 2);
    }

    #[test]
    fn a_full_generation_ends() {
        let now = Generations { present: 3, began_ms: 5, answers: PER_GENERATION };
        assert!(now.is_over(6));
        assert!(!Generations { answers: PER_GENERATION - 1, ..now }.is_over(6));
        assert!(Generations { answers: 0, ..now }.is_over(5 + LIFETIME_MS));
    }
}
