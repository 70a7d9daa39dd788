//! RTP headers and header extensions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::rtp::{ExtensionWriter, Extensions, Header, Mid, Rid, extension};

fuzz_target!(|packet: &[u8]| {
    let Ok(header) = Header::parse(packet) else { return };
    assert!(header.len <= packet.len());
    if let Ok(end) = header.payload_end(packet) {
        assert!((header.len..=packet.len()).contains(&end));
    }
    let mut writer = ExtensionWriter::new();
    let mut written = Vec::new();
    for (id, value) in header.extensions(packet) {
        let _ = (Mid::from_bytes(value), Rid::from_bytes(value));
        let _ = extension::AudioLevel::parse(value);
        let _ = extension::transport_cc(value);
        if writer.push(id, value).is_ok() {
            written.push((id, value));
        }
    }
    // What was read can be written and read again.
    let mut block = Vec::new();
    writer.write(&mut block);
    if !writer.is_empty() {
        assert_eq!(block.len() % 4, 0);
        let profile = u16::from_be_bytes([block[0], block[1]]);
        let read: Vec<_> = Extensions::new(profile, &block[4..]).collect();
        assert_eq!(read, written);
    }
});
