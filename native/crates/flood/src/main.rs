//! `trio-sfu-flood DESTINATION [--from IP] [--rate N] [--seconds S] [--ufrag U]...`
//!
//! Sends garbage, STUN and ClientHellos from many ports of one address, at a steady rate, and
//! prints what it has sent as JSON. With `--ufrag`, a user name fragment of the server, a
//! third of the STUN is checks for it with a wrong password.

mod hostile;
mod options;
mod send;

use std::error::Error;
use std::net::UdpSocket;
use std::thread::sleep;
use std::time::{Duration, Instant};

use hostile::Datagrams;
use options::Options;

/// Ports it sends from.
const SOCKETS: usize = 64;
/// How often it sends.
const TICK: Duration = Duration::from_millis(1);

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let sockets = (0..SOCKETS)
        .map(|_| {
            let socket = UdpSocket::bind((options.from, 0))?;
            socket.connect(options.destination)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    let datagrams = Datagrams::new(&options.ufrags);
    let begun = Instant::now();
    let (mut due, mut sent, mut refused) = (0u64, 0u64, 0u64);
    let mut batch = 0usize;
    while begun.elapsed() < options.duration {
        let target = (begun.elapsed().as_secs_f64() * options.rate) as u64;
        // Late by more than that, it does not catch up by a burst.
        due = due.max(target.saturating_sub((options.rate / 20.0) as u64));
        while due < target {
            let count = (target - due).min(send::MOST as u64) as usize;
            let socket = &sockets[batch % SOCKETS];
            let done = send::send(socket, datagrams.run(batch * send::MOST, count))?;
            (sent, refused) = (sent + done as u64, refused + (count - done) as u64);
            due += count as u64;
            batch += 1;
        }
        sleep(TICK);
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(r#"{{"sent": {sent}, "refused": {refused}, "seconds": {seconds:.3}}}"#);
    Ok(())
}
