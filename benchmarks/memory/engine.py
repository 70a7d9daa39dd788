"""``python -m benchmarks.memory.engine PEERS PAIRS``: what the packet engine takes for a peer.

A process with nothing but the engine has so many transports with keys and slots; prints
the growth of its memory for each, in KiB.
"""

import gc
import sys

import psutil

from trio_sfu._native import Engine


def growth(peers: int, pairs: int) -> float:
    """Return KiB for each of ``peers`` transports with ``pairs`` of slots."""
    engine = Engine(addresses=[("127.0.0.1", 0)])
    try:
        _add(engine, 0, 20, pairs)
        before = _memory()
        _add(engine, 20, peers, pairs)
        return (_memory() - before) / peers / 1024
    finally:
        engine.close()


def _add(engine: Engine, first: int, peers: int, pairs: int) -> None:
    codecs = [(111, "opus", 48_000, None), (96, "vp8", 90_000, 97)]
    key = bytes(28)
    for number in range(first, first + peers):
        transport = engine.add_transport(f"ufrag{number:06}", "0123456789abcdefghijkl")
        engine.set_negotiated(transport, extensions=[(4, "mid")], codecs=codecs)  # type: ignore[arg-type]
        engine.set_srtp_keys(transport, "AEAD_AES_128_GCM", key, key)
        for pair in range(pairs):
            ssrc = number * 1_000 + pair * 4 + 1
            engine.add_slot(transport, f"a{pair}", "audio", ssrc=ssrc, cname="c")
            engine.add_slot(
                transport, f"v{pair}", "video", ssrc=ssrc + 1, rtx_ssrc=ssrc + 2, cname="c"
            )


def _memory() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    sys.stdout.write(f"{growth(int(sys.argv[1]), int(sys.argv[2])):.1f}\n")
