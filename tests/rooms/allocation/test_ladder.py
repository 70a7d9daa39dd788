from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.rooms.allocation.ladder import Ladder, build_ladder
from trio_sfu.rooms.allocation.measured import Measured, Measurement
from trio_sfu.rooms.allocation.wants import useful
from trio_sfu.rooms.layers import LADDER

CAMERA: list[Measurement] = [
    ("q", 0, 0, 90_000, 320, 180),
    ("q", 0, 1, 150_000, 320, 180),
    ("h", 0, 0, 300_000, 640, 360),
    ("h", 0, 1, 400_000, 640, 360),
    ("h", 0, 2, 500_000, 640, 360),
    ("f", 0, 0, 1_000_000, 1280, 720),
    ("f", 0, 1, 1_300_000, 1280, 720),
    ("f", 0, 2, 1_700_000, 1280, 720),
]


def measured(*layers: Measurement) -> Measured:
    made = Measured()
    made.note(0.0, layers)
    return made


def steps(ladder: Ladder) -> list[tuple[str, int | None]]:
    return [(step.rid, step.temporal) for step in ladder]


def test_a_camera_gives_up_frames_first_and_then_size() -> None:
    ladder = build_ladder("camera", LADDER, measured(*CAMERA).costs(0))
    assert steps(ladder) == [
        ("q", 0),
        ("q", None),
        ("h", 1),
        ("h", None),
        ("f", 1),
        ("f", None),
    ]


def test_a_screen_has_no_smaller_picture() -> None:
    layers = [("f", 0, t, rate, 1920, 1080) for t, rate in enumerate((500_000, 900_000))]
    costs = measured(("q", 0, 0, 100_000, 480, 270), *layers).costs(0)
    assert steps(build_ladder("screen", ["q", "f"], costs)) == [("f", 0), ("f", None)]


def test_spatial_layers_are_sizes_as_well() -> None:
    costs = measured(
        ("", 0, 0, 100_000, 320, 180),
        ("", 0, 1, 150_000, 320, 180),
        ("", 1, 0, 350_000, 640, 360),
        ("", 1, 1, 500_000, 640, 360),
        ("", 2, 1, 1_500_000, 1280, 720),
    ).costs(0)
    ladder = build_ladder("camera", [""], costs)
    assert [(step.spatial, step.temporal) for step in ladder] == [
        (0, 0),
        (0, None),
        (1, None),
        (None, None),
    ]
    assert {step.spatial for step in useful(ladder, "low", 0, 0)} == {0}
    assert {step.spatial for step in useful(ladder, "high", 700, 400)} == {0, 1}


def test_what_was_never_measured_costs_what_is_usual() -> None:
    ladder = build_ladder("camera", LADDER, {})
    assert steps(ladder) == [("q", None), ("h", None), ("f", None)]
    assert [step.bitrate for step in ladder] == [150_000, 500_000, 1_700_000]


def test_an_encoder_that_has_just_begun_is_not_taken_for_cheap() -> None:
    costs = measured(*CAMERA[:5], ("f", 0, 0, 60_000, 1280, 720)).costs(0)
    best = build_ladder("camera", LADDER, costs)[-1]
    assert best.rid == "f"
    assert best.bitrate > 500_000
    assert best.peak >= 1_700_000


def test_what_was_stopped_costs_what_it_did() -> None:
    track = measured(*CAMERA)
    track.note(1.0, CAMERA[:5])
    assert build_ladder("camera", LADDER, track.costs(60))[-1].bitrate == 1_700_000
    track.note(61.0, [*CAMERA[:5], *((r, s, t, 60_000, w, h) for r, s, t, _, w, h in CAMERA[5:])])
    assert build_ladder("camera", LADDER, track.costs(62))[-1].peak > 1_500_000


def test_a_moment_does_not_decide() -> None:
    track = measured(*CAMERA)
    burst = [(r, s, t, 3 * rate, w, h) for r, s, t, rate, w, h in CAMERA]
    track.note(10.0, burst)
    track.note(10.5, CAMERA)
    best = build_ladder("camera", LADDER, track.costs(11))[-1]
    assert best.bitrate < 2_500_000
    assert best.peak > 4_500_000
    assert build_ladder("camera", LADDER, track.costs(120))[-1].peak < 1_800_000


LAYERS = st.lists(
    st.tuples(
        st.sampled_from(["", *LADDER]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 5_000_000),
        st.sampled_from([0, 320, 1280]),
        st.sampled_from([0, 180, 720]),
    ),
    max_size=12,
)


@given(
    st.lists(st.tuples(st.floats(0, 5), LAYERS), max_size=5),
    st.sets(st.sampled_from(["", *LADDER]), min_size=1),
    st.sampled_from(["camera", "screen"]),
    st.sampled_from(["low", "medium", "high"]),
    st.integers(0, 4_000),
    st.integers(0, 4_000),
)
def test_a_ladder_rises_and_is_never_empty(
    measurements: list[tuple[float, list[Measurement]]],
    encodings: set[str],
    source: str,
    quality: str,
    width: int,
    height: int,
) -> None:
    track, now = Measured(), 0.0
    for passed, layers in measurements:
        now += passed
        track.note(now, layers)
    ladder = build_ladder(source, encodings, track.costs(now))  # type: ignore[arg-type]
    assert ladder
    assert ladder[-1].spatial is ladder[-1].temporal is None
    for below, above in pairwise(ladder):
        assert 0 < below.bitrate < above.bitrate
        assert below.peak <= above.peak
        assert below.size <= above.size
    assert all(step.peak >= step.bitrate * 0.999999 for step in ladder)
    use = useful(ladder, quality, width, height)  # type: ignore[arg-type]
    assert use
    assert use == ladder[: len(use)]
