//! What inputs of the `engine` target do: `cargo run --example look -- FILE...`

use trio_sfu_fuzz::{input::Input, session::Session};

fn main() -> std::io::Result<()> {
    for name in std::env::args().skip(1) {
        let bytes = std::fs::read(&name)?;
        let mut input = Input(&bytes);
        let mut session = Session::new(&mut input);
        while !input.is_empty() {
            session.step(&mut input);
        }
        println!("{name}: {:?}", session.counters());
        session.end();
    }
    Ok(())
}
