//! The first frames of a connection. Both ends prove the cluster's key over fresh nonces, say
//! their protocol version, the cluster's id and whom they believe to talk to:
//!
//! 1. client: HELLO { version, cluster, own node id, target node id, nonce }
//! 2. server: CHALLENGE { version, nonce }
//! 3. client: PROOF { HMAC(key, "client", transcript) }
//! 4. server: WELCOME { HMAC(key, "server", transcript) } or REFUSED { why }
//!
//! A volume that belongs to no cluster yet takes the cluster's id from the first holder of the
//! key that addresses it by its node id.

use std::io;

use rand::RngCore;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::key::{KeyError, mac, same_mac};
use super::{Context, PROTOCOL, frame};
use crate::identity::IdentityError;

/// Before it is known who speaks, frames are small.
const LIMIT: usize = 1024;

/// Every first frame starts with this.
const MAGIC: [u8; 4] = *b"MFSR";

const HELLO: u8 = 1;
const CHALLENGE: u8 = 2;
const PROOF: u8 = 3;
const WELCOME: u8 = 4;
const REFUSED: u8 = 5;

/// Why a connection did not come to be.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not this protocol, or damaged.
    #[error("not a member's handshake: {0}")]
    Malformed(&'static str),
    /// The own key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The other end does not hold the key.
    #[error("the other end does not hold this cluster's key")]
    WrongKey,
    /// The other end said no.
    #[error("refused by the other end: {0}")]
    Refused(Refusal),
    /// This end said no.
    #[error("refused: {0}")]
    Refuse(Refusal),
    /// The cluster's id could not be kept.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// This volume belongs to no cluster, so it has nothing to say to others.
    #[error("this volume belongs to no cluster yet")]
    NoCluster,
}

/// Why an end says no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Different protocol versions.
    #[error("protocol version {theirs}; this server speaks {ours}")]
    Version {
        /// The refusing end's.
        ours: u32,
        /// The refused end's.
        theirs: u32,
    },
    /// The proof did not fit the key.
    #[error("wrong cluster key")]
    Key,
    /// Another cluster.
    #[error("this server belongs to cluster {ours}, not to {theirs}")]
    Cluster {
        /// The refusing end's.
        ours: String,
        /// The refused end's.
        theirs: String,
    },
    /// Another volume than the one that was meant.
    #[error("this server's volume is node {ours}, not {theirs}")]
    Node {
        /// The refusing end's.
        ours: u64,
        /// The one that was asked for.
        theirs: u64,
    },
    /// The refusing end has trouble of its own.
    #[error("{0}")]
    Trouble(String),
}

#[derive(Serialize, Deserialize)]
struct Hello {
    magic: [u8; 4],
    version: u32,
    cluster: String,
    from: u64,
    to: u64,
    nonce: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct Challenge {
    version: u32,
    nonce: [u8; 32],
}

/// Connects as a client: proves itself to the volume `to`.
pub async fn connect<S>(context: &Context, stream: &mut S, to: u64) -> Result<(), HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let cluster = context.identity.cluster_id().ok_or(HandshakeError::NoCluster)?;
    let secret = context.key.secret()?;
    let from = context.identity.node_id();
    let hello = Hello { magic: MAGIC, version: PROTOCOL, cluster, from, to, nonce: nonce() };
    let hello = send(stream, HELLO, &hello).await?;
    let challenge = receive(stream).await?;
    let parsed: Challenge = expect(&challenge, CHALLENGE)?;
    if parsed.version != PROTOCOL {
        let refusal = Refusal::Version { ours: PROTOCOL, theirs: parsed.version };
        return Err(HandshakeError::Refuse(refusal));
    }
    let proof = mac(&secret, &[b"client", &hello, &challenge.body]);
    send(stream, PROOF, &proof).await?;
    let answer = receive(stream).await?;
    let welcome: Vec<u8> = expect(&answer, WELCOME)?;
    if same_mac(&welcome, &mac(&secret, &[b"server", &hello, &challenge.body])) {
        Ok(())
    } else {
        Err(HandshakeError::WrongKey)
    }
}

/// Accepts as a server; gives the node id of the client.
pub async fn accept<S>(context: &Context, stream: &mut S) -> Result<u64, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let hello = receive(stream).await?;
    let parsed: Hello = expect(&hello, HELLO)?;
    if parsed.magic != MAGIC {
        return Err(HandshakeError::Malformed("wrong magic"));
    }
    if parsed.version != PROTOCOL {
        let refusal = Refusal::Version { ours: PROTOCOL, theirs: parsed.version };
        return refuse(stream, refusal).await;
    }
    let secret = match context.key.secret() {
        Ok(secret) => secret,
        Err(e) => {
            let refusal = Refusal::Trouble("this server cannot read its key".into());
            let _ = refuse::<S, ()>(stream, refusal).await;
            return Err(e.into());
        }
    };
    let challenge =
        send(stream, CHALLENGE, &Challenge { version: PROTOCOL, nonce: nonce() }).await?;
    let proof: Vec<u8> = expect(&receive(stream).await?, PROOF)?;
    if !same_mac(&proof, &mac(&secret, &[b"client", &hello.body, &challenge])) {
        return refuse(stream, Refusal::Key).await;
    }
    let ours = context.identity.node_id();
    if parsed.to != ours {
        return refuse(stream, Refusal::Node { ours, theirs: parsed.to }).await;
    }
    if let Err(e) = context.identity.join(&parsed.cluster) {
        let refusal = match &e {
            IdentityError::OtherCluster { own, other } => {
                Refusal::Cluster { ours: own.clone(), theirs: other.clone() }
            }
            e => Refusal::Trouble(e.to_string()),
        };
        return refuse(stream, refusal).await;
    }
    send(stream, WELCOME, &mac(&secret, &[b"server", &hello.body, &challenge])).await?;
    Ok(parsed.from)
}

