//! What to do, as it is read from standard input: a line a thing, words with spaces between.
//!
//! ```text
//! windows ROUNDS FIRST_WARM_UP_S WARM_UP_S MEASURED_S
//! sample EVERY
//! trace NAME FILE
//! group NAME PID,PID,...
//! peer FD PROFILE SERVER THEIR_UFRAG THEIR_PWD OUR_UFRAG OUR_PWD KEYS_OUT KEYS_IN TCC_ID PTS VERIFIED
//! track PEER SSRC PT CLOCK MID MID_ID TCC_ID FANOUT SCHEDULE
//! encoding RID RID_ID WIDTH HEIGHT KEYFRAME_BYTES
//! viewer PEER EVERY_US TRACK,TRACK,...
//! ```
//!
//! A schedule is `window FRAMES PACKETS BYTES`, `every MICROSECONDS PACKETS BYTES` or
//! `trace NAME PHASE_US [THOUSANDTHS]`, of the trace's bytes. Peers and tracks belong to the
//! group before them. The track before `encoding` is one of several of an m-line. A viewer wants
//! these tracks, by their numbers in the group, in turn. Ids that were not negotiated are 0; a
//! peer whose `THEIR_UFRAG` is `-` does no ICE.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::str::{FromStr, SplitWhitespace};
use std::time::Duration;

use trio_sfu_srtp::Profile;

use super::schedule::{Schedule, schedule};
use super::trace::{self, Traced};

#[derive(Clone, Debug)]
pub(crate) struct PeerPlan {
    pub(crate) descriptor: i32,
    pub(crate) profile: Profile,
    pub(crate) server: SocketAddr,
    pub(crate) theirs: (String, String),
    pub(crate) ours: (String, String),
    pub(crate) keys_out: Vec<u8>,
    pub(crate) keys_in: Vec<u8>,
    pub(crate) transport_cc: u8,
    pub(crate) payload_types: Vec<u8>,
    pub(crate) verified: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct TrackPlan {
    pub(crate) peer: usize,
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
    pub(crate) clock: u32,
    pub(crate) mid: String,
    pub(crate) mid_id: u8,
    pub(crate) transport_cc: u8,
    pub(crate) fanout: u64,
    pub(crate) schedule: Schedule,
    pub(crate) encoding: Option<Encoding>,
}

/// One of several of an m-line (RFC 8853).
#[derive(Clone, Debug)]
pub(crate) struct Encoding {
    pub(crate) rid: String,
    pub(crate) rid_id: u8,
    /// Pixels, each way.
    pub(crate) size: (u16, u16),
    /// Bytes of a keyframe, in all its packets.
    pub(crate) keyframe: usize,
}

/// A peer that wants tracks in turn, each for so long.
#[derive(Clone, Debug)]
pub(crate) struct ViewerPlan {
    pub(crate) peer: usize,
    pub(crate) every: Duration,
    pub(crate) tracks: Vec<u16>,
}

/// One forwarder, and who is connected to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupPlan {
    pub(crate) name: String,
    pub(crate) processes: Vec<u32>,
    pub(crate) peers: Vec<PeerPlan>,
    pub(crate) tracks: Vec<TrackPlan>,
    pub(crate) viewers: Vec<ViewerPlan>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) first_warm_up: Duration,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    /// Of how many packets one is decrypted.
    pub(crate) sample: u64,
    pub(crate) groups: Vec<GroupPlan>,
}

type Failure = Box<dyn Error>;

impl Plan {
    /// Read a plan.
    ///
    /// # Errors
    /// Names the line that is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut plan = Self { sample: 16, ..Self::default() };
        let mut traces = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace();
            plan.line(&mut words, &mut traces)
                .map_err(|error| format!("line {} of the plan: {error}", number + 1))?;
        }
        if plan.rounds == 0 || plan.sample == 0 || plan.groups.is_empty() {
            return Err("a plan needs rounds, a sample and a group".into());
        }
        Ok(plan)
    }

    fn line(
        &mut self,
        words: &mut SplitWhitespace<'_>,
        traces: &mut HashMap<String, Vec<Traced>>,
    ) -> Result<(), Failure> {
        match words.next() {
            None => {}
            Some("windows") => {
                self.rounds = next(words)?;
                self.first_warm_up = Duration::try_from_secs_f64(next(words)?)?;
                self.warm_up = Duration::try_from_secs_f64(next(words)?)?;
                self.measured = Duration::try_from_secs_f64(next(words)?)?;
            }
            Some("sample") => self.sample = next(words)?,
            Some("trace") => {
                let name: String = next(words)?;
                let file: String = next(words)?;
                traces.insert(name, trace::read(&fs::read_to_string(file)?)?);
            }
            Some("group") => self.groups.push(GroupPlan {
                name: next(words)?,
                processes: list(&next::<String>(words)?)?,
                ..GroupPlan::default()
            }),
            Some("peer") => self.group()?.peers.push(peer(words)?),
            Some("track") => {
                let track = track(words, traces)?;
                let group = self.group()?;
                if track.peer >= group.peers.len() {
                    return Err(format!("there is no peer {}", track.peer).into());
                }
                group.tracks.push(track);
            }
            Some("encoding") => {
                let track = self.group()?.tracks.last_mut().ok_or("a track comes first")?;
                track.encoding = Some(encoding(words)?);
            }
            Some("viewer") => {
                let viewer = ViewerPlan {
                    peer: next(words)?,
                    every: Duration::from_micros(next(words)?),
                    tracks: list(&next::<String>(words)?)?,
                };
                let group = self.group()?;
                let there = |track: &u16| usize::from(*track) < group.tracks.len();
                if viewer.peer >= group.peers.len() || !viewer.tracks.iter().all(there) {
                    return Err("there is no such peer or track".into());
                }
                group.viewers.push(viewer);
            }
            Some(word) => return Err(format!("{word} is no word of a plan").into()),
        }
        Ok(())
    }

    fn group(&mut self) -> Result<&mut GroupPlan, Failure> {
        self.groups.last_mut().ok_or_else(|| "a group comes first".into())
    }
}

