//! TCP connections to a worker, from clients that are patient, rude, slow or gone.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use trio_sfu_core::command::Command;
use trio_sfu_core::config::Config;
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::TransportId;
use trio_sfu_driver::{Driver, Listen, Report};
use trio_sfu_wire::framing::write_frame;
use trio_sfu_wire::stun::{BindingResponse, IntegrityKey, RequestFields, binding_request};

const UFRAG: &str = "tcp0";
const PASSWORD: &str = "aPasswordOfSomeLength1";
const TRANSPORT: TransportId = TransportId(1);

fn start() -> Driver {
    let any = [SocketAddr::from(([127, 0, 0, 1], 0))];
    let driver = Driver::start(&any, 1, &Listen::Beside, &Config::default(), 4096).unwrap();
    command(
        &driver,
        Command::AddTransport {
            id: TRANSPORT,
            ice_ufrag: UFRAG.to_owned(),
            ice_pwd: PASSWORD.to_owned(),
        },
    );
    driver
}

fn command(driver: &Driver, command: Command) {
    let answer = driver.call(0, |served| served.engine.handle_command(served.now, command));
    answer.unwrap().unwrap();
}

fn counter(driver: &Driver, name: &str) -> u64 {
    let entries = driver.call(0, |served| served.counters.entries().collect::<Vec<_>>()).unwrap();
    entries.into_iter().find(|(other, _)| *other == name).unwrap().1
}

fn open(driver: &Driver) -> u64 {
    counter(driver, "stream_accepted") - counter(driver, "stream_ended")
}

fn eventually(condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

fn framed(datagram: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    assert!(write_frame(&mut stream, datagram));
    stream
}

fn check() -> Vec<u8> {
    let fields = RequestFields {
        username: &format!("{UFRAG}:client"),
        priority: 1,
        use_candidate: true,
        tie_breaker: 7,
        transaction_id: [9; 12],
    };
    let mut datagram = Vec::new();
    binding_request(&fields, &IntegrityKey::new(PASSWORD), &mut datagram);
    framed(&datagram)
}

fn connect(driver: &Driver) -> TcpStream {
    let stream = TcpStream::connect(driver.tcp_addresses()[0][0]).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn read_frame(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut datagram = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut datagram).unwrap();
    datagram
}

/// A connection that the transport has.
fn join(driver: &Driver) -> TcpStream {
    let mut stream = connect(driver);
    stream.write_all(&check()).unwrap();
    let answer = read_frame(&mut stream);
    let response = BindingResponse::parse(&answer).unwrap();
    assert!(response.verify(&IntegrityKey::new(PASSWORD)));
    assert_eq!(response.outcome, Ok(stream.local_addr().unwrap()));
    stream
}

/// Whether the other end closes the connection within some seconds.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn the_tcp_port_has_the_number_of_the_udp_port() {
    let driver = start();
    assert_eq!(driver.tcp_addresses(), driver.local_addresses());
}

#[test]
fn a_check_is_answered_and_datagrams_go_both_ways() {
    let driver = start();
    let mut stream = join(&driver);
    let remote = stream.local_addr().unwrap();
    stream.write_all(&framed(&[22, 1, 2, 3])).unwrap();
    command(&driver, Command::SendControl { transport: TRANSPORT, datagram: vec![22, 9] });
    assert_eq!(read_frame(&mut stream), [22, 9]);
    let mut reports = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(20);
    while reports.len() < 2 && Instant::now() < deadline {
        reports.extend(driver.drain_reports(8));
        std::thread::sleep(Duration::from_millis(2));
    }
    let Report::Engine(Event::Connected { transport, remote: told }) = &reports[0] else {
        panic!("{reports:?}")
    };
    assert_eq!((*transport, told.address, told.is_stream()), (TRANSPORT, remote, true));
    let data = vec![22, 1, 2, 3];
    assert_eq!(reports[1], Report::Engine(Event::ControlDatagram { transport: TRANSPORT, data }));
}

#[test]
fn a_check_in_pieces_is_a_check() {
    let driver = start();
    let mut stream = connect(&driver);
    for byte in check() {
        stream.write_all(&[byte]).unwrap();
        stream.flush().unwrap();
    }
    assert!(BindingResponse::parse(&read_frame(&mut stream)).is_ok());
}

#[test]
fn who_speaks_something_else_is_cut_off_at_once() {
    let driver = start();
    let dtls_before_any_check = framed(&[22, 254, 253]);
    let greetings: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        &[0xff; 100],
        &dtls_before_any_check,
    ];
    for greeting in greetings {
        let mut stream = connect(&driver);
        stream.write_all(greeting).unwrap();
        assert!(is_closed(&mut stream));
    }
    assert_eq!(counter(&driver, "stream_malformed"), 4);
    assert_eq!(open(&driver), 0);
}

#[test]
fn who_sends_checks_without_end_and_no_password_is_cut_off() {
    let driver = start();
    let mut wrong = check();
    *wrong.last_mut().unwrap() ^= 1;
    let mut stream = connect(&driver);
    let mut sent = 0;
    while stream.write_all(&wrong).is_ok() {
        sent += wrong.len();
        assert!(sent < 16 << 20, "it is read without end");
    }
    assert!(eventually(|| open(&driver) == 0));
    assert_eq!(counter(&driver, "stream_malformed"), 1);
    assert!(counter(&driver, "stream_receive_bytes") < 64 * 1024);
}

