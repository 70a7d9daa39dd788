/** How the server says that it is: how much video it sends, whether it is about to stop. */
import type { ServerMessage, VideoLimit } from "../protocol.ts";
import type { TellRoomEvent } from "./room-events.ts";

export class ServerCondition {
  videoLimit: VideoLimit = "high";
  /** What the network to this client carries, in bits/s. */
  estimate: number | null = null;
  #draining = false;
  readonly #tell: TellRoomEvent;

  constructor(tell: TellRoomEvent) {
    this.#tell = tell;
  }

  /** It is as it should be until it says otherwise. */
  began(): void {
    this.#limited("high");
    this.#drains(null);
  }

  received(message: ServerMessage): void {
    if (message.type === "draining") this.#drains(message.seconds);
    if (message.type === "video-limited") this.#limited(message.most);
    if (message.type === "slot-state") this.estimate = message.estimate;
  }

  sessionEnded(): void {
    this.#drains(null);
  }

  #limited(most: VideoLimit): void {
    if (this.videoLimit === most) return;
    this.videoLimit = most;
    this.#tell("video-limited", most);
  }

  #drains(seconds: number | null): void {
    if (seconds === null && !this.#draining) return;
    this.#draining = seconds !== null;
    this.#tell("draining", seconds);
  }
}
