"""Facts about webhooks."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Fact, Level


@dataclass(frozen=True, slots=True)
class WebhookFailing(Fact):
    """A receiver of webhooks does not take them any more; it is tried again.

    ``endpoint`` is which URL of the settings it is, from 1: the URL itself may have a secret in
    it. Noted once until it takes one again.
    """

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "webhook_outages",
        "Times a receiver of webhooks began to fail",
    )
    label: ClassVar[str | None] = "reason"
    endpoint: int
    reason: str
