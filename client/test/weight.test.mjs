import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

/** Bytes, gzip. */
const MOST = 20 * 1_024;

async function bundled(entry) {
  const result = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      lib: { entry: new URL(`../src/${entry}`, import.meta.url).pathname, formats: ["es"] },
      minify: true,
    },
  });
  const [made] = Array.isArray(result) ? result : [result];
  if (!made || !("output" in made)) throw new Error("nothing was made");
  return made.output.filter((file) => file.type === "chunk");
}

/** What is loaded at once: the entry, and what it imports statically. */
function atOnce(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const loaded = new Set();
  const load = (chunk) => {
    if (!chunk || loaded.has(chunk)) return;
    loaded.add(chunk);
    for (const name of chunk.imports) load(byName.get(name));
  };
  load(chunks.find(({ isEntry }) => isEntry));
  return [...loaded].map(({ code }) => code).join("");
}

it.each(["lib/index.ts", "lib/connection-test/index.ts"])(
  "%s weighs at most 20 kB, and needs no other package",
  async (entry) => {
    const chunks = await bundled(entry);
    const names = new Set(chunks.map(({ fileName }) => fileName));
    const foreign = chunks.flatMap(({ imports, dynamicImports }) =>
      [...imports, ...dynamicImports].filter((name) => !names.has(name)),
    );
    expect(foreign).toEqual([]);
    const weight = gzipSync(atOnce(chunks)).length;
    console.log(`${entry}: ${weight} bytes (gzip)`);
    expect(weight).toBeLessThanOrEqual(MOST);
  },
  30_000,
);
