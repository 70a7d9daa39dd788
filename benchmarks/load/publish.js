// Sends one video to the daemon this page is from, by WHIP; returns the answer.
async ({ rate, width, height, screen }) => {
  const film = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    // A room that stands still, a face that moves, and the noise of a cheap camera.
    const noise = Array.from({ length: 8 }, () => {
      const tile = context.createImageData(128, 128);
      for (let i = 0; i < tile.data.length; i += 4) {
        tile.data[i] = tile.data[i + 1] = tile.data[i + 2] = Math.random() * 255;
        tile.data[i + 3] = 14;
      }
      return createImageBitmap(tile);
    });
    let n = 0;
    Promise.all(noise).then((tiles) => {
      setInterval(() => {
        n += 1;
        const sky = context.createLinearGradient(0, 0, width, height);
        sky.addColorStop(0, "#357");
        sky.addColorStop(1, "#753");
        context.fillStyle = sky;
        context.fillRect(0, 0, width, height);
        for (let i = 0; i < 40; i += 1) {
          context.fillStyle = `hsl(${i * 9} 60% 50%)`;
          const [x, y] = [(i * 97) % width, (i * 61) % height];
          context.fillRect(x, y, 50 + (i % 5) * 10, 30);
        }
        context.fillStyle = "#eb9";
        const [x, y] = [width / 2 + 60 * Math.sin(n / 9), height / 2 + 20 * Math.sin(n / 5)];
        context.beginPath();
        context.ellipse(x, y, height / 5, height / 4, Math.sin(n / 20) / 4, 0, 7);
        context.fill();
        for (let j = 0; j < height; j += 128)
          for (let i = 0; i < width; i += 128)
            context.drawImage(tiles[(n + i / 128 + j / 32) % 8], i, j);
      }, 33);
    });
    return canvas.captureStream(30);
  };
  const share = () => navigator.mediaDevices.getDisplayMedia({ video: { width, height } });
  const stream = screen ? await share() : film();
  const connection = (window.connection = new RTCPeerConnection());
  const [track] = stream.getVideoTracks();
  const line = connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  const all = RTCRtpSender.getCapabilities("video").codecs;
  line.setCodecPreferences(all.filter((each) => /VP8|rtx/.test(each.mimeType)));
  await connection.setLocalDescription(await connection.createOffer());
  const response = await fetch("/whip/trace", {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: connection.localDescription.sdp,
  });
  const answer = await response.text();
  await connection.setRemoteDescription({ type: "answer", sdp: answer });
  const parameters = line.sender.getParameters();
  parameters.encodings[0].maxBitrate = rate;
  await line.sender.setParameters(parameters);
  return answer;
}
