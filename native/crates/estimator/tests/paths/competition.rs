//! One flow of TCP on the same link.

use crate::support::{
    SECOND,
    source::Kind,
    tcp::{Growth, Tcp},
    world::World,
};

#[test]
fn neither_starves() {
    let mut starved = Vec::new();
    for growth in [Growth::Reno, Growth::Cubic] {
        for first in [0, 5] {
            for kind in [
                Kind::Elastic(10e6),
                // Three encodings, the upper two with a layer of half the frames.
                Kind::Ladder(vec![1.5e5, 3e5, 5e5, 1e6, 1.7e6]),
                Kind::Patient(vec![1.5e5, 3e5, 5e5, 1e6, 1.7e6]),
            ] {
                let what = format!("{growth:?} from {first} s beside {kind:?}");
                let mut world = World::new(4e6, kind);
                world.tcp = Some(Tcp::new(growth, first * SECOND));
                let trace = world.run(60);
                let (ours, theirs) = (trace.delivered(15.0..60.0), trace.tcp(15.0..60.0));
                let shares = format!("{what}: {ours:.0} and {theirs:.0} bits/s");
                println!("{shares}");
                if ours.min(theirs) < 1e6 {
                    starved.push(shares);
                }
            }
        }
    }
    assert!(starved.is_empty(), "{starved:#?}");
}

/// A flow that begins sends far too much for a moment, and half of what we send is lost. That is
/// over before anybody could adapt to it.
#[test]
fn a_flow_that_begins_does_not_take_nearly_everything() {
    for growth in [Growth::Reno, Growth::Cubic] {
        for kind in [
            Kind::Patient(vec![1.5e5, 3e5, 6e5, 1.35e6, 2.2e6]),
            Kind::Patient(vec![1.5e5, 3e5, 6e5, 1.35e6]),
            Kind::Elastic(10e6),
        ] {
            let what = format!("{growth:?} beside {kind:?}");
            let mut world = World::new(4e6, kind);
            world.tcp = Some(Tcp::new(growth, 20 * SECOND));
            let trace = world.run(40);
            let (least, _) = trace.targets(20.0..26.0);
            println!("{what}: {least}");
            assert!(least > 1e6, "{what}: {least}");
        }
    }
}
