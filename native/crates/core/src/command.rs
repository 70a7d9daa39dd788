//! What the control plane may ask of the engine.

use trio_sfu_srtp::Profile;
use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{ExtensionKind, Mid, PayloadType, Rid, Ssrc};

use crate::ids::{EngineId, SlotId, TransportId, UpTrackId};

/// Audio or video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An audio m-line.
    Audio,
    /// A video m-line.
    Video,
}

/// One negotiated codec of a transport's bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecMapping {
    /// The payload type the peer uses for it, in both directions.
    pub payload_type: PayloadType,
    /// The codec.
    pub codec: Codec,
    /// RTP clock rate, in Hz.
    pub clock_rate: u32,
    /// The payload type of its retransmissions (RFC 4588), if negotiated.
    pub rtx: Option<PayloadType>,
}

/// A track to expect on a receiving m-line.
#[derive(Clone, Debug)]
pub struct UpTrackConfig {
    /// Audio or video.
    pub kind: Kind,
    /// The m-line's identification.
    pub mid: Mid,
    /// Its simulcast encodings; empty for a single one without a RID.
    pub rids: Vec<Rid>,
    /// SSRCs announced in SDP with their RTX SSRCs; others are learned from extensions.
    pub ssrcs: Vec<(Ssrc, Option<Ssrc>)>,
}

/// An up-track of another engine, as that one describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayConfig {
    /// The engine that receives it.
    pub engine: EngineId,
    /// The publisher's transport there.
    pub publisher: TransportId,
    /// Audio or video.
    pub kind: Kind,
    /// Its encodings.
    pub rids: Vec<Rid>,
}

/// A sending m-line, with what the answer announced for it.
#[derive(Clone, Debug)]
pub struct SlotConfig {
    /// Audio or video.
    pub kind: Kind,
    /// The m-line's identification.
    pub mid: Mid,
    /// SSRC of everything the slot shows.
    pub ssrc: Ssrc,
    /// SSRC of its retransmissions.
    pub rtx_ssrc: Option<Ssrc>,
    /// RTCP CNAME of the slot's sender reports (one per slot pair: lip sync).
    pub cname: String,
}

/// A command; what each does is written in `_native.pyi`, whose calls they are.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Command {
    AddTransport {
        id: TransportId,
        ice_ufrag: String,
        ice_pwd: String,
    },
    RestartIce {
        transport: TransportId,
        ice_ufrag: String,
        ice_pwd: String,
    },
    SetNegotiated {
        transport: TransportId,
        extensions: Vec<(u8, ExtensionKind)>,
        codecs: Vec<CodecMapping>,
    },
    SetSrtpKeys {
        transport: TransportId,
        profile: Profile,
        inbound: Vec<u8>,
        outbound: Vec<u8>,
    },
    SendControl {
        transport: TransportId,
        datagram: Vec<u8>,
    },
    AddUpTrack {
        id: UpTrackId,
        transport: TransportId,
        config: UpTrackConfig,
    },
    /// The track of another engine may be watched from here, under its own handle. It goes by
    /// itself when it has not been watched for a while.
    AddRelay {
        id: UpTrackId,
        config: RelayConfig,
    },
    AddSlot {
        id: SlotId,
        transport: TransportId,
        config: SlotConfig,
    },
    MapSlot {
        slot: SlotId,
        source: Option<(UpTrackId, Rid)>,
    },
    SetDemand {
        transport: TransportId,
        bitrate: u64,
    },
    LimitSlot {
        slot: SlotId,
        spatial: Option<u8>,
        temporal: Option<u8>,
    },
    RequestKeyframe {
        up_track: UpTrackId,
        rid: Rid,
    },
    RemoveUpTrack {
        up_track: UpTrackId,
    },
    RemoveSlot {
        slot: SlotId,
    },
    RemoveTransport {
        transport: TransportId,
    },
}

/// Why a command was refused. `code()` is stable and part of the Python interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CommandError {
    UnknownTransport,
    UnknownTrack,
    UnknownSlot,
    UnknownEncoding,
    BadCredentials,
    BadKeys,
    BadExtension,
    BadPayloadType,
    BadSsrc,
    KindMismatch,
    TooMany,
}

impl CommandError {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownTransport => "unknown-transport",
            Self::UnknownTrack => "unknown-track",
            Self::UnknownSlot => "unknown-slot",
            Self::UnknownEncoding => "unknown-encoding",
            Self::BadCredentials => "bad-credentials",
            Self::BadKeys => "bad-keys",
            Self::BadExtension => "bad-extension",
            Self::BadPayloadType => "bad-payload-type",
            Self::BadSsrc => "bad-ssrc",
            Self::KindMismatch => "kind-mismatch",
            Self::TooMany => "too-many",
        }
    }
}
