//! Requests put together from prebuilt parts, without allocating: what a real client sends, byte for
//! byte but for the order of the header's fields.

use metafs_hadoop::proto::rpc::{
    IpcConnectionContextProto, RequestHeaderProto, UserInformationProto,
};
use metafs_hadoop::wire;
use prost::Message;

use crate::cluster::SUPERUSER;
use crate::rpc::CLIENT_PROTOCOL;

/// Tag of `RpcRequestHeaderProto.callId`.
const CALL_ID: u8 = 3 << 3;
/// Tag of `RpcRequestHeaderProto.stateId`.
const STATE_ID: u8 = 8 << 3;

/// A method of ClientProtocol: everything of its requests but ids and paths.
#[derive(Clone, Debug)]
pub struct Method {
    name: &'static str,
    /// Its `RequestHeaderProto`, with its length.
    header: Vec<u8>,
    /// The fields after the paths.
    rest: Vec<u8>,
}

impl Method {
    /// A method with `request`, whose first field is a path and empty.
    pub fn new(name: &'static str, request: &impl Message) -> Self {
        let header = RequestHeaderProto {
            method_name: name.to_owned(),
            declaring_class_protocol_name: CLIENT_PROTOCOL.to_owned(),
            client_protocol_version: 1,
        };
        let rest = request.encode_to_vec();
        // The empty path: tag 1 with length 0. Messages without any path have nothing there.
        let rest = rest.strip_prefix(&[0x0A, 0]).map_or(rest.clone(), <[u8]>::to_vec);
        Self { name, header: header.encode_length_delimited_to_vec(), rest }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Appends the fields after the paths.
    pub fn put_rest(&self, request: &mut Vec<u8>) {
        request.extend_from_slice(&self.rest);
    }
}

/// Appends field `tag` (below 16) with a text that `write` appends; at most 127 bytes.
pub fn put_text(request: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    request.push(tag << 3 | 2);
    let at = request.len();
    request.push(0);
    write(request);
    let length = request.len() - at - 1;
    request[at] = u8::try_from(length).ok().filter(|length| *length < 0x80).unwrap_or_else(|| {
        // Every path of the benchmark is short; a longer one is a mistake in it.
        debug_assert!(false, "a text of {length} bytes");
        0
    });
}

/// Appends field `tag` (below 16) with a number.
pub fn put_number(request: &mut Vec<u8>, tag: u8, value: u64) {
    request.push(tag << 3);
    prost::encoding::encode_varint(value, request);
}

/// A client: the fixed part of its requests' headers.
#[derive(Clone, Debug)]
pub struct Client {
    id: [u8; 16],
    fixed: Vec<u8>,
}

impl Default for Client {
    fn default() -> Self {
        let id = *uuid::Uuid::new_v4().as_bytes();
        let encoded = wire::call_header(&id, 0, 0).encode_to_vec();
        // Without the call id (2 bytes, after kind and operation), which is put last.
        let fixed = [&encoded[..4], &encoded[6..]].concat();
        Self { id, fixed }
    }
}

impl Client {
    /// What its connection begins with.
    pub fn greeting(&self) -> Vec<u8> {
        let mut out = bytes::BytesMut::from(&wire::connection_header()[..]);
        let context = IpcConnectionContextProto {
            user_info: Some(UserInformationProto {
                effective_user: Some(SUPERUSER.to_owned()),
                real_user: None,
            }),
            protocol: Some(CLIENT_PROTOCOL.to_owned()),
        };
        let header = wire::call_header(&self.id, wire::CONTEXT_CALL, -1);
        wire::put_request(&mut out, &header, &[&context.encode_to_vec()]);
        out.to_vec()
    }

    /// Appends a call. `call` is not negative; `seen`: the state id to tell.
    pub fn put_call(
        &self,
        out: &mut Vec<u8>,
        call: u32,
        seen: Option<i64>,
        method: &Method,
        request: &[u8],
    ) {
        let start = out.len();
        // The frame's length, then the header's, which is far below 128.
        out.extend_from_slice(&[0; 5]);
        out.extend_from_slice(&self.fixed);
        put_varint_field(out, CALL_ID, u64::from(call) << 1);
        if let Some(seen) = seen {
            put_varint_field(out, STATE_ID, seen.cast_unsigned());
        }
        let header = out.len() - start - 5;
        out[start + 4] = header.to_le_bytes()[0];
        out.extend_from_slice(&method.header);
        prost::encoding::encode_varint(request.len() as u64, out);
        out.extend_from_slice(request);
        let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

fn put_varint_field(out: &mut Vec<u8>, tag: u8, value: u64) {
    out.push(tag);
    prost::encoding::encode_varint(value, out);
}

#[cfg(test)]
mod tests {
    use bytes::{Buf as _, Bytes};
    use metafs_hadoop::proto::client::RenameRequestProto;
    use metafs_hadoop::proto::rpc::RpcRequestHeaderProto;

    use super::*;

    #[test]
    fn a_call_is_what_the_ordinary_client_sends() {
        let method = Method::new("rename", &RenameRequestProto::default());
        let client = Client::default();
        let mut request = Vec::new();
        put_text(&mut request, 1, |out| out.extend_from_slice(b"/a"));
        put_text(&mut request, 2, |out| out.extend_from_slice(b"/b"));
        for (call, seen) in [(0, None), (77, Some(i64::MIN)), (1 << 30, Some(123_456))] {
            let mut out = b"before".to_vec();
            client.put_call(&mut out, call, seen, &method, &request);
            let mut frame = Bytes::from(out).split_off(6);
            assert_eq!(frame.get_u32() as usize, frame.len());
            let header: RpcRequestHeaderProto = wire::take_message(&mut frame).expect("a header");
            let mut expected =
                wire::call_header(&client.id, i32::try_from(call).expect("small"), 0);
            expected.state_id = seen;
            assert_eq!(header, expected);
            let called: RequestHeaderProto = wire::take_message(&mut frame).expect("a method");
            assert_eq!(called.method_name, "rename");
            let request: RenameRequestProto = wire::take_message(&mut frame).expect("a request");
            assert_eq!((request.src.as_str(), request.dst.as_str()), ("/a", "/b"));
            assert!(frame.is_empty());
        }
    }
}
