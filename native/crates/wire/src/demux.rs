//! What kind of datagram is this? RFC 7983 (first byte) and RFC 5761 section 4 (RTCP).

/// The protocols that share one UDP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// First byte 0..=3.
    Stun,
    /// First byte 20..=63.
    Dtls,
    /// First byte 128..=191, second byte outside RTCP's packet types.
    Rtp,
    /// First byte 128..=191, second byte 192..=223.
    Rtcp,
}

/// Classify by the first two bytes; `None` for anything else (ZRTP, TURN channels, noise).
#[must_use]
pub fn classify(datagram: &[u8]) -> Option<Class> {
    match *datagram {
        [0..=3, ..] => Some(Class::Stun),
        [20..=63, ..] => Some(Class::Dtls),
        [128..=191, 192..=223, ..] => Some(Class::Rtcp),
        [128..=191, _, ..] => Some(Class::Rtp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_has_the_class_of_rfc_7983() {
        for first in 0..=255u8 {
            let expected = match first {
                0..=3 => Some(Class::Stun),
                20..=63 => Some(Class::Dtls),
                128..=191 => Some(Class::Rtp),
                _ => None,
            };
            assert_eq!(classify(&[first, 96]), expected, "first byte {first}");
        }
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_the_packet_type() {
        assert_eq!(classify(&[0x80, 200]), Some(Class::Rtcp));
        assert_eq!(classify(&[0x81, 205]), Some(Class::Rtcp));
        assert_eq!(classify(&[0x80, 191]), Some(Class::Rtp));
        assert_eq!(classify(&[0x80, 224]), Some(Class::Rtp));
        // Payload type 111 with the marker bit.
        assert_eq!(classify(&[0x90, 0x80 | 111]), Some(Class::Rtp));
    }

    #[test]
    fn nothing_and_half_a_header_are_nothing() {
        assert_eq!(classify(&[]), None);
        assert_eq!(classify(&[0x80]), None);
    }
}
