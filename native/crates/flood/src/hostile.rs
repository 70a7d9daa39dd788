//! What a stranger may send.

/// How many different ones are made.
const VARIANTS: usize = 1024;
/// RFC 8489 5: the magic cookie.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// Datagrams made once, to be sent again and again.
pub(crate) struct Datagrams(Vec<Vec<u8>>);

impl Datagrams {
    pub(crate) fn new(ufrags: &[String]) -> Self {
        let mut chance = Chance(0x1234_5678_9abc_def1);
        let make = |number: usize| match number % 3 {
            0 => garbage(&mut chance),
            1 => {
                let known = (number % 9 == 1 && !ufrags.is_empty())
                    .then(|| ufrags[number / 9 % ufrags.len()].as_str());
                binding_request(known.unwrap_or("nobodyhere"), &mut chance)
            }
            _ => client_hello(&mut chance),
        };
        Self((0..VARIANTS).map(make).collect())
    }

    /// `count` of them, from number `first` on.
    pub(crate) fn run(&self, first: usize, count: usize) -> impl Iterator<Item = &[u8]> {
        (first..first + count).map(|number| self.0[number % VARIANTS].as_slice())
    }
}

/// Xorshift: the same in each run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn fill(&mut self, out: &mut Vec<u8>, len: usize) {
        out.extend((0..len).map(|_| self.next().to_le_bytes()[3]));
    }
}

fn garbage(chance: &mut Chance) -> Vec<u8> {
    let len = 1 + (chance.next() % 1_200) as usize;
    let mut datagram = Vec::new();
    chance.fill(&mut datagram, len);
    datagram
}

/// A well-formed check whose MESSAGE-INTEGRITY is chance.
fn binding_request(ufrag: &str, chance: &mut Chance) -> Vec<u8> {
    let mut datagram = vec![0, 1, 0, 0];
    datagram.extend(COOKIE);
    chance.fill(&mut datagram, 12);
    let username = format!("{ufrag}:evil");
    datagram.extend([0, 6]);
    datagram.extend((username.len() as u16).to_be_bytes());
    datagram.extend(username.as_bytes());
    datagram.resize(datagram.len().next_multiple_of(4), 0);
    datagram.extend([0, 0x24, 0, 4, 0x6e, 0x7f, 0xff, 0xff]);
    datagram.extend([0x80, 0x2a, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    datagram.extend([0, 8, 0, 20]);
    chance.fill(&mut datagram, 20);
    let len = (datagram.len() - 20) as u16;
    datagram[2..4].copy_from_slice(&len.to_be_bytes());
    datagram
}

/// A DTLS 1.2 record with a ClientHello (RFC 6347 4.2.2): use_srtp and two cipher suites.
fn client_hello(chance: &mut Chance) -> Vec<u8> {
    let mut body = vec![254, 253];
    chance.fill(&mut body, 32);
    body.extend([0, 0]); // no session, no cookie
    body.extend([0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0]);
    body.extend([0, 9, 0, 14, 0, 5, 0, 2, 0, 7, 0]);
    let len = (body.len() as u32).to_be_bytes();
    let mut handshake = vec![1, len[1], len[2], len[3], 0, 0, 0, 0, 0, len[1], len[2], len[3]];
    handshake.extend(body);
    let mut datagram = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0];
    datagram.extend((handshake.len() as u16).to_be_bytes());
    datagram.extend(handshake);
    datagram
}
