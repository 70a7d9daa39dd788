//! What inputs of a session target do, one line a file and their sum:
//! `cargo run --release --example look -- engine|liar FILE...`

use std::collections::BTreeMap;

use trio_sfu_fuzz::{input::Input, session::Session};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let liar = arguments.next().as_deref() == Some("liar");
    let mut sum = BTreeMap::new();
    for name in arguments {
        let bytes = std::fs::read(&name)?;
        let mut input = Input(&bytes);
        let mut session =
            if liar { Session::of_liars(&mut input) } else { Session::new(&mut input) };
        while !input.is_empty() {
            if liar {
                session.lie(&mut input);
            } else {
                session.step(&mut input);
            }
        }
        println!("{name}: {:?}", session.counters());
        for (counter, count) in session.counters() {
            *sum.entry(counter).or_insert(0) += count;
        }
        session.end();
    }
    println!("sum: {sum:#?}");
    Ok(())
}
