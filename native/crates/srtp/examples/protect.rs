//! One end of an association on standard input and output, for tests against other
//! implementations.
//!
//! `protect PROFILE INBOUND OUTBOUND` takes the keying material (master key, then
//! salt) in hexadecimal, then reads a call a line and answers each with a line:
//!
//! ```text
//! protect-rtp HEADER_LEN INDEX PACKET       ok PACKET
//! unprotect-rtp HEADER_LEN PACKET           ok PACKET INDEX
//! protect-rtcp PACKET                       ok PACKET
//! unprotect-rtcp PACKET                     ok PACKET
//!                                           error NAME
//! ```

use std::error::Error;
use std::io::{self, BufRead, Write};

use trio_sfu_srtp::{Inbound, Outbound, Profile};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [profile, inbound, outbound] = arguments.as_slice() else {
        return Err("usage: protect PROFILE INBOUND OUTBOUND".into());
    };
    let profile = Profile::from_name(profile).ok_or("unknown profile")?;
    let mut inbound = Inbound::new(profile, &bytes(inbound)?)?;
    let mut outbound = Outbound::new(profile, &bytes(outbound)?)?;
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        writeln!(output, "{}", answer(&mut inbound, &mut outbound, &line?)?)?;
        output.flush()?;
    }
    Ok(())
}

/// The answer to a call; an error is one of the test's, not of the packet's.
fn answer(
    inbound: &mut Inbound,
    outbound: &mut Outbound,
    call: &str,
) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = call.split(' ').collect();
    let result = match words.as_slice() {
        ["protect-rtp", header_len, index, packet] => {
            let mut packet = bytes(packet)?;
            let len = packet.len();
            packet.resize(len + outbound.profile().rtp_overhead(), 0);
            outbound
                .protect_rtp(&mut packet, header_len.parse()?, len, index.parse()?)
                .map(|len| hexadecimal(&packet[..len]))
        }
        ["unprotect-rtp", header_len, packet] => {
            let mut packet = bytes(packet)?;
            let [_, _, high, low, _, _, _, _, a, b, c, d, ..] = packet.as_slice() else {
                return Err("no RTP packet".into());
            };
            let sequence = u16::from_be_bytes([*high, *low]);
            let ssrc = u32::from_be_bytes([*a, *b, *c, *d]);
            inbound
                .unprotect_rtp(&mut packet, ssrc, sequence, header_len.parse()?)
                .map(|(len, index)| format!("{} {index}", hexadecimal(&packet[..len])))
        }
        ["protect-rtcp", packet] => {
            let mut packet = bytes(packet)?;
            outbound.protect_rtcp(&mut packet).map(|()| hexadecimal(&packet))
        }
        ["unprotect-rtcp", packet] => {
            let mut packet = bytes(packet)?;
            inbound.unprotect_rtcp(&mut packet).map(|len| hexadecimal(&packet[..len]))
        }
        _ => return Err("unknown call".into()),
    };
    Ok(match result {
        Ok(answer) => format!("ok {answer}"),
        Err(error) => format!("error {error:?}"),
    })
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    hexadecimal
        .as_bytes()
        .chunks(2)
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
