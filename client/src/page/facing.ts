/** Which way a phone's cameras look. Pure. */

export type Facing = "user" | "environment";

export interface Camera {
  id: string;
  /** Where the browser says it (W3C `facingMode`); else its name has to do. */
  facing: string;
  label: string;
}

const NAMES: readonly (readonly [RegExp, Facing])[] = [
  [/\b(front|user|selfie|avant|frontale)\b/i, "user"],
  [/\b(back|rear|environment|arrière|dorsale)\b/i, "environment"],
];

export function facingOf({ facing, label }: Omit<Camera, "id">): Facing | null {
  if (facing === "user" || facing === "environment") return facing;
  return NAMES.find(([name]) => name.test(label))?.[1] ?? null;
}

/** The first camera that looks the other way than `current`; null: there is none. */
export function otherSide<Each extends Camera>(
  cameras: readonly Each[],
  current: Omit<Camera, "id">,
): Each | null {
  const facing = facingOf(current) ?? "user";
  const wanted: Facing = facing === "user" ? "environment" : "user";
  return cameras.find((camera) => facingOf(camera) === wanted) ?? null;
}
