//! The command line.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use trio_sfu_srtp::Profile;

/// How to call the program.
pub(crate) const USAGE: &str = "usage: trio-sfu-bench crypto
       trio-sfu-bench forwarding [--subscribers N] [--seconds S] [--rounds R]
                                 [--frames-per-second F] [--packets-per-frame P]
                                 [--only engine|floor] [--profile NAME] [--json FILE]
       trio-sfu-bench drive|floor < PLAN";

/// What is forwarded, and how long it is measured.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Receivers of the one publisher.
    pub(crate) subscribers: usize,
    /// How long each measurement lasts.
    pub(crate) duration: Duration,
    /// Measurements of each kind; the median counts.
    pub(crate) rounds: usize,
    /// Frames a second of the paced load.
    pub(crate) frames_per_second: u32,
    /// Packets of a frame, sent at once.
    pub(crate) packets_per_frame: usize,
    /// Run only one of the two, for a profiler.
    pub(crate) only: Option<String>,
    /// Run only this profile.
    pub(crate) profile: Option<Profile>,
    /// Where to write the results.
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            subscribers: 50,
            duration: Duration::from_secs(3),
            rounds: 3,
            frames_per_second: 125,
            packets_per_frame: 8,
            only: None,
            profile: None,
            json: None,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            match name.as_str() {
                "--subscribers" => options.subscribers = value.parse()?,
                "--seconds" => options.duration = Duration::try_from_secs_f64(value.parse()?)?,
                "--rounds" => options.rounds = value.parse()?,
                "--frames-per-second" => options.frames_per_second = value.parse()?,
                "--packets-per-frame" => options.packets_per_frame = value.parse()?,
                "--only" => options.only = Some(value),
                "--profile" => options.profile = Some(Profile::from_name(&value).ok_or(USAGE)?),
                "--json" => options.json = Some(value.into()),
                _ => return Err(USAGE.into()),
            }
        }
        let frames_fit_gso = (1..=50).contains(&options.packets_per_frame);
        if options.subscribers == 0 || options.rounds == 0 || !frames_fit_gso {
            return Err(USAGE.into());
        }
        Ok(options)
    }
}
