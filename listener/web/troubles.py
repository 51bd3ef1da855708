"""What is wrong with a source, in French, by the code it failed with. In English its own words say it."""

from collections.abc import Mapping

from alerts.typography import NO_BREAK as NB
from listener.errors import PARTLY

_FRENCH: Mapping[str, str] = {
    "401": "demande un accès (identifiants)",
    "403": "refuse l’accès",
    "404": "n’existe pas à cette adresse",
    "407": "demande un accès (identifiants)",
    "410": "a disparu pour de bon",
    "429": f"demande de patienter{NB}: rien à faire",
    "broken": "la liaison a été coupée",
    "bug": f"défaut de badbuzz{NB}: voir son journal",
    "closed": "a fermé la liaison",
    "encoding": "la réponse est mal encodée",
    "forbidden_address": f"adresse privée ou réservée{NB}: si elle est voulue, ajoutez allow_private: true",
    "kafka": "Kafka ne répond pas comme il faut",
    "malformed": "la réponse est abîmée",
    "not_a_feed": "ce n’est pas un flux",
    "ConsumerTooSlow": "nous lisons trop lentement",
    PARTLY: "une partie seulement est lue",
    "redirect": "renvoie vers une adresse qui ne peut pas être suivie",
    "silent": "n’a rien dit depuis trop longtemps",
    "skipped": "des lignes n’ont pas pu être lues",
    "store": "les données ne peuvent pas être enregistrées",
    "timeout": "répond trop lentement",
    "too_large": "trop volumineux pour être lu",
    "unheard": f"aucun auditeur ne la lit{NB}: lancer badbuzz run --role listen",
    "unreachable": "est injoignable",
    "unreadable": "le fichier ne peut pas être lu",
    "url": "ce n’est pas une adresse web",
    "wrong_type": "répond par une page au lieu de données",
}


def in_french(code: str) -> str:
    """The sentence for a code of a FetchError, "" when there is none for it."""
    if code.isdecimal() and len(code) == 4:  # how a WebSocket ended
        return _FRENCH["broken"]
    if code in _FRENCH or not (code.isdecimal() and len(code) == 3):
        return _FRENCH.get(code, "")
    return f"panne du site (réponse {code})" if code.startswith("5") else f"refuse de répondre (réponse {code})"
