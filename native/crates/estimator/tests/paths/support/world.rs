//! Sender, path and receiver in steps of a millisecond.

use trio_sfu_estimator::{Config, Estimator};

use super::{
    MILLIS, SECOND,
    link::{Flow, Link, Packet},
    pacer::Pacer,
    receiver::Receiver,
    source::{Kind, Source},
    tcp::Tcp,
    trace::{STEP, Sample, Trace},
};

pub(crate) struct World {
    pub(crate) estimator: Estimator,
    pub(crate) link: Link,
    pub(crate) receiver: Receiver,
    pub(crate) source: Source,
    pub(crate) pacer: Pacer,
    pub(crate) tcp: Option<Tcp>,
    /// What would be sent, if it is not what the source has.
    pub(crate) demand: Option<u64>,
    pub(crate) now: u64,
    /// What has passed the link and not arrived yet.
    arriving: Vec<(u64, Packet)>,
}

impl World {
    pub(crate) fn new(rate: f64, kind: Kind) -> Self {
        Self::of(Link::new(rate), kind)
    }

    pub(crate) fn of(link: Link, kind: Kind) -> Self {
        let config = Config { initial: 300_000, minimum: 30_000, maximum: 20_000_000 };
        Self {
            estimator: Estimator::new(config, 0),
            link,
            receiver: Receiver::new(),
            source: Source::new(kind),
            pacer: Pacer::default(),
            tcp: None,
            demand: None,
            now: 0,
            arriving: Vec::new(),
        }
    }

    /// Goes on for so many seconds.
    pub(crate) fn run(&mut self, seconds: u64) -> Trace {
        let mut trace = Trace::default();
        let mut arrived = std::mem::take(&mut self.arriving);
        let mut sample = Sample::default();
        let mut offered = self.pacer.sent;
        let end = self.now + seconds * SECOND;
        while self.now < end {
            self.send();
            sample.waiting = sample.waiting.max(self.link.waiting() as f64 / MILLIS as f64);
            self.now += MILLIS;
            self.link.run(self.now, &mut arrived);
            for (_, packet) in arrived.iter().filter(|(at, _)| *at <= self.now) {
                match packet.flow {
                    Flow::Media => sample.delivered += f64::from(packet.bytes) * 8.0,
                    Flow::Tcp => sample.tcp += f64::from(packet.bytes) * 8.0,
                }
            }
            self.receive(&mut arrived);
            while let Some(outcomes) = self.receiver.feedback(self.now) {
                self.estimator.feedback(self.now, &outcomes);
            }
            if self.now.is_multiple_of(STEP) {
                sample.at = self.now;
                sample.target = self.estimator.target() as f64;
                sample.offered = (self.pacer.sent - offered) as f64 * 8.0;
                offered = self.pacer.sent;
                trace.samples.push(std::mem::take(&mut sample));
            }
        }
        self.arriving = arrived;
        trace.switches = self.source.switches.clone();
        trace.padding = self.pacer.padding;
        trace.print();
        trace
    }

    fn send(&mut self) {
        let demand = self.demand.unwrap_or(self.source.demand() as u64);
        self.estimator.set_demand(self.now, demand);
        if self.estimator.next_deadline().is_some_and(|at| at <= self.now) {
            self.estimator.tick(self.now);
        }
        let target = self.estimator.target() as f64;
        let packets = self.source.packets(self.now, target);
        self.pacer.push(packets, target);
        self.pacer.run(self.now, &mut self.estimator, &mut self.link);
        if let Some(tcp) = &mut self.tcp {
            tcp.run(self.now, &mut self.link);
        }
    }

    fn receive(&mut self, arrived: &mut Vec<(u64, Packet)>) {
        arrived.retain(|(at, packet)| {
            if *at > self.now {
                return true;
            }
            match packet.flow {
                Flow::Media => self.receiver.receive(*at, packet.id),
                Flow::Tcp => {
                    let delay = self.receiver.delay;
                    self.tcp.iter_mut().for_each(|tcp| tcp.receive(*at, packet.id, delay));
                }
            }
            false
        });
    }
}