fn peer(words: &mut SplitWhitespace<'_>) -> Result<PeerPlan, Failure> {
    Ok(PeerPlan {
        descriptor: next(words)?,
        profile: profile(words)?,
        server: next(words)?,
        theirs: (next(words)?, next(words)?),
        ours: (next(words)?, next(words)?),
        keys_out: hexadecimal(words)?,
        keys_in: hexadecimal(words)?,
        transport_cc: next(words)?,
        payload_types: list(&next::<String>(words)?)?,
        verified: next::<u8>(words)? != 0,
    })
}

fn track(
    words: &mut SplitWhitespace<'_>,
    traces: &HashMap<String, Vec<Traced>>,
) -> Result<TrackPlan, Failure> {
    Ok(TrackPlan {
        peer: next(words)?,
        ssrc: next(words)?,
        payload_type: next(words)?,
        clock: next(words)?,
        mid: next(words)?,
        mid_id: next(words)?,
        transport_cc: next(words)?,
        fanout: next(words)?,
        schedule: schedule(words, traces)?,
        encoding: None,
    })
}

fn encoding(words: &mut SplitWhitespace<'_>) -> Result<Encoding, Failure> {
    Ok(Encoding {
        rid: next(words)?,
        rid_id: next(words)?,
        size: (next(words)?, next(words)?),
        keyframe: next(words)?,
    })
}

/// The next word, as whatever is asked for.
pub(crate) fn next<T: FromStr>(words: &mut SplitWhitespace<'_>) -> Result<T, Failure>
where
    T::Err: Error + 'static,
{
    let word = words.next().ok_or("a word is missing")?;
    word.parse().map_err(|error: T::Err| format!("{word}: {error}").into())
}

/// An SRTP profile by its name.
pub(crate) fn profile(words: &mut SplitWhitespace<'_>) -> Result<Profile, Failure> {
    let name: String = next(words)?;
    Profile::from_name(&name).ok_or_else(|| format!("{name} is no SRTP profile").into())
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(words: &mut SplitWhitespace<'_>) -> Result<Vec<u8>, Failure> {
    let digits: String = next(words)?;
    (0..digits.len() / 2)
        .map(|at| {
            let pair = digits.get(2 * at..2 * at + 2).ok_or("no hexadecimal digits")?;
            Ok(u8::from_str_radix(pair, 16)?)
        })
        .collect()
}

fn list<T: FromStr>(text: &str) -> Result<Vec<T>, Failure>
where
    T::Err: Error + 'static,
{
    text.split(',').map(|word| word.parse().map_err(|error: T::Err| error.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "windows 2 1 0.5 2\nsample 8\ngroup sfu 12,13\n\
        peer 5 AEAD_AES_128_GCM 127.0.0.1:7882 u p our pwd 00ff 10 3 96,111 1\n\
        track 0 77 96 90000 0 1 3 50 every 5000 2 1100\n";

    #[test]
    fn a_plan_is_read_and_a_wrong_line_is_named() {
        let plan = Plan::parse(PLAN).unwrap();
        assert_eq!((plan.rounds, plan.sample, plan.groups.len()), (2, 8, 1));
        let group = &plan.groups[0];
        assert_eq!(group.processes, [12, 13]);
        assert_eq!(group.peers[0].keys_out, [0, 255]);
        assert_eq!(group.peers[0].payload_types, [96, 111]);
        assert!(matches!(group.tracks[0].schedule, Schedule::Every { packets: 2, .. }));
        let wrong = PLAN.replace("track 0", "track 7");
        assert!(Plan::parse(&wrong).unwrap_err().to_string().contains("line 5"));
        assert!(Plan::parse("").is_err());
    }

    #[test]
    fn a_viewer_wants_tracks_that_are_there() {
        let plan = format!("{PLAN}encoding q 2 320 180 9000\nviewer 0 1500000 0\n");
        let read = Plan::parse(&plan).unwrap();
        let group = &read.groups[0];
        let encoding = group.tracks[0].encoding.as_ref().unwrap();
        assert_eq!((encoding.rid.as_str(), encoding.size), ("q", (320, 180)));
        assert_eq!(group.viewers[0].tracks, [0]);
        assert!(Plan::parse(&format!("{plan}viewer 0 1500000 1\n")).is_err());
    }
}
