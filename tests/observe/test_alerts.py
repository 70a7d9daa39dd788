"""The alerts in conf/: what each fires on, what it does not fire on, and what is said of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.observe.samples import ROOT, RULES, alerts, names_in, samples_of
from tools import metrics_page

ALERTS = {alert["alert"]: alert for alert in alerts()}
PAGE = (ROOT / "docs" / "observe.md").read_text()

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")


def steady(value: float) -> str:
    """Return an hour of one value."""
    return f"{value}x60"


def growing(a_minute: float) -> str:
    """Return an hour of a counter."""
    return f"0+{a_minute}x60"


def slow(name: str, beyond: str) -> dict[str, str]:
    """Return a histogram of which a tenth is not below ``beyond``."""
    return {
        f'{name}_bucket{{le="{beyond}"}}': growing(90),
        f'{name}_bucket{{le="10.0"}}': growing(100),
        f'{name}_bucket{{le="+Inf"}}': growing(100),
    }


FIRING: dict[str, dict[str, str]] = {
    "TrioSfuDown": {'up{job="trio-sfu"}': steady(0)},
    "TrioSfuFailing": {"trio_sfu_healthy": steady(0)},
    "TrioSfuSelfTestFailing": {"trio_sfu_self_test_passed": steady(0)},
    "TrioSfuNotReady": {"trio_sfu_ready": steady(0), "trio_sfu_draining": steady(0)},
    "TrioSfuRestarting": {'process_start_time_seconds{job="trio-sfu"}': growing(60)},
    "TrioSfuEngineRestarted": {"trio_sfu_engine_restarts_total": growing(1)},
    "TrioSfuCrashes": {
        "trio_sfu_room_crashes_total": growing(0),
        "trio_sfu_peer_crashes_total": growing(1),
    },
    "TrioSfuServiceFailing": {'trio_sfu_service_failures_total{service="quality"}': growing(1)},
    "TrioSfuSettingsRefused": {
        "trio_sfu_reloads_refused_total": growing(0),
        "trio_sfu_certificates_refused_total": growing(1),
    },
    "TrioSfuOperatorTokenGuessed": {"trio_sfu_wrong_operator_tokens_total": growing(5)},
    "TrioSfuLoopLate": slow("trio_sfu_loop_lag_seconds", "0.1"),
    "TrioSfuLoopStalled": {"trio_sfu_loop_stalls_total": growing(1)},
    "TrioSfuNearLimit": {'trio_sfu_strain{resource="memory"}': steady(0.95)},
    "TrioSfuOverloaded": {"trio_sfu_overload_level": steady(1)},
    "TrioSfuForwardingSlow": slow("trio_sfu_engine_forward_latency_seconds", "0.1"),
    "TrioSfuPacketsRefused": {
        "trio_sfu_engine_socket_receive_overflows_total": growing(10),
        "trio_sfu_engine_socket_receive_datagrams_total": growing(1_000),
    },
    "TrioSfuTeardownSlow": slow("trio_sfu_peer_teardown_seconds", "2.5"),
    "TrioSfuJoinsRefused": {
        'trio_sfu_joins_total{outcome="joined"}': growing(10),
        'trio_sfu_joins_total{outcome="too-many-peers"}': growing(1),
    },
    "TrioSfuTokensRefused": {
        'trio_sfu_joins_total{outcome="joined"}': growing(10),
        'trio_sfu_joins_total{outcome="token-expired"}': growing(5),
    },
    "TrioSfuJoinsSlow": slow("trio_sfu_join_seconds", "2.5"),
    "TrioSfuPeersLost": {
        'trio_sfu_peers_left_total{reason="left"}': growing(10),
        'trio_sfu_peers_left_total{reason="timeout"}': growing(8),
    },
    "TrioSfuViewersLosePackets": {
        'trio_sfu_viewer_loss_ratio_bucket{le="0.05"}': growing(50),
        'trio_sfu_viewer_loss_ratio_bucket{le="0.1"}': growing(100),
        'trio_sfu_viewer_loss_ratio_bucket{le="+Inf"}': growing(100),
    },
    "TrioSfuPicturesFrozen": {
        'trio_sfu_viewer_frozen_ratio_bucket{le="0.05"}': growing(80),
        "trio_sfu_viewer_frozen_ratio_count": growing(100),
    },
}
"""What of the metrics makes each alert fire within the hour."""

CALM = {
    "TrioSfuDown": {'up{job="trio-sfu"}': steady(1)},
    "TrioSfuFailing": {"trio_sfu_healthy": steady(1)},
    "TrioSfuSelfTestFailing": {"trio_sfu_self_test_passed": steady(1)},
    "TrioSfuNotReady": {"trio_sfu_ready": steady(0), "trio_sfu_draining": steady(1)},
    "TrioSfuRestarting": {'process_start_time_seconds{job="trio-sfu"}': "1x30 2x29"},
    "TrioSfuServiceFailing": {'trio_sfu_service_failures_total{service="quality"}': "0x50 1x9"},
    "TrioSfuOperatorTokenGuessed": {"trio_sfu_wrong_operator_tokens_total": growing(1)},
    "TrioSfuLoopLate": slow("trio_sfu_loop_lag_seconds", "0.01")
    | {'trio_sfu_loop_lag_seconds_bucket{le="0.1"}': growing(100)},
    "TrioSfuNearLimit": {'trio_sfu_strain{resource="memory"}': steady(0.85)},
    "TrioSfuPacketsRefused": {
        "trio_sfu_engine_socket_receive_overflows_total": growing(1),
        "trio_sfu_engine_socket_receive_datagrams_total": growing(2_000),
    },
    "TrioSfuJoinsRefused": {
        'trio_sfu_joins_total{outcome="joined"}': growing(10),
        'trio_sfu_joins_total{outcome="token-expired"}': growing(1),
    },
    "TrioSfuTokensRefused": {
        'trio_sfu_joins_total{outcome="joined"}': growing(10),
        'trio_sfu_joins_total{outcome="token-expired"}': growing(1),
    },
    # One of two: few people are no statistic.
    "TrioSfuPeersLost": {
        'trio_sfu_peers_left_total{reason="left"}': "0x55 1x4",
        'trio_sfu_peers_left_total{reason="timeout"}': "0x55 1x4",
    },
    "TrioSfuPicturesFrozen": {
        'trio_sfu_viewer_frozen_ratio_bucket{le="0.05"}': growing(95),
        "trio_sfu_viewer_frozen_ratio_count": growing(100),
    },
}
"""What is near it and does not."""


def _ask(
    folder: Path, series: dict[str, str], question: dict[str, Any]
) -> subprocess.CompletedProcess[str]:
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": values} for name, values in series.items()
                ],
                "promql_expr_test": [question | {"eval_time": "1h"}],
            }
        ],
    }
    file = folder / "alerts.test.yml"
    file.write_text(json.dumps(test))  # JSON is YAML.
    command = ["promtool", "test", "rules", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@promtool
@pytest.mark.parametrize("name", list(ALERTS))
def test_it_fires(tmp_path: Path, name: str) -> None:
    question = {
        "expr": "count by (alertname) (ALERTS{alertstate='firing'})",
        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1}],
    }
    ended = _ask(tmp_path, FIRING[name], question)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@promtool
@pytest.mark.parametrize("name", list(CALM))
def test_it_does_not_fire_without_need(tmp_path: Path, name: str) -> None:
    question = {
        "expr": "count(ALERTS{alertstate='firing'}) or vector(0)",
        "exp_samples": [{"labels": "{}", "value": 0}],
    }
    ended = _ask(tmp_path, CALM[name], question)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@promtool
def test_prometheus_takes_the_rules() -> None:
    command = ["promtool", "check", "rules", str(RULES)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_each_has_a_runbook_entry_and_a_test() -> None:
    assert len(ALERTS) >= 10
    assert set(FIRING) == set(ALERTS)
    assert set(CALM) <= set(ALERTS)
    entries = re.findall(r"^#### (TrioSfu\w+)$\n\n(.+)", PAGE, re.MULTILINE)
    assert [name for name, _ in entries] == list(ALERTS)
    for name, alert in ALERTS.items():
        assert alert["annotations"]["runbook"] == f"docs/observe.md#{name.lower()}"
        assert alert["labels"]["severity"] in ("warning", "critical")
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["description"]


async def test_what_they_read_is_in_a_scrape() -> None:
    there = samples_of(await metrics_page.scraped())
    for name, alert in ALERTS.items():
        read = names_in(alert["expr"])
        assert read or name == "TrioSfuDown"
        assert read <= there, name
        assert {names_in(series).pop() for series in FIRING[name] if names_in(series)} == read
