//! The forwarding benchmark: the engine beside the floor, profile by profile.

use std::error::Error;
use std::fs;
use std::time::Duration;

use trio_sfu_srtp::Profile;

use crate::clients::Clients;
use crate::engine;
use crate::floor::{self, Floor};
use crate::load::Load;
use crate::options::Options;
use crate::report::{self, Measurement};
use crate::task::Task;

/// The profiles browsers choose.
const PROFILES: [Profile; 2] = [Profile::AeadAes128Gcm, Profile::Aes128CmHmacSha1_80];
/// Published before anything is measured: keyframe, caches, branch predictors.
const WARM_UP: Duration = Duration::from_millis(500);

/// Measure, print a table and write JSON if asked to.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut measurements = Vec::new();
    for _ in 0..options.rounds {
        // Engine and floor alternate, so that both see the same machine.
        for profile in profiles(options) {
            if options.only.as_deref() != Some("engine") {
                measurements.extend(measure_floor(profile, options)?);
            }
            if options.only.as_deref() != Some("floor") {
                measurements.extend(measure_engine(profile, options)?);
            }
        }
    }
    let rows = report::rows(&measurements);
    print!("{}", report::table(options, &rows));
    if let Some(path) = &options.json {
        fs::write(path, report::json(options, &rows))?;
    }
    Ok(())
}

fn profiles(options: &Options) -> Vec<Profile> {
    options.profile.map_or_else(|| PROFILES.to_vec(), |profile| vec![profile])
}

fn measure_engine(profile: Profile, options: &Options) -> Result<Vec<Measurement>, Box<dyn Error>> {
    let driver = engine::start(profile, options.subscribers)?;
    let mut clients = Clients::new(profile, options.subscribers, engine::address(&driver)?, true)?;
    clients.connect()?;
    let task = Task::named(engine::THREAD)?;
    let measured = measure("engine", profile, &task, &mut clients, options)?;
    if measured.iter().any(|measurement| measurement.received == 0) {
        return Err(format!("nothing arrived: {:?}", engine::counters(&driver)?).into());
    }
    Ok(measured)
}

fn measure_floor(profile: Profile, options: &Options) -> Result<Vec<Measurement>, Box<dyn Error>> {
    let socket = Floor::bind()?;
    let mut clients = Clients::new(profile, options.subscribers, socket.local_addr()?, false)?;
    let _floor = Floor::start(socket, profile, &clients.subscribers()?)?;
    measure("floor", profile, &Task::named(floor::THREAD)?, &mut clients, options)
}

fn measure(
    program: &'static str,
    profile: Profile,
    task: &Task,
    clients: &mut Clients,
    options: &Options,
) -> Result<Vec<Measurement>, Box<dyn Error>> {
    Load::Saturating.run(clients, options, WARM_UP)?;
    let mut measurements = Vec::new();
    for load in Load::ALL {
        let before = (clients.received, task.cpu_time()?);
        let expected = load.run(clients, options, options.duration)?;
        let (nanos, system) = task.cpu_time()?.since(&before.1);
        let received = clients.received.packets - before.0.packets;
        let messages = clients.received.messages - before.0.messages;
        measurements.push(Measurement {
            program,
            profile,
            load,
            nanos_per_packet: nanos as f64 / received.max(1) as f64,
            system_share: system,
            packets_per_message: received as f64 / messages.max(1) as f64,
            packets_per_second: received as f64 / options.duration.as_secs_f64(),
            expected,
            received,
            checked: clients.received.checked - before.0.checked,
        });
    }
    Ok(measurements)
}
