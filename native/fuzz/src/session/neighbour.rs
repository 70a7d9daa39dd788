//! Another engine, whose viewers watch what the peers publish.

use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use trio_sfu_core::command::{CodecMapping, Command, SlotConfig};
use trio_sfu_core::config::Config;
use trio_sfu_core::engine::Engine;
use trio_sfu_core::ids::{EngineId, SlotId, TransportId, UpTrackId};
use trio_sfu_core::relay::RelayBatch;
use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::Batch;
use trio_sfu_srtp::Profile;
use trio_sfu_wire::rtp::{Mid, PayloadType, Rid, Ssrc};
use trio_sfu_wire::stun::{IntegrityKey, RequestFields, binding_request};

use super::commands::{CODECS, EXTENSIONS, kind};
use super::peer::{NAMES, PAYLOAD_TYPES, credentials};

const HERE: EngineId = EngineId(0);
const THERE: EngineId = EngineId(1);
const VIEWER: TransportId = TransportId(99);
/// Slots of the viewer, of video and sound in turn.
const SLOTS: u8 = 4;

pub(super) struct Neighbour {
    engine: Engine,
    batch: Batch,
}

impl Neighbour {
    /// An engine with one viewer, who is connected.
    pub(super) fn new(now: Instant) -> Self {
        let config = Config { max_events: 64, seed: 2, ..Config::default() };
        let mut made = Self { engine: Engine::new(config, now), batch: Batch::default() };
        let (ice_ufrag, ice_pwd) = credentials(99, 0);
        let username = format!("{ice_ufrag}:remote");
        let fields = RequestFields {
            username: &username,
            priority: 1,
            use_candidate: true,
            tie_breaker: 7,
            transaction_id: [9; 12],
        };
        let mut check = Vec::new();
        binding_request(&fields, &IntegrityKey::new(&ice_pwd), &mut check);
        let profile = Profile::AeadAes128Gcm;
        let (inbound, outbound) = (vec![1; profile.keying_len()], vec![2; profile.keying_len()]);
        let codecs = CODECS.iter().zip(PAYLOAD_TYPES.chunks(2)).map(|((codec, rate), types)| {
            let (payload_type, rtx) = (PayloadType(types[0]), Some(PayloadType(types[1])));
            CodecMapping { payload_type, codec: *codec, clock_rate: *rate, rtx }
        });
        let (extensions, codecs) = (EXTENSIONS.to_vec(), codecs.collect());
        made.carry_out(now, Command::AddTransport { id: VIEWER, ice_ufrag, ice_pwd });
        made.carry_out(now, Command::SetNegotiated { transport: VIEWER, extensions, codecs });
        let transport = VIEWER;
        made.carry_out(now, Command::SetSrtpKeys { transport, profile, inbound, outbound });
        made.engine.handle_datagram(now, SocketAddr::from(([198, 51, 100, 1], 4000)), &mut check);
        for number in 0..SLOTS {
            let config = SlotConfig {
                kind: kind(number),
                mid: Mid::new(NAMES[usize::from(number)]).expect("a mid"),
                ssrc: Ssrc(1_000 + u32::from(number)),
                rtx_ssrc: (number < 2).then_some(Ssrc(2_000 + u32::from(number))),
                cname: "cname".to_owned(),
            };
            let id = SlotId(u64::from(number));
            made.carry_out(now, Command::AddSlot { id, transport, config });
        }
        made
    }

    fn carry_out(&mut self, now: Instant, command: Command) {
        // Refusals are answers, too.
        let _ = self.engine.handle_command(now, command);
    }

    /// A slot shows a track of `publisher`'s, or nothing.
    pub(super) fn watch(
        &mut self,
        now: Instant,
        publisher: &Engine,
        slot: u8,
        source: Option<(UpTrackId, Rid)>,
    ) {
        let described =
            source.and_then(|(id, _)| Some((id, publisher.describe_relay(id, HERE).ok()?)));
        if let Some((id, config)) = described {
            self.carry_out(now, Command::AddRelay { id, config });
        }
        self.carry_out(now, Command::MapSlot { slot: SlotId(u64::from(slot % SLOTS)), source });
    }

    /// Both are lost to each other, as when one has begun anew.
    pub(super) fn part(&mut self, publisher: &mut Engine) {
        self.engine.lose_engine(HERE);
        publisher.lose_engine(THERE);
    }

    /// Each gets what the other has for it; what is due here is done.
    pub(super) fn exchange(&mut self, now: Instant, publisher: &mut Engine) {
        for round in 0.. {
            assert!(round < 100, "they never have done");
            self.engine.handle_deadline(now);
            let (out, back) = (take(publisher), take(&mut self.engine));
            if out.is_empty() && back.is_empty() {
                break;
            }
            for batch in &out {
                self.engine.handle_relayed(now, HERE, batch);
            }
            for batch in &back {
                publisher.handle_relayed(now, THERE, batch);
            }
        }
        for flushes in 0.. {
            assert!(flushes < 10_000, "flush never ends");
            self.batch.clear();
            if !self.engine.flush(now, &mut self.batch) {
                break;
            }
        }
        let mut events = Vec::new();
        self.engine.drain_events(&mut events);
        let next = self.engine.next_deadline();
        assert!(next.is_none_or(|at| at > now), "the driver would spin");
        let census = self.engine.census();
        assert_eq!((census.up_tracks, census.encodings), (0, 0), "nobody publishes here");
        assert!(census.relays <= 6);
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.engine.next_deadline()
    }

    /// Its viewer goes; then nothing is left.
    pub(super) fn end(mut self, now: Instant, publisher: &mut Engine) {
        // Those that nobody watched go after a while.
        for seconds in [0, 3, 6] {
            self.exchange(now + Duration::from_secs(seconds), publisher);
        }
        assert_eq!(self.engine.census().relays, 0, "tracks that are no more");
        self.carry_out(now, Command::RemoveTransport { transport: VIEWER });
        for (name, count) in self.engine.census().entries() {
            assert_eq!(count, 0, "{name} left there");
        }
    }
}

fn take(engine: &mut Engine) -> Vec<RelayBatch> {
    engine.relay_outboxes().map(|(_, batch)| mem::take(batch)).collect()
}
