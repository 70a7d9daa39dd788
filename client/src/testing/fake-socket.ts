/** A WebSocket that leads nowhere and keeps what is sent through it. */
import type { ClientMessage, ServerMessage } from "../protocol.ts";

export class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  closeCode: number | null = null;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  /** Who answers; null: nobody. */
  onsent: ((message: ClientMessage) => void) | null = null;

  send(text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    this.sent.push(message);
    this.onsent?.(message);
  }

  close(code = 1005): void {
    this.readyState = 3;
    this.closeCode = code;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  receive(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The connection goes, as seen from here. */
  lose(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }

  of<Type extends ClientMessage["type"]>(type: Type) {
    return this.sent.filter((message) => message.type === type) as Extract<
      ClientMessage,
      { type: Type }
    >[];
  }
}
