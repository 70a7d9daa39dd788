"""Sound as it is sent: with redundancy to those who take it, with pauses, a screen's in stereo."""

import json
import time

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "sound"

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
