//! SRTP alone: nanoseconds per packet of 1,100 bytes, on one core, caches warm.

use std::error::Error;
use std::time::Instant;

use trio_sfu_srtp::{Inbound, Outbound, Profile};

const PACKET_LEN: usize = 1100;
const HEADER_LEN: usize = 24;
const ROUNDS: usize = 9;
const PACKETS: u64 = 50_000;

/// Print a line per profile.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    println!("{:<24}{:>14}{:>16}", "profile", "protect (ns)", "unprotect (ns)");
    for profile in Profile::ALL {
        let mut protect = Vec::new();
        let mut unprotect = Vec::new();
        for _ in 0..ROUNDS {
            let (sent, received) = round(profile)?;
            protect.push(sent);
            unprotect.push(received);
        }
        println!("{:<24}{:>14}{:>16}", profile.name(), median(protect), median(unprotect));
    }
    Ok(())
}

fn round(profile: Profile) -> Result<(u64, u64), Box<dyn Error>> {
    let keying = vec![7; profile.keying_len()];
    let outbound = Outbound::new(profile, &keying)?;
    let mut inbound = Inbound::new(profile, &keying)?;
    let mut plain = vec![0u8; PACKET_LEN];
    plain[0] = 0x90;
    let mut packet = vec![0u8; PACKET_LEN + profile.rtp_overhead()];
    let (mut sent, mut received) = (0, 0);
    for index in 0..PACKETS {
        let sequence = (index & 0xffff) as u16;
        packet[..PACKET_LEN].copy_from_slice(&plain);
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        let start = Instant::now();
        outbound.protect_rtp(&mut packet, HEADER_LEN, PACKET_LEN, index)?;
        let half = Instant::now();
        inbound.unprotect_rtp(&mut packet, 0, sequence, HEADER_LEN)?;
        sent += (half - start).as_nanos() as u64;
        received += half.elapsed().as_nanos() as u64;
    }
    Ok((sent / PACKETS, received / PACKETS))
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}
