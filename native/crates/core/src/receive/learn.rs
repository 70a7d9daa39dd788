//! Which encoding an SSRC is that was not announced (RFC 8843 section 9.2, RFC 8852).

use trio_sfu_wire::rtp::Ssrc;

use crate::engine::Engine;
use crate::receive::encoding::EncodingKey;
use crate::receive::rtp::Extensions;
use crate::receive::up_track::UpTrack;
use crate::time::Instant;
use crate::transport::TransportKey;
use crate::transport::negotiated::{Format, kind_of};
use crate::transport::sources::Source;

impl Engine {
    /// Finds and remembers what an authenticated packet's SSRC is; counts when it cannot.
    pub(crate) fn learn(
        &mut self,
        now: Instant,
        key: TransportKey,
        ssrc: Ssrc,
        format: Format,
        extensions: &Extensions<'_>,
    ) -> Option<Source> {
        let Some(encoding) = self.identify(key, format, extensions) else {
            self.counters.drop_unknown_ssrc += 1;
            return None;
        };
        let source = Source { encoding, rtx: format.rtx };
        let before = self.encodings.get_mut(encoding).and_then(|encoding| {
            let place = if format.rtx { &mut encoding.rtx_ssrc } else { &mut encoding.ssrc };
            place.replace(ssrc)
        });
        let transport = self.transports.get_mut(key)?;
        transport.sources.insert(ssrc, source);
        if let Some(before) = before {
            transport.sources.remove(before);
            if !format.rtx {
                self.restart(now, encoding);
            }
        }
        Some(source)
    }

    /// By the MID, or as the only track of its kind; then by the RID, or as the only encoding.
    fn identify(
        &self,
        key: TransportKey,
        format: Format,
        extensions: &Extensions<'_>,
    ) -> Option<EncodingKey> {
        let transport = self.transports.get(key)?;
        let kind = kind_of(format.codec);
        let mut candidates = transport
            .up_tracks
            .iter()
            .filter_map(|&track| self.up_tracks.get(track))
            .filter(|track| track.kind == kind)
            .filter(|track| extensions.mid.is_none_or(|mid| track.mid == mid));
        let track = candidates.next()?;
        if candidates.next().is_some() {
            return None;
        }
        let rid =
            if format.rtx { extensions.repaired_rid.or(extensions.rid) } else { extensions.rid };
        match (rid, track) {
            (_, UpTrack { encodings, .. }) if encodings.len() == 1 => {
                encodings.first().map(|(_, encoding)| *encoding)
            }
            (Some(rid), track) => track.encoding(rid),
            (None, _) => None,
        }
    }

    /// The encoding goes on under another SSRC.
    pub(crate) fn restart(&mut self, now: Instant, key: EncodingKey) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        let begun = encoding.first.is_some();
        encoding.restart();
        self.relay_restart(key);
        if begun {
            self.interrupt_all(now, key);
        }
    }
}
