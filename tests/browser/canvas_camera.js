// Put before a page's own scripts: its camera films a pattern. COLOURS is replaced.
() => {
  const colours = COLOURS;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 360];
  const context = canvas.getContext("2d");
  let n = 0;
  const paint = () => {
    colours.forEach(([r, g, b], i) => {
      context.fillStyle = `rgb(${r},${g},${b})`;
      context.fillRect(320 * (i % 2), 180 * (i >> 1), 320, 180);
    });
    context.fillStyle = "#fff";
    n = (n + 9) % 600;
    context.fillRect(n, 170, 40, 20);
  };
  paint();
  setInterval(paint, 66);
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await real(constraints);
    for (const track of stream.getVideoTracks()) {
      track.stop();
      stream.removeTrack(track);
      stream.addTrack(canvas.captureStream(15).getVideoTracks()[0]);
    }
    return stream;
  };
}
