// Turns a tab into something to share: the title the picker looks for, and a pattern.
([title, colours]) => {
  document.title = title;
  document.body.style.cssText = "margin:0;display:grid;height:100vh;grid:1fr 1fr/1fr 1fr";
  document.body.replaceChildren(
    ...colours.map((rgb) => {
      const quarter = document.createElement("div");
      quarter.style.background = `rgb(${rgb})`;
      return quarter;
    }),
  );
  const dot = document.createElement("div");
  document.body.append(dot);
  let x = 0;
  const move = () => {
    x = (x + 7) % 100;
    dot.style.cssText = `position:fixed;top:49%;left:${x}%;width:2%;height:2%;background:#fff`;
    // Ten pictures a second, not the display's sixty: each is drawn, captured and encoded
    // without a GPU, on a machine that runs the viewers too.
    setTimeout(() => requestAnimationFrame(move), 100);
  };
  move();
}
