"""An error that no crash group is there for ends the daemon, and is one record as any other."""

from pathlib import Path

from tests.process.daemon import running_daemon
from tests.process.patience import eventually


def test_an_engine_that_panics_again_and_again_ends_the_daemon(artifacts: Path) -> None:
    with running_daemon(artifacts, faulty=True) as daemon:
        daemon.already_stopped = True
        for restarts in range(1, 4):
            daemon.fault("panic 0")
            eventually(
                lambda: daemon.find(lambda entry: entry.get("restarts") == restarts),  # noqa: B023
                within=10,
                why="another engine",
            )
        daemon.fault("panic 0")
        assert daemon.process.wait(20) == 1
    told = [(entry["event"], entry["code"]) for entry in daemon.log("error")]
    assert told == [*[("engine failed", "worker-lost")] * 4, ("daemon failed", "daemon-failed")]
    assert daemon.log("error")[-1]["causes"][0]["type"] == "MediaError"
    assert "Traceback" not in (artifacts / "daemon.log").read_text()
