//! Carrying out commands.

use trio_sfu_wire::rtp::{Rid, Ssrc};

use crate::command::{Command, CommandError, Kind, SlotConfig, UpTrackConfig};
use crate::engine::Engine;
use crate::ids::{SlotId, TransportId, UpTrackId};
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::receive::publisher::Publisher;
use crate::receive::up_track::{UpTrack, UpTrackKey};
use crate::send::selection::Limit;
use crate::send::slot::{Slot, SlotKey};
use crate::time::Instant;
use crate::transport::credentials::Credential;
use crate::transport::negotiated::Negotiated;
use crate::transport::sources::Source;
use crate::transport::{Transport, TransportKey};

/// RFC 8445 5.3: at least 4 and 22 characters; at most 256 of each.
const UFRAG: std::ops::RangeInclusive<usize> = 4..=256;
const PASSWORD: std::ops::RangeInclusive<usize> = 22..=256;
/// Simulcast encodings of one track.
pub(crate) const MAX_ENCODINGS: usize = 8;
/// RFC 3550 6.5.1: an SDES item's length has one byte.
const MAX_CNAME: usize = 255;

impl Engine {
    /// Carries out a command; a refused one changes nothing.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), CommandError> {
        match command {
            Command::AddTransport { id, ice_ufrag, ice_pwd } => {
                self.add_transport(id, ice_ufrag, &ice_pwd)
            }
            Command::RestartIce { transport, ice_ufrag, ice_pwd } => {
                let key = self.transport_key(transport)?;
                self.restart_ice(key, ice_ufrag, &ice_pwd)
            }
            Command::SetNegotiated { transport, extensions, codecs } => {
                let key = self.transport_key(transport)?;
                let negotiated = Negotiated::new(&extensions, &codecs)?;
                self.set_negotiated(key, negotiated);
                Ok(())
            }
            Command::SetSrtpKeys { transport, profile, inbound, outbound } => {
                let key = self.transport_key(transport)?;
                let transport =
                    self.transports.get_mut(key).ok_or(CommandError::UnknownTransport)?;
                let former = transport
                    .set_keys(profile, inbound, outbound)
                    .map_err(|_| CommandError::BadKeys)?;
                if let Some(former) = former {
                    self.forget_senders(key, &former);
                }
                self.begin_reports(now, key);
                self.became_ready(now, key);
                Ok(())
            }
            Command::SendControl { transport, datagram } => {
                let key = self.transport_key(transport)?;
                self.send_control(key, datagram);
                Ok(())
            }
            Command::AddUpTrack { id, transport, config } => {
                let key = self.transport_key(transport)?;
                self.add_up_track(id, key, config)
            }
            Command::AddRelay { id, config } => self.add_relay(now, id, config),
            Command::AddSlot { id, transport, config } => {
                let key = self.transport_key(transport)?;
                self.add_slot(id, key, config)?;
                self.begin_estimating(now, key);
                Ok(())
            }
            Command::MapSlot { slot, source } => self.map_slot(now, slot, source),
            Command::SetDemand { transport, bitrate } => {
                let key = self.transport_key(transport)?;
                self.set_demand(now, key, bitrate);
                Ok(())
            }
            Command::LimitSlot { slot, spatial, temporal } => {
                let key = self.slot_key(slot)?;
                self.limit(key, Limit { spatial, temporal });
                Ok(())
            }
            Command::RequestKeyframe { up_track, rid } => {
                let key = self.up_track_key(up_track)?;
                let (encoding, _) = self.encoding_key(key, rid)?;
                self.ask_keyframe(now, encoding);
                Ok(())
            }
            Command::RemoveUpTrack { up_track } => {
                self.remove_up_track(up_track);
                Ok(())
            }
            Command::RemoveSlot { slot } => {
                self.remove_slot(slot);
                Ok(())
            }
            Command::RemoveTransport { transport } => {
                self.remove_transport(transport);
                Ok(())
            }
        }
    }

    fn add_transport(
        &mut self,
        id: TransportId,
        ufrag: String,
        password: &str,
    ) -> Result<(), CommandError> {
        if self.transports.len() >= self.config.max_transports {
            return Err(CommandError::TooMany);
        }
        if self.transport_ids.contains_key(&id) {
            return Err(CommandError::BadCredentials);
        }
        let credential = self.new_credential(ufrag.clone(), password)?;
        let ssrc = Ssrc(self.random.next_u32() | 1);
        let key = self.transports.insert(Transport::new(id, credential, ssrc));
        self.by_ufrag.insert(ufrag, key);
        self.transport_ids.insert(id, key);
        Ok(())
    }

    fn restart_ice(
        &mut self,
        key: TransportKey,
        ufrag: String,
        password: &str,
    ) -> Result<(), CommandError> {
        let credential = self.new_credential(ufrag.clone(), password)?;
        let transport = self.transports.get_mut(key).ok_or(CommandError::UnknownTransport)?;
        if let Some(abandoned) = transport.credentials.restart(credential) {
            self.by_ufrag.remove(&abandoned.ufrag);
        }
        self.by_ufrag.insert(ufrag, key);
        Ok(())
    }

    fn new_credential(&self, ufrag: String, password: &str) -> Result<Credential, CommandError> {
        let ice_chars =
            |text: &str| text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'+' || c == b'/');
        let valid = UFRAG.contains(&ufrag.len())
            && PASSWORD.contains(&password.len())
            && ice_chars(&ufrag)
            && ice_chars(password);
        if !valid || self.by_ufrag.contains_key(&ufrag) {
            return Err(CommandError::BadCredentials);
        }
        Ok(Credential::new(ufrag, password))
    }

    fn set_negotiated(&mut self, key: TransportKey, negotiated: Negotiated) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        *transport.negotiated = negotiated;
        // A plain retransmission must repeat the first transmission byte by byte (see
        // `send::write`), which it no longer would.
        transport.media.forget_retransmissions();
        // Padding needs what was negotiated: a probe begins when it can be sent.
        (transport.bandwidth.probing, transport.bandwidth.padder) = (None, None);
        for &slot in &transport.slots {
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.sent.clear();
            }
        }
    }

    fn send_control(&mut self, key: TransportKey, datagram: Vec<u8>) {
        let Some(transport) = self.transports.get(key) else { return };
        match transport.path.destination() {
            Some(destination) if !datagram.is_empty() => {
                self.counters.control_sent += 1;
                self.post(key, destination, datagram);
            }
            _ => self.counters.drop_control_no_address += 1,
        }
    }

    fn add_up_track(
        &mut self,
        id: UpTrackId,
        key: TransportKey,
        config: UpTrackConfig,
    ) -> Result<(), CommandError> {
        let transport = self.transports.get_mut(key).ok_or(CommandError::UnknownTransport)?;
        let UpTrackConfig { kind, mid, rids, ssrcs } = config;
        let rids = if rids.is_empty() { vec![Rid::EMPTY] } else { rids };
        if transport.up_tracks.len() >= self.config.max_tracks_per_transport
            || rids.len() > MAX_ENCODINGS
        {
            return Err(CommandError::TooMany);
        }
        let doubled = (1..rids.len()).any(|index| rids[..index].contains(&rids[index]));
        if doubled || self.up_track_ids.contains_key(&id) {
            return Err(CommandError::UnknownEncoding);
        }
        // SSRCs are announced in the order of the encodings (RFC 5576, SIM groups).
        let mut announced: Vec<Ssrc> =
            ssrcs.iter().flat_map(|(ssrc, rtx)| [Some(*ssrc), *rtx]).flatten().collect();
        let taken = announced.iter().any(|&ssrc| transport.sources.get(ssrc).is_some());
        announced.sort_unstable();
        let repeated = announced.windows(2).any(|pair| pair[0] == pair[1]);
        if taken || repeated || ssrcs.len() > rids.len() {
            return Err(CommandError::BadSsrc);
        }
        let publisher = Publisher::Here(key);
        let encodings: Vec<(Rid, EncodingKey)> = rids
            .into_iter()
            .map(|rid| (rid, self.encodings.insert(Encoding::new(id, publisher, kind, rid))))
            .collect();
        for (&(_, encoding), &(ssrc, rtx_ssrc)) in encodings.iter().zip(&ssrcs) {
            transport.sources.insert(ssrc, Source { encoding, rtx: false });
            if let Some(rtx) = rtx_ssrc {
                transport.sources.insert(rtx, Source { encoding, rtx: true });
            }
            if let Some(encoding) = self.encodings.get_mut(encoding) {
                (encoding.ssrc, encoding.rtx_ssrc) = (Some(ssrc), rtx_ssrc);
            }
        }
        let (measured, layers) = (0, Vec::new());
        let track = UpTrack { id, publisher, kind, mid, encodings, measured, layers };
        let track = self.up_tracks.insert(track);
        transport.up_tracks.push(track);
        self.up_track_ids.insert(id, track);
        Ok(())
    }

    fn add_slot(
        &mut self,
        id: SlotId,
        key: TransportKey,
        config: SlotConfig,
    ) -> Result<(), CommandError> {
        let transport = self.transports.get_mut(key).ok_or(CommandError::UnknownTransport)?;
        if transport.slots.len() >= self.config.max_tracks_per_transport || !transport.can_retire()
        {
            return Err(CommandError::TooMany);
        }
        let ssrcs = [Some(config.ssrc), config.rtx_ssrc];
        let taken = ssrcs
            .iter()
            .flatten()
            .any(|ssrc| *ssrc == transport.ssrc || transport.slot_ssrcs.contains_key(ssrc));
        if taken
            || config.rtx_ssrc == Some(config.ssrc)
            || config.cname.len() > MAX_CNAME
            || self.slot_ids.contains_key(&id)
        {
            return Err(CommandError::BadSsrc);
        }
        let mut slot = Slot::new(id, key, config, &mut self.random);
        if let Some(next) = transport.retired.remove(&slot.ssrc) {
            slot.continuity.next = next;
        }
        if let Some(next) = slot.rtx_ssrc.and_then(|ssrc| transport.retired.remove(&ssrc)) {
            slot.rtx_next = next;
        }
        let slot = self.slots.insert(slot);
        transport.slots.push(slot);
        for ssrc in ssrcs.into_iter().flatten() {
            transport.slot_ssrcs.insert(ssrc, slot);
        }
        self.slot_ids.insert(id, slot);
        Ok(())
    }

    fn map_slot(
        &mut self,
        now: Instant,
        slot: SlotId,
        source: Option<(UpTrackId, Rid)>,
    ) -> Result<(), CommandError> {
        let key = self.slot_key(slot)?;
        let kind = self.slots.get(key).ok_or(CommandError::UnknownSlot)?.kind;
        let source = match source {
            None => None,
            Some((up_track, rid)) => {
                let track = self.up_track_key(up_track)?;
                let (encoding, track_kind) = self.encoding_key(track, rid)?;
                if track_kind != kind {
                    return Err(CommandError::KindMismatch);
                }
                Some(encoding)
            }
        };
        self.map(now, key, source);
        Ok(())
    }

    pub(crate) fn transport_key(&self, id: TransportId) -> Result<TransportKey, CommandError> {
        self.transport_ids.get(&id).copied().ok_or(CommandError::UnknownTransport)
    }

    pub(crate) fn up_track_key(&self, id: UpTrackId) -> Result<UpTrackKey, CommandError> {
        self.up_track_ids.get(&id).copied().ok_or(CommandError::UnknownTrack)
    }

    pub(crate) fn slot_key(&self, id: SlotId) -> Result<SlotKey, CommandError> {
        self.slot_ids.get(&id).copied().ok_or(CommandError::UnknownSlot)
    }

    fn encoding_key(
        &self,
        track: UpTrackKey,
        rid: Rid,
    ) -> Result<(EncodingKey, Kind), CommandError> {
        let track = self.up_tracks.get(track).ok_or(CommandError::UnknownTrack)?;
        let encoding = track.encoding(rid).ok_or(CommandError::UnknownEncoding)?;
        Ok((encoding, track.kind))
    }
}
