/** Figures of a call, a row for each video: what is sent, what arrives, what is lost. */
import type { RemotePeer, RoomClient } from "../lib/index.ts";
import { h } from "./dom.ts";
import { t } from "./language.ts";
import { received, sent, type VideoFigures } from "./video-figures.ts";

const EVERY = 1_000;

export class Statistics {
  readonly element = h("section", {
    class: "statistics",
    hidden: true,
    "aria-label": t("call.statistics"),
  });
  readonly #client: RoomClient;
  readonly #name: string;
  readonly #estimate = h("p");
  readonly #rows = h("tbody");
  #before = new Map<string, VideoFigures>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param name what this user is called. */
  constructor(client: RoomClient, name: string) {
    this.#client = client;
    this.#name = name;
    const columns = ["who", "picture", "layer", "rate", "loss", "frozen"] as const;
    const heads = columns.map((column) => h("th", { scope: "col" }, t(`statistics.${column}`)));
    this.element.append(
      this.#estimate,
      h("table", {}, h("thead", {}, h("tr", {}, ...heads)), this.#rows),
    );
  }

  get shown(): boolean {
    return !this.element.hidden;
  }

  show(shown: boolean): void {
    if (shown === this.shown) return;
    this.element.hidden = !shown;
    this.#client.watchStatistics(shown);
    clearInterval(this.#timer);
    if (!shown) return;
    this.#timer = setInterval(() => void this.#refresh(), EVERY);
    void this.#refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    const report = await this.#client.pc?.getStats();
    if (!report) return;
    const { estimate, peers } = this.#client;
    const carries = estimate === null ? t("statistics.unknown") : rate(estimate);
    this.#estimate.textContent = `${t("statistics.estimate")}: ${carries}`;
    const now = new Map<string, VideoFigures>();
    const rows: HTMLElement[] = [];
    for (const peer of peers) {
      const track = peer.video?.getVideoTracks()[0]?.id;
      const figures = track && peer.videoSource ? received(report, track) : null;
      if (figures) rows.push(this.#row(peer.id, peer.name, figures, now, layerName(peer)));
    }
    for (const figures of sent(report)) {
      const name = t("statistics.sent", { name: this.#name });
      rows.push(this.#row(`sent ${figures.id}`, name, figures, now, figures.rid));
    }
    this.#before = now;
    this.#rows.replaceChildren(...rows);
  }

  #row(
    key: string,
    name: string,
    figures: VideoFigures,
    now: Map<string, VideoFigures>,
    layer: string,
  ): HTMLElement {
    now.set(key, figures);
    const before = this.#before.get(key);
    const seconds = before ? (figures.at - before.at) / 1_000 : 0;
    const gained = (field: "bytes" | "packets" | "lost") =>
      before ? Math.max(0, figures[field] - before[field]) : 0;
    const through = gained("packets") + gained("lost");
    const { width, height, framesPerSecond } = figures;
    const cells = [
      width ? `${width}×${height}, ${Math.round(framesPerSecond)}/s` : "–",
      layer || "–",
      seconds > 0 ? rate((gained("bytes") * 8) / seconds) : "–",
      through > 0 ? `${((100 * gained("lost")) / through).toFixed(1)} %` : "–",
      figures.frozen === null ? "–" : `${figures.frozen.toFixed(1)} s`,
    ];
    const head = h("th", { scope: "row" }, name);
    return h("tr", {}, head, ...cells.map((text) => h("td", {}, text)));
  }
}

/** The encoding with its temporal layer, e.g. "h T1"; what the tile could show after it. */
function layerName({ layer }: RemotePeer): string {
  if (!layer) return "";
  if (layer.rid === null) return layer.paused ?? "";
  const spatial = layer.spatial === null ? "" : ` S${layer.spatial}`;
  const temporal = layer.temporal === null ? "" : ` T${layer.temporal}`;
  const wanted = layer.wanted && layer.wanted !== layer.rid ? ` → ${layer.wanted}` : "";
  return `${layer.rid || "1"}${spatial}${temporal}${wanted}`;
}

function rate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e6
    ? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`
    : `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}
