import type { devicesEn } from "./devices-en.ts";

export const devicesFr: Record<keyof typeof devicesEn, string> = {
  "device.title": "Appareils",
  "device.speaker": "Haut-parleur",
  "device.turn-camera": "Passer à l’autre caméra",
  "device.again": "Réessayer",
  "device.other": "Choisir un autre appareil",
  "call.heard": "On vous entend",
  "error.permission-denied":
    "Le navigateur n’autorise pas cette page à utiliser votre caméra et votre micro. Autorisez-la à côté de la barre d’adresse et appuyez de nouveau sur le bouton ; d’ici là, vous pouvez regarder et écouter.",
  "error.permission-revoked":
    "Le navigateur n’autorise plus cette page à utiliser votre caméra ou votre micro. Autorisez-la de nouveau à côté de la barre d’adresse : on vous verra et entendra aussitôt.",
  "error.no-camera": "Aucune caméra trouvée. Vous pouvez participer sans caméra.",
  "error.no-microphone": "Aucun micro trouvé. Vous pouvez participer et écouter.",
  "error.no-devices": "Ni caméra ni micro trouvés. Vous pouvez entrer pour regarder et écouter.",
  "error.camera-busy":
    "Un autre programme utilise la caméra. Fermez-le, ou son appel : la caméra reviendra toute seule.",
  "error.microphone-busy":
    "Un autre programme utilise le micro. Fermez-le, ou son appel : le micro reviendra tout seul.",
  "error.camera-lost":
    "La caméra « {name} » a été débranchée et il n’y en a pas d’autre. Branchez-en une : elle servira aussitôt.",
  "error.microphone-lost":
    "Le micro « {name} » a été débranché et il n’y en a pas d’autre : personne ne vous entend. Branchez-en un : il servira aussitôt.",
  "error.camera-replaced":
    "La caméra « {name} » n’est pas branchée. On vous voit par « {used} » jusqu’à son retour.",
  "error.microphone-replaced":
    "Le micro « {name} » n’est pas branché. On vous entend par « {used} » jusqu’à son retour.",
  "error.speaker-replaced":
    "Le haut-parleur « {name} » n’est pas branché. Vous entendez les autres par « {used} » jusqu’à son retour.",
  "error.device-failed":
    "La caméra ou le micro n’a pas pu démarrer. Choisissez-en un autre, ou continuez sans.",
  "error.microphone-system-muted":
    "Personne ne vous entend : le système ou le casque coupe votre micro. Cherchez un bouton ou une touche dessus, ou dans les réglages de son du système.",
  "error.microphone-silent":
    "Votre micro ne donne aucun son : si vous parlez maintenant, personne ne vous entend. Cherchez un bouton ou une touche dessus ou sur le casque, ou dans les réglages de son du système.",
  "error.camera-system-muted":
    "Personne ne vous voit : votre caméra ne donne pas d’image. Cherchez un cache ou une touche, et un autre programme qui l’utilise.",
  "error.microphone-unheard":
    "Personne ne vous entend : rien de votre micro n’arrive au serveur. Si cela dure, choisissez-en un autre ou vérifiez votre réseau.",
  "error.camera-unseen":
    "Personne ne vous voit : rien de votre caméra n’arrive au serveur. Si cela dure, choisissez-en une autre ou vérifiez votre réseau.",
  "error.path-lost":
    "On ne vous entend ni ne vous voit : rien n’arrive au serveur. Reconnexion automatique ; si cela dure, vérifiez votre réseau.",
  "error.insecure-origin":
    "Les navigateurs ne donnent la caméra et le micro qu’aux pages https et à localhost. Ici, vous pouvez entrer pour regarder et écouter.",
};
