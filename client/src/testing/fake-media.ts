/** Tracks and streams without a camera, for programs that run without a browser. */

export class FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  enabled = true;
  contentHint = "";
  readyState = "live";

  constructor(kind: "audio" | "video") {
    super();
    this.kind = kind;
  }

  getSettings() {
    return { width: 1280, height: 720 };
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** As the browser does when the device goes or "Stop sharing" is pressed. */
  end(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

/** A track that `RoomClient.publish` takes. */
export function fakeTrack(kind: "audio" | "video"): FakeTrack & MediaStreamTrack {
  return new FakeTrack(kind) as FakeTrack & MediaStreamTrack;
}

export class FakeMediaStream {
  readonly #tracks: readonly FakeTrack[];

  constructor(tracks: readonly FakeTrack[] = []) {
    this.#tracks = tracks;
  }

  getTracks(): readonly FakeTrack[] {
    return this.#tracks;
  }

  getVideoTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "video");
  }

  getAudioTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }
}
