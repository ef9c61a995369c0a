//! Bytes of Raft's own values: entries, log ids, votes, memberships. Used by the log and the
//! state machine on disk and by the network. Every stored value starts with a format version.
//!
//! The structs here are this crate's own, so that neither disk nor wire follows openraft's types.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use metafs_namespace::Command;
use openraft::EntryPayload;
use openraft::vote::RaftLeaderId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::types::{CommandBytes, Entry, LogId, Membership, Peer, StoredMembership, Vote};

/// Version of everything this file encodes.
pub const VERSION: u8 = 1;

/// Bytes that are not what this version writes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CodecError {
    /// Written by a newer program.
    #[error("format version {found}; this program knows up to {VERSION}")]
    Version {
        /// The version found.
        found: u8,
    },
    /// Anything else.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// Which value.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl CodecError {
    fn malformed(what: &'static str, reason: impl ToString) -> Self {
        Self::Malformed { what, reason: reason.to_string() }
    }
}

impl From<CodecError> for std::io::Error {
    fn from(e: CodecError) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, e)
    }
}

/// A log id as encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIdCode {
    term: u64,
    node: u64,
    index: u64,
}

impl From<LogId> for LogIdCode {
    fn from(id: LogId) -> Self {
        Self { term: id.leader_id.term, node: id.leader_id.node_id, index: id.index }
    }
}

impl From<LogIdCode> for LogId {
    fn from(c: LogIdCode) -> Self {
        LogId::new(RaftLeaderId::new(c.term, c.node), c.index)
    }
}

/// A vote as encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteCode {
    term: u64,
    node: u64,
    committed: bool,
}

impl From<Vote> for VoteCode {
    fn from(v: Vote) -> Self {
        Self { term: v.leader_id.term, node: v.leader_id.node_id, committed: v.committed }
    }
}

impl From<VoteCode> for Vote {
    fn from(c: VoteCode) -> Self {
        if c.committed { Vote::new_committed(c.term, c.node) } else { Vote::new(c.term, c.node) }
    }
}

/// A membership as encoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipCode {
    log_id: Option<LogIdCode>,
    configs: Vec<BTreeSet<u64>>,
    nodes: BTreeMap<u64, Peer>,
}

impl MembershipCode {
    fn new(log_id: Option<LogIdCode>, m: &Membership) -> Self {
        Self {
            log_id,
            configs: m.get_joint_config().clone(),
            nodes: m.nodes().map(|(id, peer)| (*id, peer.clone())).collect(),
        }
    }

    fn membership(self) -> Result<Membership, CodecError> {
        if self.configs.is_empty() && self.nodes.is_empty() {
            return Ok(Membership::default());
        }
        Membership::new(self.configs, self.nodes)
            .map_err(|e| CodecError::malformed("membership", e))
    }
}

impl From<&StoredMembership> for MembershipCode {
    fn from(m: &StoredMembership) -> Self {
        Self::new((*m.log_id()).map(LogIdCode::from), m.membership())
    }
}

impl TryFrom<MembershipCode> for StoredMembership {
    type Error = CodecError;

    fn try_from(code: MembershipCode) -> Result<Self, CodecError> {
        let log_id = code.log_id.map(LogId::from);
        Ok(StoredMembership::new(log_id, code.membership()?))
    }
}

/// Encodes a value behind the version byte.
pub fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, CodecError> {
    // Nearly everything fits; a vector that grows with it would be moved again and again.
    let mut space = [VERSION; 512];
    let length =
        space.get_mut(1..).and_then(|body| Some(postcard::to_slice(value, body).ok()?.len()));
    match length.and_then(|length| space.get(..=length)) {
        Some(bytes) => Ok(bytes.to_vec()),
        None => {
            postcard::to_extend(value, vec![VERSION]).map_err(|e| CodecError::malformed(what, e))
        }
    }
}

/// Decodes what [`encode`] wrote; nothing may follow.
pub fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, CodecError> {
    let (value, rest) = postcard::take_from_bytes(body(what, bytes)?)
        .map_err(|e| CodecError::malformed(what, e))?;
    if !rest.is_empty() {
        return Err(CodecError::malformed(what, format!("{} bytes too many", rest.len())));
    }
    Ok(value)
}

fn body<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], CodecError> {
    match bytes.split_first() {
        None => Err(CodecError::malformed(what, "empty")),
        Some((&VERSION, body)) => Ok(body),
        Some((&found, _)) if found > VERSION => Err(CodecError::Version { found }),
        Some((found, _)) => Err(CodecError::malformed(what, format!("version {found}"))),
    }
}

/// Encodes a command.
pub fn encode_command(command: &Command) -> Result<Vec<u8>, CodecError> {
    encode("command", command)
}

/// Decodes a command.
pub fn decode_command(bytes: &[u8]) -> Result<Command, CodecError> {
    decode("command", bytes)
}

#[derive(Serialize, Deserialize)]
enum PayloadKind {
    Blank,
    Command,
    Membership,
}

#[derive(Serialize, Deserialize)]
struct EntryHead {
    id: LogIdCode,
    kind: PayloadKind,
}

