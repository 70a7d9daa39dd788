/** Where sound is played: on the speaker that was chosen, while it is there. */
import { Emitter } from "../lib/emitter.ts";
import { listDevices, watchDevices } from "./device-list.ts";
import { type Found, labelOf, type Said, same } from "./device-plan.ts";
import { type Chosen, type Remembered, remember } from "./remembered.ts";

/** Not every browser lets a page choose where it is heard. */
export const canChooseSpeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;

export interface SpeakerEvents {
  /** What there is to tell; null: nothing any more. */
  said: Said | null;
}

/** The id of what to play on ("": the system's choice), and what to say of it. Pure. */
export function sinkFor(
  found: readonly Found[],
  { device, label }: Chosen,
): { sink: string; say: Said | null } {
  // Without the permission for a microphone it is not told who is there.
  const unknown = found.length > 0 && found.every((each) => each.label === "");
  if (!device || unknown) return { sink: device, say: null };
  const here = same(found, { id: device, label });
  if (here) return { sink: here.id, say: null };
  const standard = found.find(({ id }) => id === "default") ?? found[0];
  const used = standard && labelOf(found, standard);
  const say =
    used && label ? { code: "speaker-replaced", parameters: { name: label, used } } : null;
  return { sink: "", say };
}

export class Speaker extends Emitter<SpeakerEvents> {
  readonly #remembered: Remembered;
  readonly #players = new Set<HTMLMediaElement>();
  #sink: string;
  #said = "null";
  #looked: Promise<void> = Promise.resolve();

  constructor(remembered: Remembered) {
    super();
    this.#remembered = remembered;
    this.#sink = remembered.speaker.device;
    watchDevices(() => void this.look());
    void this.look();
  }

  get chosen(): Chosen {
    return this.#remembered.speaker;
  }

  /** Play on another one; "": the system's choice. */
  choose(device: string, label: string): Promise<void> {
    this.#remembered.speaker = { device, label };
    remember(this.#remembered);
    return this.look();
  }

  /** Look at what is there: one that is gone is silent, and the system's choice takes its place. */
  look(): Promise<void> {
    this.#looked = this.#looked.then(async () => {
      const found = this.chosen.device ? await listDevices("speaker") : [];
      const { sink, say } = sinkFor(found, this.chosen);
      this.#sink = sink;
      await Promise.all([...this.#players].map((player) => this.#direct(player)));
      const said = JSON.stringify(say);
      if (said !== this.#said) this.emit("said", say);
      this.#said = said;
    });
    return this.#looked;
  }

  /** From now on `player` is heard there; resolves when it is. */
  async add(player: HTMLMediaElement): Promise<void> {
    this.#players.add(player);
    await this.#direct(player);
  }

  remove(player: HTMLMediaElement): void {
    this.#players.delete(player);
  }

  async #direct(player: HTMLMediaElement): Promise<void> {
    if (!canChooseSpeaker() || player.sinkId === this.#sink) return;
    // It may have gone just now: then there will be another look.
    await player.setSinkId(this.#sink).catch(() => undefined);
  }
}
