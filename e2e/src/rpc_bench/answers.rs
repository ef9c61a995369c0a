//! Answers, scanned for what the generator needs: whose it is, whether it succeeded, the state id.

use anyhow::{Context as _, bail};

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The call it is for.
    pub call: u32,
    /// The server's state.
    pub state_id: Option<i64>,
    /// The encoded response.
    pub outcome: Result<&'a [u8], Refused<'a>>,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    class: &'a [u8],
    message: &'a [u8],
}

impl Refused<'_> {
    /// Whether another try, or another server, may do better.
    pub fn for_the_moment(&self) -> bool {
        ["StandbyException", "RetriableException", "ObserverRetryOnActiveException"]
            .iter()
            .any(|name| self.class.ends_with(name.as_bytes()))
    }
}

impl std::fmt::Display for Refused<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy(self.message);
        write!(
            out,
            "{}: {}",
            String::from_utf8_lossy(self.class),
            text.lines().next().unwrap_or("")
        )
    }
}

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// Varint.
    Number(u64),
    /// Bytes, text or a message.
    Bytes(&'a [u8]),
    /// Of a fixed size; nothing here looks at those.
    Other,
}

/// Takes the next field off the front; `None` at the end.
///
/// # Errors
/// It is cut off or of an unknown kind.
pub fn next_field<'a>(message: &mut &'a [u8]) -> anyhow::Result<Option<(u64, Field<'a>)>> {
    if message.is_empty() {
        return Ok(None);
    }
    let key = varint(message)?;
    let field = match key & 7 {
        0 => Field::Number(varint(message)?),
        1 => skip(message, 8)?,
        2 => Field::Bytes(delimited(message)?),
        5 => skip(message, 4)?,
        other => bail!("a field of kind {other}"),
    };
    Ok(Some((key >> 3, field)))
}

/// Finds a field of a message.
///
/// # Errors
/// The message is no message.
pub fn find<'a>(mut message: &'a [u8], tag: u64) -> anyhow::Result<Option<Field<'a>>> {
    while let Some((found, field)) = next_field(&mut message)? {
        if found == tag {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

/// The whole answer at the start of `input`, and its length; `None` while it is incomplete.
///
/// # Errors
/// It is no answer.
pub fn whole_answer(input: &[u8]) -> anyhow::Result<Option<(usize, Answer<'_>)>> {
    let Some((length, rest)) = input.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length) as usize;
    let Some(mut frame) = rest.get(..length) else { return Ok(None) };
    let mut header = delimited(&mut frame)?;
    let mut answer = Answer { call: u32::MAX, state_id: None, outcome: Ok(&[]) };
    let (mut status, mut class, mut message) = (0, &b""[..], &b""[..]);
    while let Some((tag, field)) = next_field(&mut header)? {
        match (tag, field) {
            (1, Field::Number(call)) => answer.call = u32::try_from(call).unwrap_or(u32::MAX),
            (2, Field::Number(number)) => status = number,
            (4, Field::Bytes(bytes)) => class = bytes,
            (5, Field::Bytes(bytes)) => message = bytes,
            (9, Field::Number(state)) => answer.state_id = Some(state.cast_signed()),
            _ => {}
        }
    }
    answer.outcome = match status {
        0 => Ok(delimited(&mut frame)?),
        _ => Err(Refused { class, message }),
    };
    Ok(Some((4 + length, answer)))
}

fn varint(message: &mut &[u8]) -> anyhow::Result<u64> {
    Ok(prost::encoding::decode_varint(message)?)
}

fn delimited<'a>(message: &mut &'a [u8]) -> anyhow::Result<&'a [u8]> {
    let length = usize::try_from(varint(message)?)?;
    let (found, rest) = message.split_at_checked(length).context("a field is cut off")?;
    *message = rest;
    Ok(found)
}

fn skip<'a>(message: &mut &'a [u8], length: usize) -> anyhow::Result<Field<'a>> {
    *message = message.get(length..).context("a field is cut off")?;
    Ok(Field::Other)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use metafs_hadoop::proto::rpc::RpcResponseHeaderProto;
    use metafs_hadoop::wire;

    use super::*;

    fn frame(header: RpcResponseHeaderProto, body: Option<&[u8]>) -> Vec<u8> {
        let mut out = BytesMut::new();
        wire::put_response(&mut out, &header, body);
        out.to_vec()
    }

    #[test]
    fn answers_are_cut_apart_and_understood() {
        let header = RpcResponseHeaderProto {
            call_id: 300,
            server_ipc_version_num: Some(9),
            client_id: Some(vec![7; 16].into()),
            retry_count: Some(-1),
            state_id: Some(-5),
            ..RpcResponseHeaderProto::default()
        };
        let one = frame(header.clone(), Some(b"body"));
        let two = [&one[..], &one[..10]].concat();
        let answer = Answer { call: 300, state_id: Some(-5), outcome: Ok(&b"body"[..]) };
        assert_eq!(whole_answer(&two).expect("whole"), Some((one.len(), answer)));
        for cut in 0..one.len() {
            assert_eq!(whole_answer(&one[..cut]).expect("a part"), None);
        }
        let refused = |class: &str| {
            let header = RpcResponseHeaderProto {
                status: 1,
                exception_class_name: Some(class.to_owned()),
                error_msg: Some("why\n\tat".to_owned()),
                ..header.clone()
            };
            frame(header, None)
        };
        let standby = refused("org.apache.hadoop.ipc.StandbyException");
        let (_, answer) = whole_answer(&standby).expect("whole").expect("all of it");
        assert!(answer.outcome.as_ref().is_err_and(Refused::for_the_moment));
        let gone = refused("java.io.FileNotFoundException");
        let (_, answer) = whole_answer(&gone).expect("whole").expect("all of it");
        let refused = answer.outcome.expect_err("an exception");
        assert!(!refused.for_the_moment());
        assert_eq!(refused.to_string(), "java.io.FileNotFoundException: why");
    }
}
