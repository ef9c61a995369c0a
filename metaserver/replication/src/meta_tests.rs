use super::*;

fn cluster(id: &str) -> Cluster {
    Cluster { id: id.into(), name: id.into() }
}

fn taken(before: Option<&Meta>, id: &str) -> Meta {
    Meta::taken(before, &cluster(id), 7, Activity::Uploading)
}

fn base(chain: u64, start: Position, spans: Vec<Span>) -> Base {
    let (start_changes, start_bytes, rows, bytes, newest) = (0, 0, 0, 0, 0);
    Base { id: 1, chain, start, start_changes, start_bytes, spans, rows, bytes, newest }
}

/// Cluster "a" uploaded in epochs 1 and 3, with a copy that starts in epoch 1.
fn uploaded() -> Meta {
    let mut meta = taken(None, "a");
    meta.open(None);
    let start = Position { epoch: 1, batch: 2 };
    let spans = vec![Span { epoch: 1, first: 0, count: 3 }];
    meta.filling = Some(Filling { base: base(1, start, spans), cursor: Vec::new() });
    meta.complete();
    meta.close(1, 5);
    meta.owner.epoch = 3;
    meta.open(Some(1));
    meta.close(3, 4);
    meta
}

#[test]
fn comes_back_and_knows_its_revision() {
    let meta = uploaded();
    assert_eq!(Meta::decode(&meta.encode()).unwrap(), meta);
    let row = Row { tag: 99, ..meta.encode() };
    assert!(Meta::decode(&row).is_err());
}

#[test]
fn epochs_and_revisions_rise() {
    let first = taken(None, "a");
    let second = taken(Some(&first), "b");
    assert_eq!((first.owner.epoch, second.owner.epoch), (1, 2));
    assert_eq!((first.revision, second.revision), (1, 2));
}

#[test]
fn a_cluster_goes_on_with_its_own_chain_only() {
    let meta = uploaded();
    assert_eq!(meta.continuable(&cluster("a")), [1]);
    assert!(meta.continuable(&cluster("b")).is_empty());
    let chain = meta.chain(1).unwrap();
    assert_eq!(chain.end(), Some(Position { epoch: 3, batch: 4 }));
    assert_eq!(chain.after(Position { epoch: 1, batch: 2 }), [(1, 3, 5), (3, 1, 4)]);
    assert_eq!(chain.after(Position { epoch: 1, batch: 5 }), [(3, 1, 4)]);
    assert!(chain.after(Position { epoch: 3, batch: 4 }).is_empty());
}

#[test]
fn another_cluster_leaves_the_copy_until_its_own_is_complete() {
    let mut meta = taken(Some(&uploaded()), "b");
    assert_eq!(meta.owner.epoch, 4);
    meta.open(None);
    assert_eq!(meta.chains.len(), 2);
    assert_eq!(meta.open_run().map(|run| run.epoch), Some(4));
    assert!(meta.needs_batch(Position { epoch: 1, batch: 2 }));
    let start = Position { epoch: 4, batch: 1 };
    meta.filling = Some(Filling { base: base(4, start, Vec::new()), cursor: Vec::new() });
    meta.complete();
    assert_eq!(meta.chains.len(), 1);
    assert!(!meta.needs_batch(Position { epoch: 3, batch: 4 }));
    assert!(meta.needs_batch(start));
}

#[test]
fn a_filling_is_dropped_with_its_chain() {
    let mut meta = taken(Some(&uploaded()), "b");
    meta.open(None);
    let start = Position { epoch: 4, batch: 1 };
    meta.filling = Some(Filling { base: base(4, start, Vec::new()), cursor: Vec::new() });
    meta.close(4, 1);
    let mut meta = taken(Some(&meta), "a");
    meta.open(Some(1));
    assert!(meta.filling.is_none());
    assert_eq!(meta.chains.len(), 1);
}

#[test]
fn what_is_needed() {
    let meta = uploaded();
    let batch = |epoch, batch| meta.needs_batch(Position { epoch, batch });
    // The start itself says what the namespace amounted to there.
    assert!(!batch(1, 1) && batch(1, 2) && batch(1, 5));
    // Behind the seal, in a run that nobody knows, and of an epoch to come.
    assert!(!batch(1, 6) && !batch(2, 1) && batch(4, 1));
    assert!(meta.needs_base(1, 2, 0) && !meta.needs_base(1, 3, 0));
    assert!(!meta.needs_base(3, 6, 7) && meta.needs_base(3, 7, 7) && meta.needs_base(4, 0, 7));
}
