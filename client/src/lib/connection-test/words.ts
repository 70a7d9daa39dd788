/** What is said of what was found, in the words of `trio-sfu doctor`. */
import type { Check, Finding, Way } from "./finding.ts";
import type { RelayTrouble } from "./way.ts";

type Trouble = Pick<Finding, "code" | "message" | "remedy">;

export const CHECKS: Readonly<Record<Way, Check>> = {
  udp: "UDP reachability",
  tcp: "TCP reachability",
  relay: "TURN",
};

export const NO_SOCKET: Readonly<Record<string, Trouble>> = {
  "server-unreachable": {
    code: "server-unreachable",
    message: "it does not open",
    remedy: "see whether the network is up; have the proxy pass WebSockets on",
  },
  "request-timeout": {
    code: "request-timeout",
    message: "it opens, and then nothing comes through",
    remedy: "have the proxy buffer nothing and hold connections for an hour",
  },
};

export const NO_WAY: Readonly<Record<"udp" | "tcp", Trouble>> = {
  udp: {
    code: "no-answer",
    message: "no answer by UDP",
    remedy: "open the server's UDP port in the firewall between here and there",
  },
  tcp: {
    code: "no-answer",
    message: "no answer by TCP; who cannot use UDP needs it",
    remedy: "open the server's TCP port for media in the firewall between here and there",
  },
};

export function noRelay(trouble: RelayTrouble | null): Trouble {
  const { code, message } = trouble ?? { code: "stun-timeout", message: "no answer" };
  const remedy =
    code === "stun-unauthorized"
      ? "set turn.secret to the server's static-auth-secret; or the clocks differ"
      : "start the TURN server, see turn.urls, and open its port for UDP and TCP";
  return { code, message, remedy };
}

export const NO_MEDIA_WAY: Trouble = {
  code: "media-failed",
  message: "no connection for media: ICE or DTLS did not come through",
  remedy: "try another network; or have a TURN server offered on port 443",
};

export const OLD_SERVER: Trouble = {
  code: "no-trial",
  message: "the server has no rooms for tests",
  remedy: "update the server",
};

export const NOT_PUBLISHED: Trouble = {
  code: "not-received",
  message: "connected, but the server got no sound and picture",
  remedy: "try another network: something on the way lets little through",
};

export const NOT_RECEIVED: Trouble = {
  code: "not-received",
  message: "connected, but no sound and picture came through",
  remedy: "try another network: something on the way lets little through",
};

export const NOT_RESUMED: Trouble = {
  code: "resume-failed",
  message: "a lost session did not come back",
  remedy: "have the proxy pass every WebSocket on to the same server",
};

export const PUBLISH_DENIED: Trouble = {
  code: "publish-denied",
  message: "not tried: the join token does not give the right",
  remedy: "ask for a token with the right to publish camera and microphone",
};

export const SUBSCRIBE_DENIED: Trouble = {
  code: "subscribe-denied",
  message: "not tried: the join token does not give the right",
  remedy: "ask for a token with the right to subscribe",
};