async fn refuse<S: AsyncWrite + Unpin, T>(
    stream: &mut S,
    refusal: Refusal,
) -> Result<T, HandshakeError> {
    send(stream, REFUSED, &refusal).await?;
    Err(HandshakeError::Refuse(refusal))
}

fn nonce() -> [u8; 32] {
    let mut nonce = [0; 32];
    rand::rng().fill_bytes(&mut nonce);
    nonce
}

/// Sends a message; gives its body, for the transcript.
async fn send<S, T>(stream: &mut S, kind: u8, message: &T) -> Result<Vec<u8>, HandshakeError>
where
    S: AsyncWrite + Unpin,
    T: Serialize,
{
    let body = postcard::to_stdvec(message)
        .map_err(|_| HandshakeError::Malformed("a message that cannot be encoded"))?;
    stream.write_all(&frame::encode(0, kind, &body)?).await?;
    stream.flush().await?;
    Ok(body)
}

async fn receive<S: AsyncRead + Unpin>(stream: &mut S) -> Result<frame::Frame, HandshakeError> {
    let frame = frame::read(stream, LIMIT).await?;
    frame.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
}

fn expect<T: DeserializeOwned>(frame: &frame::Frame, kind: u8) -> Result<T, HandshakeError> {
    if frame.kind == REFUSED
        && let Ok(refusal) = postcard::from_bytes(&frame.body)
    {
        return Err(HandshakeError::Refused(refusal));
    }
    if frame.kind != kind {
        return Err(HandshakeError::Malformed("a message out of turn"));
    }
    postcard::from_bytes(&frame.body).map_err(|_| HandshakeError::Malformed("a damaged message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::{KEY, Member, member};

    type Ends = (Result<(), HandshakeError>, Result<u64, HandshakeError>);

    async fn shake(client: &Member, server: &Member, to: u64) -> Ends {
        let (mut a, mut b) = tokio::io::duplex(4096);
        tokio::join!(connect(&client.context, &mut a, to), accept(&server.context, &mut b),)
    }

    #[tokio::test]
    async fn a_pristine_volume_joins_who_holds_the_key() {
        let (leader, fresh) = (member(KEY, Some("one")), member(KEY, None));
        let id = fresh.context.identity.node_id();
        let (client, server) = shake(&leader, &fresh, id).await;
        client.unwrap();
        assert_eq!(server.unwrap(), leader.context.identity.node_id());
        assert_eq!(fresh.context.identity.cluster_id().as_deref(), Some("one"));

        let other = member(KEY, Some("two"));
        let (client, server) = shake(&other, &fresh, id).await;
        let expected = "refused by the other end: this server belongs to cluster one, not to two";
        assert_eq!(client.unwrap_err().to_string(), expected);
        assert!(matches!(server, Err(HandshakeError::Refuse(Refusal::Cluster { .. }))));
    }

    #[tokio::test]
    async fn a_wrong_key_gets_nowhere() {
        let (stranger, fresh) = (member("another key, long enough", Some("x")), member(KEY, None));
        let id = fresh.context.identity.node_id();
        let (client, server) = shake(&stranger, &fresh, id).await;
        assert!(matches!(client, Err(HandshakeError::Refused(Refusal::Key))));
        assert!(matches!(server, Err(HandshakeError::Refuse(Refusal::Key))));
        assert_eq!(fresh.context.identity.cluster_id(), None);

        // The key is read again once it is replaced.
        std::fs::write(stranger.dir.path().join("key"), KEY).unwrap();
        shake(&stranger, &fresh, id).await.0.unwrap();
    }

    #[tokio::test]
    async fn another_volume_is_refused() {
        let (leader, other) = (member(KEY, Some("one")), member(KEY, None));
        let (client, _) = shake(&leader, &other, 1).await;
        assert!(matches!(client, Err(HandshakeError::Refused(Refusal::Node { theirs: 1, .. }))));
        assert_eq!(other.context.identity.cluster_id(), None);
        let (mut end, _other) = tokio::io::duplex(4096);
        let homeless = connect(&other.context, &mut end, 1).await;
        assert!(matches!(homeless, Err(HandshakeError::NoCluster)));
    }

    #[tokio::test]
    async fn noise_is_refused() {
        let server = member(KEY, Some("one"));
        for noise in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 40], &[0xff; 64], b"\0\0\0\x0a12345678\x01x"]
        {
            let (mut a, mut b) = tokio::io::duplex(4096);
            a.write_all(noise).await.unwrap();
            a.shutdown().await.unwrap();
            assert!(accept(&server.context, &mut b).await.is_err());
        }
    }
}
