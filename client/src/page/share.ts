/** Shares the screen, or stops, and says why it could not. */
import { type RoomClient, type ShareContent, ShareError } from "../lib/index.ts";
import type { Notices } from "./notices.ts";

/** @param button cannot be pressed while the browser asks which screen, and has the focus after. */
export async function toggleShare(
  client: RoomClient,
  notices: Notices,
  button: HTMLButtonElement,
  content: ShareContent,
): Promise<void> {
  if (client.published("screen")) {
    client.stopScreen();
    return;
  }
  button.disabled = true;
  try {
    await client.shareScreen({ content });
  } catch (error) {
    if (!(error instanceof ShareError)) throw error;
    notices.show(error.code);
  } finally {
    button.disabled = false;
    button.focus();
  }
}
