//! The namespace against a naive model, over random sequences of commands: the same answers, the
//! same tree; the same rows whatever the batching; nothing left over.

use crate::check;
use crate::model::{Answer, Body, Model, Node, Out};
use crate::steps::{Handle, Step, USERS, settings, steps};
use metafs_namespace::inode::Kind;
use metafs_namespace::keys::{self, table};
use metafs_namespace::{Batch, Command, MemoryRows, Op, Reply, View};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

fn formed() -> MemoryRows {
    let mut rows = MemoryRows::default();
    let command = Command { time_ms: 0, op: Op::SetSettings(Box::new(settings())) };
    check::apply(&mut rows, &[command]);
    rows
}

/// Applies one command as a batch of its own; a refused one must leave no trace.
fn apply_one(rows: &mut MemoryRows, command: &Command) -> Result<Reply, metafs_namespace::FsError> {
    let mut batch = Batch::new(&*rows).unwrap();
    let answer = batch.apply(command).unwrap();
    let changes = batch.finish().unwrap();
    check::changes_are_sound(&changes);
    if let Err(refused) = &answer {
        let rows: Vec<_> = changes.rows.iter().filter(|(k, _)| k[0] != table::META).collect();
        assert!(rows.is_empty(), "{refused} left {rows:?}");
    }
    rows.apply(changes);
    answer
}

/// The model's terms for a reply.
fn answer(reply: &Result<Reply, metafs_namespace::FsError>, node: Option<u64>) -> Answer {
    match reply {
        Ok(Reply::Done | Reply::Progress { .. }) => Ok(Out::Done),
        Ok(Reply::Bool(yes)) => Ok(Out::Bool(*yes)),
        Ok(Reply::Opened(_)) => Ok(Out::Opened(node.unwrap_or_default())),
        Err(refused) => Err(refused.kind),
    }
}

/// Compares what queries say of the tree at `path` with the model.
fn same_tree(view: &View<'_, MemoryRows>, path: &str, node: &Node) {
    let caller = settings().caller(USERS[0].name);
    let status = view.file_status(&caller, path).unwrap().expect(path);
    let facts = (
        &*status.owner,
        &*status.group,
        status.permission,
        status.mtime,
        status.atime,
        status.kind == Kind::Directory,
        status.children as usize,
    );
    let expected = (
        &*node.owner,
        &*node.group,
        node.mode,
        node.mtime,
        node.atime,
        node.is_dir(),
        node.children().len(),
    );
    assert_eq!(facts, expected, "{path}");
    let summary = view.content_summary(&caller, path).unwrap();
    let counted = [summary.directories, summary.files, summary.length, summary.space_consumed];
    assert_eq!(counted, node.count(), "{path}");
    let attributes = view.xattrs(&caller, path, None).unwrap();
    let attributes: Vec<_> =
        attributes.iter().map(|a| (a.name.name.clone(), a.value.to_vec())).collect();
    assert_eq!(attributes, node.xattrs.clone().into_iter().collect::<Vec<_>>());
    match &node.body {
        Body::File { data, replication, open } => {
            let content = view.read(&caller, path, 0, None).unwrap();
            assert_eq!(&content.data[..], &data[..], "{path}");
            assert_eq!(status.replication, *replication);
            assert_eq!(status.under_construction, open.is_some());
        }
        Body::Dir { children, quota, space_quota } => {
            assert_eq!((summary.quota, summary.space_quota), (*quota, *space_quota));
            let mut names = Vec::new();
            loop {
                let last = names.last().map(|n: &String| n.as_bytes().to_vec());
                let page = view.list(&caller, path, last.as_deref(), 2).unwrap().unwrap();
                assert_eq!(page.remaining > 0, names.len() + page.entries.len() < children.len());
                for entry in &page.entries {
                    let below = format!("{}/{}", path.trim_end_matches('/'), entry.name);
                    let asked = view.file_status(&caller, &below).unwrap().unwrap();
                    assert_eq!(asked.inode, entry.inode);
                }
                names.extend(page.entries.into_iter().map(|e| e.name));
                if page.remaining == 0 {
                    break;
                }
            }
            assert_eq!(names, children.keys().cloned().collect::<Vec<_>>(), "{path}");
            for (name, child) in children {
                same_tree(view, &format!("{}/{name}", path.trim_end_matches('/')), child);
            }
        }
    }
}

