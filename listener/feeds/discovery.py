"""The feed that a web page names."""

from lxml.etree import HTMLParser, ParserError, XMLSyntaxError

from listener.feeds.entry import web_address

_SEARCHED, _LONGEST = 500_000, 200
_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json"}


def feed_of(page: str, base: str) -> str | None:
    """The address of the first feed that an HTML page links to, absolute; None when it names none. Never raises."""
    reader = _Reader(base)
    parser = HTMLParser(target=reader, no_network=True, remove_comments=True, remove_pis=True)
    try:
        parser.feed(page[:_SEARCHED].encode("utf-8", "ignore").decode())  # half characters cannot be parsed
        parser.close()
    except (ParserError, XMLSyntaxError):
        pass
    return reader.found


class _Reader:
    def __init__(self, base: str) -> None:
        self._base = base
        self.found: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        href = attributes.get("href")
        if tag == "base" and href:
            self._base = web_address(href, self._base) or self._base
        if tag != "link" or self.found or not href or len(href) > _LONGEST:
            return
        is_alternate = "alternate" in attributes.get("rel", "").lower().split()
        if is_alternate and attributes.get("type", "").partition(";")[0].strip().lower() in _TYPES:
            self.found = web_address(href, self._base)

    def close(self) -> None:
        """Nothing is kept but what was found."""
