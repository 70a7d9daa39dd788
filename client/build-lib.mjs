/** Make `dist/`, the package that applications install: `npm pack ./dist` makes a file of it. */
import { execFileSync } from "node:child_process";
import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const client = fileURLToPath(new URL(".", import.meta.url));
const dist = join(client, "dist");

const ENTRIES = {
  ".": "lib/index",
  "./connection-test": "lib/connection-test/index",
  "./testing": "testing/index",
};

/** What the compiler leaves: declarations, and the worker's address. */
async function renameImports() {
  for (const file of await readdir(dist, { recursive: true })) {
    if (!/\.(js|d\.ts)$/.test(file)) continue;
    const path = join(dist, file);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/(["'])(\.\.?\/[^"'\n]*)\.ts\1/g, "$1$2.js$1"));
  }
}

async function writeManifest() {
  const { name, version, license } = JSON.parse(
    await readFile(join(client, "package.json"), "utf8"),
  );
  const exports = Object.fromEntries(
    Object.entries(ENTRIES).map(([entry, file]) => [
      entry,
      { types: `./${file}.d.ts`, default: `./${file}.js` },
    ]),
  );
  const manifest = {
    name,
    version,
    description: "Client of trio-sfu video rooms for browsers, without a user interface",
    license,
    keywords: ["webrtc", "sfu", "video", "conference"],
    type: "module",
    sideEffects: ["./lib/encryption/worker.js"],
    exports,
  };
  await writeFile(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

await rm(dist, { recursive: true, force: true });
execFileSync(join(client, "node_modules", ".bin", "tsc"), ["-p", "tsconfig.lib.json"], {
  cwd: client,
  stdio: "inherit",
});
await renameImports();
await writeManifest();
await copyFile(join(client, "src", "lib", "README.md"), join(dist, "README.md"));
await copyFile(join(client, "..", "LICENSE"), join(dist, "LICENSE"));
