//! Publishers hear when their packets arrived, about every 100 ms.

mod support;

use support::media::Vp8;
use support::world::World;
use support::{REPAIRED_RID, Rtp, TRANSPORT_CC, VP8_RTX};
use trio_sfu_core::command::Kind;
use trio_sfu_core::time::Instant;
use trio_sfu_wire::rtcp::{self, Packet};

fn arrivals(datagrams: &[Vec<u8>]) -> Vec<(u16, i64)> {
    let packets = datagrams.iter().flat_map(|datagram| rtcp::packets(datagram));
    packets
        .filter_map(|packet| match packet {
            Ok(Packet::TransportCc(feedback)) => Some(feedback.arrivals().collect::<Vec<_>>()),
            _ => None,
        })
        .flatten()
        .collect()
}

#[test]
fn every_authentic_packet_is_reported_with_its_arrival() {
    let mut world = World::new();
    let publisher = world.join();
    world.track(publisher, Kind::Video, "1", &["q"]);
    let mut camera = Vp8::new(2000, "1", Some("q"));
    let mut expected = Vec::new();
    for number in 0..40u16 {
        let wide = 65_520u16.wrapping_add(number);
        let packet = camera.frame(number == 0, 1).remove(0).with(TRANSPORT_CC, &wide.to_be_bytes());
        if number % 7 != 3 {
            world.send(publisher, &packet);
            expected.push((wide, i64::from(number) * 5));
        }
        world.run(5);
    }
    world.run(100);
    let mut reported = arrivals(&world.peers[publisher].rtcp);
    let first = reported[0].1;
    for (_, at) in &mut reported {
        *at = (*at - first) / 1_000_000;
    }
    let close = |(a, b): (&(u16, i64), &(u16, i64))| a.0 == b.0 && (a.1 - b.1).abs() <= 1;
    assert_eq!(reported.len(), expected.len());
    assert!(reported.iter().zip(&expected).all(close), "{reported:?}\n{expected:?}");
    let sent = world.counter("transport_cc_sent");
    assert!((2..=4).contains(&sent), "every 100 ms: {sent}");
    world.run(2000);
    assert_eq!(world.counter("transport_cc_sent"), sent, "nothing arrives, nothing is said");
}

#[test]
fn probes_of_padding_count_too() {
    let mut world = World::new();
    let publisher = world.join();
    world.track(publisher, Kind::Video, "1", &["q"]);
    let probe =
        Rtp { ssrc: 2001, payload_type: VP8_RTX, sequence: 1, padding: 200, ..Rtp::default() };
    let probe = probe.with(support::MID, b"1").with(REPAIRED_RID, b"q");
    world.send(publisher, &probe.with(TRANSPORT_CC, &[0, 9]));
    world.run(100);
    assert_eq!(arrivals(&world.peers[publisher].rtcp).len(), 1);
    assert_eq!(world.counter("padding_received"), 1);
    assert_eq!(world.counter("drop_bad_rtx"), 0);
}

#[test]
fn what_had_to_wait_is_reported_with_when_it_came() {
    let mut world = World::new();
    let publisher = world.join();
    world.track(publisher, Kind::Video, "1", &["q"]);
    let mut camera = Vp8::new(2000, "1", Some("q"));
    world.run(50);
    let (now, address) = (world.now, world.peers[publisher].address);
    for number in 0..5u8 {
        let packet = camera.frame(number == 0, 1).remove(0).with(TRANSPORT_CC, &[0, number]);
        let mut datagram = world.peers[publisher].protect(&packet);
        let arrived = Instant(now.0 - u64::from(20 - 4 * number) * 1_000_000);
        world.engine.handle_received(now, arrived, address, &mut datagram);
    }
    world.run(200);
    let reported = arrivals(&world.peers[publisher].rtcp);
    let steps: Vec<i64> = reported.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    assert_eq!(steps, [4_000_000; 4]);
}
