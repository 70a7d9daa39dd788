/** Tells the user what is wrong with their devices, or with what arrives of them, and the way out. */

import type { Said } from "./device-plan.ts";
import type { Equipment } from "./equipment.ts";
import { FaultWatch } from "./fault-watch.ts";
import type { Notices, WayOn } from "./notices.ts";

/** What needs nothing done is not said for ever, ms. */
const SAID_FOR = 20_000;

/** @param choose shows where devices are chosen. */
export function tellOfDevices(
  { client, media, speaker, notices }: Equipment,
  choose: () => void,
): void {
  const waysOn = (code: string): WayOn[] => {
    if (/^(camera|microphone|speaker)-.*(replaced|unheard|unseen|muted|silent|lost)$/.test(code))
      return [{ label: "device.other", act: choose }];
    return /-busy$|-failed$|^permission-/.test(code)
      ? [{ label: "device.again", act: () => void media.retry() }]
      : [];
  };
  const ofDevices = new Shown(notices, waysOn);
  const ofSpeaker = new Shown(notices, waysOn);
  const ofFaults = new Shown(notices, waysOn);
  media.on("said", (said) => ofDevices.tell(said));
  speaker.on("said", (said) => ofSpeaker.tell(said ? [said] : []));
  new FaultWatch(client, media, (faults) =>
    ofFaults.tell(faults.map((code) => ({ code, parameters: {} }))),
  );
}

/** Shows what is new, and takes away what is over. */
class Shown {
  readonly #notices: Notices;
  readonly #waysOn: (code: string) => WayOn[];
  readonly #passing = new Map<string, ReturnType<typeof setTimeout>>();
  #told = new Map<string, string>();

  constructor(notices: Notices, waysOn: (code: string) => WayOn[]) {
    this.#notices = notices;
    this.#waysOn = waysOn;
  }

  tell(said: readonly Said[]): void {
    const now = new Map(said.map((each) => [each.code, JSON.stringify(each)]));
    for (const code of this.#told.keys()) if (!now.has(code)) this.#notices.clear(code);
    for (const { code, parameters } of said) {
      if (this.#told.get(code) === now.get(code)) continue;
      this.#notices.show(code, this.#waysOn(code), null, parameters);
      if (!code.endsWith("-replaced")) continue;
      clearTimeout(this.#passing.get(code));
      this.#passing.set(
        code,
        setTimeout(() => this.#notices.clear(code), SAID_FOR),
      );
    }
    this.#told = now;
  }
}
