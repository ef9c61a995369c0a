//! Waiting for a condition: polls with a deadline instead of sleeping for a guess. Used by
//! everything here that waits.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep, timeout_at};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Polls `look` until it is `Ok(Some(_))`.
///
/// # Errors
/// It was not within `within`; the message has `what` and the last reason `look` gave.
pub async fn eventually<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + within;
    let mut last = None;
    while let Ok(seen) = timeout_at(deadline, look()).await {
        match seen {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(error) => last = Some(error),
        }
        if Instant::now() + PAUSE > deadline {
            break;
        }
        sleep(PAUSE).await;
    }
    let failed = || format!("gave up after {within:?} waiting for: {what}");
    match last {
        Some(error) => Err(error).with_context(failed),
        None => bail!(failed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_value_comes_back_once_it_is_there() {
        let mut looks = 0;
        let value = eventually("three looks", Duration::from_secs(5), async || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(value.await.expect("in time"), 3);
    }

    #[tokio::test]
    async fn giving_up_names_the_condition_and_the_last_reason() {
        let look = async || -> anyhow::Result<Option<()>> { bail!("connection refused") };
        let error =
            eventually("a leader", Duration::from_millis(30), look).await.expect_err("never there");
        let text = format!("{error:#}");
        assert!(text.contains("a leader") && text.contains("connection refused"), "{text}");
    }

    #[tokio::test]
    async fn a_look_that_hangs_is_cut_off() {
        let look = async || std::future::pending::<anyhow::Result<Option<()>>>().await;
        assert!(eventually("nothing", Duration::from_millis(30), look).await.is_err());
    }
}
