/** A sound and a picture that need no device, and nobody's permission. */

const SIZE = { width: 320, height: 180 };
const FRAMES_PER_SECOND = 10;
const TONE = 440;

export interface SyntheticMedia {
  camera: MediaStreamTrack;
  microphone: MediaStreamTrack;
  stop(): void;
}

export function syntheticMedia(): SyntheticMedia {
  const canvas = Object.assign(document.createElement("canvas"), SIZE);
  const brush = canvas.getContext("2d");
  let turn = 0;
  const draw = () => {
    turn += 1;
    if (!brush) return;
    brush.fillStyle = `hsl(${(turn * 30) % 360} 80% 50%)`;
    brush.fillRect(0, 0, SIZE.width, SIZE.height);
  };
  draw();
  const drawing = setInterval(draw, 1_000 / FRAMES_PER_SECOND);
  const [camera] = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks();
  const audio = new AudioContext();
  // Outside of a click it stays suspended, which sends silence.
  void audio.resume();
  const tone = new OscillatorNode(audio, { frequency: TONE });
  const out = audio.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  const [microphone] = out.stream.getAudioTracks();
  const stop = () => {
    clearInterval(drawing);
    camera?.stop();
    microphone?.stop();
    void audio.close();
  };
  if (!camera || !microphone) {
    stop();
    throw new Error("this browser makes no tracks of a canvas and a tone");
  }
  return { camera, microphone, stop };
}
