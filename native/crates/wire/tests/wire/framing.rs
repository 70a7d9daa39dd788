//! RFC 4571 framing, whole and in pieces.

use proptest::collection::vec;
use proptest::prelude::*;
use trio_sfu_wire::ParseError;
use trio_sfu_wire::framing::{Deframer, MAX_FRAME, write_frame};

fn framed<'a>(datagrams: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut stream = Vec::new();
    for datagram in datagrams {
        assert!(write_frame(&mut stream, datagram));
    }
    stream
}

/// What comes out of a stream that is read in pieces of these sizes, over and over.
fn read(mut stream: &[u8], sizes: &[usize]) -> (Vec<Vec<u8>>, Result<(), ParseError>) {
    let mut deframer = Deframer::default();
    let mut datagrams = Vec::new();
    for &size in sizes.iter().cycle() {
        let (piece, rest) = stream.split_at(size.min(stream.len()));
        let result =
            deframer.push(&mut piece.to_vec(), |datagram| datagrams.push(datagram.to_vec()));
        stream = rest;
        if result.is_err() || stream.is_empty() {
            return (datagrams, result);
        }
    }
    unreachable!("sizes are not empty")
}

#[test]
fn a_length_is_two_bytes_big_endian() {
    assert_eq!(framed([&vec![7; 0x102]])[..3], [1, 2, 7]);
    assert!(!write_frame(&mut Vec::new(), &vec![0; 0x1_0000]));
}

#[test]
fn one_byte_at_a_time_makes_the_same_datagrams() {
    let datagrams = vec![vec![1], vec![2; 300], vec![3; MAX_FRAME]];
    assert_eq!(read(&framed(&datagrams), &[1]), (datagrams, Ok(())));
}

#[test]
fn empty_datagrams_are_left_out() {
    let stream = [0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 1, 6];
    for size in 1..=stream.len() {
        assert_eq!(read(&stream, &[size]).0, [vec![5], vec![6]]);
    }
}

#[test]
fn a_datagram_that_is_too_long_ends_the_stream_after_those_before_it() {
    let long = u16::try_from(MAX_FRAME + 1).expect("small").to_be_bytes();
    let stream = [&framed([&vec![9; 3]])[..], &long, &[0; 100]].concat();
    for size in 1..=stream.len() {
        assert_eq!(read(&stream, &[size]), (vec![vec![9; 3]], Err(ParseError::BadLength)));
    }
}

#[test]
fn what_speaks_another_protocol_is_found_out_at_once() {
    for greeting in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01\x02\x00", b"SSH-2.0-x\r\n"] {
        assert_eq!(read(greeting, &[64]), (Vec::new(), Err(ParseError::BadLength)));
    }
}

proptest! {
    #[test]
    fn datagrams_come_out_as_they_went_in(
        datagrams in vec(vec(any::<u8>(), 1..600), 0..20),
        sizes in vec(1usize..900, 1..8),
    ) {
        prop_assert_eq!(read(&framed(&datagrams), &sizes), (datagrams, Ok(())));
    }

    #[test]
    fn any_stream_gives_the_same_datagrams_however_it_is_cut(
        stream in vec(prop_oneof![4 => Just(0u8), 1 => any::<u8>()], 0..4000),
        sizes in vec(1usize..900, 1..8),
    ) {
        prop_assert_eq!(read(&stream, &sizes), read(&stream, &[stream.len().max(1)]));
    }
}
