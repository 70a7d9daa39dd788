"""Reading and forging UDP on the loopback device. Needs root."""

import hashlib
import hmac
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

ETHERNET_HEADER = 14
UDP_HEADER = 8
MAGIC_COOKIE = 0x2112A442
KEEP = 4_000
"""Datagrams a tap keeps; what comes later is not looked at."""


def checksum_free(packet: bytes) -> bytes:
    """Return an IPv4/UDP packet without UDP checksum (0: none, RFC 768); loopback left it
    to a device that does not exist."""
    start = (packet[0] & 15) * 4 + 6
    return packet[:start] + bytes(2) + packet[start + 2 :]


def with_payload(packet: bytes, payload: bytes) -> bytes:
    """Return the packet with another UDP payload, its addresses and ports as they were."""
    header = (packet[0] & 15) * 4
    length = header + UDP_HEADER + len(payload)
    ip = packet[:2] + struct.pack("!H", length) + packet[4:header]
    udp = packet[header : header + 4] + struct.pack("!HH", UDP_HEADER + len(payload), 0)
    return ip + udp + payload


def payload_of(packet: bytes) -> bytes:
    """Return the UDP payload of an IPv4 packet."""
    return packet[(packet[0] & 15) * 4 + UDP_HEADER :]


@contextmanager
def tapped(port: int) -> Iterator[list[bytes]]:
    """Collect the IPv4 packets to a UDP port, as they are."""
    taken: list[bytes] = []
    done = threading.Event()

    def read() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as raw:
            raw.bind(("lo", 0))
            raw.settimeout(0.2)
            while not done.is_set() and len(taken) < KEEP:
                try:
                    frame, address = raw.recvfrom(65_535)
                except TimeoutError:
                    continue
                packet = frame[ETHERNET_HEADER:]
                if address[2] == socket.PACKET_OUTGOING or packet[9] != socket.IPPROTO_UDP:
                    continue
                at = (packet[0] & 15) * 4
                if struct.unpack_from("!H", packet, at + 2)[0] == port:
                    taken.append(packet)

    reader = threading.Thread(target=read, name="wiretap")
    reader.start()
    try:
        yield taken
    finally:
        done.set()
        reader.join()


def forge(packets: list[bytes]) -> None:
    """Send IPv4 packets as they are, with somebody else's source address."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for number, packet in enumerate(packets):
            raw.sendto(checksum_free(packet), ("127.0.0.1", 0))
            if number % 100 == 99:
                time.sleep(0.005)  # The receive buffer is not what is tested.


def is_stun(payload: bytes) -> bool:
    """Whether RFC 7983 takes it for STUN."""
    return len(payload) >= 20 and payload[0] < 4


def is_rtp(payload: bytes) -> bool:
    """Whether RFC 7983 and RFC 5761 take it for RTP."""
    return len(payload) > 12 and 128 <= payload[0] < 192 and not 192 <= payload[1] <= 223


def username_of(request: bytes) -> bytes:
    """Return the USERNAME of a binding request."""
    at = 20
    while at + 4 <= len(request):
        kind, length = struct.unpack_from("!HH", request, at)
        if kind == 0x0006:
            return request[at + 4 : at + 4 + length]
        at += 4 + length + (-length % 4)
    raise AssertionError("no USERNAME")


def binding_request(username: bytes, password: bytes) -> bytes:
    """Return a binding request (RFC 8489) as a controlling ICE agent sends it."""

    def attribute(kind: int, value: bytes) -> bytes:
        return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)

    def message(attributes: bytes, more: int) -> bytes:
        length = len(attributes) + more
        return struct.pack("!HHI", 1, length, MAGIC_COOKIE) + transaction + attributes

    transaction = os.urandom(12)
    body = (
        attribute(0x0006, username)
        + attribute(0x802A, os.urandom(8))  # ICE-CONTROLLING
        + attribute(0x0025, b"")  # USE-CANDIDATE
        + attribute(0x0024, struct.pack("!I", 1))  # PRIORITY
    )
    mac = hmac.new(password, message(body, 24), hashlib.sha1).digest()
    body += attribute(0x0008, mac)
    crc = zlib.crc32(message(body, 8)) ^ 0x5354554E
    return message(body + attribute(0x8028, struct.pack("!I", crc)), 0)
