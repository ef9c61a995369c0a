//! What goes wrong in a fault test, and when: a schedule that a seed decides (pure), and its execution on a
//! cluster.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::cluster::Cluster;
use metafs_admin_api::Role;

/// Who is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Who leads when it begins (the first server, if nobody does).
    Leader,
    /// So many places behind the leader.
    Other(usize),
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// kill -9, started again at the end.
    Kill,
    /// SIGSTOP, SIGCONT at the end.
    Freeze,
    /// It does not hear the others; they hear it.
    Deaf,
    /// The others do not hear it; it hears them.
    Mute,
    /// Both; clients still reach it.
    Isolate,
    /// Neither it nor the next server hears the other; the third hears both.
    CutPair,
    /// All servers: kill -9 at once.
    KillAll,
}

impl Fault {
    /// Whether it needs namespaces.
    fn cuts(self) -> bool {
        matches!(self, Fault::Deaf | Fault::Mute | Fault::Isolate | Fault::CutPair)
    }
}

/// One step: a pause, then faults together for a while, then everything is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Quiet time before.
    pub pause: Duration,
    /// The faults.
    pub faults: Vec<(Target, Fault)>,
    /// How long they last.
    pub lasts: Duration,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {:?}: {:?} for {:?}", self.pause, self.faults, self.lasts)
    }
}

/// The schedule of a seed: steps that take `total` together. `cuts`: whether connections can be cut.
pub fn schedule(seed: u64, total: Duration, cuts: bool) -> Vec<Step> {
    const FAULTS: [Fault; 9] = [
        Fault::Kill,
        Fault::Kill,
        Fault::Freeze,
        Fault::Freeze,
        Fault::Isolate,
        Fault::Deaf,
        Fault::Mute,
        Fault::CutPair,
        Fault::KillAll,
    ];
    let possible: Vec<Fault> = FAULTS.into_iter().filter(|fault| cuts || !fault.cuts()).collect();
    let mut random = StdRng::seed_from_u64(seed);
    let mut steps = Vec::new();
    let mut used = Duration::ZERO;
    loop {
        let pause = Duration::from_millis(random.random_range(50..1500));
        let lasts = Duration::from_millis(random.random_range(100..2000));
        used += pause + lasts;
        if used > total {
            return steps;
        }
        let targets = [Target::Leader, Target::Leader, Target::Other(1), Target::Other(2)];
        let count = if random.random_ratio(1, 4) { 2 } else { 1 };
        let mut faults: Vec<(Target, Fault)> = Vec::new();
        for _ in 0..count {
            let target = targets.choose(&mut random).copied().unwrap_or(Target::Leader);
            let fault = possible.choose(&mut random).copied().unwrap_or(Fault::Kill);
            // Two faults together hit two servers; one that hits all stays alone.
            let alone =
                fault == Fault::KillAll || faults.iter().any(|(_, other)| *other == Fault::KillAll);
            let both_cut = fault.cuts() && faults.iter().any(|(_, other)| other.cuts());
            if faults.is_empty()
                || !(alone || both_cut || faults.iter().any(|(other, _)| *other == target))
            {
                faults.push((target, fault));
            }
        }
        steps.push(Step { pause, faults, lasts });
    }
}

/// Does what the schedule says.
///
/// # Errors
/// A fault could not be made or mended (a server that does not start again, for one).
pub async fn run(cluster: &mut Cluster, steps: &[Step]) -> anyhow::Result<()> {
    for step in steps {
        tokio::time::sleep(step.pause).await;
        let leader =
            cluster.statuses().await.into_iter().find(|(_, status)| status.role == Role::Active);
        let leader = leader.map_or(0, |(index, _)| index);
        let count = cluster.servers().len();
        let hit: Vec<(usize, Fault)> = step
            .faults
            .iter()
            .map(|(target, fault)| match target {
                Target::Leader => (leader, *fault),
                Target::Other(places) => ((leader + places) % count, *fault),
            })
            .collect();
        for (index, fault) in &hit {
            begin(cluster, *index, *fault).await?;
        }
        tokio::time::sleep(step.lasts).await;
        for (index, fault) in &hit {
            end(cluster, *index, *fault).await?;
        }
    }
    Ok(())
}

/// Ordered pairs (from, to) that a fault cuts.
fn pairs(count: usize, index: usize, fault: Fault) -> Vec<(usize, usize)> {
    let others = (0..count).filter(|other| *other != index);
    match fault {
        Fault::Deaf => others.map(|other| (other, index)).collect(),
        Fault::Mute => others.map(|other| (index, other)).collect(),
        Fault::Isolate => others.flat_map(|other| [(other, index), (index, other)]).collect(),
        Fault::CutPair => {
            let other = (index + 1) % count;
            vec![(other, index), (index, other)]
        }
        Fault::Kill | Fault::Freeze | Fault::KillAll => Vec::new(),
    }
}

async fn begin(cluster: &mut Cluster, index: usize, fault: Fault) -> anyhow::Result<()> {
    match fault {
        Fault::Kill => cluster.server_mut(index).kill().await?,
        Fault::Freeze => cluster.server_mut(index).freeze()?,
        Fault::KillAll => {
            futures::future::try_join_all(
                cluster.servers_mut().iter_mut().map(|server| server.kill()),
            )
            .await?;
        }
        Fault::Deaf | Fault::Mute | Fault::Isolate | Fault::CutPair => {
            for (from, to) in pairs(cluster.servers().len(), index, fault) {
                if let Some(network) = cluster.network() {
                    network.cut(from, to).await?;
                }
            }
        }
    }
    Ok(())
}

async fn end(cluster: &mut Cluster, index: usize, fault: Fault) -> anyhow::Result<()> {
    match fault {
        Fault::Kill => cluster.server_mut(index).start()?,
        Fault::Freeze => cluster.server_mut(index).thaw()?,
        Fault::KillAll => {
            for server in cluster.servers_mut() {
                server.start()?;
            }
        }
        Fault::Deaf | Fault::Mute | Fault::Isolate | Fault::CutPair => {
            for (from, to) in pairs(cluster.servers().len(), index, fault) {
                if let Some(network) = cluster.network() {
                    network.heal(from, to).await?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_schedule_within_its_time() {
        for seed in 0..200 {
            let total = Duration::from_secs(30);
            let steps = schedule(seed, total, true);
            assert_eq!(steps, schedule(seed, total, true));
            let used: Duration = steps.iter().map(|step| step.pause + step.lasts).sum();
            assert!(used <= total && !steps.is_empty());
            for step in &steps {
                let targets: Vec<_> = step.faults.iter().map(|(target, _)| target).collect();
                assert!(targets.len() == 1 || targets[0] != targets[1], "{step}");
                let alone = step.faults.len() == 1
                    || step.faults.iter().all(|(_, fault)| *fault != Fault::KillAll);
                assert!(alone, "{step}");
            }
        }
    }

    #[test]
    fn without_namespaces_nothing_is_cut() {
        let steps = schedule(7, Duration::from_secs(300), false);
        assert!(steps.iter().flat_map(|step| &step.faults).all(|(_, fault)| !fault.cuts()));
    }

    #[test]
    fn an_isolated_server_is_cut_from_all_others_both_ways() {
        assert_eq!(pairs(3, 1, Fault::Isolate), [(0, 1), (1, 0), (2, 1), (1, 2)]);
        assert_eq!(pairs(3, 2, Fault::CutPair), [(0, 2), (2, 0)]);
        assert_eq!(pairs(3, 0, Fault::Kill), []);
    }
}
