import { describe, expect, it } from "vitest";
import type { Device, Refusal } from "../src/page/capture.ts";
import {
  type Found,
  type Open,
  plan,
  type Situation,
  standardOf,
  together,
} from "../src/page/device-plan.ts";

const device = (id: string, label = `The ${id}`, group = `group of ${id}`): Found => ({
  id,
  label,
  group,
});
const LAPTOP = device("laptop");
const HEADSET = device("headset");
const WEBCAM = device("webcam");
/** Chromium's entry for the system's choice. */
const standard = (of: Found): Found => device("default", `Default - ${of.label}`, of.group);

function situation(more: Partial<Situation> & { device?: Device }): Situation {
  return {
    device: "microphone",
    chosen: { id: "", label: "" },
    found: [],
    open: null,
    lost: null,
    refused: new Map<string, Refusal>(),
    barred: null,
    ...more,
  };
}

const opened = (one: Found, found: readonly Found[]): Open => ({
  ...one,
  standard: standardOf(found),
});
const chosen = ({ id, label }: Found) => ({ id, label });
const opens = (one: Situation) => plan(one).open?.id ?? null;
const says = (one: Situation) => plan(one).say?.code ?? null;

describe("which device is opened", () => {
  it("is the system's, where the user has chosen none", () => {
    expect(opens(situation({ found: [standard(HEADSET), LAPTOP, HEADSET] }))).toBe("default");
    expect(opens(situation({ found: [LAPTOP, HEADSET] }))).toBe("laptop");
  });

  it("is the chosen one, or the one of its name at another plug", () => {
    const found = [standard(LAPTOP), LAPTOP, HEADSET];
    expect(opens(situation({ found, chosen: chosen(HEADSET) }))).toBe("headset");
    const elsewhere = device("other-plug", HEADSET.label);
    const moved = [standard(LAPTOP), LAPTOP, elsewhere];
    expect(opens(situation({ found: moved, chosen: chosen(HEADSET) }))).toBe("other-plug");
    expect(says(situation({ found: moved, chosen: chosen(HEADSET) }))).toBeNull();
  });

  it("is the browser's choice before it tells which there are", () => {
    expect(plan(situation({ found: [device("", "", "")] })).open?.id).toBe("");
  });

  it("stays while nothing is better", () => {
    const found = [standard(LAPTOP), LAPTOP, HEADSET];
    for (const one of [LAPTOP, HEADSET])
      expect(opens(situation({ found, chosen: chosen(one), open: opened(one, found) }))).toBeNull();
    const open = opened({ ...LAPTOP, id: "default" }, found);
    expect(opens(situation({ found, open }))).toBeNull();
  });
});

describe("a device that is unplugged", () => {
  const found = [standard(LAPTOP), LAPTOP];

  it("is replaced by the next, and the user told", () => {
    const gone = situation({ found, chosen: chosen(HEADSET), lost: HEADSET });
    expect(opens(gone)).toBe("default");
    expect(plan(gone).say).toEqual({
      code: "microphone-replaced",
      parameters: { name: HEADSET.label, used: LAPTOP.label },
    });
    const open = opened({ ...LAPTOP, id: "default" }, found);
    expect(opens({ ...gone, open })).toBeNull();
    expect(says({ ...gone, open })).toBe("microphone-replaced");
  });

  it("was the last: the user is told what to do", () => {
    const camera = situation({ device: "camera", lost: WEBCAM });
    expect(plan(camera)).toEqual({
      open: null,
      say: { code: "camera-lost", parameters: { name: WEBCAM.label } },
    });
  });

  it("is used again when it is back", () => {
    const back = [...found, HEADSET];
    const open = opened({ ...LAPTOP, id: "default" }, found);
    const again = situation({ found: back, chosen: chosen(HEADSET), open, lost: HEADSET });
    expect(opens(again)).toBe("headset");
    expect(says(again)).toBeNull();
  });

  it("is used again, a camera that nobody chose, too", () => {
    const back = [LAPTOP, WEBCAM];
    const open = opened(LAPTOP, [LAPTOP]);
    expect(opens(situation({ device: "camera", found: back, open, lost: WEBCAM }))).toBe("webcam");
  });
});

describe("the system's default", () => {
  const before = [standard(LAPTOP), LAPTOP, HEADSET];
  const after = [standard(HEADSET), LAPTOP, HEADSET];
  const open = opened({ ...LAPTOP, id: "default" }, before);

  it("is followed by a microphone that nobody chose", () => {
    expect(opens(situation({ found: after, open }))).toBe("default");
    expect(says(situation({ found: after, open }))).toBeNull();
    // Where the first of the list is the default.
    const first = opened(LAPTOP, [LAPTOP, HEADSET]);
    expect(opens(situation({ found: [HEADSET, LAPTOP], open: first }))).toBe("headset");
  });

  it("is not followed by one that was chosen", () => {
    const own = opened(LAPTOP, before);
    expect(opens(situation({ found: after, chosen: chosen(LAPTOP), open: own }))).toBeNull();
  });

  it("was a headset that is gone: its name is told, not that of an entry", () => {
    const left = [standard(LAPTOP), LAPTOP];
    const gone = situation({ found: left, lost: { ...HEADSET, id: "default" } });
    expect(opens(gone)).toBe("default");
    expect(plan(gone).say?.parameters).toEqual({ name: HEADSET.label, used: LAPTOP.label });
    const back = { ...gone, found: after, open: opened({ ...LAPTOP, id: "default" }, left) };
    expect(opens(back)).toBe("default");
    expect(says(back)).toBeNull();
  });

  it("is no matter to a camera: another that is plugged in does not film", () => {
    const now = [WEBCAM, LAPTOP];
    const own = opened(LAPTOP, [LAPTOP]);
    expect(opens(situation({ device: "camera", found: now, open: own }))).toBeNull();
  });
});

describe("a device that cannot be had", () => {
  it("is waited for while another program has it", () => {
    const busy = situation({
      device: "camera",
      found: [WEBCAM, LAPTOP],
      refused: new Map([["webcam", "busy"]]),
    });
    expect(plan(busy)).toEqual({ open: null, say: { code: "camera-busy", parameters: {} } });
  });

  it("is passed over when it went before it was opened", () => {
    const refused = new Map<string, Refusal>([["headset", "gone"]]);
    const found = [LAPTOP, HEADSET];
    expect(opens(situation({ found, chosen: chosen(HEADSET), refused }))).toBe("laptop");
  });

  it("is not asked for when the browser forbids it", () => {
    const barred = situation({ found: [LAPTOP], barred: "permission-revoked" });
    expect(plan(barred)).toEqual({
      open: null,
      say: { code: "permission-revoked", parameters: {} },
    });
  });

  it("leaves what is open as it is, without a word", () => {
    const found = [LAPTOP, HEADSET];
    const refused = new Map<string, Refusal>([["headset", "failed"]]);
    const open = opened(LAPTOP, found);
    expect(plan(situation({ found, chosen: chosen(HEADSET), open, refused }))).toEqual({
      open: null,
      say: null,
    });
  });
});

describe("what is said of both", () => {
  const said = (code: string) => ({ code, parameters: {} });
  it("is said once", () => {
    expect(together([said("no-camera"), said("no-microphone")])).toEqual([said("no-devices")]);
    expect(together([said("permission-denied"), said("permission-denied")])).toEqual([
      said("permission-denied"),
    ]);
    expect(together([null, said("camera-busy")])).toEqual([said("camera-busy")]);
  });
});
