"""Any feed, whatever it is called and however it is encoded."""

import re

from listener.feeds.charset import decode
from listener.feeds.entry import Feed
from listener.feeds.jsonfeed import parse_json
from listener.feeds.xmlfeed import parse_xml

# some programs guard their JSON with a line that keeps browsers from running it
_JSON = re.compile(r"[\ufeff\s]*(?:\)\]\}',?\s*)?[\[{]")


def parse(body: bytes, *, content_type: str = "", base: str = "") -> Feed:
    """The feed in `body`, judged by its first character and not by `content_type`, which only helps to decode it.

    `base` is the address that relative links start from. Takes time in proportion to the size: call it in a thread.
    Raises FetchError (code `not_a_feed` or `too_large`) and nothing else.
    """
    text = decode(body, content_type)
    if _JSON.match(text):
        return parse_json(text.strip("\ufeff \t\r\n"), base)
    return parse_xml(text, base)
