//! The bodies of requests and answers, and their bytes.

use bytes::Bytes;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    VoteRequest, VoteResponse,
};
use openraft::raft::{StreamAppendError, StreamAppendResult};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::codec::{self, CodecError, LogIdCode, MembershipCode, VoteCode};
use crate::types::{LogId, SnapshotMeta, StoredMembership, TypeConfig, Vote};

/// Kinds of requests.
pub mod request {
    /// One of a stream of appends: `u64` stream number, then as [`APPEND`]. Answered in order.
    pub const APPEND_STREAM: u8 = 16;
    /// A single append, e.g. a heartbeat.
    pub const APPEND: u8 = 17;
    /// A vote.
    pub const VOTE: u8 = 18;
    /// A pre-vote.
    pub const PRE_VOTE: u8 = 19;
    /// The leader hands over.
    pub const TRANSFER: u8 = 20;
    /// A leader that wants to know whether it still leads asks for the receiver's vote. The body is
    /// empty, the answer an optional vote: the newest one that it may have told anybody of.
    pub const ASK_VOTE: u8 = 25;
    /// A snapshot begins: a manifest. Answered with go-ahead.
    pub const SNAPSHOT_BEGIN: u8 = 21;
    /// Bytes of the present file. Not answered.
    pub const SNAPSHOT_DATA: u8 = 22;
    /// The present file is complete: its checksum. Not answered.
    pub const SNAPSHOT_FILE_END: u8 = 23;
    /// All files were sent. Answered when the snapshot is installed.
    pub const SNAPSHOT_FINISH: u8 = 24;
}

/// Kinds of answers.
pub mod answer {
    /// The body is the answer.
    pub const OK: u8 = 0;
    /// The body is a text saying why there is no answer.
    pub const ERROR: u8 = 1;
}

type Decoded<T> = Result<T, CodecError>;

/// Encodes a body.
pub fn encode<T: Serialize>(what: &'static str, value: &T) -> Decoded<Vec<u8>> {
    codec::encode(what, value)
}

/// Decodes a body.
pub fn decode<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Decoded<T> {
    codec::decode(what, body)
}

#[derive(Serialize, Deserialize)]
struct AppendHead {
    vote: VoteCode,
    prev: Option<LogIdCode>,
    commit: Option<LogIdCode>,
    entries: u32,
}

fn malformed(reason: &str) -> CodecError {
    CodecError::Malformed { what: "append request", reason: reason.into() }
}

