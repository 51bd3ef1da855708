"""What the page behind a link says, in French and English."""

from collections.abc import Mapping

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB

LINK_WORDS: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "asks": "Rien n’est fait tant que vous n’appuyez pas.",
        "name": "Votre nom (facultatif)",
        "over": f"Cet incident est clos{NB}: il n’y a plus rien à prendre en charge."
        " S’il reprend, vous aurez un message.",
        "taken": f"Pris en charge par {{who}}{NB}: les rappels s’arrêtent."
        " Vous aurez un message si le niveau monte, et à la fin.",
        "quiet": "En sourdine jusqu’à {until}, sauf si le niveau monte.",
        "mute": "En sourdine jusqu’à {until}, quoi qu’il devienne.",
        "refused": f"Ce n’est pas fait{NB}:",
        "only": "Ce lien n’ouvre que cet incident. Il est valable jusqu’à {until} ({zone}).",
        "expired": "Ce lien n’est plus valable.",
        "otherwise": f"Pour agir sur l’{{incident}}{NB}:",
        "answer": "répondez au message le plus récent, ou appuyez sur ses boutons",
        "command": f"sur la machine de badbuzz, «{NB}badbuzz incidents ack {{number}}{NB}»",
        "someone": "sinon, demandez à la personne qui tient badbuzz",
    },
    "en": {
        "asks": "Nothing is done until you press.",
        "name": "Your name (optional)",
        "over": "This incident is resolved: there is nothing left to take. If it starts again, you will hear.",
        "taken": "{who} has it: no more reminders. You will hear if the level rises, and at the end.",
        "quiet": "Silenced until {until}, unless the level rises.",
        "mute": "Silenced until {until}, whatever becomes of it.",
        "refused": "This was not done:",
        "only": "This link opens this incident alone. It is good until {until} ({zone}).",
        "expired": "This link is no longer good.",
        "otherwise": "To act on {incident}:",
        "answer": "answer the latest message, or press its buttons",
        "command": "on the machine of badbuzz, “badbuzz incidents ack {number}”",
        "someone": "or else ask who keeps badbuzz",
    },
}
