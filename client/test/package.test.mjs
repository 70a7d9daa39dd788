import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const CLIENT = fileURLToPath(new URL("..", import.meta.url));
const TSC = join(CLIENT, "node_modules", ".bin", "tsc");

const PROGRAM = `
import { type RemotePeer, RoomClient, RoomError } from "trio-sfu-client";
import { type Finding, testConnection } from "trio-sfu-client/connection-test";

export async function call(url: string, camera: MediaStreamTrack): Promise<readonly RemotePeer[]> {
  const client = new RoomClient({ url });
  client.on("state", ({ state, error }) => console.log(state, error?.code));
  await client.publish("camera", camera);
  try {
    await client.join({ room: "demo", name: "Ada", encryption: { passphrase: "secret" } });
  } catch (error) {
    if (error instanceof RoomError && error.code === "room-full") console.log(error.retryAfter);
  }
  return client.peers;
}

export async function examine(url: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of testConnection({ url })) findings.push(finding);
  return findings;
}
`;

const WRONG = `
import { RoomClient } from "trio-sfu-client";
new RoomClient().publish("webcam", null);
`;

const TEST = `
import assert from "node:assert/strict";
import { RoomClient } from "trio-sfu-client";
import { FakeServer } from "trio-sfu-client/testing";
const server = new FakeServer();
const client = new RoomClient(server.settings);
await client.join({ room: "demo", name: "Ada" });
const bob = server.enters("Bob", ["camera"]);
await Promise.resolve();
assert.equal(client.peers[0].name, "Bob");
bob.leave();
assert.equal(client.peers.length, 0);
client.leave();
console.log("well");
`;

let folder;

const write = (file, text) => writeFile(join(folder, file), text);
const inside = (command, ...args) => run(command, args, { cwd: folder });

async function typeCheck(file) {
  const flags = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
  const types = ["--lib", "es2023,dom,dom.iterable,dom.asynciterable", "--types", ""];
  return inside(TSC, ...flags, ...types, file).then(
    () => "",
    ({ stdout }) => stdout,
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trio-sfu-client-"));
  await run("node", ["build-lib.mjs"], { cwd: CLIENT });
  await inside("npm", "pack", "--silent", join(CLIENT, "dist"));
  const [packed] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
  await write("package.json", '{ "name": "application", "private": true, "type": "module" }');
  await inside("npm", "install", "--offline", "--no-audit", "--no-fund", `./${packed}`);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the package, installed in another application", () => {
  it("has its licence and its page, and nothing else comes with it", async () => {
    expect(await readdir(join(folder, "node_modules"))).toEqual(
      expect.arrayContaining(["trio-sfu-client"]),
    );
    const installed = join(folder, "node_modules", "trio-sfu-client");
    const files = await readdir(installed);
    expect(files.sort()).toEqual(
      [
        "LICENSE",
        "README.md",
        "lib",
        "package.json",
        "protocol.d.ts",
        "protocol.js",
        "testing",
      ].sort(),
    );
    const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest.license).toBe("Apache-2.0");
  });

  it("type-checks there, strictly, and tells what is wrong", async () => {
    await write("program.ts", PROGRAM);
    await write("wrong.ts", WRONG);
    expect(await typeCheck("program.ts")).toBe("");
    expect(await typeCheck("wrong.ts")).toContain('"webcam"');
  }, 60_000);

  it("is bundled there, what encrypts as files of their own", async () => {
    await write("program.ts", PROGRAM);
    await mkdir(join(folder, "out"), { recursive: true });
    await build({
      root: folder,
      configFile: false,
      logLevel: "error",
      build: {
        outDir: "out",
        target: "es2022",
        rolldownOptions: { input: join(folder, "program.ts"), preserveEntrySignatures: "strict" },
      },
    });
    const made = await readdir(join(folder, "out", "assets"));
    expect(made.some((file) => file.startsWith("worker-"))).toBe(true);
    expect(made.some((file) => file.startsWith("encryption-"))).toBe(true);
  }, 60_000);

  it("runs without a browser, on its fakes", async () => {
    await write("test.js", TEST);
    expect((await inside("node", "test.js")).stdout).toBe("well\n");
  }, 60_000);
});
