/** A peer connection that is kept to one way: UDP or TCP to the server, or a TURN server. */
import type { Way } from "./finding.ts";

const CANDIDATE = /^a=candidate:\S+ \d+ (udp|tcp) /i;

function protocolOf(line: string): "udp" | "tcp" | null {
  const protocol = CANDIDATE.exec(line)?.[1]?.toLowerCase();
  return protocol === "udp" || protocol === "tcp" ? protocol : null;
}

/** The protocols of the candidates that an SDP has (RFC 8839, RFC 6544). */
export function protocolsIn(sdp: string): ReadonlySet<"udp" | "tcp"> {
  return new Set(sdp.split("\r\n").flatMap((line) => protocolOf(line) ?? []));
}

/** `sdp` with the candidates of that way alone. A TURN server sends to the server by UDP. */
export function keptTo(way: Way, sdp: string): string {
  const protocol = way === "tcp" ? "tcp" : "udp";
  return sdp
    .split("\r\n")
    .filter((line) => (protocolOf(line) ?? protocol) === protocol)
    .join("\r\n");
}

/** What the ICE agent says of TURN servers (W3C webrtc-pc, RTCPeerConnectionIceErrorEvent). */
export interface RelayTrouble {
  code: "stun-unauthorized" | "stun-refused" | "stun-unreachable";
  message: string;
}

const UNAUTHORIZED = 401;
/** Where no server was reached (webrtc-pc 4.8.3). */
const UNREACHED = 701;

export function relayTrouble(errorCode: number, errorText: string): RelayTrouble {
  const message = `${errorCode} ${errorText}`.trim();
  if (errorCode === UNAUTHORIZED) return { code: "stun-unauthorized", message };
  return { code: errorCode >= UNREACHED ? "stun-unreachable" : "stun-refused", message };
}

/** Of RTCPeerConnection, without the forms that take callbacks. */
interface Methods {
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  setConfiguration(configuration?: RTCConfiguration): void;
}

export class KeptConnection {
  readonly pc: RTCPeerConnection;
  /** Of the server's answer. */
  protocols: ReadonlySet<"udp" | "tcp"> = new Set();
  relayTrouble: RelayTrouble | null = null;

  /** From now on `pc` takes only that way. */
  constructor(pc: RTCPeerConnection, way: Way) {
    this.pc = pc;
    const { setRemoteDescription, setConfiguration } = pc as Methods;
    const kept: Methods = {
      setRemoteDescription: async (description) => {
        const { sdp = "" } = description;
        this.protocols = protocolsIn(sdp);
        await setRemoteDescription.call(pc, { ...description, sdp: keptTo(way, sdp) });
      },
      setConfiguration: (configuration = {}) => {
        const relayed: RTCConfiguration = { ...configuration, iceTransportPolicy: "relay" };
        setConfiguration.call(pc, way === "relay" ? relayed : { ...configuration, iceServers: [] });
      },
    };
    Object.assign(pc, kept);
    pc.onicecandidateerror = ({ errorCode, errorText }) => {
      this.relayTrouble = relayTrouble(errorCode, errorText);
    };
  }

  /** Of the pair that is used, ms; null while it is not known. */
  async roundTrip(): Promise<number | null> {
    for (const stats of (await this.pc.getStats()).values()) {
      const { type, nominated, state, currentRoundTripTime: seconds } = stats;
      if (type === "candidate-pair" && nominated && state === "succeeded" && seconds !== undefined)
        return Math.round(seconds * 1_000);
    }
    return null;
  }

  /** What has arrived so far. */
  async received(): Promise<{ pictures: number; sounds: number }> {
    let [pictures, sounds] = [0, 0];
    for (const stats of (await this.pc.getStats()).values()) {
      if (stats.type !== "inbound-rtp") continue;
      if (stats.kind === "video") pictures += stats.framesDecoded ?? 0;
      else sounds += stats.packetsReceived ?? 0;
    }
    return { pictures, sounds };
  }
}
