// A page that is read: a long text that is scrolled a little now and then, and a cursor.
(title) => {
  document.title = title;
  const words = "the quick brown fox jumps over a lazy dog while nobody looks at the screen".split(" ");
  const lines = Array.from({ length: 400 }, (_, line) =>
    Array.from({ length: 12 }, (_, word) => words[(line * 7 + word * 5) % words.length]).join(" "),
  );
  document.body.replaceChildren(
    ...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })),
  );
  const cursor = document.createElement("div");
  cursor.style = "position:fixed;top:200px;left:300px;width:2px;height:20px;background:#000";
  document.body.append(cursor);
  let n = 0;
  setInterval(() => {
    n += 1;
    cursor.style.visibility = n % 2 ? "hidden" : "visible";
    if (n % 5 === 0) window.scrollBy({ top: 240, behavior: "smooth" });
    if (n % 60 === 0) window.scrollTo(0, 0);
  }, 500);
}
