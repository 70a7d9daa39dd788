//! Memory that is reused from packet to packet.

use trio_sfu_wire::rtp::ExtensionWriter;

use crate::send::slot::SlotKey;

#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) extensions: ExtensionWriter,
    pub(crate) descriptor: Vec<u8>,
    pub(crate) waiting: Vec<SlotKey>,
    pub(crate) spliced: Vec<SlotKey>,
    pub(crate) unready: Vec<SlotKey>,
}
