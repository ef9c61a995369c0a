//! Hadoop RPC's framing (`org.apache.hadoop.ipc.Server`, `RpcWritable`): the connection header,
//! frames with their length before them, messages with a varint length before each. Pure; used by
//! the server here and by clients in tests and benchmarks.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::Message;

use crate::proto::rpc::{
    RequestHeaderProto, RpcKindProto, RpcRequestHeaderProto, RpcRequestHeaderProtoOperationProto,
    RpcResponseHeaderProto,
};

/// What a connection begins with.
pub const MAGIC: [u8; 4] = *b"hrpc";
/// The version of Hadoop RPC.
pub const VERSION: u8 = 9;
/// Bytes of the connection header: magic, version, service class, authentication.
pub const HEADER_LEN: usize = 7;
/// No SASL.
pub const AUTH_NONE: u8 = 0;
/// SASL negotiation first (-33).
pub const AUTH_SASL: u8 = 0xDF;

/// The call id of the connection context.
pub const CONTEXT_CALL: i32 = -3;
/// The call id of a ping.
pub const PING_CALL: i32 = -4;
/// The call id of SASL messages.
pub const SASL_CALL: i32 = -33;
/// The call id of answers to what is no call.
pub const NO_CALL: i32 = -1;

/// Why bytes are no message.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A length that does not fit.
    #[error("a message is cut off")]
    CutOff,
    /// Not the message that is expected.
    #[error(transparent)]
    Decode(#[from] prost::DecodeError),
}

/// Takes the bytes of one length-delimited message off the front.
pub fn take(frame: &mut Bytes) -> Result<Bytes, WireError> {
    let mut rest = frame.clone();
    let length = prost::decode_length_delimiter(&mut rest)?;
    if length > rest.remaining() {
        return Err(WireError::CutOff);
    }
    let message = rest.split_to(length);
    *frame = rest;
    Ok(message)
}

/// Takes one length-delimited message off the front.
pub fn take_message<M: Message + Default>(frame: &mut Bytes) -> Result<M, WireError> {
    Ok(M::decode(take(frame)?)?)
}

fn delimited_len<M: Message>(message: &M) -> usize {
    let length = message.encoded_len();
    length + prost::length_delimiter_len(length)
}

fn put(out: &mut BytesMut, message: &impl Message) {
    // There is always room in a BytesMut.
    let _ = message.encode_length_delimited(out);
}

/// Appends a whole response frame; `body`: the encoded message of a successful answer.
pub fn put_response(out: &mut BytesMut, header: &RpcResponseHeaderProto, body: Option<&[u8]>) {
    let body_len = body.map_or(0, |body| body.len() + prost::length_delimiter_len(body.len()));
    let length = delimited_len(header) + body_len;
    out.reserve(4 + length);
    // A frame of 4 GiB is never made: answers are pages.
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    put(out, header);
    if let Some(body) = body {
        let _ = prost::encode_length_delimiter(body.len(), out);
        out.put_slice(body);
    }
}

/// The header of a call.
pub fn call_header(client: &[u8], call: i32, retry: i32) -> RpcRequestHeaderProto {
    RpcRequestHeaderProto {
        rpc_kind: Some(RpcKindProto::RpcProtocolBuffer.into()),
        rpc_op: Some(RpcRequestHeaderProtoOperationProto::RpcFinalPacket.into()),
        call_id: call,
        client_id: Bytes::copy_from_slice(client),
        retry_count: Some(retry),
        ..RpcRequestHeaderProto::default()
    }
}

/// Appends a whole request frame of a client: the header, then messages one after the other.
pub fn put_request(out: &mut BytesMut, header: &RpcRequestHeaderProto, parts: &[&[u8]]) {
    let parts_len: usize =
        parts.iter().map(|part| part.len() + prost::length_delimiter_len(part.len())).sum();
    let length = delimited_len(header) + parts_len;
    out.reserve(4 + length);
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    put(out, header);
    for part in parts {
        let _ = prost::encode_length_delimiter(part.len(), out);
        out.put_slice(part);
    }
}

/// Appends a call of `method` of `protocol`.
pub fn put_call(
    out: &mut BytesMut,
    header: &RpcRequestHeaderProto,
    protocol: &str,
    method: &str,
    request: &[u8],
) {
    let call = RequestHeaderProto {
        method_name: method.to_owned(),
        declaring_class_protocol_name: protocol.to_owned(),
        client_protocol_version: 1,
    };
    put_request(out, header, &[&call.encode_to_vec(), request]);
}

/// What a connection of a client without SASL begins with.
pub fn connection_header() -> [u8; HEADER_LEN] {
    let [a, b, c, d] = MAGIC;
    [a, b, c, d, VERSION, 0, AUTH_NONE]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back() {
        let mut out = BytesMut::new();
        let header = call_header(&[1; 16], 7, 0);
        put_call(&mut out, &header, "p", "m", b"request");
        let mut frame = out.freeze();
        let length = frame.get_u32() as usize;
        assert_eq!(length, frame.len());
        assert_eq!(take_message::<RpcRequestHeaderProto>(&mut frame).unwrap(), header);
        let call: RequestHeaderProto = take_message(&mut frame).unwrap();
        assert_eq!((call.method_name.as_str(), call.client_protocol_version), ("m", 1));
        assert_eq!(take(&mut frame).unwrap(), "request");
        assert!(frame.is_empty());
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for bytes in [&b""[..], b"\x05abcd", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"] {
            assert!(take(&mut Bytes::copy_from_slice(bytes)).is_err());
        }
    }
}
