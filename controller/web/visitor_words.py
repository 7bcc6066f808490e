"""Every word the server writes into pages for visitors, for a room's panel and for whoever scans tickets.

What the scripts of the panel and of scanning say is beside them, in their own `words.js`.
"""

from collections.abc import Mapping

from controller.web.languages import Language

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "lang": "en",
        "other": "fr",
        "other_name": "Français",
        "product": "Natoma",
        "events": "Coming events",
        "none": "No public events are announced at the moment.",
        "now": "Now",
        "seats_left": "{count} seats left",
        "seat_left": "1 seat left",
        "full": "Full",
        "open": "Open to all, {count} seats",
        "by_ticket": "By ticket",
        "until": "to",
        "zone": "All times are local to {place}.",
        "feed": "The same for programs",
        "panel": "Room panel",
        "scan": "Scan tickets",
        "no_script": "This page needs JavaScript.",
    },
    "fr": {
        "lang": "fr",
        "other": "en",
        "other_name": "English",
        "product": "Natoma",
        "events": "Événements à venir",
        "none": "Aucun événement public n’est annoncé pour le moment.",
        "now": "En cours",
        "seats_left": "{count} places libres",
        "seat_left": "1 place libre",
        "full": "Complet",
        "open": "Ouvert à tous, {count} places",
        "by_ticket": "Sur billet",
        "until": "à",
        "zone": "Toutes les heures sont celles de {place}.",
        "feed": "La même liste pour les programmes",
        "panel": "Panneau de salle",
        "scan": "Contrôle des billets",
        "no_script": "Cette page a besoin de JavaScript.",
    },
}
