"""Sentences that badbuzz says itself, kept in English in logs and rows, as a French reader is told them."""

import re

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB

_FRENCH = [
    (re.compile(english, re.DOTALL), french)
    for english, french in (
        (r"the rule was removed from the configuration", "la règle a été retirée de la configuration"),
        (r"the configuration no longer has the channel (.+)", "la configuration n’a plus le canal {0}"),
        (r"there is no incident (.+)", "il n’y a pas d’incident {0}"),
        (r"its author deleted (.+)", "{0} a été supprimé par son auteur"),
        (r"(.+) is not marked", "{0} n’est pas annoté"),
        (r"no mention (.+) of (.+) is kept", "aucune mention {0} de {1} n’est conservée"),
        (r"there is no brand (.+)", "il n’y a pas de marque {0}"),
        (r"incident (\d+) is already resolved", f"l’incident n°{NB}{{0}} est déjà clos"),
        (r"(.+) already has incident (\d+)", f"l’incident n°{NB}{{1}} est déjà pris en charge par {{0}}"),
        (r"there are (\d+) silences already", "il y a déjà {0} sourdines"),
        (r"its time was over before the daemon took it", "son temps était passé avant que badbuzz ne la prenne"),
        (r"asked for in (.+)", "demandé dans {0}"),
        (r"asked for on the page behind a link", "demandé sur la page d’un lien"),
        (r"namesake", "homonyme"),
        (r"campaign or contest", "campagne ou concours"),
        (r"competitor", "concurrent"),
        (r"bots, copy-paste", "robots, copier-coller"),
        (r"irony misread", "ironie mal lue"),
        (r"already known", "déjà connu"),
        (r"other", "autre"),
        (r"incident (\d+) is not over", f"l’incident n°{NB}{{0}} n’est pas fini"),
        (r"a command is like (.+)", "une commande s’écrit {0}"),
        (r"nobody has incident (\d+)", f"personne n’a l’incident n°{NB}{{0}}"),
        (r"drill (\d+) is over", f"l’exercice n°{NB}{{0}} est terminé"),
        (r"drill (\d+) is still under way", f"l’exercice n°{NB}{{0}} est encore en cours"),
        (r"(.+) already has drill (\d+)", f"l’exercice n°{NB}{{1}} est déjà pris en charge par {{0}}"),
        (r"nobody would be told: (.+)", f"personne ne serait prévenu{NB}: {{0}}"),
        (
            r"no channel that drills may reach hears of what is critical of (.+): name one in drill\.to, or with --to",
            f"aucun canal ouvert aux exercices n’apprend ce qui est critique ({{0}}){NB}: en nommer dans drill.to",
        ),
        (r"the stream is open and brings no posts", "le flux est ouvert et n’apporte aucun message"),
        (r"no answer in time", "pas de réponse à temps"),
        (r"(.+) did not answer in time", "{0} n’a pas répondu à temps"),
        (r"(.+) answered (\d{3}(?: \(.+\))?)", "{0} a répondu {1}"),
        (r"(.+) could not be reached: (.+)", f"{{0}} est injoignable{NB}: {{1}}"),
        (r"the (.+) webhook is dead: make a new one", f"le webhook {{0}} n’existe plus{NB}: créez-en un autre"),
        (r"(.+): its certificate cannot be trusted", f"{{0}}{NB}: son certificat n’est pas digne de confiance"),
    )
]


def ours(sentence: str, language: Language) -> str:
    """The sentence in `language`; as it is when it is none of ours, or English is asked for. Names in it stay."""
    for english, french in _FRENCH if language == "fr" else ():
        if found := english.fullmatch(sentence):
            return french.format(*found.groups())
    return sentence
