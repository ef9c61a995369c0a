//! Clients that are slow, cut off, too greedy or do not speak HTTP.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use common::{chunked, impatient, limits, parse, settings, start, start_with};
use metafs_webhdfs::Limits;

const IOE: &str = "java.io.IOException";
const LIMIT: &str = "4096 bytes, the most this cluster keeps in one file";

/// Waits until `done`, for at most ten seconds.
fn wait_for(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn too_large_is_told_and_leaves_nothing() {
    let server = start();
    let big = vec![b'x'; 4097];
    server.upload("PUT", "/f?op=CREATE", &big).refused(403, IOE, LIMIT);
    server.upload_chunked("PUT", "/f?op=CREATE", &[&big]).refused(403, IOE, LIMIT);
    server.get("/f?op=GETFILESTATUS").expect(404);
    server.upload("PUT", "/f?op=CREATE", &big[..4096]).expect(201);
    server.upload("POST", "/f?op=APPEND", b"1").refused(403, IOE, LIMIT);
    server.upload_chunked("POST", "/f?op=APPEND", &[b"1"]).refused(403, IOE, LIMIT);
    let status = server.get("/f?op=GETFILESTATUS").expect(200).json();
    assert_eq!(status["FileStatus"]["length"], 4096);
    // Given up, so it can be written again at once.
    server.post("/f?op=TRUNCATE&newlength=0").expect(200);
    server.upload("POST", "/f?op=APPEND", b"1").expect(200);
}

#[test]
fn a_client_that_first_sends_everything_sees_the_refusal() {
    let server = start();
    let big = vec![b'x'; 3 << 20];
    let chunks: Vec<&[u8]> = big.chunks(32 << 10).collect();
    let body = chunked(&chunks);
    let mut stream = server.connect();
    let head = "PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    // The connection is still good afterwards.
    stream
        .write_all(
            b"GET /webhdfs/v1/f?op=GETFILESTATUS HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert!(answers.starts_with("HTTP/1.1 403 "), "{answers}");
    assert!(answers.contains(LIMIT), "{answers}");
    assert!(answers.contains("HTTP/1.1 404 "), "{answers}");
}

#[test]
fn what_is_beyond_the_discard_limit_is_cut() {
    let limits = Limits { discard_bytes: 100_000, ..limits() };
    let server = start_with(settings(), limits);
    let mut stream = server.connect();
    stream
        .write_all(
            b"PUT /webhdfs/v1/f?op=CREATE&data=true HTTP/1.1\r\nhost: x\r\n\
              content-length: 1000000000000\r\n\r\n",
        )
        .unwrap();
    let chunk = vec![0; 64 << 10];
    let mut sent = 0_u64;
    while stream.write_all(&chunk).is_ok() {
        sent += chunk.len() as u64;
        assert!(sent < 1 << 30, "the server reads for ever");
    }
}

#[test]
fn expect_continue_is_answered_before_the_data() {
    let server = start();
    let target = "/webhdfs/v1/f?op=CREATE&data=true&user.name=joe";
    let head = |length: usize| {
        format!(
            "PUT {target} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    let refused = server.raw(head(5000).as_bytes());
    assert!(!String::from_utf8_lossy(&refused).contains("100 Continue"));
    parse(&refused).refused(403, IOE, LIMIT);
    let mut stream = server.connect();
    stream.write_all(head(2).as_bytes()).unwrap();
    let mut go = [0; 25];
    stream.read_exact(&mut go).unwrap();
    assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ok").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    parse(&answer).expect(201);
}

#[test]
fn a_body_that_breaks_off_gives_the_file_up() {
    let server = start();
    let head = "PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    // It is visible as long as it is written.
    wait_for(|| server.get("/f?op=GETFILESTATUS").status == 200);
    server.upload("PUT", "/f?op=CREATE", b"x").refused(
        403,
        "org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException",
        "/f",
    );
    stream.shutdown(Shutdown::Both).unwrap();
    wait_for(|| server.get("/f?op=GETFILESTATUS").status == 404);

    server.file("/g", "12");
    let head = "POST /webhdfs/v1/g?op=APPEND&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                content-length: 10\r\n\r\n34";
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    drop(stream);
    wait_for(|| server.upload("POST", "/g?op=APPEND", b"56").status == 200);
    assert_eq!(server.get("/g?op=OPEN").text(), "1256");
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let server = start_with(settings(), impatient());
    let head = "PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                connection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let begun = Instant::now();
    let answer = server.raw(head.as_bytes());
    parse(&answer).refused(403, IOE, "did not come in time");
    assert!(begun.elapsed() < Duration::from_secs(5));
    server.get("/f?op=GETFILESTATUS").expect(404);
}

#[test]
fn a_trickle_is_cut_at_the_bodys_whole_time() {
    let limits = Limits { body_total: Duration::from_millis(900), ..limits() };
    let server = start_with(settings(), limits);
    let mut stream = server.connect();
    let head = "PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                content-length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    for _ in 0..100 {
        let _ = stream.write_all(b".");
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    parse(&answer).refused(403, IOE, "did not come in time");
}

#[test]
fn a_slow_body_keeps_its_lease() {
    let settings = metafs_namespace::Settings { lease_soft_limit_seconds: 2, ..settings() };
    let server = start_with(settings, limits());
    let mut stream = server.connect();
    let head = "PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                connection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(250))).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        stream.write_all(b"1\r\n.\r\n").unwrap();
        // Nothing comes back before the end: this is the pause between two chunks.
        assert!(stream.read(&mut [0; 100]).is_err());
    }
    server.upload("PUT", "/f?op=CREATE", b"x").refused(
        403,
        "org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException",
        "/f",
    );
    stream.write_all(b"0\r\n\r\n").unwrap();
    stream.set_read_timeout(None).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    parse(&answer).expect(201);
}

#[test]
fn a_client_that_leaves_is_not_counted_for_ever() {
    let server = start();
    let mut stream = server.connect();
    let head = "PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                content-length: 10\r\n\r\n1";
    stream.write_all(head.as_bytes()).unwrap();
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_in_flight 1"));
    drop(stream);
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_in_flight 0"));
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_connections 0"));
}

#[test]
fn slow_heads_and_idle_connections_are_cut() {
    let server = start_with(settings(), impatient());
    for sent in ["", "GET /webhdfs/v1/?op=GETFILESTATUS HTTP/1.1\r\nhost: x\r\nx-"] {
        let begun = Instant::now();
        let answer = server.raw(sent.as_bytes());
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(500) && took < Duration::from_secs(5), "{took:?}");
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
    }
    // After an answer the connection is kept, but not for ever.
    let answer = server.raw(b"GET /webhdfs/v1/?op=GETFILESTATUS HTTP/1.1\r\nhost: x\r\n\r\n");
    parse(&answer).expect(200);
}

#[test]
fn a_reader_that_takes_nothing_is_cut() {
    let limits = Limits { list_page: 100, ..impatient() };
    let server = start_with(settings(), limits);
    let name = "n".repeat(200);
    for index in 0..200 {
        server.put(&format!("/d/{name}{index:03}?op=MKDIRS")).expect(200);
    }
    let stream = server.connect();
    socket2::SockRef::from(&stream).set_recv_buffer_size(4096).unwrap();
    let request = "GET /webhdfs/v1/d?op=LISTSTATUS HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
    let mut writer = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let _ = writer.write_all(request.as_bytes());
    });
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_connections 1"));
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_connections 0"));
    drop(stream);
    sender.join().unwrap();
}