/// Appends an append request's bytes to `out`: a head, then each entry's record behind its length.
pub fn encode_append(request: &AppendEntriesRequest<TypeConfig>, out: &mut Vec<u8>) -> Decoded<()> {
    let too_many = |_| malformed("too many entries");
    let head = AppendHead {
        vote: request.vote.into(),
        prev: request.prev_log_id.map(Into::into),
        commit: request.leader_commit.map(Into::into),
        entries: request.entries.len().try_into().map_err(too_many)?,
    };
    out.extend_from_slice(&encode("append request", &head)?);
    for entry in &request.entries {
        let at = out.len();
        out.extend_from_slice(&[0; 4]);
        codec::encode_entry(entry, out)?;
        let length = u32::try_from(out.len() - at - 4).map_err(|_| malformed("entry too long"))?;
        out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// Decodes an append request. The entries share `body`'s memory.
pub fn decode_append(body: Bytes) -> Decoded<AppendEntriesRequest<TypeConfig>> {
    let Some((&codec::VERSION, versionless)) = body.split_first() else {
        return Err(malformed("empty or of another version"));
    };
    let (head, mut rest): (AppendHead, &[u8]) =
        postcard::take_from_bytes(versionless).map_err(|e| malformed(&e.to_string()))?;
    let mut entries = Vec::with_capacity((head.entries as usize).min(4096));
    for _ in 0..head.entries {
        let (length, after) = rest.split_first_chunk().ok_or_else(|| malformed("cut off"))?;
        let length = u32::from_be_bytes(*length) as usize;
        let (record, after) = after.split_at_checked(length).ok_or_else(|| malformed("cut off"))?;
        entries.push(codec::decode_entry(body.slice_ref(record))?);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(malformed("bytes too many"));
    }
    let prev_log_id: Option<LogId> = head.prev.map(Into::into);
    let first = prev_log_id.map_or(0, |prev| prev.index.saturating_add(1));
    if (first..).zip(&entries).any(|(expected, entry)| entry.log_id.index != expected) {
        return Err(malformed("entries out of order"));
    }
    Ok(AppendEntriesRequest {
        vote: head.vote.into(),
        prev_log_id,
        leader_commit: head.commit.map(Into::into),
        entries,
    })
}

/// The answer to an append.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppendAnswer {
    /// Everything of the request is durable.
    Success,
    /// Durable up to here.
    Partial(Option<LogIdCode>),
    /// The previous entry is not there.
    Conflict,
    /// Another leader or candidate has this higher vote.
    HigherVote(VoteCode),
}

impl From<AppendEntriesResponse<TypeConfig>> for AppendAnswer {
    fn from(response: AppendEntriesResponse<TypeConfig>) -> Self {
        match response {
            AppendEntriesResponse::Success => Self::Success,
            AppendEntriesResponse::PartialSuccess(id) => Self::Partial(id.map(Into::into)),
            AppendEntriesResponse::Conflict => Self::Conflict,
            AppendEntriesResponse::HigherVote(vote) => Self::HigherVote(vote.into()),
        }
    }
}

impl From<StreamAppendResult<TypeConfig>> for AppendAnswer {
    fn from(result: StreamAppendResult<TypeConfig>) -> Self {
        match result {
            Ok(id) => Self::Partial(id.map(Into::into)),
            Err(StreamAppendError::Conflict(_)) => Self::Conflict,
            Err(StreamAppendError::HigherVote(vote)) => Self::HigherVote(vote.into()),
        }
    }
}

impl From<AppendAnswer> for AppendEntriesResponse<TypeConfig> {
    fn from(answer: AppendAnswer) -> Self {
        match answer {
            AppendAnswer::Success => Self::Success,
            AppendAnswer::Partial(id) => Self::PartialSuccess(id.map(Into::into)),
            AppendAnswer::Conflict => Self::Conflict,
            AppendAnswer::HigherVote(vote) => Self::HigherVote(vote.into()),
        }
    }
}

/// A vote or pre-vote.
#[derive(Serialize, Deserialize)]
pub struct VoteMessage {
    vote: VoteCode,
    last: Option<LogIdCode>,
    transfer: bool,
}

impl From<&VoteRequest<TypeConfig>> for VoteMessage {
    fn from(r: &VoteRequest<TypeConfig>) -> Self {
        Self {
            vote: r.vote.into(),
            last: r.last_log_id.map(Into::into),
            transfer: r.leadership_transfer,
        }
    }
}

impl From<VoteMessage> for VoteRequest<TypeConfig> {
    fn from(m: VoteMessage) -> Self {
        let mut request = Self::new(m.vote.into(), m.last.map(Into::into));
        request.leadership_transfer = m.transfer;
        request
    }
}

/// The answer to a vote or pre-vote.
#[derive(Serialize, Deserialize)]
pub struct VoteAnswer {
    vote: VoteCode,
    last: Option<LogIdCode>,
    granted: bool,
}

impl From<VoteResponse<TypeConfig>> for VoteAnswer {
    fn from(r: VoteResponse<TypeConfig>) -> Self {
        Self { vote: r.vote.into(), last: r.last_log_id.map(Into::into), granted: r.vote_granted }
    }
}

impl From<VoteAnswer> for VoteResponse<TypeConfig> {
    fn from(a: VoteAnswer) -> Self {
        Self::new(Vote::from(a.vote), a.last.map(Into::into), a.granted)
    }
}

/// The leader hands over. The answer is empty, or an error text.
#[derive(Serialize, Deserialize)]
pub struct TransferMessage {
    from: VoteCode,
    to: u64,
    last: Option<LogIdCode>,
}

impl From<&TransferLeaderRequest<TypeConfig>> for TransferMessage {
    fn from(r: &TransferLeaderRequest<TypeConfig>) -> Self {
        Self {
            from: (*r.from_leader()).into(),
            to: *r.to_node_id(),
            last: r.last_log_id().map(|id| (*id).into()),
        }
    }
}

impl From<TransferMessage> for TransferLeaderRequest<TypeConfig> {
    fn from(m: TransferMessage) -> Self {
        Self::new(m.from.into(), m.to, m.last.map(Into::into))
    }
}

/// What a snapshot consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The sending leader's vote.
    pub vote: VoteCode,
    applied: LogIdCode,
    membership: MembershipCode,
    /// The files, in the order they come.
    pub files: Vec<FileEntry>,
}

