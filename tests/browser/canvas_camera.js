// Put before a page's own scripts: its camera films a pattern. COLOURS and SIZE are replaced.
() => {
  const colours = COLOURS;
  const canvas = document.createElement("canvas");
  const [width, height] = SIZE;
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  let n = 0;
  const paint = () => {
    colours.forEach(([r, g, b], i) => {
      context.fillStyle = `rgb(${r},${g},${b})`;
      context.fillRect((width / 2) * (i % 2), (height / 2) * (i >> 1), width / 2, height / 2);
    });
    context.fillStyle = "#fff";
    n = (n + 9) % (width - 40);
    context.fillRect(n, height / 2 - 10, 40, 20);
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