#[test]
fn connections_are_bounded() {
    let limits = Limits { max_connections: 2, ..limits() };
    let server = start_with(settings(), limits);
    let held: Vec<_> = (0..2).map(|_| server.connect()).collect();
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_connections 2"));
    let mut third = server.connect();
    let mut answer = Vec::new();
    let _ = third.read_to_end(&mut answer);
    parse(&answer).refused(503, "org.apache.hadoop.ipc.RetriableException", "Too many");
    drop(held);
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_connections 0"));
    server.get("/?op=GETFILESTATUS").expect(200);
}

#[test]
fn malformed_http_is_refused_and_harms_nobody() {
    let server = start();
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..], 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /webhdfs/v1/\x01 HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"PUT /webhdfs/v1/f?op=CREATE&data=true HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"PUT /webhdfs/v1/f?op=CREATE&data=true HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
    ] {
        let answer = server.raw(bytes);
        assert_eq!(parse(&answer).status, status, "{}", String::from_utf8_lossy(bytes));
    }
    let answer = server.raw(
        b"PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
          connection: close\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    );
    assert!(answer.is_empty() || parse(&answer).status >= 400);
    wait_for(|| server.get("/f?op=GETFILESTATUS").status == 404);
    let many = "x-a: b\r\n".repeat(101);
    let answer = server.raw(format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes());
    assert_eq!(parse(&answer).status, 431);
    let huge = "x".repeat(70_000);
    let answer = server.raw(format!("GET / HTTP/1.1\r\nx-a: {huge}\r\n\r\n").as_bytes());
    assert_eq!(parse(&answer).status, 431);
    let answer = server.raw(format!("GET /{huge} HTTP/1.1\r\n\r\n").as_bytes());
    assert!([414, 431].contains(&parse(&answer).status));
    server.get("/?op=GETFILESTATUS").expect(200);
}

#[test]
fn a_bad_host_header_is_not_reflected() {
    let server = start();
    let put = |host: &str| {
        server.raw(
            format!(
                "PUT /webhdfs/v1/f?op=CREATE HTTP/1.1\r\n{host}connection: close\r\n\
                 content-length: 0\r\n\r\n"
            )
            .as_bytes(),
        )
    };
    parse(&put("host: a b/<script>\r\n")).expect(400);
    let ours = parse(&put("")).expect(307);
    assert!(ours.headers["location"].starts_with(&format!("http://{}/", server.addr)));
    let theirs = parse(&put("host: files.example:8443\r\n")).expect(307);
    assert!(theirs.headers["location"].starts_with("http://files.example:8443/webhdfs/v1/f?"));
}

#[test]
fn an_unwanted_body_does_not_confuse_the_next_request() {
    let server = start();
    let requests = "PUT /webhdfs/v1/d?op=MKDIRS&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                    content-length: 20\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\n\
                    GET /webhdfs/v1/d?op=GETFILESTATUS HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answers = String::from_utf8(server.raw(requests.as_bytes())).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert!(answers.contains("{\"boolean\":true}") && answers.contains("DIRECTORY"));
}

#[test]
fn shutdown_lets_requests_end_and_takes_no_more() {
    let mut server = start();
    let mut stream = server.connect();
    let head = "PUT /webhdfs/v1/f?op=CREATE&data=true&user.name=joe HTTP/1.1\r\nhost: x\r\n\
                content-length: 4\r\n\r\nab";
    stream.write_all(head.as_bytes()).unwrap();
    wait_for(|| server.metrics_text().contains("metafs_webhdfs_in_flight 1"));
    server.stop();
    wait_for(|| std::net::TcpStream::connect(server.addr).is_err());
    stream.write_all(b"cd").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    parse(&answer).expect(201);
}