/// One file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Plain name.
    pub name: String,
    /// Bytes.
    pub length: u64,
}

impl Manifest {
    /// Of the snapshot that holds `meta`; `None` if it holds nothing.
    pub fn new(vote: Vote, meta: &SnapshotMeta, files: Vec<FileEntry>) -> Option<Self> {
        Some(Self {
            vote: vote.into(),
            applied: meta.last_log_id?.into(),
            membership: (&meta.last_membership).into(),
            files,
        })
    }

    /// What the snapshot holds.
    pub fn meta(&self) -> Decoded<SnapshotMeta> {
        Ok(SnapshotMeta {
            last_log_id: Some(self.applied.into()),
            last_membership: StoredMembership::try_from(self.membership.clone())?,
        })
    }

    /// Bytes of all files.
    pub fn total(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.length))
    }
}

/// The answer to a snapshot's beginning and to its end: the receiver's vote.
#[derive(Serialize, Deserialize)]
pub struct SnapshotAnswer {
    vote: VoteCode,
}

impl From<SnapshotResponse<TypeConfig>> for SnapshotAnswer {
    fn from(r: SnapshotResponse<TypeConfig>) -> Self {
        Self { vote: r.vote.into() }
    }
}

impl From<SnapshotAnswer> for SnapshotResponse<TypeConfig> {
    fn from(a: SnapshotAnswer) -> Self {
        Self::new(a.vote.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CommandBytes, Entry};
    use openraft::EntryPayload;
    use openraft::vote::RaftLeaderId;
    use proptest::prelude::*;

    fn id(index: u64) -> LogId {
        LogId::new(RaftLeaderId::new(2, 5), index)
    }

    fn append(count: u64) -> AppendEntriesRequest<TypeConfig> {
        let entry = |i| Entry {
            log_id: id(i),
            payload: EntryPayload::Normal(CommandBytes(vec![7; i as usize].into())),
        };
        AppendEntriesRequest {
            vote: Vote::new_committed(2, 5),
            prev_log_id: Some(id(10)),
            leader_commit: None,
            entries: (11..11 + count).map(entry).collect(),
        }
    }

    #[test]
    fn append_round_trip() {
        for count in [0, 1, 5] {
            let request = append(count);
            let mut bytes = Vec::new();
            encode_append(&request, &mut bytes).unwrap();
            let back = decode_append(bytes.clone().into()).unwrap();
            assert_eq!(back.entries, request.entries);
            assert_eq!(back.prev_log_id, request.prev_log_id);
            assert_eq!(back.vote, request.vote);
            bytes.push(0);
            assert!(decode_append(bytes.into()).is_err());
        }
    }

    #[test]
    fn holes_are_refused() {
        let mut request = append(3);
        request.entries.remove(1);
        let mut bytes = Vec::new();
        encode_append(&request, &mut bytes).unwrap();
        assert!(decode_append(bytes.into()).is_err());
    }

    proptest! {
        /// Damaged requests are errors, never panics.
        #[test]
        fn damage_is_an_error(cut in 0usize..200, flip in 0usize..200, bit in 0u8..8) {
            let mut bytes = Vec::new();
            encode_append(&append(4), &mut bytes).unwrap();
            let whole = bytes.len();
            bytes.truncate(cut);
            if let Some(byte) = bytes.get_mut(flip) {
                *byte ^= 1 << bit;
            }
            let result = decode_append(bytes.into());
            prop_assert!(result.is_err() || cut >= whole);
        }
    }
}
