// Put into a page of the daemon by the tests: many people in a room, each with a client of the
// page's own library and a camera that is a canvas. Nobody of them watches.
(colours, [width, height, fps] = [320, 180, 6]) => {
  const { constructor: RoomClient } = window.trioSfu.client;

  const paint = (context, n) => {
    colours.forEach((_, i) => {
      context.fillStyle = `rgb(${colours[(i + n) % colours.length]})`;
      context.fillRect((width / 2) * (i % 2), (height / 2) * (i >> 1), width / 2, height / 2);
    });
  };

  // A picture in base64, or colours; a dot moves on it.
  const film = async (n, picture) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    const bytes = picture && Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    const drawn = bytes && (await createImageBitmap(new Blob([bytes], { type: "image/jpeg" })));
    let at = 0;
    setInterval(() => {
      if (drawn) context.drawImage(drawn, 0, 0, width, height);
      else paint(context, n);
      at = (at + 9) % width;
      context.fillStyle = drawn ? "#0001" : "#fff";
      context.fillRect(at, height / 2 - 5, 20, 10);
    }, 1000 / fps);
    return canvas.captureStream(fps).getVideoTracks()[0];
  };
  const shared = [0, 1, 2, 3].map((n) => film(n, null));

  const come = async (room, name, track) => {
    const client = new RoomClient();
    client.setView({ tiles: [], hidden: true });
    await client.publish("camera", await track);
    await client.join({ room, name });
    return client;
  };

  const rooms = new Map();
  window.crowd = {
    // Strangers, so many of them.
    gather: async (room, count) => {
      const people = [];
      for (let n = 0; n < count; n++)
        people.push(await come(room, `Guest ${n + 1}`, shared[n % shared.length]));
      rooms.set(room, people);
    },
    // Somebody in particular.
    come: async (room, name, picture) => {
      const client = await come(room, name, film(0, picture));
      rooms.set(room, [...(rooms.get(room) ?? []), client]);
    },
    // Somebody of them looks at all who are there, in small tiles.
    look: (room, n) => {
      const client = rooms.get(room)[n];
      const tile = { width: 320, height: 180, visible: true };
      client.setView({ tiles: client.peers.map(({ id }) => ({ peer: id, ...tile })), hidden: false });
    },
    // What somebody of them does, by the name of a method of the conversation.
    act: (room, n, what, ...said) => rooms.get(room)[n].conversation[what](...said),
    // They write, raise hands, react, go and come, each `every` ms one of these things.
    liven: (every) => {
      let n = 0;
      const doing = [
        ({ conversation }) => conversation.write(`message ${n}, see https://example.org/${n}`),
        ({ conversation }) => conversation.raiseHand(!conversation.handRaised),
        ({ conversation }) => conversation.react("clap"),
        (client) => client.setMuted("camera", !client.published("camera").muted),
        async (client, people, room) => {
          client.leave();
          people[people.indexOf(client)] = await come(room, `Guest ${n}`, shared[n % shared.length]);
        },
      ];
      return setInterval(() => {
        n += 1;
        for (const [room, people] of rooms) {
          const client = people[n % people.length];
          if (client.state === "connected") void doing[n % doing.length](client, people, room);
        }
      }, every);
    },
  };
}
