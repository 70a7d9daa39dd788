"""What a WHIP or WHEP client sends in a PATCH, and offers with the credentials of one.

What is read of a fragment is fit to be put into an offer, and changes nothing else of it.
"""

from typing import Final

from tests.webrtc.offering import Description
from trio_sfu.errors import RequestError
from trio_sfu.webrtc.offer import parse_offer
from trio_sfu.whip.fragment import parse_fragment, with_credentials

OFFER: Final = Description().sdp()


def sdp_fragment(data: bytes) -> None:
    """Parse the bytes; those of a restart make an offer."""
    try:
        fragment = parse_fragment(data.decode("latin-1"))
    except RequestError:
        return
    if fragment.ufrag is None or fragment.pwd is None:
        assert fragment.pwd is None
        return
    before, after = (
        parse_offer(text) for text in (OFFER, with_credentials(OFFER, fragment.ufrag, fragment.pwd))
    )
    assert (after.ice_ufrag, after.ice_pwd) == (fragment.ufrag, fragment.pwd)
    assert after.lines == before.lines
