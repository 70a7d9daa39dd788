import { describe, expect, it } from "vitest";
import { Roster } from "../src/lib/roster.ts";
import type { PeerInfo } from "../src/protocol.ts";

const peer = (id: string, name = id): PeerInfo => ({
  id,
  name,
  tracks: [],
  connection: "connected",
  identity: null,
  metadata: null,
  encrypted: false,
});

describe("Roster", () => {
  it("follows joins, updates and leaves", () => {
    const roster = new Roster();
    expect(roster.apply({ type: "peer-joined", peer: peer("a") })?.kind).toBe("joined");
    expect(roster.apply({ type: "peer-updated", peer: peer("a", "Ada") })?.kind).toBe("updated");
    expect(roster.peers).toEqual([peer("a", "Ada")]);
    expect(roster.apply({ type: "peer-left", peer: "a", reason: "gone" })).toMatchObject({
      kind: "left",
      reason: "gone",
    });
    expect(roster.peers).toEqual([]);
  });

  it("takes no notice of somebody unknown leaving", () =>
    expect(new Roster().apply({ type: "peer-left", peer: "x", reason: "left" })).toBeNull());

  it("keeps who is in the new session's list, in the order in which they came", () => {
    const roster = new Roster();
    roster.replace([peer("a"), peer("b")]);
    const changes = roster.replace([peer("c"), peer("b")]);
    expect(changes.map(({ kind, peer }) => [kind, peer.id])).toEqual([
      ["left", "a"],
      ["joined", "c"],
      ["updated", "b"],
    ]);
    expect(roster.peers.map(({ id }) => id)).toEqual(["b", "c"]);
  });
});
