//! What the control plane hears of a subscriber's path.

#![allow(clippy::unwrap_used)]

mod support;

use support::world::World;
use trio_sfu_core::event::Event;
use trio_sfu_wire::rtcp;
use trio_sfu_wire::rtp::Ssrc;

fn remb(world: &mut World, peer: usize, bitrate: u64) {
    let mut datagram = Vec::new();
    rtcp::receiver_report(&mut datagram, Ssrc(1), &[]);
    // draft-alvestrand-rmcat-remb-03 2.2: six bits of exponent, eighteen of mantissa.
    let exponent = (64 - bitrate.leading_zeros()).saturating_sub(18);
    let word = 1 << 24 | exponent << 18 | u32::try_from(bitrate >> exponent).unwrap();
    datagram.extend([0x8f, 206, 0, 5]);
    for field in [1, 0, u32::from_be_bytes(*b"REMB"), word, 600] {
        datagram.extend(field.to_be_bytes());
    }
    world.send_rtcp(peer, datagram);
}

fn told(world: &mut World) -> Vec<u64> {
    let bitrate = |event| match event {
        Event::EstimateChanged { bitrate, .. } => Some(bitrate),
        _ => None,
    };
    world.take_events().into_iter().filter_map(bitrate).collect()
}

#[test]
fn a_steep_fall_is_told_at_once_and_a_rise_ten_times_a_second() {
    let mut world = World::new();
    let viewer = world.join();
    remb(&mut world, viewer, 1_000_000);
    assert_eq!(told(&mut world), [1_000_000]);
    remb(&mut world, viewer, 800_000);
    assert_eq!(told(&mut world), [800_000]);
    for step in 0..100u64 {
        world.run(10);
        remb(&mut world, viewer, 800_000 + step * 10_000);
    }
    let rises = told(&mut world);
    assert!((9..=10).contains(&rises.len()), "{rises:?}");
    world.run(100);
    told(&mut world);
    remb(&mut world, viewer, 1_900_000);
    remb(&mut world, viewer, 2_000_000);
    world.run(100);
    assert_eq!(told(&mut world).last(), Some(&2_000_000), "the last one is told as well");
}

#[test]
fn noise_is_not_told() {
    let mut world = World::new();
    let viewer = world.join();
    remb(&mut world, viewer, 1_000_000);
    world.take_events();
    for step in 0..100u64 {
        world.run(100);
        remb(&mut world, viewer, 1_000_000 + step % 2 * 10_000);
    }
    assert!(told(&mut world).is_empty());
}
