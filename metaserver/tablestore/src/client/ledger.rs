//! Which rows of a batch have which outcome, and which are still to be sent. Pure.

use super::call::Tries;
use super::error::{Error, ErrorKind};
use crate::error::Retry;
use crate::operation::Operation;

/// What is known of one row.
enum Row<T> {
    /// To be sent (again); with the error of the last attempt.
    Pending { tries: Tries, last: Option<Error> },
    /// The end.
    Done(Result<T, Error>),
}

/// The rows of a batch, by their place in it.
pub(super) struct Ledger<T> {
    operation: Operation,
    rows: Vec<Row<T>>,
}

impl<T> Ledger<T> {
    pub(super) fn new(operation: Operation, rows: usize) -> Self {
        let rows =
            (0..rows).map(|_| Row::Pending { tries: Tries::default(), last: None }).collect();
        Self { operation, rows }
    }

    /// Rows to be sent, in their order.
    pub(super) fn pending(&self) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| matches!(row, Row::Pending { .. })).map(|(i, _)| i).collect()
    }

    pub(super) fn is_pending(&self, index: usize) -> bool {
        matches!(self.rows.get(index), Some(Row::Pending { .. }))
    }

    /// The row is done.
    pub(super) fn succeed(&mut self, index: usize, value: T) {
        if let Some(row) = self.rows.get_mut(index) {
            *row = Row::Done(Ok(value));
        }
    }

    /// An attempt of the row failed. It stays pending if it may be sent again; true: and the service
    /// asks for less.
    pub(super) fn fail(&mut self, index: usize, kind: ErrorKind, idempotent: bool) -> bool {
        let Some(row) = self.rows.get_mut(index) else {
            return false;
        };
        let Row::Pending { tries, last } = row else {
            return false;
        };
        let retry = kind.retry();
        let error = tries.failed(self.operation, kind);
        let again = match retry {
            Retry::Always { .. } => true,
            Retry::IfIdempotent => idempotent,
            Retry::Never => false,
        };
        if again {
            *last = Some(error);
        } else {
            *row = Row::Done(Err(error));
        }
        retry == Retry::Always { throttled: true }
    }

    /// A pending row ends with the error of its last attempt.
    pub(super) fn give_up(&mut self, index: usize) {
        let operation = self.operation;
        if let Some(row) = self.rows.get_mut(index)
            && let Row::Pending { last, .. } = row
        {
            let never = || Error::before(operation, ErrorKind::Timeout);
            *row = Row::Done(Err(last.take().unwrap_or_else(never)));
        }
    }

    /// The outcomes; rows that are still pending end with the error of their last attempt.
    pub(super) fn finish(mut self) -> Vec<Result<T, Error>> {
        for index in 0..self.rows.len() {
            self.give_up(index);
        }
        let done = |row| if let Row::Done(outcome) = row { Some(outcome) } else { None };
        self.rows.into_iter().filter_map(done).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorCode, ServiceError};

    fn service(code: ErrorCode) -> ErrorKind {
        ServiceError {
            code,
            raw_code: code.text().to_owned(),
            message: String::new(),
            status: code.status(),
            request_id: String::new(),
        }
        .into()
    }

    #[test]
    fn each_row_has_its_own_outcome() {
        let mut ledger = Ledger::new(Operation::BatchWriteRow, 5);
        ledger.succeed(0, 'a');
        assert!(ledger.fail(1, service(ErrorCode::ServerBusy), false));
        assert!(!ledger.fail(2, service(ErrorCode::ConditionCheckFail), true));
        assert!(!ledger.fail(3, ErrorKind::Timeout, true));
        assert!(!ledger.fail(4, ErrorKind::Timeout, false));
        assert_eq!(ledger.pending(), [1, 3]);
        ledger.succeed(1, 'b');
        ledger.fail(3, service(ErrorCode::ConditionCheckFail), true);
        let rows = ledger.finish();
        assert_eq!(rows[0].as_ref().ok(), Some(&'a'));
        assert_eq!(rows[1].as_ref().ok(), Some(&'b'));
        let refused = rows[2].as_ref().unwrap_err();
        assert!(refused.is_condition_failed() && !refused.may_have_applied());
        let refused = rows[3].as_ref().unwrap_err();
        assert!(refused.is_condition_failed() && refused.may_have_applied());
        assert_eq!(refused.attempts, 2);
        assert!(rows[4].as_ref().unwrap_err().may_have_applied());
    }
}
