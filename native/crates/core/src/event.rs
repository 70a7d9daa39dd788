//! What the engine reports to the control plane.

use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{Rid, Ssrc};

use crate::ids::{SlotId, TransportId, UpTrackId};
pub use crate::receive::layers::Layer;
use crate::remote::Remote;

/// An event; what each means is written in `_native.pyi`, whose classes they are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Event {
    ControlDatagram { transport: TransportId, data: Vec<u8> },
    Connected { transport: TransportId, remote: Remote },
    PathChanged { transport: TransportId, remote: Remote },
    ConsentExpired { transport: TransportId },
    Silent { transport: TransportId },
    Heard { transport: TransportId },
    EncodingStarted { up_track: UpTrackId, rid: Rid, ssrc: Ssrc, codec: Codec },
    EncodingIdle { up_track: UpTrackId, rid: Rid },
    EncodingStopped { up_track: UpTrackId, rid: Rid },
    AudioLevel { up_track: UpTrackId, level: u8, voice: bool, levels: Vec<u8> },
    LayersMeasured { up_track: UpTrackId, layers: Vec<Layer> },
    SlotSwitched { slot: SlotId, up_track: UpTrackId, rid: Rid },
    EstimateChanged { transport: TransportId, bitrate: u64 },
    EventsLost { count: u64 },
}
