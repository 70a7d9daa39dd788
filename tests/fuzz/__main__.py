"""Coverage-guided fuzzing of one target: ``python -m tests.fuzz TARGET [libFuzzer's options]``."""

import importlib
import sys
import traceback
from typing import Any

# Not everywhere installed and without types: `make soak` alone has it (see pyproject.toml).
atheris: Any = importlib.import_module("atheris")

INSTRUMENTED = ["trio_sfu", "aiortc.sdp", "h11", "tomllib", "trio_websocket", "wsproto", "jwt"]


def main() -> None:
    """Fuzz until libFuzzer's options say that it is enough, or something is raised."""
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import TARGETS
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"which target? {', '.join(sorted(TARGETS))}")
    target = TARGETS[name]

    def tell(data: bytes) -> None:
        try:
            target(data)
        except BaseException:
            # libFuzzer's own report leaves out what is inside of an ExceptionGroup.
            traceback.print_exc()
            raise

    atheris.Setup(sys.argv, tell)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
