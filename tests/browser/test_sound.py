"""Sound as it is sent: with redundancy to those who take it, with pauses, a screen's in stereo."""

import json
import time

from tests.browser.flow import server_knows
from tests.browser.participant import TONES_APART, Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "sound"
SCREEN = "MCCM"
TAB_TONE = 2_300

NO_RED = """() => {
    for (const side of [RTCRtpSender, RTCRtpReceiver]) {
        const real = side.getCapabilities;
        side.getCapabilities = (kind) => {
            const all = real.call(side, kind);
            const codecs = all.codecs.filter((c) => c.mimeType.toLowerCase() !== "audio/red");
            return { ...all, codecs };
        };
    }
}"""

# What is heard of the only one who speaks: packets, and bytes of payload.
RECEIVED = """async () => {
    const all = [...(await window.trioSfu.pc.getStats()).values()];
    const heard = all.filter((s) => s.type === "inbound-rtp" && s.kind === "audio");
    const packets = (s) => s.packetsReceived ?? 0;
    const [loudest] = heard.sort((a, b) => packets(b) - packets(a));
    return [packets(loudest), loudest.bytesReceived ?? 0];
}"""

# Two tones, one to each side, as the sound of a screen.
SHARE_TONES = """async () => {
    const context = new AudioContext();
    const merger = context.createChannelMerger(2);
    [400, 1200].forEach((frequency, side) => {
        const tone = new OscillatorNode(context, { frequency });
        tone.connect(merger, 0, side);
        tone.start();
    });
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
    merger.connect(out);
    const [track] = out.stream.getAudioTracks();
    track.contentHint = "music";
    await window.trioSfu.client.publish("screen-audio", track);
}"""

# How loud, in dB, each of the two tones is on each side of what is heard.
SIDES = """async () => {
    const context = new AudioContext();
    const found = [];
    for (const { track } of window.trioSfu.pc.getReceivers()) {
        if (track.kind !== "audio") continue;
        const source = context.createMediaStreamSource(new MediaStream([track]));
        const splitter = context.createChannelSplitter(2);
        source.connect(splitter);
        const sides = [0, 1].map((side) => {
            const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
            splitter.connect(analyser, side);
            return analyser;
        });
        found.push(sides);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    return found.map((sides) => sides.map((analyser) => {
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        const level = (frequency) =>
            Math.max(bins[Math.round((frequency * analyser.fftSize) / context.sampleRate)], -200);
        return [400, 1200].map(level);
    }));
}"""


def rate(viewer: Participant, seconds: float = 3) -> tuple[float, float]:
    """Return packets and bytes a second of the microphone that is heard."""
    packets, size = viewer.page.run(RECEIVED)
    begun = time.monotonic()
    time.sleep(seconds)
    more, larger = viewer.page.run(RECEIVED)
    took = time.monotonic() - begun
    return (more - packets) / took, (larger - size) / took


def test_redundancy_goes_to_those_who_take_it_and_nothing_breaks_for_the_others(
    daemon: Daemon, person: PersonFactory
) -> None:
    speaker, takes, takes_none = person("alice"), person("bob"), person("carol")
    chromium_of(takes_none).page.add_init_script(f"({NO_RED})()")
    for one in (speaker, takes, takes_none):
        one.join(daemon.url, ROOM)
    for listener in (takes, takes_none):
        listener.page.click("Mute microphone")
        listener.page.click("Turn camera off")
    takes.hears({"alice": speaker.tone})
    takes_none.hears({"alice": speaker.tone})
    _, redundant = rate(takes)
    _, alone = rate(takes_none)
    assert redundant > 1.6 * alone, (redundant, alone)
    # A pause is no end: hardly anything is sent, and the first word after it is heard.
    speaker.page.click("Mute microphone")
    eventually(takes.is_silent, within=10, why="silence")
    packets, _ = rate(takes)
    assert packets < 10, "silence is sent like sound"
    time.sleep(1)
    speaker.page.click("Unmute microphone")
    takes.hears({"alice": speaker.tone}, within=3)
    takes_none.hears({"alice": speaker.tone}, within=3)


def test_the_sound_of_a_screen_has_two_sides(daemon: Daemon, person: PersonFactory) -> None:
    sharer, listener = person("alice"), person("bob")
    for one in (sharer, listener):
        one.join(daemon.url, ROOM)
    sharer.page.run(SHARE_TONES)

    def stereo() -> bool:
        sides = listener.page.run(SIDES)
        return any(
            left[0] > left[1] + 30 and right[1] > right[0] + 30 and left[0] > -60
            for left, right in sides
        )

    eventually(stereo, within=15, why="each tone on its own side: " + json.dumps([400, 1200]))


def is_heard(listener: Participant, tone: int, *, tracks: int) -> None:
    """Wait until ``tone`` is the loudest on so many tracks."""

    def found() -> int:
        return sum(
            level is not None and level > -70 and abs(frequency - tone) < TONES_APART
            for frequency, level in listener.see("listen")
        )

    eventually(lambda: found() == tracks, within=10, why=f"{tone} Hz on {tracks} tracks")


def sources(daemon: Daemon) -> set[str]:
    """Return what is published in the room and not muted."""
    tracks = (each for _, found in server_knows(daemon, ROOM).values() for each in found)
    return {source for source, muted in map(str.split, tracks) if muted == "false"}


def test_a_shared_tab_is_heard_apart_from_its_presenter(
    daemon: Daemon, person: PersonFactory
) -> None:
    alice, bob, carol = person("alice", equipment="audible"), person("bob"), person("carol")
    for one in (alice, bob, carol):
        one.join(daemon.url, ROOM)
    for one in (bob, carol):
        one.page.click("Mute microphone")
        one.page.click("Turn camera off")
        one.hears({"alice": alice.tone})
    browser = chromium_of(alice)
    browser.prepare_screen(f"{daemon.url}/healthz", [COLOURS[letter] for letter in SCREEN])
    browser.play_in_shared_tab(TAB_TONE)

    alice.page.click("Share my screen")
    for one in (bob, carol):
        one.sees("alice", SCREEN)
        one.hears({"alice": alice.tone, "her tab": TAB_TONE})
    assert sources(daemon) >= {"microphone", "screen", "screen-audio"}

    # The two are two: what mutes her leaves the tab's sound, on one track.
    alice.page.click("Mute microphone")
    for one in (bob, carol):
        is_heard(one, alice.tone, tracks=0)
        is_heard(one, TAB_TONE, tracks=1)
    alice.page.click("Unmute microphone")
    for one in (bob, carol):
        one.hears({"alice": alice.tone, "her tab": TAB_TONE})

    alice.page.click("Stop sharing")
    for one in (bob, carol):
        one.sees("alice", alice.pattern)
        is_heard(one, TAB_TONE, tracks=0)
        one.hears({"alice": alice.tone})
    assert sources(daemon).isdisjoint({"screen", "screen-audio"})