#[test]
fn who_proves_nothing_is_cut_off_after_some_seconds() {
    let driver = start();
    let started = Instant::now();
    let mut silent = connect(&driver);
    let mut half = connect(&driver);
    half.write_all(&check()[..20]).unwrap();
    let mut joined = join(&driver);
    assert!(is_closed(&mut silent) && is_closed(&mut half));
    let waited = started.elapsed();
    assert!(waited > Duration::from_secs(9) && waited < Duration::from_secs(19), "{waited:?}");
    assert_eq!(counter(&driver, "stream_unproven"), 2);
    joined.write_all(&check()).unwrap();
    assert!(BindingResponse::parse(&read_frame(&mut joined)).is_ok(), "whoever has is not");
}

#[test]
fn one_address_has_so_many_connections_and_peers_are_not_displaced() {
    let driver = start();
    let mut joined = join(&driver);
    let idle: Vec<TcpStream> = (0..100).map(|_| connect(&driver)).collect();
    assert!(eventually(|| counter(&driver, "stream_refused") >= 36));
    assert_eq!((open(&driver), counter(&driver, "stream_refused")), (65, 36));
    joined.write_all(&check()).unwrap();
    assert!(BindingResponse::parse(&read_frame(&mut joined)).is_ok());
    drop(idle);
    assert!(eventually(|| open(&driver) == 1));
}

#[test]
fn a_connection_that_is_killed_is_forgotten() {
    let driver = start();
    let addresses = || driver.call(0, |served| served.engine.census().addresses).unwrap();
    let stream = join(&driver);
    assert_eq!(addresses(), 1);
    stream.shutdown(Shutdown::Both).unwrap();
    assert!(eventually(|| addresses() == 0 && open(&driver) == 0));
    command(&driver, Command::SendControl { transport: TRANSPORT, datagram: vec![22, 9] });
    let mut again = join(&driver);
    command(&driver, Command::SendControl { transport: TRANSPORT, datagram: vec![22, 8] });
    assert_eq!(read_frame(&mut again), [22, 8]);
}

#[test]
fn who_reads_nothing_holds_up_nobody_and_holds_little() {
    let driver = start();
    let slow = join(&driver);
    let datagram = vec![22; 1200];
    let started = Instant::now();
    let mut sent = 0;
    while counter(&driver, "stream_send_drops") == 0 {
        for _ in 0..16 {
            let datagram = datagram.clone();
            command(&driver, Command::SendControl { transport: TRANSPORT, datagram });
        }
        sent += 16 * datagram.len();
        // What the kernel keeps of a receiver's window on this machine, and our own bound.
        assert!(sent < 32 << 20, "nothing was ever dropped");
    }
    assert!(driver.call(0, |_| ()).is_ok());
    assert!(started.elapsed() < Duration::from_secs(20));
    let mut slow = slow;
    // Whole datagrams alone: what was dropped has left no half of one.
    for _ in 0..100 {
        assert_eq!(read_frame(&mut slow), datagram);
    }
}

#[test]
fn who_takes_nothing_for_long_is_cut_off() {
    let driver = start();
    let _slow = join(&driver);
    while counter(&driver, "stream_send_drops") == 0 {
        let datagram = vec![22; 1200];
        command(&driver, Command::SendControl { transport: TRANSPORT, datagram });
    }
    assert!(eventually(|| counter(&driver, "stream_stalled") == 1));
    assert_eq!(open(&driver), 0);
}

#[test]
fn a_transports_end_is_its_connections_end() {
    let driver = start();
    let mut stream = join(&driver);
    command(&driver, Command::RemoveTransport { transport: TRANSPORT });
    let started = Instant::now();
    assert!(is_closed(&mut stream));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn listening_sockets_of_somebody_else_are_used_and_outlive_the_driver() {
    let opened = TcpListener::bind("127.0.0.1:0").unwrap();
    let any = [SocketAddr::from(([127, 0, 0, 1], 0))];
    for _ in 0..2 {
        let listen = Listen::Adopted(vec![vec![opened.as_raw_fd()]]);
        let driver = Driver::start(&any, 1, &listen, &Config::default(), 64).unwrap();
        assert_eq!(driver.tcp_addresses(), [vec![opened.local_addr().unwrap()]]);
        let _stream = connect(&driver);
        assert!(eventually(|| open(&driver) == 1));
        assert!(driver.close());
    }
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let listen = Listen::Adopted(vec![vec![udp.as_raw_fd()]]);
    assert!(Driver::start(&any, 1, &listen, &Config::default(), 64).is_err());
}

#[test]
fn closing_the_driver_closes_its_connections() {
    let driver = start();
    let mut stream = join(&driver);
    let address = driver.tcp_addresses()[0][0];
    assert!(driver.close());
    assert!(is_closed(&mut stream));
    assert!(TcpStream::connect(address).is_err());
}
