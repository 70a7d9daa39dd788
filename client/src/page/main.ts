import "./style/base.css";
import "./style/lobby.css";
import "./style/call.css";
import "./style/panels.css";
import "./style/statistics.css";
import "./style/toolbar.css";
import { readAddress } from "./address.ts";
import { App } from "./app.ts";
import { fragmentOf } from "./call-key.ts";
import { takeToken } from "./invitation.ts";
import { pickLanguage, setLanguage } from "./language.ts";
import { recall } from "./remembered.ts";
import { trustOwnScripts } from "./trusted-types.ts";

declare global {
  interface Window {
    /** For debugging and tests: the room client, the devices, the present peer connection. */
    trioSfu: Pick<App, "client" | "media"> & { readonly pc: RTCPeerConnection | null };
  }
}

trustOwnScripts();
const { language: chosen } = recall();
const language = pickLanguage(chosen ? [chosen] : navigator.languages);
setLanguage(language);
document.documentElement.lang = language;

const root = document.getElementById("app");
if (!root) throw new Error("index.html has no #app");
const asked = readAddress(location);
const token = takeToken(asked, {
  // Not read before it is used: some browsers forbid even that.
  storage: {
    getItem: (key) => sessionStorage.getItem(key),
    setItem: (key, value) => sessionStorage.setItem(key, value),
  },
  hideFragment: () =>
    history.replaceState(
      history.state,
      "",
      location.pathname + location.search + fragmentOf(asked.key),
    ),
});
const app = new App(root, { ...asked, token });
window.trioSfu = {
  client: app.client,
  media: app.media,
  get pc() {
    return app.client.pc;
  },
};
// A link that differs in its key or its token alone loads no page.
addEventListener("hashchange", () => {
  const { key, token } = readAddress(location);
  if (key !== app.key || token !== null) location.reload();
});
void app.start();
