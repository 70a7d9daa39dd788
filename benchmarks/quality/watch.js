// Put before a page's own scripts: notes what its connection's statistics say five times a
// second, when each frame of each video is shown, and what the server says of quality. Times
// are Unix, ms.
() => {
  const watched = { samples: [], frames: {}, messages: [] };
  window.watched = watched;
  const TOLD = new Set(["slot-state", "send-encodings", "slot-shows", "slots"]);

  // A dense screen: a tile of this small window is then worth the best encoding, and the machine
  // need not draw all its pixels.
  Object.defineProperty(window, "devicePixelRatio", { get: () => 2 });

  // On few cores Chromium makes its pictures smaller by itself. What is measured here is the
  // network: a busy machine may cost pictures, not sizes.
  const set = RTCRtpSender.prototype.setParameters;
  RTCRtpSender.prototype.setParameters = function (parameters, ...rest) {
    if (parameters.encodings.length > 1)
      parameters.degradationPreference = "maintain-resolution";
    return set.call(this, parameters, ...rest);
  };

  const RealSocket = window.WebSocket;
  window.WebSocket = class extends RealSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => {
        const message = JSON.parse(data);
        if (TOLD.has(message.type)) watched.messages.push({ at: Date.now(), message });
      });
    }
  };

  const INBOUND = [
    "kind", "mid", "trackIdentifier", "bytesReceived", "packetsReceived", "packetsLost", "jitter",
    "framesReceived", "framesDecoded", "framesDropped", "keyFramesDecoded", "frameWidth", "frameHeight",
    "freezeCount", "totalFreezesDuration", "pliCount", "nackCount", "retransmittedPacketsReceived",
    "concealedSamples", "silentConcealedSamples", "totalSamplesReceived", "concealmentEvents",
    "jitterBufferDelay", "jitterBufferEmittedCount", "audioLevel", "totalAudioEnergy",
  ];
  const OUTBOUND = [
    "kind", "mid", "rid", "active", "bytesSent", "packetsSent", "retransmittedBytesSent", "framesEncoded",
    "framesSent", "keyFramesEncoded", "frameWidth", "frameHeight", "pliCount", "nackCount",
    "qualityLimitationReason", "targetBitrate",
  ];
  const pick = (entry, names) => Object.fromEntries(names.filter((n) => n in entry).map((n) => [n, entry[n]]));

  const sample = async () => {
    const pc = window.trioSfu?.pc;
    if (!pc || pc.connectionState === "closed") return;
    const found = { at: Date.now(), inbound: [], outbound: [] };
    for (const entry of (await pc.getStats()).values()) {
      if (entry.type === "inbound-rtp") found.inbound.push(pick(entry, INBOUND));
      else if (entry.type === "outbound-rtp") found.outbound.push(pick(entry, OUTBOUND));
      else if (entry.type === "candidate-pair" && entry.nominated)
        found.path = pick(entry, ["currentRoundTripTime", "availableOutgoingBitrate", "bytesSent", "bytesReceived"]);
    }
    watched.samples.push(found);
  };
  setInterval(() => sample().catch(() => {}), 200);

  const seen = new WeakSet();
  const film = (video, name) => {
    const frames = (watched.frames[name] ??= []);
    const note = (now, frame) => {
      frames.push([
        performance.timeOrigin + now, frame.width, frame.height, frame.presentedFrames, frame.rtpTimestamp ?? 0,
      ]);
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  };
  setInterval(() => {
    for (const tile of document.querySelectorAll("article.tile:not([data-peer=self])"))
      for (const video of tile.querySelectorAll("video"))
        if (!seen.has(video)) {
          seen.add(video);
          film(video, tile.dataset.name);
        }
  }, 200);
}
