// Put before a page's own scripts: cameras and microphones that a test can plug in and unplug.
// The word in capitals is replaced by [{ kind, id, label, colours | tone }, ...]: the first of a
// kind is the system's default. Speakers only note what is played on them.
() => {
  const all = new Map(DEVICES.map((device) => [device.id, device]));
  const plugged = new Set(all.keys());
  const busy = new Set();
  const open = new Map(); // device id -> its tracks
  const standard = {};
  for (const { kind, id } of all.values()) standard[kind] ??= id;
  const states = { camera: "granted", microphone: "granted" };
  const statuses = {};
  const senders = [];
  const sounds = []; // of the microphones, to be set anew
  const players = new Map(); // what has been played -> the speaker it is played on
  let audio = null;

  const of = (kind) => [...all.values()].filter((each) => each.kind === kind && plugged.has(each.id));
  const permission = (kind) => (kind === "videoinput" ? "camera" : "microphone");
  const current = (kind) =>
    plugged.has(standard[kind]) ? all.get(standard[kind]) : of(kind)[0];

  const info = (kind, deviceId, label, group) => {
    const told = states[permission(kind)] === "granted" || kind === "audiooutput";
    const shown = told ? { deviceId, label, groupId: `group of ${group}` } : { deviceId: "", label: "", groupId: "" };
    return { kind, ...shown };
  };
  const list = (kind) => {
    const found = of(kind).map(({ id, label }) => info(kind, id, label, id));
    const now = current(kind);
    // As Chromium says what the system's choice is.
    if (kind !== "videoinput" && now) found.unshift(info(kind, "default", `Default - ${now.label}`, now.id));
    return found;
  };

  const film = (device) => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 640, height: 360 });
    const context = canvas.getContext("2d");
    let n = 0;
    const paint = () => {
      device.colours.forEach(([r, g, b], i) => {
        context.fillStyle = `rgb(${r},${g},${b})`;
        context.fillRect(320 * (i % 2), 180 * (i >> 1), 320, 180);
      });
      context.fillStyle = "#fff";
      n = (n + 9) % 600;
      context.fillRect(n, 170, 40, 20);
    };
    paint();
    const timer = setInterval(paint, 100);
    const [track] = canvas.captureStream(10).getVideoTracks();
    return { track, quiet: () => clearInterval(timer) };
  };

  // Beeps, as the recorded microphones have them: 0.3 s of tone, 0.3 s of silence. Before the browser
  // processes it there is the noise of the room as well.
  const beep = (device, raw) => {
    audio ??= new AudioContext();
    const tone = new OscillatorNode(audio, { frequency: device.tone });
    const beats = new OscillatorNode(audio, { type: "square", frequency: 1 / 0.6 });
    const gate = new GainNode(audio, { gain: 0.2 });
    const depth = new GainNode(audio, { gain: 0.2 });
    beats.connect(depth).connect(gate.gain);
    const out = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
    const voice = new GainNode(audio);
    const room = new GainNode(audio);
    tone.connect(gate).connect(voice).connect(out);
    tone.connect(room).connect(out);
    for (const each of [tone, beats]) each.start();
    const sound = () => {
      voice.gain.value = device.off || device.hushed ? 0 : 1;
      room.gain.value = raw && !device.off ? 1e-4 : 0;
    };
    sound();
    sounds.push({ device, sound });
    const [track] = out.stream.getAudioTracks();
    return { track, quiet: () => [voice, room].forEach((each) => each.disconnect()) };
  };

  const make = (device, asked, raw) => {
    const { track, quiet } = device.kind === "videoinput" ? film(device) : beep(device, raw);
    const real = track.getSettings.bind(track);
    Object.defineProperty(track, "label", { value: device.label });
    Object.defineProperty(track, "muted", { get: () => device.muted ?? false });
    track.getSettings = () => ({ ...real(), deviceId: asked, groupId: `group of ${device.id}` });
    const stop = track.stop.bind(track);
    track.stop = () => {
      quiet();
      stop();
    };
    open.set(device.id, [...(open.get(device.id) ?? []), track]);
    return track;
  };
  const take = (kind, constraints) => {
    if (states[permission(kind)] !== "granted") throw new DOMException("no permission", "NotAllowedError");
    const wanted = Object(constraints.deviceId).exact;
    const usual = kind === "videoinput" ? of(kind)[0] : current(kind);
    const found = !wanted || wanted === "default" ? usual : of(kind).find(({ id }) => id === wanted);
    if (!found) throw new DOMException("no such device", wanted ? "OverconstrainedError" : "NotFoundError");
    if (busy.has(found.id)) throw new DOMException("in use", "NotReadableError");
    const raw = constraints.noiseSuppression === false;
    return make(found, wanted ?? (kind === "videoinput" ? found.id : "default"), raw);
  };

  const devices = navigator.mediaDevices;
  devices.enumerateDevices = async () => ["audioinput", "videoinput", "audiooutput"].flatMap(list);
  devices.getUserMedia = async ({ audio: sound, video }) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const tracks = [];
    if (sound) tracks.push(take("audioinput", Object(sound)));
    if (video) tracks.push(take("videoinput", Object(video)));
    return new MediaStream(tracks);
  };
  const query = navigator.permissions.query.bind(navigator.permissions);
  navigator.permissions.query = async (what) => {
    if (!(what.name in states)) return query(what);
    statuses[what.name] ??= Object.defineProperty(new EventTarget(), "state", { get: () => states[what.name] });
    return statuses[what.name];
  };
  const replaceTrack = RTCRtpSender.prototype.replaceTrack;
  RTCRtpSender.prototype.replaceTrack = function (track) {
    if (track) senders.push([track.label, track.enabled]);
    return replaceTrack.call(this, track);
  };

  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    if (!this.muted && !players.has(this)) players.set(this, "");
    return play.call(this);
  };
  HTMLMediaElement.prototype.setSinkId = async function (id) {
    if (id && !of("audiooutput").some((each) => each.id === id)) throw new DOMException("no such device", "NotFoundError");
    players.set(this, id);
  };
  Object.defineProperty(HTMLMediaElement.prototype, "sinkId", { get() { return players.get(this) ?? ""; } });

  const changed = () => devices.dispatchEvent(new Event("devicechange"));
  const end = (id, silently = false) => {
    const tracks = (open.get(id) ?? []).filter(({ readyState }) => readyState === "live");
    open.delete(id);
    for (const track of tracks) {
      track.stop();
      if (!silently) track.dispatchEvent(new Event("ended"));
    }
  };
  const silence = (id, muted) => {
    all.get(id).muted = muted;
    for (const track of open.get(id) ?? []) track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  };
  const set = (id, state) => {
    Object.assign(all.get(id), state);
    for (const { device, sound } of sounds) if (device.id === id) sound();
  };
  window.devices = {
    // What sound is played on: the speakers' ids, "" for the system's choice.
    heardOn: () => [...players].filter(([player]) => player.srcObject?.active && !player.paused).map(([, id]) => id),
    // What was put on a line: [the device's name, whether it could be heard or seen], in order.
    senders,
    plug: (id) => {
      plugged.add(id);
      changed();
    },
    unplug: (id) => {
      plugged.delete(id);
      end(id);
      changed();
    },
    prefer: (id) => {
      standard[all.get(id).kind] = id;
      changed();
    },
    // What happens to a page that is told nothing, as one that is frozen.
    unseen: (what, id) => {
      if (what === "plug") plugged.add(id);
      else if (what === "prefer") standard[all.get(id).kind] = id;
      else {
        plugged.delete(id);
        end(id, true);
      }
    },
    // Another program takes it, or gives it back.
    occupy: (id) => {
      busy.add(id);
      end(id);
    },
    free: (id) => busy.delete(id),
    // A key of the device, or the system's settings.
    mute: (id) => silence(id, true),
    unmute: (id) => silence(id, false),
    // By a switch of which nobody is told: all samples are zero.
    switchOff: (id) => set(id, { off: true }),
    switchOn: (id) => set(id, { off: false }),
    // Nobody speaks, and the browser takes what noise there is away.
    hush: (id) => set(id, { hushed: true }),
    speak: (id) => set(id, { hushed: false }),
    permit: (device, state) => {
      states[device] = state;
      if (state !== "granted")
        for (const { id, kind } of all.values()) if (permission(kind) === device) end(id);
      statuses[device]?.dispatchEvent(new Event("change"));
      changed();
    },
    // All that was open is dead, and nobody says so; a minute has passed.
    sleep: () => {
      for (const id of all.keys()) end(id, true);
      const now = Date.now.bind(Date);
      Date.now = () => now() + 60_000;
    },
  };
}
