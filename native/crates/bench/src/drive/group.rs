//! One forwarder's clients, and what they have seen.

use std::error::Error;
use std::net::UdpSocket;

use super::clock::{Clock, wall};
use super::peer::Peer;
use super::plan::GroupPlan;
use super::received::{Received, Wanted};
use super::track::Track;
use super::viewer::{Changes, Viewer};
use super::way::Way;
use crate::batch::Batch;
use crate::socket::Poller;

/// Packets that have not come for so long are lost, and the window goes on without them.
const LOST_AFTER: u64 = 200_000_000;
/// The round in which each peer has its turn, in steps of the housekeeping.
const FEEDBACK: u64 = 20;
const REPORT: u64 = 200;
const CONSENT: u64 = 800;
const TRICKLE: u64 = 200;

pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) processes: Vec<u32>,
    peers: Vec<Peer>,
    pub(crate) tracks: Vec<Track>,
    poller: Poller,
    pub(crate) received: Received,
    wanted: Vec<Wanted>,
    /// What was sent, and received, when the window began; what was given up since.
    base: (u64, u64),
    lost: u64,
    progress: (u64, u64),
    /// The longest time between two looks at it, in nanoseconds, since this was last taken.
    pub(crate) stalled: u64,
}

impl Group {
    pub(crate) fn new(plan: GroupPlan) -> Result<Self, Box<dyn Error>> {
        let mut peers = plan.peers.into_iter().map(Peer::new).collect::<Result<Vec<_>, _>>()?;
        for (turn, viewer) in plan.viewers.into_iter().enumerate() {
            let every = viewer.every.as_nanos() as u64;
            peers[viewer.peer].viewer = Some(Viewer::new(viewer.tracks, every, turn));
        }
        let sockets: Vec<&UdpSocket> = peers.iter().map(|peer| &peer.socket).collect();
        Ok(Self {
            name: plan.name,
            processes: plan.processes,
            poller: Poller::new(&sockets)?,
            tracks: plan.tracks.into_iter().zip(0..).map(|(t, n)| Track::new(t, n)).collect(),
            peers,
            received: Received::default(),
            wanted: Vec::new(),
            base: (0, 0),
            lost: 0,
            progress: (0, 0),
            stalled: 0,
        })
    }

    /// Begin the schedules anew.
    pub(crate) fn begin(&mut self, now: u64) {
        for track in &mut self.tracks {
            track.begin(now);
        }
        let viewers = self.peers.iter().filter(|peer| peer.viewer.is_some()).count();
        let theirs = self.peers.iter_mut().filter_map(|peer| peer.viewer.as_mut());
        for (viewer, turn) in theirs.zip(0..) {
            viewer.begin(now, f64::from(turn) / viewers as f64);
        }
        self.base = (self.expected(), self.received.packets);
        self.lost = 0;
        self.progress = (self.received.packets, now);
    }

    /// Packets that were to be received by now.
    pub(crate) fn expected(&self) -> u64 {
        self.tracks.iter().map(Track::expected).sum()
    }

    /// Packets that are missing in what the server has numbered.
    pub(crate) fn gaps(&self) -> u64 {
        self.peers.iter().map(Peer::gaps).sum()
    }

    pub(crate) fn peers(&self) -> usize {
        self.peers.len()
    }

    /// Send what is due; returns when the next is.
    pub(crate) fn send_due(&mut self, clock: &Clock) -> Result<Option<u64>, Box<dyn Error>> {
        let now = clock.now();
        let outstanding = self.outstanding(now);
        let mut next: Option<u64> = None;
        for track in &mut self.tracks {
            let due = track.send_due(now, clock, outstanding, &way(&self.peers, track))?;
            next = next.into_iter().chain(due).min();
        }
        Ok(next)
    }

    /// What viewers want from now on: the number of the peer and that of the track. With the
    /// floor nobody can want anything: there a keyframe comes, as if somebody had asked for it.
    pub(crate) fn wishes(&mut self, clock: &Clock) -> Vec<(usize, u16)> {
        let (now, wall) = (clock.now(), wall());
        let mut all = Vec::new();
        let mut nobodys = Changes::default();
        for (number, peer) in self.peers.iter_mut().enumerate() {
            let negotiated = peer.negotiated();
            let Some(viewer) = &mut peer.viewer else { continue };
            let changes = if negotiated { &mut self.received.changes } else { &mut nobodys };
            let Some(track) = viewer.wish(now, wall, changes) else { continue };
            if negotiated {
                all.push((number, track));
            } else {
                viewer.forget();
                self.tracks[usize::from(track)].keyframe = true;
            }
        }
        all
    }

    /// Packets under way.
    fn outstanding(&mut self, now: u64) -> u64 {
        if self.received.packets != self.progress.0 {
            self.progress = (self.received.packets, now);
        }
        let sent = self.expected() - self.base.0;
        let came = self.received.packets - self.base.1 + self.lost;
        let outstanding = sent.saturating_sub(came);
        if outstanding > 0 && now - self.progress.1 > LOST_AFTER {
            self.lost += outstanding;
            self.progress.1 = now;
            return 0;
        }
        outstanding
    }

    /// Receive all there is.
    pub(crate) fn receive(
        &mut self,
        batch: &mut Batch,
        clock: &Clock,
        sample: u64,
    ) -> Result<(), Box<dyn Error>> {
        loop {
            let mut ready = 0;
            for position in self.poller.wait(std::time::Duration::ZERO)? {
                ready += 1;
                let peer = &mut self.peers[position];
                peer.receive(batch, clock, sample, &mut self.received, &mut self.wanted)?;
            }
            if ready < Poller::MOST {
                break;
            }
        }
        for wanted in self.wanted.drain(..) {
            for track in self.tracks.iter_mut().filter(|track| track.plan.ssrc == wanted.0) {
                track.keyframe = true;
            }
        }
        Ok(())
    }

    /// What each peer does now and then, a few of them in each step.
    pub(crate) fn keep(
        &mut self,
        step: u64,
        clock: &Clock,
        idle: bool,
    ) -> Result<(), Box<dyn Error>> {
        for (peer, turn) in self.peers.iter_mut().zip(0..) {
            if turn % FEEDBACK == step % FEEDBACK {
                peer.feed_back()?;
            }
            if turn % REPORT == step % REPORT {
                peer.report(clock)?;
            }
            if turn % CONSENT == step % CONSENT {
                peer.consent()?;
            }
        }
        for (track, turn) in self.tracks.iter_mut().zip(0..) {
            if (turn + 7) % REPORT == step % REPORT {
                let mut datagram = Vec::new();
                track.report(clock, &mut datagram);
                self.peers[track.plan.peer].send_rtcp(datagram)?;
            }
            if idle && (turn + 11) % TRICKLE == step % TRICKLE {
                track.trickle(clock, &way(&self.peers, track))?;
            }
        }
        Ok(())
    }
}

fn way<'a>(peers: &'a [Peer], track: &Track) -> Way<'a> {
    let peer = &peers[track.plan.peer];
    Way { socket: &peer.socket, server: peer.server(), outbound: &peer.outbound, wide: &peer.wide }
}
