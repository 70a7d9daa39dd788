import type { Messages } from "./en.ts";

/** Français. */
export const fr: Messages = {
  "lobby.title": "Rejoindre une salle",
  "lobby.intro": "Vérifiez votre caméra et votre micro, puis entrez.",
  "lobby.name": "Votre nom",
  "lobby.room": "Salle",
  "lobby.room-hint": "Lettres, chiffres, points, tirets et tirets bas.",
  "lobby.join": "Rejoindre",
  "lobby.joining": "Connexion…",
  "lobby.camera": "Caméra",
  "lobby.microphone": "Micro",
  "lobby.level": "Niveau du micro",
  "lobby.preview": "Votre caméra",
  "lobby.camera-off": "Caméra coupée",
  "lobby.default-device": "Par défaut",
  "lobby.name-missing": "Indiquez votre nom, pour que les autres sachent qui vous êtes.",
  "lobby.room-invalid":
    "Le nom d’une salle commence par une lettre ou un chiffre et ne contient que des lettres sans accent, des chiffres, des points, des tirets et des tirets bas.",
  "call.you": "Vous",
  "call.controls": "Commandes de l’appel",
  "call.participants": "Participants",
  "call.mute": "Couper le micro",
  "call.unmute": "Activer le micro",
  "call.camera-off": "Couper la caméra",
  "call.camera-on": "Activer la caméra",
  "call.share": "Partager mon écran",
  "call.stop-sharing": "Arrêter le partage",
  "call.sharing": "Vous partagez votre écran",
  "call.leave": "Quitter",
  "call.copy-link": "Copier le lien de la salle",
  "call.link-copied": "Lien copié",
  "call.alone": "Vous êtes seul ici. Envoyez le lien de la salle aux autres.",
  "call.muted": "Micro coupé",
  "call.lost": "Connexion perdue",
  "call.connecting": "Connexion…",
  "call.presents": "{name} présente son écran",
  "call.joined": "{name} est arrivé·e",
  "call.left": "{name} est parti·e",
  "call.enable-sound": "Activer le son",
  "call.sound-blocked": "Votre navigateur bloque le son tant que vous n’avez pas cliqué.",
  "call.retry": "Réessayer maintenant",
  "ended.left": "Vous avez quitté la salle",
  "ended.failed": "L’appel est terminé",
  "ended.refused": "Impossible d’entrer",
  "ended.again": "Rejoindre à nouveau",
  "ended.retry": "Réessayer",
  "ended.lobby": "Retour à l’accueil",
  "notice.dismiss": "Fermer",
  "notice.give-up": "Ne pas attendre",
  "error.permission-denied":
    "Le navigateur n’autorise pas cette page à utiliser votre caméra et votre micro. Autorisez-la à côté de la barre d’adresse et appuyez de nouveau sur le bouton ; d’ici là, vous pouvez regarder et écouter.",
  "error.no-camera": "Aucune caméra trouvée. Vous pouvez entrer sans caméra.",
  "error.no-microphone": "Aucun micro trouvé. Vous pouvez entrer et écouter.",
  "error.no-devices": "Ni caméra ni micro trouvés. Vous pouvez entrer pour regarder et écouter.",
  "error.device-busy":
    "La caméra ou le micro est utilisé par un autre programme. Fermez-le et réessayez, ou entrez sans.",
  "error.device-lost": "La caméra ou le micro a été débranché.",
  "error.device-failed": "La caméra ou le micro n’a pas pu démarrer. Vous pouvez entrer sans.",
  "error.insecure-origin":
    "Les navigateurs ne donnent la caméra et le micro qu’aux pages https et à localhost. Ici, vous pouvez entrer pour regarder et écouter.",
  "error.share-unsupported": "Ce navigateur ne sait pas partager un écran.",
  "error.share-cancelled": "Rien n’est partagé : le choix a été annulé.",
  "error.share-denied":
    "Le système n’autorise pas le navigateur à filmer l’écran. Autorisez-le dans les réglages de confidentialité du système, puis partagez de nouveau.",
  "error.share-failed":
    "Cet écran ou cette fenêtre ne peut pas être partagé. Choisissez-en un autre.",
  "error.no-webrtc":
    "Ce navigateur n’a pas WebRTC. Utilisez un Chrome, Edge, Firefox ou Safari récent.",
  "error.server-unreachable": "Le serveur est injoignable. Votre réseau fonctionne-t-il ?",
  "error.server-gone": "Le serveur est injoignable depuis trop longtemps.",
  "error.server-stopping": "Le serveur redémarre. Reconnexion…",
  "error.signaling-lost": "La connexion au serveur est perdue. Reconnexion…",
  "error.request-timeout": "Le serveur n’a pas répondu à temps.",
  "error.media-failed":
    "Pas de connexion média avec le serveur. Un pare-feu bloque peut-être UDP sur ce réseau.",
  "error.protocol-error": "Cette page et le serveur ne se comprennent pas. Rechargez la page.",
  "error.room-failed": "Le serveur a dû relancer la salle. Reconnexion…",
  "error.room-full": "La salle est pleine.",
  "error.room-unavailable":
    "Cette salle est indisponible. Nouvel essai automatique dans une demi-minute…",
  "error.too-many-rooms":
    "Le serveur ne peut pas ouvrir une salle de plus pour l’instant. Nouvel essai automatique…",
  "error.server-busy":
    "Le serveur est surchargé et n’accepte personne de plus pour l’instant. Nouvel essai automatique…",
  "error.too-many-peers": "Le serveur est complet pour l’instant. Nouvel essai automatique…",
  "error.too-many-joins":
    "Beaucoup de personnes arrivent en même temps. Nouvel essai dans un instant…",
  "error.too-many-slots": "Le serveur n’affiche pas plus de personnes que vous n’en voyez.",
  "error.video-reduced":
    "Le serveur est surchargé : les vidéos sont moins nettes pour un moment. Le son continue.",
  "error.video-screens-only":
    "Le serveur est surchargé : les caméras sont masquées pour un moment. Les écrans et le son continuent.",
  "error.video-off": "Le serveur est surchargé : pas de vidéo pour un moment. Le son continue.",
  "error.peer-failed": "Votre session s’est terminée sur une erreur du serveur.",
  "error.removed": "Vous avez été retiré de cette salle.",
  "error.room-closed": "Cette salle a été fermée.",
  "error.replaced": "Vous avez rejoint cette salle ailleurs ; cette fenêtre l’a quittée.",
  "error.rate-limited": "Le serveur a fermé la session : trop de messages.",
  "error.no-common-codec":
    "Votre navigateur et le serveur n’ont aucun format audio ou vidéo en commun.",
  "error.unknown": "Une erreur est survenue ({code}).",
};
