//! The real transport over sockets of this machine.

use std::net::SocketAddr;

use bytes::Bytes;
use metafs_tablestore::{HttpSettings, HttpTransport, Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a server does with each request of one connection, and then closes it.
async fn serve(answers: &'static [&'static str]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut requests = Vec::new();
        for answer in answers {
            requests.push(request(&mut connection).await);
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    (address, server)
}

/// Reads a request with the body "body".
async fn request(connection: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"body") {
        let mut chunk = [0; 1024];
        let length = connection.read(&mut chunk).await.unwrap();
        assert!(length > 0, "the request ends early");
        read.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8(read).unwrap()
}

fn transport(max_response: usize) -> HttpTransport {
    HttpTransport::new(&HttpSettings { max_response, ..HttpSettings::default() }).unwrap()
}

async fn send(
    transport: &HttpTransport,
    address: SocketAddr,
) -> Result<http::Response<Bytes>, TransportError> {
    let request = http::Request::post(format!("http://{address}/GetRow"))
        .header("x-ots-date", "now")
        .body(Bytes::from_static(b"body"))
        .unwrap();
    transport.send(request).await
}

#[tokio::test]
async fn requests_share_a_connection() {
    let answers = &[
        "HTTP/1.1 200 OK\r\nx-ots-requestid: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n2\r\ncd\r\n1\r\ne\r\n1\r\nf\r\n0\r\n\r\n",
    ];
    let (address, server) = serve(answers).await;
    let transport = transport(100);
    let first = send(&transport, address).await.unwrap();
    assert_eq!((first.status().as_u16(), first.body().as_ref()), (200, b"ab".as_slice()));
    assert_eq!(first.headers()["x-ots-requestid"], "1");
    let second = send(&transport, address).await.unwrap();
    assert_eq!((second.status().as_u16(), second.body().as_ref()), (503, b"cdef".as_slice()));
    let requests = server.await.unwrap();
    assert!(requests[0].starts_with("POST /GetRow HTTP/1.1\r\n"));
    assert!(requests.iter().all(|request| request.contains("x-ots-date: now\r\n")));
}

#[tokio::test]
async fn it_is_known_whether_a_request_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let refused = send(&transport(100), nobody).await;
    assert!(matches!(refused, Err(TransportError::NotSent(_))), "{refused:?}");

    for cut in [&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"], &[""]] {
        let (address, _server) = serve(cut).await;
        let cut = send(&transport(100), address).await;
        assert!(matches!(cut, Err(TransportError::NoAnswer(_))), "{cut:?}");
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    for large in [
        &["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd"],
        &["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"],
    ] {
        let (address, _server) = serve(large).await;
        let large = send(&transport(3), address).await;
        assert!(matches!(large, Err(TransportError::TooLarge { limit: 3 })), "{large:?}");
    }
}
