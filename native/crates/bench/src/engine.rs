//! The engine under test: the driver with one worker, set up by commands as the control
//! plane would, but without DTLS.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use trio_sfu_core::command::{
    CodecMapping, Command, CommandError, Kind, SlotConfig, UpTrackConfig,
};
use trio_sfu_core::config::Config;
use trio_sfu_core::ids::{SlotId, TransportId, UpTrackId};
use trio_sfu_driver::{Driver, Listen};
use trio_sfu_srtp::Profile;
use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{ExtensionKind, Mid, PayloadType, Rid, Ssrc};

use crate::clients::{credentials, keying};
use crate::packets::{MID_ID, SSRC, TRANSPORT_CC_ID, VP8};

/// The name of the worker's thread.
pub(crate) const THREAD: &str = "sfu-worker-0";
/// Events waiting; the benchmark never looks at them.
const EVENTS: usize = 1024;
/// Longer than any benchmark: the clients send no consent checks.
const NEVER: Duration = Duration::from_secs(24 * 3600);
const RTX: PayloadType = PayloadType(97);

/// Starts a worker that knows the publisher, client 0, and its subscribers.
pub(crate) fn start(profile: Profile, subscribers: usize) -> Result<Driver, Box<dyn Error>> {
    let config = Config { consent_timeout: NEVER, silence_timeout: NEVER, ..Config::default() };
    let driver =
        Driver::start(&[(Ipv4Addr::LOCALHOST, 0).into()], 1, &Listen::Off, &config, EVENTS)?;
    let mid = Mid::new("0")?;
    for client in 0..=subscribers {
        add_transport(&driver, profile, client)?;
    }
    let config =
        UpTrackConfig { kind: Kind::Video, mid, rids: Vec::new(), ssrcs: vec![(SSRC, None)] };
    command(&driver, Command::AddUpTrack { id: UpTrackId(1), transport: TransportId(0), config })?;
    for client in 1..=subscribers as u64 {
        let config = SlotConfig {
            kind: Kind::Video,
            mid,
            ssrc: Ssrc(0x1000_0000 + client as u32),
            rtx_ssrc: Some(Ssrc(0x2000_0000 + client as u32)),
            cname: "bench".into(),
        };
        let (id, transport) = (SlotId(client), TransportId(client));
        command(&driver, Command::AddSlot { id, transport, config })?;
        let source = Some((UpTrackId(1), Rid::EMPTY));
        command(&driver, Command::MapSlot { slot: id, source })?;
    }
    Ok(driver)
}

/// The address of the worker.
pub(crate) fn address(driver: &Driver) -> Result<SocketAddr, Box<dyn Error>> {
    Ok(*driver.local_addresses().iter().flatten().next().ok_or("no address was bound")?)
}

/// Counters that are not zero, for a look at what went wrong.
pub(crate) fn counters(driver: &Driver) -> Result<Vec<(&'static str, u64)>, Box<dyn Error>> {
    Ok(driver.call(0, |served| {
        served.engine.counters().entries().filter(|(_, count)| *count > 0).collect()
    })?)
}

fn add_transport(driver: &Driver, profile: Profile, client: usize) -> Result<(), Box<dyn Error>> {
    let transport = TransportId(client as u64);
    let (ice_ufrag, ice_pwd) = credentials(client);
    command(driver, Command::AddTransport { id: transport, ice_ufrag, ice_pwd })?;
    command(
        driver,
        Command::SetNegotiated {
            transport,
            extensions: vec![
                (MID_ID, ExtensionKind::Mid),
                (TRANSPORT_CC_ID, ExtensionKind::TransportCc),
            ],
            codecs: vec![CodecMapping {
                payload_type: VP8,
                codec: Codec::Vp8,
                clock_rate: 90_000,
                rtx: Some(RTX),
            }],
        },
    )?;
    command(
        driver,
        Command::SetSrtpKeys {
            transport,
            profile,
            inbound: keying(profile, client, true),
            outbound: keying(profile, client, false),
        },
    )
}

fn command(driver: &Driver, command: Command) -> Result<(), Box<dyn Error>> {
    driver
        .call(0, |served| served.engine.handle_command(served.now, command))?
        .map_err(|error: CommandError| error.code().into())
}
