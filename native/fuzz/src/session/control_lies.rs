//! Datagrams for the DTLS association, in which SCTP would be: the engine passes them on
//! unread, so the lie is in their sizes and in their number.

use super::Session;
use super::peer::{PEERS, address};
use crate::input::Input;

impl Session {
    pub(super) fn lie_in_control(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let source = match input.byte() {
            byte @ 200.. => address(byte),
            _ => address(number as u8),
        };
        // RFC 7983: DTLS begins with 20 to 63. A record's header, and then anything.
        let kind = 20 + input.byte() % 44;
        let mut datagram = vec![kind, 0xfe, 0xfd];
        datagram.extend(input.slice());
        let len = usize::from(input.short() % 3_000);
        if input.byte() & 1 == 0 {
            datagram.resize(len.max(1), 0xdd);
        }
        let count = u64::from(input.byte());
        for _ in 0..self.burst(count) {
            self.receive(source, &mut datagram.clone());
        }
    }
}
