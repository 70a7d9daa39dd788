//! How much each layer of an encoding costs.

use trio_sfu_wire::codec::Descriptor;
use trio_sfu_wire::rtp::Rid;

use crate::engine::Engine;
use crate::event::Event;
use crate::receive::encoding::EncodingKey;
use crate::time::Instant;

/// Rates are told apart and told anew once in such a time, from the latest two of them.
const PERIOD: u64 = 500_000_000;
/// Layers of each dimension that are told apart; higher ones count as the highest of these.
const LAYERS: usize = 4;
/// Bytes of a packet on its way to a viewer besides its payload: IPv4, UDP, RTP with its
/// header extensions, SRTP's tag.
const OVERHEAD: u32 = 20 + 8 + 12 + 16 + 16;

/// One layer, and what it costs to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The simulcast encoding it is a layer of.
    pub rid: Rid,
    /// Spatial layer, from 0.
    pub spatial: u8,
    /// Temporal layer, from 0.
    pub temporal: u8,
    /// Bits a second on the wire, with those of all the layers it depends on.
    pub bitrate: u64,
    /// Pixels; 0 when they are not known.
    pub width: u16,
    /// Pixels; 0 when they are not known.
    pub height: u16,
}

/// Bytes by spatial and temporal layer.
#[derive(Clone, Copy, Debug, Default)]
struct Bytes {
    /// Of frames that only those need who are shown just this spatial layer.
    own: [[u32; LAYERS]; LAYERS],
    /// Of frames that those above need as well.
    shared: [[u32; LAYERS]; LAYERS],
}

/// Counts of one encoding over the latest periods.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayerRates {
    period: u64,
    current: Bytes,
    /// The latest whole period, and the one before.
    whole: [Bytes; 2],
    /// Of each spatial layer, as its latest keyframe had it.
    sizes: [(u16, u16); LAYERS],
}

impl LayerRates {
    /// A packet arrived; true when it is the first of another period.
    #[inline]
    pub(crate) fn count(&mut self, now: Instant, descriptor: &Descriptor, payload: usize) -> bool {
        let begun = self.roll(now);
        let place = |id: Option<u8>| usize::from(id.unwrap_or(0)).min(LAYERS - 1);
        // As `send::selection` takes it: what nothing depends on can be left out.
        let temporal = descriptor.temporal_id.or(Some(u8::from(descriptor.non_reference)));
        let bytes = if descriptor.upper_reference {
            &mut self.current.shared
        } else {
            &mut self.current.own
        };
        let bytes = &mut bytes[place(descriptor.spatial_id)][place(temporal)];
        *bytes = bytes.saturating_add(u32::try_from(payload).unwrap_or(0) + OVERHEAD);
        begun
    }

    /// The highest spatial layer that flows.
    pub(crate) fn top(&self) -> u8 {
        let flows = |layer: &usize| {
            [&self.current, &self.whole[0]].iter().any(|bytes| {
                bytes.own[*layer].iter().chain(&bytes.shared[*layer]).any(|&bytes| bytes > 0)
            })
        };
        #[allow(clippy::cast_possible_truncation)] // Less than LAYERS.
        (0..LAYERS).rev().find(flows).map_or(0, |layer| layer as u8)
    }

    /// A keyframe says how large a layer is.
    pub(crate) fn tell_size(&mut self, layer: u8, size: (u16, u16)) {
        if let Some(place) = self.sizes.get_mut(usize::from(layer)) {
            *place = size;
        }
    }

    fn roll(&mut self, now: Instant) -> bool {
        let period = now.0 / PERIOD;
        let passed = period.saturating_sub(self.period);
        if passed == 0 {
            return false;
        }
        self.period = period;
        let current = std::mem::take(&mut self.current);
        self.whole = match passed {
            1 => [current, self.whole[0]],
            2 => [Bytes::default(), current],
            _ => Default::default(),
        };
        true
    }

    /// Appends the layers that flow.
    pub(crate) fn measure(&mut self, now: Instant, rid: Rid, into: &mut Vec<Layer>) {
        self.roll(now);
        let sum = |array: fn(&Bytes) -> &[[u32; LAYERS]; LAYERS],
                   spatial: usize,
                   temporal: usize| {
            self.whole.iter().map(|bytes| u64::from(array(bytes)[spatial][temporal])).sum::<u64>()
        };
        for spatial in 0..LAYERS {
            for temporal in 0..LAYERS {
                let there =
                    sum(|b| &b.own, spatial, temporal) + sum(|b| &b.shared, spatial, temporal);
                if there == 0 {
                    continue;
                }
                let own: u64 = (0..=temporal).map(|t| sum(|b| &b.own, spatial, t)).sum();
                let shared: u64 = (0..=spatial)
                    .flat_map(|s| (0..=temporal).map(move |t| (s, t)))
                    .map(|(s, t)| sum(|b| &b.shared, s, t))
                    .sum();
                let (width, height) = self.sizes[spatial];
                #[allow(clippy::cast_possible_truncation)] // Less than LAYERS.
                into.push(Layer {
                    rid,
                    spatial: spatial as u8,
                    temporal: temporal as u8,
                    bitrate: (own + shared) * 8,
                    width,
                    height,
                });
            }
        }
    }
}

