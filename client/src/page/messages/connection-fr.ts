import type { ConnectionMessages } from "./connection-en.ts";

/** Of the connection test; loaded with it. */
export const connectionFr: ConnectionMessages = {
  "check.WebSocket": "Serveur",
  "check.UDP reachability": "En direct, par UDP",
  "check.TCP reachability": "En direct, par TCP",
  "check.TURN": "Par un relais",
  "check.publish": "Envoi",
  "check.receive": "Réception",
  "check.reconnect": "Reprise",
  "state.ok": "Fonctionne",
  "state.warn": "Ne fonctionne pas",
  "state.fail": "Ne fonctionne pas",
  "passed.time": "{milliseconds} ms aller et retour",
  "no-answer": "Quelque chose le bloque entre ici et le serveur.",
  "no-relay": "Le relais ne peut pas être utilisé ({code}).",
  "not-received": "Trop peu de données passent.",
  "resume-failed": "Après une interruption, vous rejoignez la salle à nouveau.",
  "publish-denied": "Non testé : votre invitation permet de regarder et d’écouter.",
  "subscribe-denied": "Non testé : votre invitation ne permet pas de regarder et d’écouter.",
  "no-trial": "Le serveur est trop ancien pour ce test.",
  "summary.running": "Test de votre connexion…",
  "summary.udp": "Vous pouvez appeler d’ici. Le son et l’image passent directement, par UDP.",
  "summary.tcp":
    "Vous pouvez appeler d’ici. UDP est bloqué : le son et l’image passent par TCP et peuvent prendre du retard quand le réseau est chargé.",
  "summary.relay":
    "Vous pouvez appeler d’ici. Le son et l’image passent par un relais, car ce réseau ne laisse rien passer d’autre : ils peuvent prendre un peu de retard.",
  "summary.blocked":
    "Il n’y aura ni son ni image ici : ce réseau ne les laisse passer ni par UDP ni par TCP. Essayez un autre réseau, par exemple celui de votre téléphone, désactivez un VPN, ou adressez-vous à qui gère ce réseau.",
  "summary.broken":
    "Le son et l’image ne passent pas, bien qu’une connexion ait été établie. Essayez un autre réseau, par exemple celui de votre téléphone, ou désactivez un VPN.",
  "summary.listen": "Vous pouvez regarder et écouter d’ici.",
  "summary.send": "On peut vous voir et vous entendre d’ici.",
  "summary.stopped": "Le test a été arrêté.",
  "button.stop": "Arrêter le test",
  "button.again": "Tester à nouveau",
};
