/** What the page has, whatever it shows. */
import { RoomClient } from "../lib/index.ts";
import { Chime } from "./chime.ts";
import { LocalMedia } from "./local-media.ts";
import { Notices } from "./notices.ts";
import { recall } from "./remembered.ts";
import { Speaker } from "./speaker.ts";

export interface Equipment {
  readonly client: RoomClient;
  readonly media: LocalMedia;
  readonly speaker: Speaker;
  readonly chime: Chime;
  readonly notices: Notices;
}

export function equip(): Equipment {
  const remembered = recall();
  const media = new LocalMedia(remembered);
  const speaker = new Speaker(remembered);
  // Who is there, and its name, is told with the permission for a microphone.
  media.on("change", () => void speaker.look());
  return {
    client: new RoomClient(),
    media,
    speaker,
    chime: new Chime(speaker),
    notices: new Notices(),
  };
}
