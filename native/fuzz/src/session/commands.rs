//! Commands, sensible and not.

use trio_sfu_core::command::{CodecMapping, Command, Kind, SlotConfig, UpTrackConfig};
use trio_sfu_core::ids::{SlotId, TransportId, UpTrackId};
use trio_sfu_srtp::{Inbound, Outbound, Profile};
use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{ExtensionKind, Mid, PayloadType, Rid, Ssrc};

use super::Session;
use super::peer::{NAMES, PAYLOAD_TYPES, PEERS, address, credentials};
use crate::input::Input;

pub(super) const EXTENSIONS: [(u8, ExtensionKind); 7] = [
    (1, ExtensionKind::Mid),
    (2, ExtensionKind::Rid),
    (3, ExtensionKind::TransportCc),
    (4, ExtensionKind::RepairedRid),
    (5, ExtensionKind::AudioLevel),
    (6, ExtensionKind::DependencyDescriptor),
    (7, ExtensionKind::AbsSendTime),
];
const FIRST_SSRC: u32 = 0x1000_0000;
/// SSRCs of slots' retransmissions begin here.
pub(super) const FIRST_RTX_SSRC: u32 = 0x2000_0000;
pub(super) const CODECS: [(Codec, u32); 6] = [
    (Codec::Vp8, 90_000),
    (Codec::Vp9, 90_000),
    (Codec::H264, 90_000),
    (Codec::Av1, 90_000),
    (Codec::Opus, 48_000),
    (Codec::Red, 48_000),
];

pub(super) fn kind(byte: u8) -> Kind {
    if byte & 1 == 0 { Kind::Video } else { Kind::Audio }
}

pub(super) fn rid(byte: u8) -> Rid {
    let name = NAMES.get(usize::from(byte % 5));
    name.map_or(Rid::EMPTY, |name| Rid::new(name).expect("a rid"))
}

fn mid(byte: u8) -> Mid {
    Mid::new(NAMES[usize::from(byte) % NAMES.len()]).expect("a mid")
}

impl Session {
    /// A connected peer that publishes a track.
    pub(super) fn join(&mut self, number: usize, input: &mut Input<'_>) {
        let id = number as u64;
        self.add_transport(number);
        self.negotiate(number, 0xff, input.byte());
        self.install_keys(number, input.byte());
        self.receive_check_of(number, 0, true, address(number as u8));
        self.add_up_track(id, id, input);
    }

    /// The peer watches the next peer's track.
    pub(super) fn watch(&mut self, number: usize, input: &mut Input<'_>) {
        let id = number as u64;
        self.add_slot(id, id, input);
        let source = Some((UpTrackId((id + 1) % PEERS as u64), rid(input.byte())));
        self.map_slot(SlotId(id), source);
        // Without a demand nothing is paced or probed.
        self.carry_out(Command::SetDemand { transport: TransportId(id), bitrate: 2_000_000 });
    }

    fn map_slot(&mut self, slot: SlotId, source: Option<(UpTrackId, Rid)>) {
        if self.carry_out(Command::MapSlot { slot, source }) {
            self.rights.mapped(slot, source);
        }
    }

    /// A command of the bytes' choice; the engine may refuse it.
    pub(super) fn command(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let transport = TransportId(number as u64);
        let object = u64::from(input.byte() % 6);
        match input.byte() % 13 {
            0 => self.add_transport(number),
            1 => self.negotiate(number, input.byte(), input.byte()),
            2 => self.install_keys(number, input.byte()),
            3 => {
                // DTLS, so that it is not taken for the engine's own packets.
                let datagram = [&[22], input.slice()].concat();
                for _ in 0..=input.byte() {
                    let datagram = datagram.clone();
                    self.carry_out(Command::SendControl { transport, datagram });
                }
            }
            4 => self.add_up_track(object, transport.0, input),
            5 => self.add_slot(object, transport.0, input),
            6 => {
                let source = match input.byte() {
                    255 => None,
                    byte => Some((UpTrackId(u64::from(byte % 6)), rid(input.byte()))),
                };
                self.map_slot(SlotId(object), source);
            }
            7 => {
                let (up_track, rid) = (UpTrackId(object), rid(input.byte()));
                self.carry_out(Command::RequestKeyframe { up_track, rid });
            }
            8 => {
                let up_track = UpTrackId(object);
                if self.carry_out(Command::RemoveUpTrack { up_track }) {
                    self.rights.track_removed(up_track);
                }
            }
            9 => {
                let slot = SlotId(object);
                if self.carry_out(Command::RemoveSlot { slot }) {
                    self.rights.slot_removed(slot);
                }
            }
            10 => self.restart_ice(number, input.byte()),
            11 => self.remove_transport(transport),
            _ => {
                let layer = |byte: u8| (byte < 200).then_some(byte % 4);
                let (spatial, temporal) = (layer(input.byte()), layer(input.byte()));
                self.carry_out(Command::LimitSlot { slot: SlotId(object), spatial, temporal });
            }
        }
    }

