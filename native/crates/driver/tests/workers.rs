//! Workers as their owner sees them.

#![allow(clippy::unwrap_used)]

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use trio_sfu_core::command::{Command, Kind, RelayConfig, SlotConfig};
use trio_sfu_core::config::Config;
use trio_sfu_core::ids::{SlotId, TransportId, UpTrackId};
use trio_sfu_driver::{CallError, Driver, Listen, Report, engine_id};
use trio_sfu_wire::rtp::{Mid, Rid, Ssrc};

fn start(workers: u16) -> Driver {
    let any = [SocketAddr::from(([127, 0, 0, 1], 0))];
    Driver::start(&any, workers, &Listen::Off, &Config::default(), 64).unwrap()
}

/// Waits for `condition` with a deadline, giving up the processor in between.
fn eventually(condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn datagrams_reach_the_engine() {
    let driver = start(1);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..5 {
        client.send_to(b"garbage", driver.local_addresses()[0][0]).unwrap();
    }
    assert!(eventually(|| {
        driver.call(0, |served| served.counters.socket_receive_datagrams) == Ok(5)
    }));
    let received = driver.call(0, |served| served.engine.counters().datagrams_received);
    assert_eq!(received, Ok(5));
}

#[test]
fn sockets_of_somebody_else_are_used_and_outlive_the_driver() {
    let opened = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = opened.local_addr().unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..2 {
        let descriptors = [vec![opened.as_raw_fd()]];
        let driver = Driver::adopt(&descriptors, &Listen::Off, &Config::default(), 64).unwrap();
        assert_eq!(driver.local_addresses(), [vec![address]]);
        client.send_to(b"garbage", address).unwrap();
        assert!(eventually(|| {
            driver.call(0, |served| served.counters.socket_receive_datagrams) == Ok(1)
        }));
        assert!(driver.close());
    }
    client.send_to(b"between", address).unwrap();
    assert_eq!(opened.recv(&mut [0; 16]).unwrap(), 7);
}

#[test]
fn what_is_no_udp_socket_is_refused() {
    let stream = TcpListener::bind("127.0.0.1:0").unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    for descriptor in [stream.as_raw_fd(), file.as_raw_fd(), -1] {
        assert!(Driver::adopt(&[vec![descriptor]], &Listen::Off, &Config::default(), 64).is_err());
    }
}

#[test]
fn an_idle_worker_makes_progress() {
    let driver = start(1);
    let before = driver.progress()[0];
    assert!(eventually(|| driver.progress()[0] > before));
}

#[test]
fn a_panic_is_reported_and_ends_that_worker_only() {
    let driver = start(2);
    let answer: Result<(), _> = driver.call(0, |_| panic!("on purpose"));
    assert_eq!(answer, Err(CallError::Lost));
    assert!(eventually(|| driver.call(0, |_| ()) == Err(CallError::Lost)));
    let address = driver.local_addresses()[0][0];
    assert!(eventually(|| UdpSocket::bind(address).is_ok()), "its socket is still open");
    let message = "on purpose".to_owned();
    assert_eq!(driver.drain_reports(8), [Report::WorkerPanicked { worker: 0, message }]);
    assert_eq!(driver.call(1, |_| 5), Ok(5));
}

/// Has worker 1 watch a track that worker 0 does not have.
fn watch_in_vain(driver: &Driver) {
    let commands = |number: u64| {
        let (transport, slot, track) =
            (TransportId(number), SlotId(number), UpTrackId(100 + number));
        let config = SlotConfig {
            kind: Kind::Audio,
            mid: Mid::new("0").unwrap(),
            ssrc: Ssrc(7),
            rtx_ssrc: None,
            cname: "c".to_owned(),
        };
        let (engine, kind, rids) = (engine_id(0), Kind::Audio, vec![Rid::EMPTY]);
        let relay = RelayConfig { engine, publisher: transport, kind, rids };
        [
            Command::AddTransport {
                id: transport,
                ice_ufrag: format!("ufrag{number}"),
                ice_pwd: "p".repeat(22),
            },
            Command::AddSlot { id: slot, transport, config },
            Command::AddRelay { id: track, config: relay },
            Command::MapSlot { slot, source: Some((track, Rid::EMPTY)) },
        ]
    };
    let watched = driver.call(1, move |served| {
        let number = served.engine.census().transports + 1;
        for command in commands(number) {
            served.engine.handle_command(served.now, command).unwrap();
        }
        served.engine.census().relays
    });
    assert_eq!(watched, Ok(1));
}

fn relays(driver: &Driver) -> u64 {
    driver.call(1, |served| served.engine.census().relays).unwrap()
}

#[test]
fn workers_ask_and_answer_each_other() {
    let driver = start(2);
    for _ in 0..3 {
        watch_in_vain(&driver);
        assert!(eventually(|| relays(&driver) == 0), "it is told that there is no such track");
    }
}

#[test]
fn a_worker_that_panicked_begins_anew_where_it_was() {
    let driver = start(2);
    let addresses = driver.local_addresses().to_vec();
    for lost in [0, 1, 0] {
        let answer: Result<(), _> = driver.call(lost, |_| panic!("on purpose"));
        assert_eq!(answer, Err(CallError::Lost));
        driver.restart(lost).unwrap();
        assert_eq!(driver.local_addresses(), addresses);
        assert_eq!(driver.call(lost, |served| served.engine.census().transports), Ok(0));
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(b"garbage", addresses[lost][0]).unwrap();
        assert!(eventually(|| {
            driver.call(lost, |served| served.counters.socket_receive_datagrams) == Ok(1)
        }));
        watch_in_vain(&driver);
        assert!(eventually(|| relays(&driver) == 0), "they are linked again");
    }
    assert!(driver.close());
}

#[test]
fn what_was_watched_of_a_worker_that_is_lost_is_gone() {
    let driver = start(2);
    let _: Result<(), _> = driver.call(0, |_| panic!("on purpose"));
    watch_in_vain(&driver);
    assert_eq!(relays(&driver), 1, "nobody is there to answer");
    driver.restart(0).unwrap();
    assert!(eventually(|| relays(&driver) == 0));
}

#[test]
fn only_a_worker_that_has_ended_begins_anew() {
    let driver = start(1);
    assert!(driver.restart(0).is_err());
    assert!(driver.restart(1).is_err());
    assert_eq!(driver.call(0, |_| 1), Ok(1), "and the one that runs goes on");
    assert!(driver.close());
    assert!(driver.restart(0).is_err());
}

#[test]
fn a_worker_on_sockets_of_somebody_else_begins_anew_on_them() {
    let opened = UdpSocket::bind("127.0.0.1:0").unwrap();
    let descriptors = [vec![opened.as_raw_fd()]];
    let driver = Driver::adopt(&descriptors, &Listen::Off, &Config::default(), 64).unwrap();
    let _: Result<(), _> = driver.call(0, |_| panic!("on purpose"));
    driver.restart(0).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.send_to(b"garbage", opened.local_addr().unwrap()).unwrap();
    assert!(eventually(|| {
        driver.call(0, |served| served.counters.socket_receive_datagrams) == Ok(1)
    }));
}

#[test]
fn closing_ends_threads_and_frees_ports() {
    let driver = start(2);
    let addresses = driver.local_addresses().to_vec();
    assert!(driver.close());
    assert!(driver.close());
    assert_eq!(driver.call(0, |_| ()), Err(CallError::Closed));
    for address in addresses.concat() {
        UdpSocket::bind(address).unwrap();
    }
}

#[test]
fn a_busy_worker_is_waited_for_with_a_bound() {
    let driver = start(1);
    let started = Instant::now();
    let answer = driver.call(0, |_| std::thread::sleep(Duration::from_millis(2500)));
    assert_eq!(answer, Err(CallError::Silent));
    let waited = started.elapsed();
    assert!(waited < Duration::from_millis(2400));
    let started = Instant::now();
    while driver.call(0, |_| 1) != Ok(1) {
        assert!(started.elapsed() < Duration::from_secs(4), "it answers again");
    }
    let answer = driver.call(0, |_| std::thread::sleep(Duration::from_millis(1900)));
    assert_eq!(answer, Ok(()), "and it is waited for again");
}

#[test]
fn a_worker_that_hangs_keeps_one_caller_waiting_and_no_other() {
    let driver = start(1);
    let hang = driver.call(0, |_| std::thread::sleep(Duration::from_millis(2900)));
    assert_eq!(hang, Err(CallError::Silent));
    let started = Instant::now();
    for _ in 0..5 {
        assert_eq!(driver.call(0, |_| ()), Err(CallError::Silent));
    }
    assert!(started.elapsed() < Duration::from_millis(700));
}

#[test]
fn a_worker_that_does_not_exist_is_an_error() {
    assert_eq!(start(1).call(1, |_| ()), Err(CallError::NoSuchWorker));
}
