"""What docs/secure.md tells to type works as it stands there."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from trio_sfu.access import Policy, verify
from trio_sfu.access.keys import read_keys
from trio_sfu.config.keys import KEYS
from trio_sfu.signaling.carried import Rights

PAGE = (Path(__file__).parents[1] / "docs" / "secure.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_first_token_and_one_of_a_program(tmp_path: Path) -> None:
    [commands], [program] = blocks("sh"), blocks("python")
    said = run(["sh", "-ec", commands], tmp_path).stdout
    assert "https://meet.example.org/standup#token=ey" in said
    assert "accepted: good for 3" in said
    made = run([sys.executable, "-c", f"{program}\nprint(token)"], tmp_path).stdout.strip()
    policy = Policy(read_keys([tmp_path / "2026-03.public.jwk"]))
    grant = verify(made, time.time(), policy, room="standup")
    assert grant.identity == "ada"
    assert grant.rights.publish == ["camera", "microphone"]


def test_the_settings_and_rights_it_names_exist() -> None:
    named = set(re.findall(r"`((?:auth|http|admin)\.[a-z_]+)", PAGE))
    assert len(named) >= 5
    assert named <= set(KEYS)
    variables = set(re.findall(r"TRIO_SFU_[A-Z_]+", PAGE))
    assert variables <= {key.variable for key in KEYS.values()}
    for right in Rights.__struct_fields__:
        assert f"`{right}`" in PAGE
