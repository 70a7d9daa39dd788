/** English: cameras, microphones and speakers, and what keeps them from the others. */
export const devicesEn = {
  "device.title": "Devices",
  "device.speaker": "Speaker",
  "device.turn-camera": "Turn to the other camera",
  "device.again": "Try again",
  "device.other": "Choose another device",
  "call.heard": "You are heard",
  "error.permission-denied":
    "The browser does not let this page use your camera and microphone. Allow it beside the address bar and press the button again; until then you can watch and listen.",
  "error.permission-revoked":
    "The browser no longer lets this page use your camera or microphone. Allow it again beside the address bar: you are seen and heard again at once.",
  "error.no-camera": "No camera was found. You can take part without one.",
  "error.no-microphone": "No microphone was found. You can take part and listen.",
  "error.no-devices":
    "Neither a camera nor a microphone was found. You can join to watch and listen.",
  "error.camera-busy":
    "Another program uses the camera. Close it, or its call: the camera then comes by itself.",
  "error.microphone-busy":
    "Another program uses the microphone. Close it, or its call: the microphone then comes by itself.",
  "error.camera-lost":
    "The camera “{name}” was disconnected, and there is no other. Plug one in: it is used at once.",
  "error.microphone-lost":
    "The microphone “{name}” was disconnected, and there is no other: nobody hears you. Plug one in: it is used at once.",
  "error.camera-replaced":
    "The camera “{name}” is not connected. You are seen through “{used}” until it is back.",
  "error.microphone-replaced":
    "The microphone “{name}” is not connected. You are heard through “{used}” until it is back.",
  "error.speaker-replaced":
    "The speaker “{name}” is not connected. You hear the others through “{used}” until it is back.",
  "error.device-failed":
    "The camera or microphone could not be started. Choose another one, or go on without.",
  "error.microphone-system-muted":
    "Nobody hears you: the system or the headset keeps your microphone muted. Look for a switch or key on it, or in the system's sound settings.",
  "error.microphone-silent":
    "Your microphone gives no sound at all: if you speak now, nobody hears you. Look for a switch or key on it or the headset, or in the system's sound settings.",
  "error.camera-system-muted":
    "Nobody sees you: your camera gives no picture. Look for a shutter or a key, and for another program that uses it.",
  "error.microphone-unheard":
    "Nobody hears you: nothing of your microphone arrives at the server. If that stays so, choose another one, or check your network.",
  "error.camera-unseen":
    "Nobody sees you: nothing of your camera arrives at the server. If that stays so, choose another one, or check your network.",
  "error.path-lost":
    "You are neither heard nor seen: nothing arrives at the server. Coming back by itself; if it takes long, check your network.",
  "error.insecure-origin":
    "Browsers give camera and microphone only to https pages and localhost. Here you can join to watch and listen.",
} as const;
