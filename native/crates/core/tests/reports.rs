//! Receiver reports to publishers, sender reports to subscribers.

mod support;

use support::media::{Opus, Vp8};
use support::world::{World, count_rtcp};
use trio_sfu_core::command::Kind;
use trio_sfu_wire::rtcp::{self, Packet, ReportBlock, SenderInfo};
use trio_sfu_wire::rtp::Ssrc;

fn sender_reports(datagrams: &[Vec<u8>], wanted: u32) -> Vec<SenderInfo> {
    let packets = datagrams.iter().flat_map(|datagram| rtcp::packets(datagram));
    packets
        .filter_map(|packet| match packet {
            Ok(Packet::SenderReport { ssrc, info, .. }) if ssrc.0 == wanted => Some(info),
            _ => None,
        })
        .collect()
}

fn blocks(datagrams: &[Vec<u8>]) -> Vec<ReportBlock> {
    let packets = datagrams.iter().flat_map(|datagram| rtcp::packets(datagram));
    packets
        .filter_map(|packet| match packet {
            Ok(Packet::ReceiverReport { reports, .. }) => Some(reports.collect::<Vec<_>>()),
            _ => None,
        })
        .flatten()
        .collect()
}

#[test]
fn a_publisher_hears_each_second_how_it_is_received() {
    let mut world = World::new();
    let publisher = world.join();
    world.track(publisher, Kind::Video, "1", &[]);
    let mut camera = Vp8::new(2000, "1", None);
    let info = SenderInfo { ntp: 0x1234_5678_9abc_def0, ..SenderInfo::default() };
    let mut highest = 0;
    for number in 0..40 {
        let packet = camera.frame(number == 0, 1).remove(0);
        if number % 4 != 1 {
            world.send(publisher, &packet);
            highest = packet.sequence;
        }
        if number == 10 {
            let mut compound = Vec::new();
            rtcp::sender_report(&mut compound, Ssrc(2000), &info, &[]);
            world.send_rtcp(publisher, compound);
        }
        world.run(25);
    }
    world.run(5);
    let reports = blocks(&world.peers[publisher].rtcp);
    assert_eq!(reports.len(), 1);
    let report = reports[0];
    assert_eq!(report.ssrc, Ssrc(2000));
    assert_eq!(report.highest_sequence & 0xffff, u32::from(highest));
    assert_eq!(report.cumulative_lost, 10);
    assert!((60..=66).contains(&report.fraction_lost), "a quarter: {}", report.fraction_lost);
    assert_eq!(report.last_sr, 0x5678_9abc);
    let delay = f64::from(report.delay_since_last_sr) / 65_536.0;
    assert!((delay - 0.75).abs() < 0.01, "{delay}");
    assert!(report.jitter < 1000);
    world.run_alive(3000);
    assert_eq!(blocks(&world.peers[publisher].rtcp).len(), 1, "nothing new, nothing said");
}

/// How much later than pictures sounds arrive, in milliseconds.
const LATE: u32 = 60;

