//! The engine's statistics as dictionaries.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use trio_sfu_core::ids::UpTrackId;
use trio_sfu_core::stats::{EncodingStats, SlotStats};
use trio_sfu_wire::rtp::Rid;

/// A counter, or a name.
#[derive(IntoPyObject)]
pub(crate) enum Value {
    Count(u64),
    Name(String),
}

/// Values by name.
pub(crate) type Stats = BTreeMap<&'static str, Value>;

fn counts(counters: &[(&'static str, u64)]) -> Stats {
    counters.iter().map(|&(name, count)| (name, Value::Count(count))).collect()
}

/// An encoding's; `ssrc` is 0 and `codec` is "" until they are known.
pub(crate) fn of_encoding(encoding: &EncodingStats) -> Stats {
    let mut stats = counts(&encoding.counters);
    let codec = encoding.codec.map_or("", |codec| codec.as_str());
    stats.insert("rid", Value::Name(encoding.rid.as_str().to_owned()));
    stats.insert("ssrc", Value::Count(encoding.ssrc.map_or(0, |ssrc| u64::from(ssrc.0))));
    stats.insert("codec", Value::Name(codec.to_owned()));
    stats
}

/// A slot's; `up_track` and `waiting_up_track` are 0 when there is none.
pub(crate) fn of_slot(slot: &SlotStats) -> Stats {
    let mut stats = counts(&slot.counters);
    let mut source = |track: &'static str, rid: &'static str, source: Option<(UpTrackId, Rid)>| {
        stats.insert(track, Value::Count(source.map_or(0, |(up_track, _)| up_track.0)));
        let name = source.map_or_else(String::new, |(_, rid)| rid.as_str().to_owned());
        stats.insert(rid, Value::Name(name));
    };
    source("up_track", "rid", slot.showing);
    source("waiting_up_track", "waiting_rid", slot.waiting);
    stats
}
