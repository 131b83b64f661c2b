//! The live log.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::support::taskcluster::live::Live;

/// A connection that reads the log, after its head.
fn read(live: &Live, headers: &str) -> (String, TcpStream) {
    let (host, path) = live.url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    (String::from_utf8(head).unwrap(), stream)
}

fn exactly(stream: &mut TcpStream, expected: &str) {
    let mut found = vec![0; expected.len()];
    stream.read_exact(&mut found).unwrap();
    assert_eq!(String::from_utf8(found).unwrap(), expected);
}

fn rest(stream: &mut TcpStream) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    rest
}

#[test]
fn each_connection_begins_at_the_first_byte_and_follows() {
    let live = Live::start();
    live.push("one\n");
    let (head, mut first) = read(&live, "range: bytes=4-\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("Transfer-Encoding: chunked"), "{head}");
    exactly(&mut first, "4\r\none\n\r\n");
    live.push("two\n");
    exactly(&mut first, "4\r\ntwo\n\r\n");
    let (_, mut second) = read(&live, "");
    exactly(&mut second, "8\r\none\ntwo\n\r\n");
    live.close();
    assert_eq!((rest(&mut first), rest(&mut second)), ("0\r\n\r\n".to_owned(), "0\r\n\r\n".to_owned()));
    let (_, mut late) = read(&live, "");
    assert_eq!(rest(&mut late), "8\r\none\ntwo\n\r\n0\r\n\r\n");
    assert_eq!(live.readers()[0].range.as_deref(), Some("bytes=4-"));
}

#[test]
fn cut_connections_end_without_a_last_chunk_and_may_come_back() {
    let live = Live::start();
    live.push("one\n");
    let (_, mut first) = read(&live, "");
    exactly(&mut first, "4\r\none\n\r\n");
    live.drop_connections();
    assert_eq!(rest(&mut first), "");
    let (_, mut again) = read(&live, "");
    exactly(&mut again, "4\r\none\n\r\n");
    assert!(live.readers()[0].is_cut && !live.readers()[1].is_cut);
    drop(live);
    assert_eq!(rest(&mut again), "", "the worker is gone");
}

#[test]
fn a_reader_that_lags_is_cut_and_one_that_catches_up_is_not() {
    let live = Live::start();
    let old = "x".repeat(1 << 15);
    live.push(&old);
    live.patience(1000);
    // What was there before is no lag, however much it is.
    let (_, mut slow) = read(&live, "");
    live.until(|readers| readers.first().is_some_and(|reader| reader.sent == old.len()));
    live.push(&"y".repeat(1000));
    live.until(|readers| readers[0].sent == old.len() + 1000);
    live.push(&"z".repeat(1001));
    live.until(|readers| readers[0].is_cut);
    let text = rest(&mut slow);
    assert!(text.ends_with("yyy\r\n") && !text.contains('z'));
}
