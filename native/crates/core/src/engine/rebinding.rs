//! A peer whose NAT has given it another port (RFC 4787): its packets tell before its next check.
//!
//! A NAT forgets its mappings when its table is full or it begins anew, and the next packet of
//! each flow comes from another port. A browser checks the path it uses every 2.5 s; until then
//! everything would be sent to where nobody is, and nothing taken of what it sends. So packets from
//! an unknown port are tried with the keys of who last sent under their SSRC, if they come from the
//! address that its media goes to. Authentic ones are as good as any; and when nothing comes from
//! the port before any more, the peer is sent to where they come from. A replayed packet is
//! not authentic, and nobody at another address can be made a target.

use trio_sfu_srtp::Inbound;
use trio_sfu_wire::demux::{Class, classify};
use trio_sfu_wire::rtcp;
use trio_sfu_wire::rtp::Ssrc;

use crate::engine::Engine;
use crate::engine::ice::GUESSES;
use crate::event::Event;
use crate::receive::reports::empty_report;
use crate::remote::Remote;
use crate::time::Instant;
use crate::transport::TransportKey;

impl Engine {
    /// What is not STUN came from an address that no transport has.
    #[cold]
    pub(crate) fn handle_stranger(&mut self, now: Instant, source: Remote, datagram: &mut [u8]) {
        let class = classify(datagram);
        let Some(key) = self.whose(now, source, class, datagram) else {
            self.counters.drop_unknown_source += 1;
            return;
        };
        let home = self.transports.get(key).map(|transport| transport.path.at_home());
        let authentic = self.authentic();
        match class {
            Some(Class::Rtp) => self.handle_rtp(now, key, datagram),
            _ => self.handle_rtcp(now, key, datagram),
        }
        let refused = self.authentic() == authentic;
        let (Some(home), Some(transport)) = (home, self.transports.get_mut(key)) else { return };
        if refused {
            self.strangers.guessed(now);
            transport.guesses.take(now, GUESSES);
        } else if transport.path.astray(now, home) {
            self.follow(now, key, source);
        }
    }

    /// Whose keys are worth a try.
    fn whose(
        &self,
        now: Instant,
        source: Remote,
        class: Option<Class>,
        datagram: &[u8],
    ) -> Option<TransportKey> {
        let ssrc = match class? {
            Class::Rtp => Ssrc(u32::from_be_bytes(datagram.get(8..12)?.try_into().ok()?)),
            Class::Rtcp => rtcp::sender(datagram)?,
            _ => return None,
        };
        let key = *self.by_ssrc.get(&ssrc)?;
        let transport = self.transports.get(key)?;
        let allowed = self.strangers.may_guess(now) && transport.guesses.has(now, GUESSES);
        (allowed && transport.path.may_be_at(source)).then_some(key)
    }

    fn authentic(&self) -> u64 {
        self.counters.rtp_received + self.counters.rtcp_received
    }

    fn follow(&mut self, now: Instant, key: TransportKey, remote: Remote) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if let Some(evicted) = transport.path.follow(now, remote) {
            self.by_address.remove(&evicted);
            self.counters.addresses_evicted += 1;
        }
        self.by_address.insert(remote, key);
        self.counters.addresses_followed += 1;
        // Something goes there at once: who sends from several addresses notes which of them
        // this one knows.
        let report = empty_report(transport);
        transport.send_rtcp(&mut self.counters, report);
        let transport = transport.id;
        self.emit(Event::PathChanged { transport, remote });
        self.moved(key);
        self.has_output(key);
    }

    /// Nothing comes under these keys of a transport any more.
    pub(crate) fn forget_senders(&mut self, key: TransportKey, inbound: &Inbound) {
        for ssrc in inbound.ssrcs() {
            if self.by_ssrc.get(&Ssrc(ssrc)) == Some(&key) {
                self.by_ssrc.remove(&Ssrc(ssrc));
            }
        }
    }
}
