//! Forced roles of members: `haadmin -forcemanual` against the settings, until newer settings come
//! or they are given back.

use std::sync::Arc;

use crate::batch::Batch;
use crate::error::Failure;
use crate::reply::Reply;
use crate::resolve::not_formed;
use crate::rows::Rows;
use crate::settings::{MemberRole, Settings};

impl<R: Rows + ?Sized> Batch<'_, R> {
    pub(crate) fn force_role(
        &mut self,
        name: &str,
        role: Option<MemberRole>,
    ) -> Result<Reply, Failure> {
        self.change_settings(|settings| match role {
            Some(role) => {
                settings.forced_roles.insert(name.to_owned(), role);
            }
            None => {
                settings.forced_roles.remove(name);
            }
        })
    }

    pub(crate) fn restore_roles(&mut self) -> Result<Reply, Failure> {
        self.change_settings(|settings| settings.forced_roles.clear())
    }

    fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) -> Result<Reply, Failure> {
        let present = self.settings.as_ref().ok_or_else(not_formed)?;
        let mut settings = Settings::clone(present);
        change(&mut settings);
        if settings != **present {
            self.settings = Some(Arc::new(settings));
            self.settings_changed = true;
        }
        Ok(Reply::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Op};
    use crate::memory::MemoryRows;

    #[test]
    fn forced_until_newer_settings() {
        let mut rows = MemoryRows::default();
        let mut apply = |op: Op| {
            let mut batch = Batch::new(&rows).unwrap();
            let answer = batch.apply(&Command { time_ms: 1, op }).unwrap();
            let settings = batch.settings().cloned();
            let changes = batch.finish().unwrap();
            rows.apply(changes);
            answer.map(|_| settings)
        };
        let force = |name: &str, role| Op::ForceRole { name: name.into(), role };
        assert!(apply(force("a", Some(MemberRole::Observer))).is_err());
        let declared = Settings { observers: ["b".to_owned()].into(), ..Settings::default() };
        apply(Op::SetSettings(Box::new(declared.clone()))).unwrap();
        apply(force("a", Some(MemberRole::Observer))).unwrap();
        let settings = apply(force("b", Some(MemberRole::Standby))).unwrap().unwrap();
        assert_eq!(settings.role_of("a"), MemberRole::Observer);
        assert_eq!(settings.role_of("b"), MemberRole::Standby);
        let settings = apply(force("a", None)).unwrap().unwrap();
        assert_eq!(settings.role_of("a"), MemberRole::Standby);
        let newer = Settings { generation: 1, ..declared.clone() };
        let settings = apply(Op::SetSettings(Box::new(newer))).unwrap().unwrap();
        assert_eq!(settings.role_of("b"), MemberRole::Observer);
        apply(force("b", Some(MemberRole::Standby))).unwrap();
        let settings = apply(Op::RestoreRoles).unwrap().unwrap();
        assert!(settings.forced_roles.is_empty());
    }
}
