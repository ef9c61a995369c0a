//! What is sent again, when, and what is known afterwards.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use metafs_tablestore::error::ErrorCode;
use metafs_tablestore::model::{ColumnChange, RowExistence};
use metafs_tablestore::{
    AttemptResult, Credentials, CredentialsError, ErrorKind, Idempotence, Operation, ReadOptions,
    RetryPolicy, RowWrite, proto,
};
use tokio::time::Instant;

use crate::common::{Step, Sums, client, client_retrying, client_with, config, key, put_ok, row};

#[tokio::test]
async fn what_was_surely_not_done_is_always_sent_again() {
    let (client, script) = client([
        Step::NotSent,
        Step::Refuse(503, "OTSServerBusy"),
        Step::Refuse(409, "OTSRowOperationConflict"),
        Step::Refuse(404, "OTSTableNotReady"),
        put_ok(),
    ]);
    let write = RowWrite::put("t", row(1)).expect(RowExistence::ExpectNotExist);
    client.write_row(&write).await.unwrap();
    let sent = script.sent();
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|request| request.body == sent[0].body));
    // At least half of the policy's; longer when the service asks for less.
    let pause = |i: usize| sent[i + 1].at - sent[i].at;
    assert!(pause(0) >= Duration::from_millis(1));
    assert!(pause(1) >= Duration::from_millis(10));
}

#[tokio::test]
async fn what_may_have_been_done_is_sent_again_only_if_that_is_harmless() {
    for lost in [|| Step::NoAnswer, || Step::Hang, || Step::Refuse(503, "OTSTimeout")] {
        let (plain, script) = client([lost(), put_ok()]);
        plain.put_row("t", row(1)).await.unwrap();
        assert_eq!(script.sent().len(), 2);

        let conditional = RowWrite::put("t", row(1)).expect(RowExistence::ExpectNotExist);
        let increment = RowWrite::update("t", key(1), vec![ColumnChange::increment("n", 1)]);
        for write in [conditional, increment] {
            let (client, script) = client([lost()]);
            let error = client.write_row(&write).await.unwrap_err();
            assert!(error.may_have_applied() && !error.earlier_unknown, "{error}");
            assert_eq!((error.attempts, script.sent().len()), (1, 1));
        }
    }
}

#[tokio::test]
async fn the_caller_has_the_last_word() {
    let write = RowWrite::put("t", row(1)).expect(RowExistence::ExpectNotExist);
    let steps = [Step::NoAnswer, Step::Refuse(403, "OTSConditionCheckFail")];
    let (client, script) = client(steps);
    let error = client.with_idempotence(Idempotence::Yes).write_row(&write).await.unwrap_err();
    // The first attempt may be what made the second fail: both are told.
    assert!(error.is_condition_failed() && error.earlier_unknown && error.may_have_applied());
    assert_eq!(script.left(), 0);

    script.push(Step::NoAnswer);
    let never = client.with_idempotence(Idempotence::No);
    assert!(never.get_row("t", &key(1), &ReadOptions::default()).await.is_err());
}

#[tokio::test]
async fn refusals_that_stay_are_not_sent_again() {
    for (status, code) in [
        (403, "OTSConditionCheckFail"),
        (403, "OTSAuthFailed"),
        (404, "OTSObjectNotExist"),
        (400, "OTSParameterInvalid"),
        (413, "OTSRequestBodyTooLarge"),
        (403, "OTSQuotaExhausted"),
    ] {
        let (client, script) = client([Step::Refuse(status, code)]);
        let error = client.put_row("t", row(1)).await.unwrap_err();
        assert_eq!(error.code().map(ErrorCode::text), Some(code));
        assert!(!error.may_have_applied());
        assert_eq!(script.sent().len(), 1);
    }
}

#[tokio::test]
async fn tries_end_by_number_and_by_time() {
    let busy = || Step::Refuse(503, "OTSServerBusy");
    let few = RetryPolicy { max_retries: 2, ..config().retry };
    let (three, script) = client_retrying(few, (0..9).map(|_| busy()));
    assert_eq!(three.put_row("t", row(1)).await.unwrap_err().attempts, 3);
    assert_eq!(script.sent().len(), 3);

    let short = RetryPolicy { total: Duration::from_millis(200), ..config().retry };
    let (short, script) = client_retrying(short, (0..999).map(|_| busy()));
    let start = Instant::now();
    let error = short.put_row("t", row(1)).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::ServerBusy));
    assert!(start.elapsed() < Duration::from_secs(5) && script.sent().len() > 1);

    let mut patient = config();
    patient.attempt_timeout = Duration::from_secs(600);
    let (hanging, _) = client_with(patient, [Step::Hang]);
    let soon = hanging.with_deadline(Instant::now() + Duration::from_millis(50));
    let error = soon.put_row("t", row(1)).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Timeout));
}

#[tokio::test]
async fn a_forged_answer_is_an_unknown_outcome() {
    let forged = || Step::Forged(vec![]);
    let (reading, _) = client([forged(), Step::ok(&proto::GetRowResponse::default())]);
    assert_eq!(reading.get_row("t", &key(1), &ReadOptions::default()).await.unwrap().row, None);

    let body = vec![0x0A, 0x01, b'x'];
    let (client, _) = client([Step::Forged(body)]);
    let write = RowWrite::delete("t", key(1)).expect(RowExistence::ExpectExist);
    let error = client.write_row(&write).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Response(_)), "{error}");
    assert!(error.may_have_applied());
}

#[tokio::test]
async fn credentials_are_asked_for_anew_each_time() {
    let names = Arc::new(Mutex::new(vec!["second", "first"]));
    let mut config = config();
    config.credentials = Arc::new(move || -> Result<Arc<Credentials>, CredentialsError> {
        let name = names.lock().unwrap().pop().ok_or(CredentialsError("none left".into()))?;
        Ok(Arc::new(Credentials::new(name, "secret")))
    });
    let (client, script) = client_with(config, [Step::NotSent, put_ok()]);
    client.put_row("t", row(1)).await.unwrap();
    let ids: Vec<_> = script.sent().into_iter().map(|request| request.access_key_id).collect();
    assert_eq!(ids, ["first", "second"]);
}

#[tokio::test]
async fn the_observer_counts() {
    let sums = Arc::new(Sums::default());
    let mut config = config();
    config.observer = sums.clone();
    let steps = [Step::Refuse(503, "OTSServerBusy"), Step::NotSent, put_ok()];
    let (client, _) = client_with(config, steps);
    client.put_row("t", row(1)).await.unwrap();
    let put = Operation::PutRow;
    let attempts = [
        (put, AttemptResult::Refused, false),
        (put, AttemptResult::Failed, true),
        (put, AttemptResult::Ok, true),
    ];
    assert_eq!(*sums.requests.lock().unwrap(), attempts);
    assert_eq!(*sums.rows.lock().unwrap(), [(put, 1, false)]);
}
