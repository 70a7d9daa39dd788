/** One screen at a time, as the server has it: who shares one takes the place of who did before. */
import type { Publish, ServerMessage, Source } from "../protocol.ts";
import type { FakePeer } from "./fake-peer.ts";

const SHARED = ["screen", "screen-audio"] as const;

/** What of its server it needs. */
export interface Sharing {
  tell(message: ServerMessage): void;
  peers(): readonly FakePeer[];
  /** By the client under test. */
  published: Map<Source, Publish>;
}

type Presenter = Pick<FakePeer, "id" | "name">;

export class FakeScreens {
  readonly #sharing: Sharing;

  constructor(sharing: Sharing) {
    this.#sharing = sharing;
  }

  /** The client says what it publishes. */
  publish(message: Publish, self: Presenter): void {
    const { published, peers } = this.#sharing;
    published.set(message.source, message);
    if (message.source !== "screen" || !message.live || message.muted) return;
    const other = message.again && peers().find((peer) => peer.publishes("screen"));
    if (other) this.#end(other);
    else this.#displace(self);
  }

  /** A peer shares a screen. */
  present(peer: FakePeer): void {
    // It publishes before it is there.
    if (!this.#sharing.peers().includes(peer)) return;
    if (this.#sharing.published.get("screen")?.live) this.#end(peer);
    this.#displace(peer);
  }

  /** The client's own is over. */
  #end({ id: by, name }: Presenter): void {
    for (const source of SHARED) this.#sharing.published.delete(source);
    const [code, source] = ["screen-taken-over", "screen"] as const;
    this.#sharing.tell({ type: "moderated", code, by, name, source, reason: "" });
  }

  #displace({ id: by, name }: Presenter): void {
    const { peers, tell } = this.#sharing;
    for (const former of peers()) {
      if (former.id === by || !former.publishes("screen")) continue;
      for (const source of SHARED) former.unpublish(source);
      tell({ type: "screen-taken-over", by, name, former: former.id, formerName: former.name });
    }
  }
}