/// Appends an entry to `out`: version, head, and the payload up to the end of the record.
pub fn encode_entry(entry: &Entry, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let error = |e| CodecError::malformed("log entry", e);
    let kind = match &entry.payload {
        EntryPayload::Blank => PayloadKind::Blank,
        EntryPayload::Normal(_) => PayloadKind::Command,
        EntryPayload::Membership(_) => PayloadKind::Membership,
    };
    out.push(VERSION);
    let head = EntryHead { id: entry.log_id.into(), kind };
    let mut buffer = [0u8; 32];
    out.extend_from_slice(postcard::to_slice(&head, &mut buffer).map_err(error)?);
    match &entry.payload {
        EntryPayload::Blank => {}
        EntryPayload::Normal(command) => out.extend_from_slice(&command.0),
        EntryPayload::Membership(m) => {
            let code = MembershipCode::new(None, m);
            out.extend_from_slice(&postcard::to_stdvec(&code).map_err(error)?);
        }
    }
    Ok(())
}

/// Decodes one entry's record. The payload shares `record`'s memory.
pub fn decode_entry(record: Bytes) -> Result<Entry, CodecError> {
    const WHAT: &str = "log entry";
    let error = |e| CodecError::malformed(WHAT, e);
    let (head, rest): (EntryHead, _) =
        postcard::take_from_bytes(body(WHAT, &record)?).map_err(error)?;
    let payload = match head.kind {
        PayloadKind::Blank if !rest.is_empty() => {
            return Err(CodecError::malformed(WHAT, "a blank entry with a payload"));
        }
        PayloadKind::Blank => EntryPayload::Blank,
        PayloadKind::Command => EntryPayload::Normal(CommandBytes(record.slice_ref(rest))),
        PayloadKind::Membership => {
            let code: MembershipCode = postcard::from_bytes(rest).map_err(error)?;
            EntryPayload::Membership(code.membership()?)
        }
    };
    Ok(Entry { log_id: head.id.into(), payload })
}

/// Bytes an entry takes in memory and on the wire, roughly.
pub fn entry_size(entry: &Entry) -> usize {
    const HEAD: usize = 40;
    HEAD + match &entry.payload {
        EntryPayload::Blank => 0,
        EntryPayload::Normal(command) => command.0.len(),
        EntryPayload::Membership(_) => 512,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metafs_namespace::Op;

    fn id(index: u64) -> LogId {
        LogId::new(RaftLeaderId::new(3, 7), index)
    }

    fn peer(name: &str) -> Peer {
        let at = |port: u16| format!("{name}:{port}");
        Peer { name: name.into(), raft: at(8030), admin: at(8031), web: at(9870) }
    }

    fn membership() -> Membership {
        let voters = BTreeSet::from([1, 2]);
        let nodes = BTreeMap::from([(1, peer("a")), (2, peer("b")), (3, peer("c"))]);
        Membership::new(vec![voters], nodes).unwrap()
    }

    fn round(entry: Entry) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_entry(&entry, &mut bytes).unwrap();
        assert_eq!(decode_entry(bytes.clone().into()).unwrap(), entry);
        bytes
    }

    /// The bytes of format version 1. A change here is a change of the on-disk format.
    #[test]
    fn golden_bytes() {
        let blank = Entry { log_id: id(5), payload: EntryPayload::Blank };
        assert_eq!(round(blank), [1, 3, 7, 5, 0]);

        let command = Command { time_ms: 1, op: Op::Reap { max_inodes: 9 } };
        let encoded = CommandBytes::encode(&command).unwrap();
        assert_eq!(encoded.0.as_ref(), [1, 2, 2, 9]);
        assert_eq!(encoded.decode().unwrap(), command);
        let normal = Entry { log_id: id(300), payload: EntryPayload::Normal(encoded) };
        assert_eq!(round(normal), [1, 3, 7, 0xac, 2, 1, 1, 2, 2, 9]);

        let entry = Entry { log_id: id(1), payload: EntryPayload::Membership(membership()) };
        let bytes = round(entry);
        assert_eq!(&bytes[..12], [1, 3, 7, 1, 2, 0, 1, 2, 1, 2, 3, 1]);

        let vote = VoteCode::from(Vote::new_committed(2, 9));
        assert_eq!(encode("vote", &vote).unwrap(), [1, 2, 9, 1]);
        let log_id = LogIdCode::from(id(4));
        assert_eq!(encode("log id", &log_id).unwrap(), [1, 3, 7, 4]);
    }

    #[test]
    fn stored_membership_round_trip() {
        for stored in
            [StoredMembership::default(), StoredMembership::new(Some(id(2)), membership())]
        {
            let bytes = encode("membership", &MembershipCode::from(&stored)).unwrap();
            let code: MembershipCode = decode("membership", &bytes).unwrap();
            assert_eq!(StoredMembership::try_from(code).unwrap(), stored);
        }
    }

    #[test]
    fn newer_and_broken_bytes_are_errors() {
        assert_eq!(
            decode_entry(Bytes::from_static(&[2, 3, 7, 5, 0])),
            Err(CodecError::Version { found: 2 })
        );
        for bytes in [&[][..], &[0, 1], &[1], &[1, 3, 7], &[1, 3, 7, 5, 9], &[1, 3, 7, 5, 0, 0]] {
            assert!(
                matches!(
                    decode_entry(Bytes::copy_from_slice(bytes)),
                    Err(CodecError::Malformed { .. })
                ),
                "{bytes:?}"
            );
        }
        assert!(decode::<LogIdCode>("log id", &[1, 3, 7, 4, 0]).is_err());
    }
}
