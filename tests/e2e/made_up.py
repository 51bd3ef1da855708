"""A made-up log of some days: what several sources say of several brands, with crises, edits and deletions; and what
one process makes of it.
"""

import json
import math
from dataclasses import dataclass
from random import Random

from config.load import load
from listener.catalogs import CATALOGS
from listener.lines import read_line, show
from listener.pipeline.setup import build_setup
from listener.pipeline.work import Read, SourceChange
from listener.shares import part_of
from listener.store.store import open_store
from listener.store.views import open_views
from listener.wire import iso, json_line, transition_line
from rules.instant import DAY, HOUR, MINUTE, SECOND, Instant, moment
from rules.mention import Mention
from tests.e2e.roles import BRANDS as APART
from tests.e2e.roles import PARTS
from tests.listener.pipeline.world import Hands, World

BRANDS = (*APART, *[name for name in (f"brand{number}" for number in range(30)) if part_of(name, PARTS) < 3][:3])
"""One in each part, and some parts have more."""
QUARTER = 15 * MINUTE
SOURCES = ("forum", "press", "wall")
CONFIG = """
daemon: {{data: data, listen: 127.0.0.1:{port}, workers: 0{more}}}
operator: {{to: [out]}}
brands: {{{brands}}}
sources: {{{sources}}}
rules:
  many: {{kind: threshold, of: posts, window: 15m, at_least: {{posts: 9}}, critical_when: {{posts: 30}}}}
  leak: {{kind: keyword, any: [leak*], at_least: {{authors: 2}}, severity: critical}}
  bad: {{kind: spike, budget: 1 per month, at_least: {{posts: 5, authors: 3}}, severity: warning}}
channels:
  out: {{kind: webhook, url: "http://127.0.0.1:9/hook", secret: "the webhook's own key", allow_private: true}}
routes: [{{to: [out]}}]
"""
_CALM = ("is on time", "was here today", "opens a shop", "has a new colour", "again, why not", "is fine, I like it")
_ANGRY = ("is a horrible disaster, I hate it", "lied to us, shame", "lost my bag and nobody cares", "has a leak, awful")


@dataclass(frozen=True)
class Reading:
    """What one reading of a source brought at a moment."""

    at: Instant
    source: str
    mentions: tuple[Mention, ...]


def configured(folder, port=0, more=""):
    """A configuration of all that the log is about."""
    file = folder / "badbuzz.yaml"
    brands = ", ".join(f"{name}: {{query: {name}, languages: [en]}}" for name in BRANDS)
    sources = ", ".join(f"{name}: {{kind: file, path: {folder}/{name}.jsonl, follow: true}}" for name in SOURCES)
    file.write_text(CONFIG.format(port=port, brands=brands, sources=sources, more=more), encoding="utf-8")
    return file


def made_up(seed, span, begin, rate=8):
    """The readings of so long a time, each at a moment of its own; `rate` mentions of a brand in a usual hour. The last
    one is of all brands.
    """
    random, known = Random(seed), {source: [] for source in SOURCES}
    moments = sorted(each for brand in BRANDS for each in _moments(random, brand, span, rate))
    yield Reading(begin, SOURCES[0], (_mention(begin, SOURCES[0], id="0", text="nothing that concerns anybody"),))
    while moments:
        together = random.randint(2, 5) if random.random() < 0.1 else 1
        at, source = begin + moments[0][0], random.choice(SOURCES)
        said = [_said(random, at, brand, is_angry, known[source]) for _, brand, is_angry in moments[:together]]
        yield Reading(at, source, tuple(_mention(at, source, **each) for each in said))
        del moments[:together]
    last = _mention(begin + span, SOURCES[0], id="the last", text=" ".join(BRANDS))
    yield Reading(begin + span, SOURCES[0], (last,))


def _moments(random, brand, span, rate):
    """When something is said of a brand, and whether in anger: for up to an hour out of three it is in a crisis."""
    crises = [
        (begin + random.randrange(2 * HOUR), random.randint(2, 4) * QUARTER) for begin in range(0, span, 3 * HOUR)
    ]
    for minute in range(MINUTE, span, MINUTE):
        is_crisis = any(since <= minute < since + lasts for since, lasts in crises)
        usual = rate / 60 * (1.2 - math.cos(math.tau * minute / DAY))
        share = usual * (15 if is_crisis else 1) / 40
        for _ in range(sum(random.random() < share for _ in range(40))):
            yield minute + random.randrange(MINUTE), brand, random.random() < (0.8 if is_crisis else 0.1)


def _said(random, at, brand, is_angry, known):
    """A post, or what became of an earlier one of the same source; of a few nobody knows the post."""
    drawn, text = random.random(), f"{brand} {random.choice(_ANGRY if is_angry else _CALM)} {random.randrange(10**6)}"
    if drawn < 0.1:
        text += f", unlike {random.choice(BRANDS)}"
    old = random.choice(known[-200:]) if known and drawn < 0.98 else {"id": f"unknown {random.randrange(10**6)}"}
    if drawn > 0.97:
        return {"id": old["id"], "op": "delete"}
    if drawn > 0.92:
        return old | {"op": "update", "text": text}
    author = {"handle": f"person{random.randrange(400)}", "followers": random.randrange(5_000)}
    known.append({"id": f"{random.randrange(10**9)}", "author": author} | _dated(random, at))
    return known[-1] | {"text": text}


def _dated(random, at):
    """Most was written a moment ago, some long ago, and of some nobody knows when."""
    ago = random.choices((random.randrange(120), random.randrange(7_200), None), (90, 8, 2))[0]
    return {} if ago is None else {"created_at": iso(at - ago * SECOND)}


def _mention(at, source, **said):
    line = json.dumps(said | {"observed_at": iso(at)}).encode()
    return read_line(line, source=source, platform="file", now=moment(at))


def written(readings, path):
    """The log as a file that `backtest` takes."""
    with path.open("wb") as file:
        for reading in readings:
            file.writelines(json_line(show(each) | {"at": iso(reading.at)}) for each in reading.mentions)
    return path


async def stepped(views, until=None):
    """The transitions of a store, as `backtest` prints them, in the order that it prints them in."""
    steps = [step async for step in views.transitions() if until is None or step.at <= until]
    return [transition_line(step) for step in sorted(steps, key=lambda step: (step.at, step.brand))]


async def heard_alone(folder, readings):
    """What one process of all brands makes of it, in a store in this folder: the transitions."""
    folder.mkdir()
    clock, setup = Hands(), build_setup(load(configured(folder), CATALOGS).settings)
    clock.set(readings[0].at)
    store, views = open_store(folder / "data"), open_views(folder / "data")
    await store.open("a test")
    try:
        world = World(folder, store, views, clock, setup)
        await world.ledger.start()
        for source in SOURCES:
            await world.ledger.write([Read(source=source), SourceChange(source=source, state="live")])
        for reading in readings:
            await world.pass_time(seconds=(reading.at - clock.now()) / SECOND)
            await world.ledger.write([Read(source=reading.source, mentions=reading.mentions)])
        return await stepped(views)
    finally:
        await views.close()
        await store.close()
