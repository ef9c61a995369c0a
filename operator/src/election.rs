//! Elects one operator by a Lease (coordination.k8s.io), by compare-and-swap on its
//! resourceVersion. When a holder is silent is measured on the local monotonic clock since its
//! renewal was last seen to change: clocks need not agree.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, PostParams};
use kube::core::ObjectMeta;
use kube::{Client, ResourceExt};
use tracing::{debug, info, warn};

use crate::error::{Context, Error};

/// One candidate.
pub struct Elector {
    leases: Api<Lease>,
    namespace: String,
    name: String,
    identity: String,
    duration: Duration,
    seen: Option<Seen>,
}

/// The last renewal of somebody else, and when it was first seen here.
struct Seen {
    renewal: (Option<String>, Option<MicroTime>),
    at: Instant,
}

/// What to do about the Lease.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// There is none: make it.
    Create,
    /// It is ours.
    Renew,
    /// It is free, or its holder is silent.
    Take,
    /// Somebody else holds it.
    Wait,
}

impl Elector {
    /// A candidate for the Lease `namespace/name`; `identity` must be unique among operators.
    pub fn new(
        client: Client,
        namespace: &str,
        name: &str,
        identity: &str,
        duration: Duration,
    ) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            identity: identity.to_owned(),
            duration,
            seen: None,
        }
    }

    /// Between two tries.
    fn period(&self) -> Duration {
        self.duration / 5
    }

    /// Waits until this candidate is elected.
    pub async fn acquire(&mut self) {
        loop {
            match self.attempt().await {
                Ok(true) => {
                    info!(lease = self.name, identity = self.identity, "elected");
                    return;
                }
                Ok(false) => debug!(lease = self.name, "another operator is elected"),
                Err(error) => warn!(lease = self.name, %error, "election failed; trying again"),
            }
            tokio::time::sleep(self.period()).await;
        }
    }

    /// Keeps the Lease; returns when it is lost, well before another candidate may take it.
    pub async fn hold(&mut self) {
        let mut renewed = Instant::now();
        // Two thirds: whoever watches counts from when they saw the renewal, which is later.
        while renewed.elapsed() < self.duration * 2 / 3 {
            tokio::time::sleep(self.period()).await;
            let begun = Instant::now();
            match self.attempt().await {
                Ok(true) => renewed = begun,
                Ok(false) => break,
                Err(error) => {
                    warn!(lease = self.name, %error, "the lease was not renewed; trying again")
                }
            }
        }
        warn!(lease = self.name, identity = self.identity, "not the elected operator any more");
    }

    /// Gives the Lease up, so that another candidate need not wait.
    pub async fn release(&self) {
        let released = async {
            let Some(mut lease) = self.read().await? else { return Ok(()) };
            let spec = lease.spec.get_or_insert_default();
            if spec.holder_identity.as_deref() == Some(&self.identity) {
                spec.holder_identity = None;
                self.replace(lease).await?;
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = released.await {
            warn!(lease = self.name, %error, "the lease was not released; it expires");
        }
    }

    /// Tries once to get or renew the Lease.
    async fn attempt(&mut self) -> Result<bool, Error> {
        let lease = self.read().await?;
        let turn = self.turn(
            lease.as_ref().and_then(|lease| lease.spec.as_ref()),
            lease.is_some(),
            Instant::now(),
        );
        let now = Some(MicroTime(Timestamp::now()));
        let written = match (turn, lease) {
            (Turn::Wait, _) => return Ok(false),
            (Turn::Create, _) | (_, None) => self.create(now).await,
            (Turn::Renew, Some(mut lease)) => {
                lease.spec.get_or_insert_default().renew_time = now;
                self.replace(lease).await
            }
            (Turn::Take, Some(mut lease)) => {
                let spec = lease.spec.get_or_insert_default();
                spec.holder_identity = Some(self.identity.clone());
                spec.lease_duration_seconds = Some(self.seconds());
                spec.acquire_time.clone_from(&now);
                spec.renew_time = now;
                spec.lease_transitions =
                    Some(spec.lease_transitions.unwrap_or(0).saturating_add(1));
                self.replace(lease).await
            }
        };
        match written {
            Ok(()) => Ok(true),
            // Somebody else was faster.
            Err(error)
                if error.answer().is_some_and(|s| s.is_conflict() || s.is_already_exists()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn turn(&mut self, spec: Option<&LeaseSpec>, exists: bool, now: Instant) -> Turn {
        if !exists {
            return Turn::Create;
        }
        let Some(holder) = spec
            .and_then(|spec| spec.holder_identity.as_deref())
            .filter(|holder| !holder.is_empty())
        else {
            return Turn::Take;
        };
        if holder == self.identity {
            return Turn::Renew;
        }
        let renewal = (Some(holder.to_owned()), spec.and_then(|spec| spec.renew_time.clone()));
        let told = spec
            .and_then(|spec| u64::try_from(spec.lease_duration_seconds?).ok())
            .map(Duration::from_secs);
        match &self.seen {
            Some(seen) if seen.renewal == renewal => {
                let silent = now.saturating_duration_since(seen.at);
                if silent >= told.unwrap_or(self.duration) { Turn::Take } else { Turn::Wait }
            }
            _ => {
                self.seen = Some(Seen { renewal, at: now });
                Turn::Wait
            }
        }
    }

    fn seconds(&self) -> i32 {
        i32::try_from(self.duration.as_secs()).unwrap_or(i32::MAX)
    }

    async fn read(&self) -> Result<Option<Lease>, Error> {
        self.leases.get_opt(&self.name).await.context(|| format!("reading Lease {}", self.name))
    }

    async fn create(&self, now: Option<MicroTime>) -> Result<(), Error> {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: Some(self.seconds()),
                acquire_time: now.clone(),
                renew_time: now,
                lease_transitions: Some(0),
                ..LeaseSpec::default()
            }),
        };
        self.leases
            .create(&PostParams::default(), &lease)
            .await
            .context(|| format!("creating Lease {}", self.name))?;
        Ok(())
    }

    /// The resourceVersion in it makes this a compare-and-swap.
    async fn replace(&self, lease: Lease) -> Result<(), Error> {
        self.leases
            .replace(&lease.name_any(), &PostParams::default(), &lease)
            .await
            .context(|| format!("writing Lease {}", self.name))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elector() -> Elector {
        let config = kube::Config::new("http://localhost:1".parse().unwrap());
        let client = Client::try_from(config).unwrap();
        Elector::new(client, "ns", "lease", "me", Duration::from_secs(15))
    }

    fn held(by: &str, renewed: i64) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(by.into()),
            lease_duration_seconds: Some(15),
            renew_time: Some(MicroTime(Timestamp::from_second(renewed).unwrap())),
            ..LeaseSpec::default()
        }
    }

    #[tokio::test]
    async fn a_silent_holder_is_replaced_by_the_local_clock() {
        let mut elector = elector();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        // A renewal time far in the past says nothing: the holder's clock may be wrong.
        assert_eq!(elector.turn(Some(&held("other", 1)), true, start), Turn::Wait);
        assert_eq!(elector.turn(Some(&held("other", 1)), true, after(14)), Turn::Wait);
        // It renews, whatever the time it says: the count begins anew.
        assert_eq!(elector.turn(Some(&held("other", 0)), true, after(14)), Turn::Wait);
        assert_eq!(elector.turn(Some(&held("other", 0)), true, after(28)), Turn::Wait);
        assert_eq!(elector.turn(Some(&held("other", 0)), true, after(29)), Turn::Take);
    }

    #[tokio::test]
    async fn a_free_lease_is_taken_and_an_own_one_renewed() {
        let mut elector = elector();
        let now = Instant::now();
        assert_eq!(elector.turn(None, false, now), Turn::Create);
        assert_eq!(elector.turn(Some(&LeaseSpec::default()), true, now), Turn::Take);
        assert_eq!(elector.turn(Some(&held("", 1)), true, now), Turn::Take);
        assert_eq!(elector.turn(Some(&held("me", 1)), true, now), Turn::Renew);
    }
}
