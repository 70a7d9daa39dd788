//! The AV1 dependency descriptor: two of them, the first one's structure being for the second.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_fuzz::input::Input;
use trio_sfu_wire::codec::dependency_descriptor::{Mandatory, limit_targets, parse, rewrite};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let (targets, mask) = (input.byte(), input.word());
    let (first, value) = (input.slice(), input.slice());
    let mut rewritten = value.to_vec();
    rewrite(&mut rewritten, 0x1234);
    let Ok(before) = Mandatory::parse(value) else {
        assert!(Mandatory::parse(&rewritten).is_err());
        return;
    };
    let after = Mandatory::parse(&rewritten).expect("what we rewrite parses");
    assert_eq!(after, Mandatory { frame_number: 0x1234, ..before });

    let structure = parse(first, None).ok().and_then(|(_, structure)| structure);
    let mut out = Vec::new();
    let Ok((frame, brought)) = parse(value, structure.as_ref()) else {
        let _ = limit_targets(value, targets % 33, mask, &mut out);
        return;
    };
    let known = brought.as_ref().or(structure.as_ref()).expect("it has been parsed by one");
    for spatial in 0..4 {
        let target = known.target(spatial, 1, mask);
        assert!(known.layers(target).is_some() && known.contains(target, target));
        assert!(known.left(target, u32::MAX) >> target & 1 == 1);
    }
    if limit_targets(value, known.targets(), mask, &mut out).is_ok() {
        let (limited, again) = parse(&out, structure.as_ref()).expect("what we limit parses");
        let left = frame.active.unwrap_or(u32::MAX) & mask & known.all_targets();
        assert_eq!(limited.active, Some(left));
        assert_eq!(
            (limited.indications, limited.references),
            (frame.indications, frame.references)
        );
        assert_eq!(again, brought);
    }
});
