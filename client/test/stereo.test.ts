import { describe, expect, it } from "vitest";
import { withStereo } from "../src/lib/stereo.ts";

const line = (direction: string, fmtp = "a=fmtp:111 minptime=10;useinbandfec=1") =>
  [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
    `a=${direction}`,
    "a=rtpmap:111 opus/48000/2",
    fmtp,
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
    "",
  ].join("\r\n");

describe("withStereo", () => {
  it("asks for it where sound is only received", () => {
    const sdp = `v=0\r\n${line("sendonly")}${line("recvonly")}`;
    const stereo = "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1";
    expect(withStereo(sdp)).toBe(`v=0\r\n${line("sendonly")}${line("recvonly", stereo)}`);
  });

  it("leaves what says so already, and video, alone", () => {
    const video = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n";
    const sdp = `v=0\r\n${line("recvonly", "a=fmtp:111 stereo=1;useinbandfec=1")}${video}`;
    expect(withStereo(sdp)).toBe(sdp);
  });
});
