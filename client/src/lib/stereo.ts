/**
 * Stereo for what is received: browsers decode to one channel unless their own description
 * says `stereo=1` (RFC 7587 §6.1), and no call of webrtc-pc makes it say so.
 */

/** `sdp` with stereo in every audio line that only receives. */
export function withStereo(sdp: string): string {
  return sdp
    .split(/^(?=m=)/m)
    .map((section) =>
      /^m=audio /.test(section) && /^a=recvonly\r?$/m.test(section) ? both(section) : section,
    )
    .join("");
}

function both(section: string): string {
  const opus = /^a=rtpmap:(\d+) opus\/48000\/2/im.exec(section)?.[1];
  return opus === undefined
    ? section
    : section.replace(
        new RegExp(`^(a=fmtp:${opus} (?!.*\\bstereo=)[^\\r\\n]*)`, "m"),
        "$1;stereo=1",
      );
}

/**
 * Make the offer and set it. A browser that refuses to be told so offers as it likes: it may
 * do stereo without being asked, or not at all.
 */
export async function setOffer(pc: RTCPeerConnection): Promise<void> {
  const { sdp = "" } = await pc.createOffer();
  const stereo = withStereo(sdp);
  if (stereo !== sdp)
    try {
      await pc.setLocalDescription({ type: "offer", sdp: stereo });
      return;
    } catch {
      // Below.
    }
  await pc.setLocalDescription();
}