#[test]
fn subscribers_get_lip_sync_from_one_publisher_clock() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let video = world.track(publisher, Kind::Video, "1", &[]);
    let audio = world.track(publisher, Kind::Audio, "0", &[]);
    let (seen, heard) =
        (world.slot(viewer, Kind::Video, 600, None), world.slot(viewer, Kind::Audio, 500, None));
    world.map(seen, video, "");
    world.map(heard, audio, "");
    let (mut camera, mut microphone) = (Vp8::new(2000, "1", None), Opus::new(1000, "0"));
    // The publisher's clock is two days off; its reports take 30 and 80 ms to arrive.
    let clock = |ms: u64| ((172_800_000 + ms) << 32) / 1000;
    let mut pairs = Vec::new();
    for step in 0..150u64 {
        let (frame, sound) = (camera.frame(step == 0, 1).remove(0), microphone.packet());
        world.send(publisher, &frame);
        world.send(publisher, &sound);
        pairs.push((frame.timestamp, sound.timestamp));
        let mut report = |ssrc: u32, rtp_timestamp: u32, delay: u64| {
            let ntp = clock(step * 20 - delay);
            let info = SenderInfo { ntp, rtp_timestamp, packets: 1, bytes: 1 };
            let mut compound = Vec::new();
            rtcp::sender_report(&mut compound, Ssrc(ssrc), &info, &[]);
            world.send_rtcp(publisher, compound);
        };
        // Captured `delay` before it arrives, when the RTP clock stood that much lower.
        if step % 50 == 20 {
            report(2000, frame.timestamp.wrapping_sub(80 * 90), 80);
            report(1000, sound.timestamp.wrapping_add((LATE - 30) * 48), 30);
        }
        // The camera makes a frame every 20 ms here: 3,000 ticks are 33 ms, so correct it.
        camera.timestamp = camera.timestamp.wrapping_sub(1200);
        world.run(20);
    }
    let peer = &world.peers[viewer];
    let (video, audio) = (sender_reports(&peer.rtcp, 600), sender_reports(&peer.rtcp, 500));
    assert!(video.len() >= 3 && audio.len() >= 3, "{} {}", video.len(), audio.len());
    let (video, audio) = (video[video.len() - 1], audio[audio.len() - 1]);
    assert_eq!(video.ntp, audio.ntp);
    // What was captured together is said to belong together, though it did not arrive so.
    let (last_frame, last_sound) = (peer.of(600)[149].timestamp, peer.of(500)[149].timestamp);
    let video_ms = f64::from(video.rtp_timestamp.wrapping_sub(last_frame).cast_signed()) / 90.0;
    let audio_ms = f64::from(audio.rtp_timestamp.wrapping_sub(last_sound).cast_signed()) / 48.0;
    assert!((audio_ms - video_ms - f64::from(LATE)).abs() < 1.0, "{video_ms} {audio_ms}");
    assert!(video.packets >= 99 && video.bytes > 99 * 100);
}

#[test]
fn the_first_report_follows_a_splice_soon() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Audio, "0", &[]);
    let slot = world.slot(viewer, Kind::Audio, 500, None);
    world.run(300);
    world.map(slot, track, "");
    world.send(publisher, &Opus::new(1000, "0").packet());
    world.run(200);
    assert_eq!(sender_reports(&world.peers[viewer].rtcp, 500).len(), 1);
    let cname = count_rtcp(&world.peers[viewer].rtcp, |packet| match packet {
        Packet::SourceDescription(chunks) => {
            chunks.clone().any(|(ssrc, cname)| ssrc == Ssrc(500) && cname == Some(&b"cname"[..]))
        }
        _ => false,
    });
    assert_eq!(cname, 1);
}

#[test]
fn the_round_trip_comes_from_the_subscribers_reports() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Audio, "0", &[]);
    let slot = world.slot(viewer, Kind::Audio, 500, None);
    world.map(slot, track, "");
    world.send(publisher, &Opus::new(1000, "0").packet());
    world.run(100);
    let report = sender_reports(&world.peers[viewer].rtcp, 500)[0];
    world.run(250);
    let block = ReportBlock {
        ssrc: Ssrc(500),
        fraction_lost: 5,
        cumulative_lost: 3,
        last_sr: (report.ntp >> 16 & 0xffff_ffff) as u32,
        delay_since_last_sr: 65_536 / 5,
        ..ReportBlock::default()
    };
    let mut compound = Vec::new();
    rtcp::receiver_report(&mut compound, Ssrc(1), &[block]);
    world.send_rtcp(viewer, compound);
    let round_trip = world.slot_stat(slot, "rtt_us");
    assert!((49_000..51_000).contains(&round_trip), "{round_trip}");
    assert_eq!(world.slot_stat(slot, "lost"), 3);
}