/// Whether it is worth telling: another set, another size, or a rate that moved by a tenth.
fn differ(told: &[Layer], now: &[Layer]) -> bool {
    told.len() != now.len()
        || told.iter().zip(now).any(|(told, now)| {
            Layer { bitrate: 0, ..*told } != Layer { bitrate: 0, ..*now }
                || told.bitrate.abs_diff(now.bitrate) * 10 > told.bitrate
        })
}

impl Engine {
    /// Measures all layers of the encoding's track and tells those of them that changed.
    pub(crate) fn measure_layers(&mut self, now: Instant, key: EncodingKey) {
        let Some(encoding) = self.encodings.get(key) else { return };
        let Some(track) = self.up_track_ids.get(&encoding.up_track) else { return };
        let Some(track) = self.up_tracks.get_mut(*track) else { return };
        let period = now.0 / PERIOD;
        if std::mem::replace(&mut track.measured, period) == period {
            return;
        }
        let mut layers = Vec::new();
        for (rid, key) in &track.encodings {
            if let Some(encoding) = self.encodings.get_mut(*key) {
                encoding.layers.measure(now, *rid, &mut layers);
            }
        }
        if differ(&track.layers, &layers) {
            track.layers.clone_from(&layers);
            let up_track = track.id;
            self.emit(Event::LayersMeasured { up_track, layers });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LayerRates, OVERHEAD};
    use crate::time::Instant;
    use trio_sfu_wire::codec::Descriptor;
    use trio_sfu_wire::rtp::Rid;

    /// Thirty pictures a second, three temporal layers (0 2 1 2), packets of such sizes.
    fn flow(rates: &mut LayerRates, from: u64, seconds: u64, spatial: u8, upper: bool) {
        for number in 0..seconds * 30 {
            let temporal = [0, 2, 1, 2][usize::try_from(number % 4).unwrap_or(0)];
            let descriptor = Descriptor {
                spatial_id: Some(spatial),
                temporal_id: Some(temporal),
                upper_reference: upper,
                ..Descriptor::default()
            };
            let payload = 1000 - usize::try_from(OVERHEAD).unwrap_or(0);
            rates.count(Instant(from + number * 33_333_333), &descriptor, payload);
        }
    }

    fn measured(rates: &mut LayerRates, at: u64) -> Vec<(u8, u8, u64)> {
        let mut layers = Vec::new();
        rates.measure(Instant(at), Rid::EMPTY, &mut layers);
        layers.iter().map(|layer| (layer.spatial, layer.temporal, layer.bitrate / 1000)).collect()
    }

    #[test]
    fn a_layer_costs_what_it_depends_on() {
        let mut rates = LayerRates::default();
        flow(&mut rates, 0, 2, 0, false);
        let layers = measured(&mut rates, 2_000_000_000);
        assert_eq!(layers.iter().map(|layer| layer.1).collect::<Vec<_>>(), [0, 1, 2]);
        let rates: Vec<u64> = layers.iter().map(|layer| layer.2).collect();
        assert!(rates[0].abs_diff(60) <= 8, "{rates:?}");
        assert!(rates[1].abs_diff(120) <= 8, "{rates:?}");
        assert!(rates[2].abs_diff(240) <= 8, "{rates:?}");
    }

    #[test]
    fn an_upper_spatial_layer_costs_the_lower_one_only_if_it_needs_it() {
        for (needed, cost) in [(true, 480), (false, 240)] {
            let mut rates = LayerRates::default();
            for second in 0..2 {
                flow(&mut rates, second * 1_000_000_000, 1, 0, needed);
                flow(&mut rates, second * 1_000_000_000, 1, 1, false);
            }
            let layers = measured(&mut rates, 2_000_000_000);
            let (_, _, top) = layers[layers.len() - 1];
            assert!(top.abs_diff(cost) <= 16, "{layers:?}");
        }
    }

    #[test]
    fn what_no_longer_flows_is_no_layer() {
        let mut rates = LayerRates::default();
        flow(&mut rates, 0, 2, 0, false);
        assert!(measured(&mut rates, 3_500_000_000).is_empty());
    }
}
