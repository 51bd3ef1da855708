"""A listing of Reddit as an Atom feed. Pure: the same things, the same bytes."""

from collections.abc import Sequence
from html import escape

from listener.mock.reddit_things import Things, fullname, kind_of, markup, user_of
from listener.mock.world import Said
from rules.instant import SECOND, Instant, moment

_SITE = "https://www.reddit.com"


def write_feed(things: Things, posts: Sequence[Said], path: str) -> bytes:
    """The posts in their order; `path` is the feed's own."""
    latest = max((post.edited_at or post.at for post in posts), default=0)
    entries = "".join(_entry(things, post) for post in posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:media="http://search.yahoo.com/mrss/"><updated>{_stamp(latest)}</updated>'
        f'<icon>{_SITE}/favicon.ico</icon><id>{escape(path)}</id><link rel="self" href="{escape(_SITE + path)}" '
        f'type="application/atom+xml" /><title>{escape(path)}</title>{entries}</feed>'
    ).encode()


def _entry(things: Things, post: Said) -> str:
    user, subreddit, link = user_of(post.author), things.subreddit(post), _SITE + things.permalink(post)
    title = things.title(post) if kind_of(post) == "t3" else f"/u/{user} on {things.title(things.root(post))}"
    return (
        f"<entry><author><name>/u/{user}</name><uri>{_SITE}/user/{user}</uri></author>"
        f'<category term="{subreddit}" label="r/{subreddit}"/><content type="html">{escape(_content(post, link))}'
        f'</content><id>{fullname(post)}</id><link href="{escape(link)}" /><updated>{_stamp(post.edited_at or post.at)}'
        f"</updated><published>{_stamp(post.at)}</published><title>{escape(title)}</title></entry>"
    )


def _content(post: Said, link: str) -> str:
    text = f"<!-- SC_OFF -->{markup(post.text)}<!-- SC_ON -->" if post.text else ""
    if kind_of(post) == "t1":
        return text
    user = user_of(post.author)
    by = f'&#32; submitted by &#32; <a href="{_SITE}/user/{user}"> /u/{user} </a> <br/>'
    return f'{text} {by} <span><a href="{link}">[link]</a></span> &#32; <span><a href="{link}">[comments]</a></span>'


def _stamp(at: Instant) -> str:
    return moment(at // SECOND * SECOND).isoformat()