/// Runs a sequence on both, comparing answers; the commands that were given.
fn run(rows: &mut MemoryRows, model: &mut Model, sequence: &[Step]) -> Vec<Command> {
    let mut handles: Vec<Handle> = Vec::new();
    let mut log = Vec::new();
    for step in sequence {
        model.now += step.pause_ms;
        let Some(command) = step.command(&handles, model.now) else {
            continue;
        };
        let expected = step.run(model, &handles);
        let reply = apply_one(rows, &command);
        let node = match expected {
            Ok(Out::Opened(node)) => Some(node),
            _ => None,
        };
        assert_eq!(answer(&reply, node), expected, "{command:?}: {reply:?}");
        if let (Ok(Reply::Opened(status)), Some(node)) = (&reply, node) {
            handles.push(Handle {
                inode: status.inode,
                node,
                path: "/as/it/was".into(),
                by: step.holder(),
            });
        }
        log.push(command);
    }
    log
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn it_does_what_the_model_does(sequence in steps(60)) {
        let mut rows = formed();
        let mut model = Model::new();
        run(&mut rows, &mut model, &sequence);
        same_tree(&View::new(&rows).unwrap(), "/", &model.root);
        check::reap(&mut rows, 2);
        check::is_consistent(&rows);
        same_tree(&View::new(&rows).unwrap(), "/", &model.root);
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn batching_makes_no_difference(
        sequence in steps(80),
        cuts in prop::collection::vec(1_usize..12, 80),
    ) {
        let mut rows = formed();
        let log = run(&mut rows, &mut Model::new(), &sequence);

        let mut at_once = formed();
        check::apply(&mut at_once, &log);
        prop_assert_eq!(&at_once, &rows);

        let mut cut = formed();
        let mut rest = &log[..];
        for length in cuts {
            let (batch, later) = rest.split_at(length.min(rest.len()));
            check::apply(&mut cut, batch);
            rest = later;
        }
        prop_assert_eq!(&cut, &rows);
        prop_assert_eq!(
            keys::read_state(&cut).unwrap().checksum,
            keys::read_state(&rows).unwrap().checksum
        );
    }
}

/// The comparison above is worth something only if the sequences get somewhere.
#[test]
fn sequences_reach_every_operation_and_refusal() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use std::collections::{BTreeMap, BTreeSet};

    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for _ in 0..1500 {
        let sequence = steps(60).new_tree(&mut runner).unwrap().current();
        let mut model = Model::new();
        let mut handles = Vec::new();
        for step in &sequence {
            model.now += step.pause_ms;
            if step.command(&handles, model.now).is_none() {
                continue;
            }
            let answer = step.run(&mut model, &handles);
            if let Ok(Out::Opened(node)) = answer {
                handles.push(Handle { inode: node, node, path: String::new(), by: step.holder() });
            }
            let act = format!("{:?}", step.act);
            let act = act.split('(').next().unwrap().to_owned();
            let answer = match answer {
                Ok(_) => "Ok".to_owned(),
                Err(kind) => format!("{kind:?}"),
            };
            *seen.entry(act).or_default().entry(answer).or_default() += 1;
        }
    }
    assert_eq!(seen.len(), 21);
    for (act, answers) in &seen {
        assert!(answers.get("Ok") > Some(&30), "{act}: {answers:?}");
    }
    let refusals: BTreeSet<_> = seen.values().flat_map(|a| a.keys().cloned()).collect();
    assert_eq!(refusals.len(), 15, "{refusals:?}");
}
