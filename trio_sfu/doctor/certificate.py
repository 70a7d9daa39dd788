"""Whether the certificate and its key can be used, and for how long."""

import datetime
import os
from pathlib import Path
from typing import Final

from cryptography import x509

from trio_sfu.config.model import Http
from trio_sfu.doctor.finding import Finding, fail, ok, warn

CHECK: Final = "certificate"
_SOON: Final = datetime.timedelta(days=14)


def check_certificate(settings: Http, now: datetime.datetime | None = None) -> Finding:
    """Whether it is good for now. That it belongs to the key has been seen with the settings."""
    file, key = Path(settings.certificate), Path(settings.key)
    now = now or datetime.datetime.now(datetime.UTC)
    renew = "renew it: a running daemon takes it over by itself"
    try:
        first = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (OSError, ValueError) as error:
        return fail(CHECK, f"{file} cannot be read: {error}", "it must be PEM, and readable")
    if not os.access(key, os.R_OK):
        remedy = (
            f"let the daemon's user read {key}: by its group, and SupplementaryGroups= of the unit"
        )
        return fail(CHECK, f"{key} (http.key) cannot be read by this user", remedy)
    until, begin = first.not_valid_after_utc, first.not_valid_before_utc
    if now > until:
        return fail(CHECK, f"{file} has expired on {until:%Y-%m-%d}", renew)
    if now < begin:
        remedy = "look at the clock, of this machine and of who has made it"
        return fail(CHECK, f"{file} is valid from {begin:%Y-%m-%d} only", remedy)
    message = f"{file} is valid until {until:%Y-%m-%d}"
    return warn(CHECK, message, renew) if until - now < _SOON else ok(CHECK, message)
