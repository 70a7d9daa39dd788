//! The command line.

use std::path::PathBuf;

use crate::profile::Profile;

const USAGE: &str = "usage: trio-sfu-impair --near NETNS --far NETNS [--down PROFILE] \
                     [--up PROFILE] [--seed N] [--log FILE]";

/// Which two namespaces are joined, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) near: String,
    pub(crate) far: String,
    /// From near to far.
    pub(crate) down: Profile,
    pub(crate) up: Profile,
    pub(crate) seed: u64,
    pub(crate) log: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            near: String::new(),
            far: String::new(),
            down: Profile::parse("")?,
            up: Profile::parse("")?,
            seed: 1,
            log: None,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            match name.as_str() {
                "--near" => options.near = value,
                "--far" => options.far = value,
                "--down" => options.down = Profile::parse(&value)?,
                "--up" => options.up = Profile::parse(&value)?,
                "--seed" => options.seed = value.parse().map_err(|_| USAGE)?,
                "--log" => options.log = Some(value.into()),
                _ => return Err(USAGE.into()),
            }
        }
        if options.near.is_empty() || options.far.is_empty() {
            return Err(USAGE.into());
        }
        Ok(options)
    }
}
