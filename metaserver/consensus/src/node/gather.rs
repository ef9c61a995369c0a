//! Requests that share one step of Raft: those that have arrived are taken together, also where the
//! runtime has not looked at all of them yet. Used for writes and for the barriers of reads.

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::yield_now;

/// How often a step is put off for requests that are about to join it.
const MOST_LOOKS: usize = 8;

/// Waits for a request and adds it to `taken`, with all that come until the runtime has run what is
/// ready and looked at its sockets without finding one more. Nobody waits for nothing: all that
/// time something else is done. False: no more will come.
pub(super) async fn gather<T>(queue: &mut UnboundedReceiver<T>, taken: &mut Vec<T>) -> bool {
    if queue.recv_many(taken, usize::MAX).await == 0 {
        return false;
    }
    for _ in 0..MOST_LOOKS {
        yield_now().await;
        let before = taken.len();
        while let Ok(request) = queue.try_recv() {
            taken.push(request);
        }
        if taken.len() == before {
            break;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_is_about_to_come_is_taken_together() {
        let (sender, mut queue) = mpsc::unbounded_channel();
        let asking: Vec<_> = (0..10)
            .map(|number| {
                let sender = sender.clone();
                tokio::spawn(async move { sender.send(number).unwrap() })
            })
            .collect();
        let mut taken = Vec::new();
        assert!(gather(&mut queue, &mut taken).await);
        assert_eq!(taken, (0..10).collect::<Vec<_>>());
        for asked in asking {
            asked.await.unwrap();
        }
        drop(sender);
        assert!(!gather(&mut queue, &mut taken).await);
    }
}
