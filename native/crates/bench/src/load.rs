//! How fast frames are published.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::clients::Clients;
use crate::options::Options;

/// Frames under way at most while saturating: enough that the forwarder never waits, few
/// enough that no socket overflows.
const WINDOW: u64 = 3;
/// Packets that have not come by then are lost.
const LOST_AFTER: Duration = Duration::from_millis(200);

/// How frames are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// The next frame as soon as one has been received by all.
    Saturating,
    /// A frame every so often, as a camera does.
    Paced,
}

impl Load {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Saturating, Self::Paced];

    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Saturating => "saturating",
            Self::Paced => "paced",
        }
    }

    /// Publish and receive for a while; returns how many packets were to arrive.
    pub(crate) fn run(
        self,
        clients: &mut Clients,
        options: &Options,
        duration: Duration,
    ) -> Result<u64, Box<dyn Error>> {
        let published = match self {
            Self::Saturating => saturate(clients, options, duration),
            Self::Paced => pace(clients, options, duration),
        }?;
        Ok(published * (options.packets_per_frame * options.subscribers) as u64)
    }
}

/// Returns the number of frames published.
fn saturate(
    clients: &mut Clients,
    options: &Options,
    duration: Duration,
) -> Result<u64, Box<dyn Error>> {
    let per_frame = (options.packets_per_frame * options.subscribers) as u64;
    let before = clients.received.packets;
    let end = Instant::now() + duration;
    let mut published = 0u64;
    let mut lost = 0;
    while Instant::now() < end {
        clients.publish(options.packets_per_frame)?;
        published += 1;
        let enough = published.saturating_sub(WINDOW - 1) * per_frame;
        while clients.received.packets - before + lost < enough {
            if !clients.receive(LOST_AFTER)? {
                lost = published * per_frame - (clients.received.packets - before);
            }
        }
    }
    settle(clients)?;
    Ok(published)
}

/// Returns the number of frames published.
fn pace(
    clients: &mut Clients,
    options: &Options,
    duration: Duration,
) -> Result<u64, Box<dyn Error>> {
    let interval = Duration::from_secs(1) / options.frames_per_second;
    let start = Instant::now();
    let mut published = 0;
    loop {
        let due = start + interval * published;
        if due >= start + duration {
            break;
        }
        while let Some(left) = due.checked_duration_since(Instant::now()) {
            clients.receive(left)?;
        }
        clients.publish(options.packets_per_frame)?;
        published += 1;
    }
    settle(clients)?;
    Ok(u64::from(published))
}

/// Receive what is still under way.
fn settle(clients: &mut Clients) -> Result<(), Box<dyn Error>> {
    let end = Instant::now() + LOST_AFTER;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        clients.receive(left)?;
    }
    Ok(())
}
