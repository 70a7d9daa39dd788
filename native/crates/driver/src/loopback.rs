//! Tests of sending and receiving over the loopback interface.

#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::{Batch, Run};

use crate::counters::Counters;
use crate::routes::Routes;
use crate::send::Sender;
use crate::streams::Streams;
use crate::sys::{Interest, Poller, ReceiveRing, bind_udp, probe_segmentation};

fn no_streams() -> Streams {
    Streams::new(Vec::new(), &Poller::new().unwrap()).unwrap()
}

struct Link {
    sockets: Vec<UdpSocket>,
    routes: Routes,
    streams: Streams,
    sender: Sender,
    counters: Counters,
    receiver: UdpSocket,
    ring: Box<ReceiveRing>,
}

impl Link {
    fn new(host: &str, gso: bool) -> Self {
        let any = SocketAddr::new(host.parse().unwrap(), 0);
        let sockets = vec![bind_udp(any).unwrap()];
        let bound = [sockets[0].local_addr().unwrap()];
        Self {
            streams: no_streams(),
            sender: Sender::new(1, gso),
            sockets,
            routes: Routes::new(&bound),
            counters: Counters::default(),
            receiver: bind_udp(any).unwrap(),
            ring: ReceiveRing::new(),
        }
    }

    fn send(&mut self, datagrams: &[Vec<u8>], segment: usize) {
        let destination = self.receiver.local_addr().unwrap();
        append(&mut self.sender.batch, destination, datagrams, segment);
        self.plan();
        self.sender.send(&self.sockets, &mut self.counters);
    }

    fn plan(&mut self) {
        let Self { sender, routes, streams, counters, .. } = self;
        sender.plan(Instant(0), routes, streams, counters);
    }

    /// Everything that arrives, until `count` datagrams are there or nothing more comes.
    fn receive(&mut self, count: usize) -> Vec<Vec<u8>> {
        let poller = Poller::new().unwrap();
        poller.add(self.receiver.as_fd(), 0, Interest::Read).unwrap();
        let mut received = Vec::new();
        while received.len() < count {
            let mut ready = Vec::new();
            poller.wait(std::time::Duration::from_secs(2), &mut ready).unwrap();
            if ready.is_empty() {
                break;
            }
            self.ring
                .receive(self.receiver.as_fd(), |message| {
                    received
                        .extend(message.data.chunks(message.segment.max(1)).map(<[u8]>::to_vec));
                })
                .unwrap();
        }
        received
    }
}

fn append(batch: &mut Batch, destination: SocketAddr, datagrams: &[Vec<u8>], segment: usize) {
    let start = batch.buffer.len();
    batch.buffer.extend(datagrams.iter().flatten());
    let destination = destination.into();
    batch.runs.push(Run { destination, start, len: batch.buffer.len() - start, segment });
}

/// `count` datagrams of `size` bytes, each different.
fn burst(count: usize, size: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| vec![u8::try_from(number % 251).unwrap(); size]).collect()
}

#[test]
fn a_run_goes_in_one_call_and_arrives_as_its_datagrams() {
    for host in ["127.0.0.1", "::1"] {
        let mut link = Link::new(host, true);
        assert!(probe_segmentation(&link.sockets[0]), "this kernel has no UDP_SEGMENT");
        let mut datagrams = burst(40, 1100);
        datagrams.push(vec![7; 300]);
        link.send(&datagrams, 1100);
        assert_eq!(link.receive(41), datagrams);
        assert_eq!(link.counters.socket_send_calls, 1);
        assert_eq!(link.counters.socket_send_datagrams, 41);
        assert_eq!(link.counters.socket_send_bytes, 40 * 1100 + 300);
        assert_eq!(link.counters.socket_gso_fallbacks, 0);
    }
}

#[test]
fn without_segmentation_the_same_datagrams_arrive() {
    let mut link = Link::new("127.0.0.1", false);
    let datagrams = burst(100, 900);
    link.send(&datagrams, 900);
    assert_eq!(link.receive(100), datagrams);
    // 100 messages, 64 a call.
    assert_eq!(link.counters.socket_send_calls, 2);
}

#[test]
fn a_refused_run_is_sent_one_by_one() {
    let mut link = Link::new("127.0.0.1", true);
    // More segments than the kernel takes in one go.
    let datagrams = burst(200, 100);
    link.send(&datagrams, 100);
    assert_eq!(link.receive(200), datagrams);
    assert_eq!(link.counters.socket_gso_fallbacks, 1);
    assert!(link.sender.gso(), "one oversized run says nothing about the others");
}

