//! Quorums of a membership's voters, and whom a leader asks to find one. Pure.

use std::collections::BTreeSet;

/// The sets of voters: one, or two while they change. A quorum needs a majority of each.
pub(super) type Voters = [BTreeSet<u64>];

/// Whether these make a quorum.
pub(super) fn is_quorum(voters: &Voters, members: &BTreeSet<u64>) -> bool {
    voters.iter().all(|set| set.intersection(members).count() > set.len() / 2)
}

/// The voters but `own`: those of `before` first, in its order.
pub(super) fn ordered(voters: &Voters, own: u64, before: &[u64]) -> Vec<u64> {
    let mut others: BTreeSet<u64> = voters.iter().flatten().copied().collect();
    others.remove(&own);
    let mut order: Vec<u64> = before.iter().copied().filter(|id| others.remove(id)).collect();
    order.extend(others);
    order
}

/// As many of `order`, from its beginning, as make a quorum with `own`; all if none does.
pub(super) fn fewest<'a>(voters: &Voters, own: u64, order: &'a [u64]) -> &'a [u64] {
    let mut members = BTreeSet::from([own]);
    let mut count = 0;
    while !is_quorum(voters, &members)
        && let Some(next) = order.get(count)
    {
        members.insert(*next);
        count += 1;
    }
    order.get(..count).unwrap_or(order)
}

/// An order in which those that answered come first, in the order of their answers.
pub(super) fn reordered(order: &[u64], answered: &[u64]) -> Vec<u64> {
    let rest = order.iter().filter(|id| !answered.contains(id));
    answered.iter().chain(rest).copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn majorities() {
        let three = [BTreeSet::from([1, 2, 3])];
        assert!(!is_quorum(&three, &BTreeSet::from([1])));
        assert!(!is_quorum(&three, &BTreeSet::from([1, 7])));
        assert!(is_quorum(&three, &BTreeSet::from([1, 3])));
        assert!(is_quorum(&[BTreeSet::from([4])], &BTreeSet::from([4])));
        // While voters change, both sets have a say.
        let joint = [BTreeSet::from([1, 2, 3]), BTreeSet::from([1, 4, 5])];
        assert!(!is_quorum(&joint, &BTreeSet::from([1, 2])));
        assert!(is_quorum(&joint, &BTreeSet::from([1, 2, 4])));
    }

    fn voters() -> impl Strategy<Value = Vec<BTreeSet<u64>>> {
        let set = prop::collection::btree_set(0u64..7, 1..6);
        prop::collection::vec(set, 1..3)
    }

    proptest! {
        #[test]
        fn the_fewest_are_enough_and_needed(
            voters in voters(),
            own in 0u64..7,
            before in prop::collection::vec(0u64..12, 0..6),
        ) {
            let order = ordered(&voters, own, &before);
            let all: BTreeSet<u64> = voters.iter().flatten().copied().collect();
            let others: BTreeSet<u64> = order.iter().copied().collect();
            prop_assert_eq!(others.len(), order.len(), "nobody twice");
            prop_assert!(!others.contains(&own));
            prop_assert!(others.iter().eq(all.iter().filter(|id| **id != own)));

            let asked = fewest(&voters, own, &order);
            let with = |members: &[u64]| {
                let mut members: BTreeSet<u64> = members.iter().copied().collect();
                members.insert(own);
                members
            };
            prop_assert!(is_quorum(&voters, &with(asked)), "all and the leader are a quorum");
            if let Some((_, fewer)) = asked.split_last() {
                prop_assert!(!is_quorum(&voters, &with(fewer)));
            }
        }

        /// What makes the whole thing sound, for all sets of members.
        #[test]
        fn two_quorums_share_a_member(voters in voters()) {
            let all = ordered(&voters, u64::MAX, &[]);
            let quorums: Vec<BTreeSet<u64>> = (0u32..1 << all.len())
                .map(|chosen| {
                    let members = all.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
                    members.map(|(_, id)| *id).collect()
                })
                .filter(|members| is_quorum(&voters, members))
                .collect();
            prop_assert!(!quorums.is_empty());
            for one in &quorums {
                prop_assert!(quorums.iter().all(|other| one.intersection(other).next().is_some()));
            }
        }

        #[test]
        fn who_answers_comes_first(
            order in prop::collection::btree_set(0u64..9, 0..7),
            count in 0usize..7,
        ) {
            let order: Vec<u64> = order.into_iter().collect();
            let answered: Vec<u64> = order.iter().rev().take(count).copied().collect();
            let after = reordered(&order, &answered);
            prop_assert_eq!(&after[..answered.len()], &answered[..]);
            let (mut before, mut sorted) = (order, after);
            before.sort_unstable();
            sorted.sort_unstable();
            prop_assert_eq!(before, sorted);
        }
    }
}
