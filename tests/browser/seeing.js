// Put into a page by the tests: what a person in front of it would see and hear.
(colours) => {
  const canvas = document.createElement("canvas");
  canvas.width = 64;
  canvas.height = 36;
  const context = canvas.getContext("2d", { willReadFrequently: true });

  const nearest = (r, g, b) => {
    if (r + g + b < 90) return "K";
    let best = "?";
    let distance = 110;
    for (const [letter, [cr, cg, cb]] of Object.entries(colours)) {
      const d = Math.hypot(r - cr, g - cg, b - cb);
      if (d < distance) {
        distance = d;
        best = letter;
      }
    }
    return best;
  };

  const pattern = (video, picture = video) => {
    if (!video || video.videoWidth === 0) return "none";
    if (!video.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return "hidden";
    context.drawImage(picture, 0, 0, 64, 36);
    let letters = "";
    for (const [x, y] of [[16, 9], [48, 9], [16, 27], [48, 27]]) {
      const { data } = context.getImageData(x - 2, y - 2, 4, 4);
      const sum = [0, 0, 0];
      for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
      letters += nearest(...sum.map((s) => s / 16));
    }
    return letters;
  };

  // When pictures get larger, the element draws the first of them cut to the size of the one before:
  // on a canvas, not on the screen.
  const pictureOf = (video) => {
    try {
      return new VideoFrame(video);
    } catch {
      return null; // There is none yet, or this browser has no such thing.
    }
  };

  const tile = (name) => document.querySelector(`article.tile[data-name="${CSS.escape(name)}"]`);
  const videoOf = (name) => tile(name)?.querySelector("video");

  let audio = null;
  const analysers = new Map(); // receiver track id -> AnalyserNode

  window.seeing = {
    state: () => document.documentElement.dataset.state,
    alert: () => document.querySelector("[role=alert]")?.dataset.code ?? null,
    names: () => [...document.querySelectorAll("article.tile")].map((t) => t.dataset.name),
    source: (name) => tile(name)?.dataset.source ?? null,
    pattern: (name) => pattern(videoOf(name)),
    // Of pages that have no tiles.
    shown: (selector) => pattern(document.querySelector(selector)),
    size: (name) => {
      const video = videoOf(name);
      return video ? [video.videoWidth, video.videoHeight] : [0, 0];
    },
    // Frames decoded for the tile; the same in both browsers, unlike getVideoPlaybackQuality().
    frames: async (name) => {
      const track = videoOf(name)?.srcObject?.getVideoTracks()[0];
      if (!track) return 0;
      for (const report of (await window.trioSfu.pc.getStats()).values())
        if (report.type === "inbound-rtp" && report.trackIdentifier === track.id) return report.framesDecoded ?? 0;
      return 0;
    },
    broken: (name) => videoOf(name)?.error?.message ?? null,
    offers: () => window.trioSfu.client.offersSent,

    // Record every change of what a tile shows, with Date.now() in milliseconds.
    record: (name) => {
      const film = [];
      let looked = null;
      const look = () => {
        // Reading pixels costs a core without a GPU: once per picture, not once per look.
        const video = videoOf(name);
        const shown = video?.checkVisibility({ opacityProperty: true, visibilityProperty: true })
          ? video.getVideoPlaybackQuality().totalVideoFrames
          : null;
        if (looked && looked.video === video && looked.shown === shown) return;
        looked = { video, shown };
        const picture = pictureOf(video);
        const now = pattern(video, picture ?? video);
        picture?.close();
        if (film.at(-1)?.[1] !== now) film.push([Date.now(), now]);
      };
      look();
      window.seeing.film = film;
      window.seeing.recorder = setInterval(look, 15);
    },
    stop: () => {
      clearInterval(window.seeing.recorder);
      return window.seeing.film;
    },

    // The strongest frequency of every received audio track right now, with its level.
    listen: () => {
      audio ??= new AudioContext();
      const heard = [];
      for (const receiver of window.trioSfu.pc.getReceivers()) {
        const { track } = receiver;
        if (track.kind !== "audio") continue;
        let analyser = analysers.get(track.id);
        if (!analyser) {
          analyser = new AnalyserNode(audio, { fftSize: 8192, smoothingTimeConstant: 0 });
          audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
          analysers.set(track.id, analyser);
        }
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        let loudest = 0;
        for (let i = 1; i < bins.length; i++) if (bins[i] > bins[loudest]) loudest = i;
        heard.push([(loudest * audio.sampleRate) / analyser.fftSize, bins[loudest]]);
      }
      return heard;
    },
    // totalAudioEnergy by mid.
    energy: async () => {
      const found = {};
      for (const report of (await window.trioSfu.pc.getStats()).values())
        if (report.type === "inbound-rtp" && report.kind === "audio") found[report.mid] = report.totalAudioEnergy ?? 0;
      return found;
    },
    decoded: async () => {
      const found = {};
      for (const report of (await window.trioSfu.pc.getStats()).values())
        if (report.type === "inbound-rtp" && report.kind === "video")
          found[report.mid] = {
            decoded: report.framesDecoded ?? 0,
            keyframes: report.keyFramesDecoded ?? 0,
            plis: report.pliCount ?? 0,
          };
      return found;
    },
  };
}
