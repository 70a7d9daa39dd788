//! Memory that is reused from packet to packet.

use trio_sfu_estimator::Outcome;
use trio_sfu_wire::rtp::ExtensionWriter;

use crate::send::slot::SlotKey;

/// What one datagram's receiver reports say of the loss of all slots together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReportedLoss {
    packets: u64,
    lost: u64,
}

impl ReportedLoss {
    /// So many packets of a slot were sent, and `fraction` of 256 were lost.
    pub(crate) fn add(&mut self, packets: u64, fraction: u8) {
        self.packets += packets;
        self.lost += packets * u64::from(fraction);
    }

    /// Of 256 packets; `None` when there was nothing to lose.
    pub(crate) fn take(&mut self) -> Option<u8> {
        let Self { packets, lost } = std::mem::take(self);
        u8::try_from(lost.checked_div(packets)?).ok()
    }
}

#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) extensions: ExtensionWriter,
    pub(crate) descriptor: Vec<u8>,
    pub(crate) waiting: Vec<SlotKey>,
    pub(crate) spliced: Vec<SlotKey>,
    pub(crate) unready: Vec<SlotKey>,
    pub(crate) refused: Vec<SlotKey>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) loss: ReportedLoss,
}
