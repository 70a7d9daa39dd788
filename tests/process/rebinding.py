"""A router that forgets which of its ports belongs to whom, as when its table is full."""

import socket
import struct
from typing import Final

from tests.process.network import Network

_NETLINK_NETFILTER: Final = 12
_DELETE: Final = (1 << 8) | 2
"""Of connection tracking (linux/netfilter/nfnetlink_conntrack.h): IPCTNL_MSG_CT_DELETE."""
_REQUEST: Final = 1 | 4
"""NLM_F_REQUEST, NLM_F_ACK."""
_HEADER: Final = struct.Struct("=IHHII")
_FAMILY: Final = struct.pack("=BBH", socket.AF_INET, 0, 0)


def forget_mappings(router: Network) -> None:
    """Have every flow get another port with its next packet; answers to the old one are lost."""
    with (
        router.inside(),
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as netlink,
    ):
        size = _HEADER.size + len(_FAMILY)
        netlink.send(_HEADER.pack(size, _DELETE, _REQUEST, 1, 0) + _FAMILY)
        (error,) = struct.unpack_from("=i", netlink.recv(4_096), _HEADER.size)
    if error:
        raise OSError(-error, "connection tracking cannot be emptied")
