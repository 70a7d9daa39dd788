import { afterEach, describe, expect, it, vi } from "vitest";
import { preferCodecs, trimCodecs } from "../src/lib/codecs.ts";

const codec = (mimeType: string, sdpFmtpLine?: string): RTCRtpCodec => ({
  mimeType,
  clockRate: mimeType.startsWith("audio") ? 48_000 : 90_000,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
});

/** As Chromium 156 lists them, shortened. */
const CHROMIUM = [
  codec("video/VP8"),
  codec("video/rtx"),
  codec("video/VP9", "profile-id=0"),
  codec("video/VP9", "profile-id=2"),
  codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"),
  codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
  codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"),
  codec("video/AV1", "level-idx=5;profile=0;tier=0"),
  codec("video/AV1", "level-idx=5;profile=1;tier=0"),
  codec("video/red"),
  codec("video/ulpfec"),
];

describe("trimCodecs", () => {
  it("keeps one of each that the server forwards, VP8 first, retransmission last", () =>
    expect(trimCodecs(CHROMIUM).map(({ mimeType }) => mimeType)).toEqual([
      "video/VP8",
      "video/VP9",
      "video/H264",
      "video/AV1",
      "video/rtx",
    ]));

  it("keeps the H264 that every browser decodes", () => {
    const h264 = trimCodecs(CHROMIUM).find(({ mimeType }) => mimeType === "video/H264");
    expect(h264?.sdpFmtpLine).toContain("profile-level-id=42e01f");
    expect(h264?.sdpFmtpLine).toContain("packetization-mode=1");
  });

  it("keeps Opus of the audio codecs, and its redundancy behind it", () =>
    expect(
      trimCodecs([
        codec("audio/opus", "minptime=10;useinbandfec=1"),
        codec("audio/red"),
        codec("audio/G722"),
        codec("audio/PCMU"),
        codec("audio/CN"),
      ]).map(({ mimeType }) => mimeType),
    ).toEqual(["audio/opus", "audio/red"]));

  it("takes VP9 and AV1 without parameters for profile 0", () =>
    expect(trimCodecs([codec("video/AV1"), codec("video/VP9")])).toHaveLength(2));
});

describe("preferCodecs", () => {
  afterEach(() => void vi.unstubAllGlobals());

  /** What a browser is told to offer on a line with these encodings. */
  function offered(...encodings: { scalabilityMode?: string }[]): string[] {
    const getCapabilities = () => ({ codecs: [codec("video/VP8"), codec("video/VP9")] });
    vi.stubGlobal("RTCRtpSender", { getCapabilities });
    const told: RTCRtpCodec[] = [];
    const line = {
      direction: "sendonly",
      sender: { getParameters: () => ({ encodings }) },
      setCodecPreferences: (codecs: RTCRtpCodec[]) => told.push(...codecs),
    };
    preferCodecs(line as unknown as RTCRtpTransceiver, "video");
    return told.map(({ mimeType }) => mimeType);
  }

  it("leaves out VP9 where a browser would send its smallest size alone", () => {
    expect(offered({}, {}, {})).toEqual(["video/VP8"]);
    expect(offered({ scalabilityMode: "L1T3" }, {}, {})).toEqual(["video/VP8", "video/VP9"]);
    expect(offered({})).toEqual(["video/VP8", "video/VP9"]);
  });

  it("leaves out AV1 in encrypted calls where nothing would tell its keyframes", () => {
    const codecs = [codec("video/VP8"), codec("video/AV1")];
    vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => ({ codecs }) });
    const told = (sealed: boolean, ...uris: string[]) => {
      const given: string[] = [];
      const line = {
        direction: "recvonly",
        sender: { getParameters: () => ({ encodings: [] }) },
        setCodecPreferences: (list: RTCRtpCodec[]) =>
          given.push(...list.map(({ mimeType }) => mimeType)),
        ...(uris.length > 0 && {
          getHeaderExtensionsToNegotiate: () => uris.map((uri) => ({ uri, direction: "stopped" })),
        }),
      };
      preferCodecs(line as unknown as RTCRtpTransceiver, "video", sealed);
      return given;
    };
    const descriptor =
      "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
    expect(told(true)).toEqual(["video/VP8"]);
    expect(told(true, "urn:3gpp:video-orientation")).toEqual(["video/VP8"]);
    expect(told(true, descriptor)).toEqual(["video/VP8", "video/AV1"]);
    expect(told(false)).toEqual(["video/VP8", "video/AV1"]);
  });
});