#[test]
fn several_runs_go_in_one_call() {
    let mut link = Link::new("127.0.0.1", true);
    let destination = link.receiver.local_addr().unwrap();
    let big = burst(8, 1000);
    let small = burst(3, 60);
    append(&mut link.sender.batch, destination, &big, 1000);
    link.send(&small, 60);
    assert_eq!(link.receive(11), [big, small].concat());
    assert_eq!(link.counters.socket_send_calls, 1);
    assert_eq!(link.counters.socket_send_runs, 2);
}

#[test]
fn what_has_waited_says_for_how_long() {
    let mut link = Link::new("127.0.0.1", false);
    let pause = std::time::Duration::from_millis(30);
    link.send(&burst(1, 100), 100);
    std::thread::sleep(pause);
    link.sender.batch.clear();
    link.send(&burst(1, 200), 200);
    std::thread::sleep(pause);
    let mut ages = Vec::new();
    let fd = link.receiver.as_fd();
    link.ring.receive(fd, |message| ages.push(message.age)).unwrap();
    assert_eq!(ages.len(), 2);
    assert!(ages[1] >= pause && ages[0] >= ages[1] + pause, "{ages:?}");
}

#[test]
fn an_unreachable_destination_costs_only_its_own_datagrams() {
    let mut link = Link::new("127.0.0.1", true);
    // A socket bound to loopback cannot reach anything else.
    let nowhere = SocketAddr::from(([192, 0, 2, 1], 9));
    let other_family = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 9));
    append(&mut link.sender.batch, nowhere, &burst(2, 50), 50);
    append(&mut link.sender.batch, other_family, &burst(1, 50), 50);
    let datagrams = burst(3, 50);
    link.send(&datagrams, 50);
    assert_eq!(link.receive(3), datagrams);
    assert_eq!(link.counters.socket_send_errors, 3);
    assert!(link.sender.is_empty());
}

#[test]
fn on_a_wildcard_address_the_answer_leaves_from_where_the_request_came_to() {
    let server = bind_udp(SocketAddr::from(([0, 0, 0, 0], 0))).unwrap();
    let bound = server.local_addr().unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(std::time::Duration::from_secs(2))).unwrap();
    let asked = SocketAddr::from(([127, 0, 0, 77], bound.port()));
    client.send_to(b"request", asked).unwrap();

    let poller = Poller::new().unwrap();
    poller.add(server.as_fd(), 0, Interest::Read).unwrap();
    poller.wait(std::time::Duration::from_secs(2), &mut Vec::new()).unwrap();
    let mut heard = None;
    ReceiveRing::new()
        .receive(server.as_fd(), |message| heard = Some((message.source, message.local)))
        .unwrap();
    let (source, local) = heard.unwrap();
    assert_eq!(local, Some(asked.ip()));

    let mut routes = Routes::new(&[bound]);
    routes.heard(source, crate::routes::Way { socket: 0, local });
    let mut sender = Sender::new(1, true);
    let mut counters = Counters::default();
    append(&mut sender.batch, source, &burst(2, 20), 20);
    sender.plan(Instant(0), &mut routes, &mut no_streams(), &mut counters);
    sender.send(&[server], &mut counters);
    let (_, from) = client.recv_from(&mut [0; 64]).unwrap();
    assert_eq!(from, asked);
    assert_ne!(from.ip(), IpAddr::from([127, 0, 0, 1]));
}

#[test]
fn ipv6_on_a_wildcard_address_answers_from_where_it_was_asked() {
    let server = bind_udp("[::]:0".parse().unwrap()).unwrap();
    let bound = server.local_addr().unwrap();
    let client = UdpSocket::bind("[::1]:0").unwrap();
    client.send_to(b"request", ("::1", bound.port())).unwrap();
    let poller = Poller::new().unwrap();
    poller.add(server.as_fd(), 0, Interest::Read).unwrap();
    poller.wait(std::time::Duration::from_secs(2), &mut Vec::new()).unwrap();
    let mut local = None;
    ReceiveRing::new().receive(server.as_fd(), |message| local = message.local).unwrap();
    assert_eq!(local, Some("::1".parse().unwrap()));
}

#[test]
fn what_was_not_sent_is_kept_until_it_is_given_up() {
    let mut link = Link::new("127.0.0.1", true);
    let destination = link.receiver.local_addr().unwrap();
    append(&mut link.sender.batch, destination, &burst(5, 1000), 1000);
    link.plan();
    assert!(link.sender.waits_for(0));
    link.sender.drop_rest(&mut link.counters);
    assert!(link.sender.is_empty());
    assert_eq!(link.counters.socket_send_drops, 5);
}
