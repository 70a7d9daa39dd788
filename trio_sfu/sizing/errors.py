"""Why nothing could be measured."""

from trio_sfu.errors import SfuError


class SizeError(SfuError):
    """The run came to no figures; the message says what to look at."""

    default_code = "size-failed"
