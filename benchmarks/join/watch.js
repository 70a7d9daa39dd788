// Put before a page's own scripts: notes when each step of the join happened, in
// milliseconds since the signaling socket was opened.
() => {
  const steps = {};
  let opened = null;
  const note = (step) => {
    if (opened !== null && !(step in steps)) steps[step] = performance.now() - opened;
  };

  const RealSocket = window.WebSocket;
  window.WebSocket = class extends RealSocket {
    constructor(...all) {
      opened = performance.now();
      super(...all);
      this.addEventListener("open", () => note("socket"));
      this.addEventListener("message", ({ data }) => note(JSON.parse(data).type));
    }
  };

  const RealConnection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends RealConnection {
    constructor(...all) {
      super(...all);
      this.addEventListener("iceconnectionstatechange", () => note(`ice ${this.iceConnectionState}`));
      this.addEventListener("connectionstatechange", () => note(this.connectionState));
    }
  };

  const look = () => {
    for (const video of document.querySelectorAll("article.tile:not([data-peer=self]) video"))
      if (video.videoWidth > 0 && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) note("frame");
    if (!("frame" in steps)) setTimeout(look, 2);
  };
  look();

  window.joinSteps = steps;
}
