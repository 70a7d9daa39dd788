"""Which ports media has, in words: they must be let through to the daemon."""

from trio_sfu.config.model import Media


def told_ports(media: Media) -> str:
    """Say how many workers there are, and the ports that are theirs."""
    count = media.worker_count
    workers = f"{count} worker{'s' if count > 1 else ''}"
    kinds = ["UDP", "TCP"] if media.tcp else ["UDP"]
    if not media.port:
        return f"{workers}, on ports that the system chooses"
    if not media.tcp or media.tcp_port in (0, media.port):
        return f"{workers}, {' and '.join(kinds)} {_range(media.port, count)}"
    return f"{workers}, UDP {_range(media.port, count)}, TCP {_range(media.tcp_port, count)}"


def _range(first: int, count: int) -> str:
    return f"port {first}" if count == 1 else f"ports {first} to {first + count - 1}"
