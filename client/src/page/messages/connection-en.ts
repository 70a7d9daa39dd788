/** Of the connection test; loaded with it. */
export const connectionEn = {
  "check.WebSocket": "Server",
  "check.UDP reachability": "Directly, over UDP",
  "check.TCP reachability": "Directly, over TCP",
  "check.TURN": "Through a relay",
  "check.publish": "Sending",
  "check.receive": "Receiving",
  "check.reconnect": "Coming back",
  "state.ok": "Works",
  "state.warn": "Does not work",
  "state.fail": "Does not work",
  "passed.time": "{milliseconds} ms there and back",
  "no-answer": "Something between here and the server blocks it.",
  "no-relay": "The relay cannot be used ({code}).",
  "not-received": "Too little of it gets through.",
  "resume-failed": "After an interruption you join anew.",
  "publish-denied": "Not tested: your invitation is to watch and listen.",
  "subscribe-denied": "Not tested: your invitation is not to watch and listen.",
  "no-trial": "The server is too old for this test.",
  "summary.running": "Testing your connection…",
  "summary.udp": "You can call from here. Sound and picture go directly, over UDP.",
  "summary.tcp":
    "You can call from here. UDP is blocked, so sound and picture go over TCP: when the network is busy they may lag.",
  "summary.relay":
    "You can call from here. Sound and picture go through a relay, for this network lets nothing else through: they may lag a little.",
  "summary.blocked":
    "There will be no sound and picture here: this network lets them through neither over UDP nor over TCP. Try another network, for example your phone's, turn off a VPN, or ask who runs this network.",
  "summary.broken":
    "Sound and picture do not get through, although a connection was made. Try another network, for example your phone's, or turn off a VPN.",
  "summary.listen": "You can watch and listen from here.",
  "summary.send": "You can be seen and heard from here.",
  "summary.stopped": "The test was stopped.",
  "button.stop": "Stop the test",
  "button.again": "Test again",
} as const;

export type ConnectionMessages = Record<keyof typeof connectionEn, string>;
