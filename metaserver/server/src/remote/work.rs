//! What a server has to do for the copy in Tablestore: a pure decision.

use metafs_namespace::Settings;
use metafs_namespace::recovery::{self, Recovery, RecoveryPhase};
use metafs_namespace::settings::{Tablestore, TablestoreMode};

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Nothing: another member leads, or nothing is asked for.
    Nothing,
    /// Leads, and the copy is not to be written any more: another cluster need not wait for this one.
    Release(Tablestore),
    /// Write the copy.
    Upload(Tablestore),
    /// Read the copy.
    Recover(Tablestore),
}

/// What to do now. `leads`: this server leads, its term confirmed; `owned`: this cluster owned the
/// copy once.
pub(super) fn next(
    leads: bool,
    settings: Option<&Settings>,
    recovery: Option<&Recovery>,
    owned: bool,
) -> Work {
    let (true, Some(settings)) = (leads, settings) else {
        return Work::Nothing;
    };
    let Some(tablestore) = settings.tablestore.clone() else {
        return Work::Nothing;
    };
    match recovery::mode(settings, recovery) {
        TablestoreMode::Disabled if owned => Work::Release(tablestore),
        TablestoreMode::Disabled => Work::Nothing,
        TablestoreMode::AsyncUpload => Work::Upload(tablestore),
        TablestoreMode::Recovery => match recovery.map(|recovery| &recovery.phase) {
            None | Some(RecoveryPhase::Loading) => Work::Recover(tablestore),
            Some(RecoveryPhase::Finished | RecoveryPhase::Failed { .. }) => Work::Nothing,
        },
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use metafs_namespace::settings::OnRecovered;
    use proptest::prelude::*;

    use super::*;

    fn settings(mode: TablestoreMode, on_recovered: OnRecovered) -> Settings {
        let tablestore = Tablestore {
            mode,
            endpoint: "http://127.0.0.1:1".into(),
            instance: "i".into(),
            region: None,
            table_prefix: "p".into(),
            on_recovered,
            takeover: false,
        };
        Settings { tablestore: Some(tablestore), ..Settings::default() }
    }

    fn recovery(phase: RecoveryPhase) -> Recovery {
        Recovery {
            phase,
            cursor: Bytes::new(),
            next_step: 1,
            rows: 0,
            started_ms: 0,
            ended_ms: None,
        }
    }

    fn modes() -> impl Strategy<Value = TablestoreMode> {
        prop_oneof![
            Just(TablestoreMode::Disabled),
            Just(TablestoreMode::AsyncUpload),
            Just(TablestoreMode::Recovery)
        ]
    }

    fn phases() -> impl Strategy<Value = Option<RecoveryPhase>> {
        prop::option::of(prop_oneof![
            Just(RecoveryPhase::Loading),
            Just(RecoveryPhase::Finished),
            Just(RecoveryPhase::Failed { reason: "r".into() })
        ])
    }

    proptest! {
        /// Only the leader works; an incomplete namespace is never uploaded; what has ended is not
        /// done again.
        #[test]
        fn what_never_happens(
            leads: bool,
            mode in modes(),
            follows: bool,
            phase in phases(),
            owned: bool,
        ) {
            let follow = if follows { OnRecovered::AsyncUpload } else { OnRecovered::StayReadOnly };
            let settings = settings(mode, follow);
            let recovery = phase.clone().map(recovery);
            let work = next(leads, Some(&settings), recovery.as_ref(), owned);
            prop_assert!(leads || work == Work::Nothing);
            let finished = phase == Some(RecoveryPhase::Finished);
            match work {
                Work::Upload(_) => prop_assert!(
                    mode == TablestoreMode::AsyncUpload
                        || (mode == TablestoreMode::Recovery && follows && finished)
                ),
                Work::Recover(_) => prop_assert!(
                    mode == TablestoreMode::Recovery
                        && matches!(phase, None | Some(RecoveryPhase::Loading))
                ),
                Work::Release(_) => prop_assert!(owned && mode == TablestoreMode::Disabled),
                Work::Nothing => {}
            }
        }
    }

    #[test]
    fn nothing_without_settings() {
        assert_eq!(next(true, None, None, true), Work::Nothing);
        assert_eq!(next(true, Some(&Settings::default()), None, true), Work::Nothing);
    }
}
