/** Who this client is in the room: what it asked for, and what the server has made of that. */
import type { Join, Joined, Rights } from "../protocol.ts";
import type { JoinOptions } from "./room-settings.ts";

/** Before the server has said. */
const NO_RIGHTS: Rights = {
  publish: [],
  subscribe: false,
  data: false,
  moderate: false,
  record: false,
};

export class Membership {
  /** The peer id in the present session. */
  self: string | null = null;
  name: string | null = null;
  rights = NO_RIGHTS;
  /** The room asked for, or the one an operator has moved this client to. */
  room = "";
  #asked: JoinOptions | null = null;
  #resumeToken: string | null = null;

  ask(options: JoinOptions): void {
    this.#asked = options;
    this.room = options.room;
  }

  /** What the next session asks for. */
  request(encrypted: boolean): Omit<Join, "type"> {
    const { name = "", token } = this.#asked ?? {};
    return {
      room: this.room,
      name,
      ...(token !== undefined && { token }),
      ...(this.#resumeToken !== null && { replaces: this.#resumeToken }),
      ...(encrypted && { encrypted }),
    };
  }

  joined({ peer, name, rights, resumeToken }: Joined): void {
    this.self = peer;
    this.name = name;
    this.rights = rights;
    this.#resumeToken = resumeToken;
  }

  ended(): void {
    this.#resumeToken = null;
    this.self = null;
    this.name = null;
    this.rights = NO_RIGHTS;
  }
}
