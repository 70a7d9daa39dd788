"""Why nothing could be measured."""

from trio_sfu.errors import SfuError


class TrialError(SfuError):
    """The run came to no figures; the message says what to look at."""

    default_code = "trial-failed"
