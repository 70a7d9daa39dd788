//! `trio-sfu-impair --near NETNS --far NETNS [--down PROFILE] [--up PROFILE] [--seed N] [--log FILE]`
//!
//! Joins two network namespaces by a path that is bad in a known way: a TUN device `impaired` in
//! each, and between them a queue, a rate, a delay, jitter, loss and what else the profiles say
//! (`profile.rs`). `down` is from near to far. Prints `ready` when the devices are there; `go` on
//! its standard input begins the time of the rates' schedules, and its end ends the program.
//! Every packet's times and fate go into the log.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod link;
mod log;
mod loss;
mod options;
mod profile;
mod random;
mod schedule;
mod tun;
mod wait;

use std::error::Error;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;

use link::{Fate, Link};
use log::Log;
use options::Options;
use wait::Waiter;

/// Packets read in a row from one side before the other side's turn.
const RUN: usize = 64;
const LARGEST: usize = 65_536;

struct Direction {
    name: &'static str,
    link: Link,
    from: File,
    to: File,
}

impl Direction {
    fn take_in(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        for _ in 0..RUN {
            match self.from.read(buffer) {
                Ok(length) => self.link.enter(wait::now(), buffer[..length].to_vec()),
                // EIO: somebody has taken the device down.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.raw_os_error() == Some(libc::EIO) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn pass_on(&mut self, log: &mut Option<Log>) -> io::Result<()> {
        let now = wait::now();
        while let Some(passage) = self.link.next(now) {
            if matches!(passage.fate, Fate::Delivered | Fate::Duplicate) {
                // A device that is down refuses, as a cable that is out.
                let _ = self.to.write(&passage.packet);
            }
            if let Some(log) = log {
                log.note(self.name, &passage, now)?;
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let mut log = options.log.as_deref().map(Log::create).transpose()?;
    let near = tun::open(&options.near)?;
    let far = tun::open(&options.far)?;
    if !wait::hurry() {
        eprintln!("no real-time priority: the path's times are those of a busy machine");
    }
    let waiter = Waiter::new(&[near.as_raw_fd(), far.as_raw_fd(), 0])?;
    let mut directions = [
        Direction {
            name: "down",
            link: Link::new(options.down, options.seed),
            from: near.try_clone()?,
            to: far.try_clone()?,
        },
        Direction {
            name: "up",
            link: Link::new(options.up, options.seed.wrapping_add(1)),
            from: far,
            to: near,
        },
    ];
    println!("ready");
    let mut buffer = vec![0; LARGEST];
    loop {
        for direction in &mut directions {
            direction.take_in(&mut buffer)?;
            direction.pass_on(&mut log)?;
        }
        waiter.wait(directions.iter().filter_map(|each| each.link.deadline()).min())?;
        if let Some(words) = said()? {
            if words.is_empty() {
                break;
            }
            if words.contains("go") {
                let now = wait::now();
                directions.iter_mut().for_each(|each| each.link.begin(now));
                println!("gone {}", now / 1000);
            }
        }
    }
    log.map_or(Ok(()), |mut log| log.flush())?;
    Ok(())
}

/// What standard input has, without waiting; "" at its end.
fn said() -> io::Result<Option<String>> {
    if !wait::readable(0) {
        return Ok(None);
    }
    let mut buffer = [0; 256];
    let length = io::stdin().lock().read(&mut buffer)?;
    Ok(Some(String::from_utf8_lossy(&buffer[..length]).into_owned()))
}