    pub(super) fn remove_transport(&mut self, transport: TransportId) {
        self.carry_out(Command::RemoveTransport { transport });
        let number = transport.0 as usize;
        self.rights.peer_removed(number);
        if let Some(peer) = self.peers.get_mut(number) {
            (peer.outbound, peer.inbound) = (None, None);
            peer.credentials.clear();
        }
    }

    /// New credentials, or ones that are taken.
    fn restart_ice(&mut self, number: usize, choice: u8) {
        let generation = if choice == 0 { 0 } else { self.fresh() };
        let (ice_ufrag, ice_pwd) = credentials(number, generation);
        let transport = TransportId(number as u64);
        let known = (ice_ufrag.clone(), ice_pwd.clone());
        if self.carry_out(Command::RestartIce { transport, ice_ufrag, ice_pwd }) {
            let known_before = &mut self.peers[number].credentials;
            known_before.push(known);
            // The engine keeps two; an older pair must be refused.
            let excess = known_before.len().saturating_sub(4);
            known_before.drain(..excess);
        }
    }

    fn add_transport(&mut self, number: usize) {
        let (ice_ufrag, ice_pwd) = credentials(number, 0);
        let id = TransportId(number as u64);
        let known = (ice_ufrag.clone(), ice_pwd.clone());
        if self.carry_out(Command::AddTransport { id, ice_ufrag, ice_pwd }) {
            self.peers[number].credentials.push(known);
        }
    }

    fn negotiate(&mut self, number: usize, extensions: u8, codecs: u8) {
        let chosen = |bits: u8, position: usize| bits >> position & 1 != 0;
        let extensions = EXTENSIONS
            .iter()
            .enumerate()
            .filter_map(|(position, extension)| chosen(extensions, position).then_some(*extension))
            .collect();
        let codecs = CODECS
            .iter()
            .zip(PAYLOAD_TYPES.chunks(2))
            .enumerate()
            .filter(|(position, _)| !chosen(codecs, *position))
            .map(|(_, ((codec, clock_rate), types))| CodecMapping {
                payload_type: PayloadType(types[0]),
                codec: *codec,
                clock_rate: *clock_rate,
                rtx: (codecs & 0x80 == 0).then_some(PayloadType(types[1])),
            })
            .collect();
        let transport = TransportId(number as u64);
        self.carry_out(Command::SetNegotiated { transport, extensions, codecs });
    }

    fn install_keys(&mut self, number: usize, choice: u8) {
        let profile = Profile::ALL[usize::from(choice) % Profile::ALL.len()];
        let generation = self.fresh();
        let mut inbound = vec![0x33; profile.keying_len()];
        inbound[..4].copy_from_slice(&generation.to_be_bytes());
        let outbound: Vec<u8> = inbound.iter().map(|byte| byte ^ 0xff).collect();
        let transport = TransportId(number as u64);
        let keys = (Outbound::new(profile, &inbound).ok(), Inbound::new(profile, &outbound).ok());
        if self.carry_out(Command::SetSrtpKeys { transport, profile, inbound, outbound }) {
            let peer = &mut self.peers[number];
            (peer.outbound, peer.inbound) = keys;
            peer.generation = generation;
            peer.indices.clear();
        }
    }

    fn add_up_track(&mut self, id: u64, transport: u64, input: &mut Input<'_>) {
        let choice = input.byte();
        let rids = (0..choice >> 2 & 3).map(rid).collect();
        let ssrcs = (0..choice >> 4 & 3)
            .map(|ssrc| (Ssrc(100 + u32::from(ssrc)), Some(Ssrc(104 + u32::from(ssrc)))))
            .collect();
        let config = UpTrackConfig { kind: kind(choice), mid: mid(input.byte()), rids, ssrcs };
        let (id, peer) = (UpTrackId(id), transport as usize);
        let transport = TransportId(transport);
        if self.carry_out(Command::AddUpTrack { id, transport, config }) {
            self.rights.track_added(id, peer);
        }
    }

    fn add_slot(&mut self, id: u64, transport: u64, input: &mut Input<'_>) {
        let choice = input.byte();
        let ssrc = Ssrc(FIRST_SSRC + self.fresh());
        let rtx_ssrc = (choice & 2 == 0).then(|| Ssrc(FIRST_RTX_SSRC + self.fresh()));
        let config = SlotConfig {
            kind: kind(choice),
            mid: mid(input.byte()),
            ssrc,
            rtx_ssrc,
            cname: "cname".to_owned(),
        };
        let transport = TransportId(transport);
        let (id, peer) = (SlotId(id), transport.0 as usize);
        if self.carry_out(Command::AddSlot { id, transport, config }) {
            self.rights.slot_added(id, peer, ssrc, rtx_ssrc);
            self.output.slot_added(ssrc, peer);
            if let Some(ssrc) = rtx_ssrc {
                self.output.slot_added(ssrc, peer);
            }
        }
    }

    /// Whether the engine did it; refusals are answers, too.
    fn carry_out(&mut self, command: Command) -> bool {
        self.engine.handle_command(self.now, command).is_ok()
    }
}
