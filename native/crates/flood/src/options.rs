//! The command line.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const USAGE: &str =
    "usage: trio-sfu-flood DESTINATION [--from IP] [--rate N] [--seconds S] [--ufrag U]...";

/// What is sent, and where to.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) destination: SocketAddr,
    pub(crate) from: IpAddr,
    /// Datagrams a second.
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
    pub(crate) ufrags: Vec<String>,
}

impl Options {
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            destination: arguments.next().ok_or(USAGE)?.parse()?,
            from: IpAddr::from([127, 0, 0, 9]),
            rate: 100_000.0,
            duration: Duration::from_secs(20),
            ufrags: Vec::new(),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            match name.as_str() {
                "--from" => options.from = value.parse()?,
                "--rate" => options.rate = value.parse()?,
                "--seconds" => options.duration = Duration::try_from_secs_f64(value.parse()?)?,
                "--ufrag" => options.ufrags.push(value),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(options)
    }
}
