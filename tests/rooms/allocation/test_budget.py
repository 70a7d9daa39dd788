from trio_sfu.rooms.allocation.budget import audio_need, for_video


def test_sound_comes_first() -> None:
    assert for_video(400_000, audio_need(2, 0)) < 400_000 - audio_need(2, 0)


def test_a_still_screen_is_not_paused_for_sound_that_might_come() -> None:
    """What costs next to nothing is shown where two who talk would take all there is."""
    assert for_video(160_000, audio_need(2, 1)) == 40_000
