"""What a daemon of the tests is told, unless a test says otherwise."""

import os
from typing import Final

SETTINGS: Final = {
    "TRIO_SFU_HTTP_PORT": "0",
    "TRIO_SFU_MEDIA_PORT": "0",
    "TRIO_SFU_LOG_FORMAT": "json",
    # Tests look for single lines; how they are limited has tests of its own.
    "TRIO_SFU_LOG_LINES_PER_SECOND": "0",
    # The machine is shared with browsers, which says nothing about the daemon.
    "TRIO_SFU_OVERLOAD_MAX_LAG": "3",
    # A self-test would be in the census of whoever looks at the wrong moment.
    "TRIO_SFU_LIVENESS_SELF_TEST_INTERVAL": "0",
    "PYTHONUNBUFFERED": "1",
    # Tests stop it with clients inside; what a drain is has tests of its own.
    "TRIO_SFU_DRAIN_DEADLINE": "0",
    # All of a test's clients have one address.
    "TRIO_SFU_OVERLOAD_JOINS_PER_SECOND": "1000",
    "TRIO_SFU_OVERLOAD_ADDRESS_JOINS_PER_SECOND": "1000",
    "TRIO_SFU_OVERLOAD_ADDRESS_JOIN_BURST": "1000",
}


def compiled_once() -> dict[str, str]:
    """Return our environment, in which Python keeps what it has compiled.

    An operator's modules are compiled when they are installed, so a start takes less than half of
    what it takes without. A machine for tests may be told to keep none.
    """
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
