"""A canary: a made-up mention that goes the whole way of an alert, by which is known that alerts pass.

It takes the writer's queue, the classifier, an engine, the store's transaction, the outbox and a dispatcher. Its brand,
its source and its engine are made for each one and thrown away: of all that it comes to, only the deliveries are
committed, and so no log, baseline, mention or incident of anybody holds any of it.
"""

from collections.abc import Iterable

from alerts.alert import Notice
from alerts.delivery import CANARY, Outgoing
from alerts.message import Message
from alerts.outbox import delivery_id
from config.settings import Settings
from listener.pipeline.clean import fit
from listener.pipeline.engines import Engines
from listener.pipeline.intake import Intake
from listener.pipeline.setup import Setup
from listener.store.port import Commit
from rules.classify import BrandTerms, Classifier
from rules.inputs import Plan, RulePlan
from rules.instant import Instant, moment
from rules.mention import Author, Mention
from rules.moment import LATENESS
from rules.query.compiled import compile_query

_WORD = "canary"
_RULE = RulePlan(name=_WORD, kind="keyword", options={"any": [_WORD], "at_least": {"posts": 1, "authors": 1}})
_PLAN = Plan(brand=CANARY, query=_WORD, lateness=LATENESS, sources=(CANARY,), rules=(_RULE,))


def thread_of(at: Instant) -> str:
    """What the deliveries of the canary of that moment have in common."""
    return f"canary-{at}"


def canary(at: Instant) -> Mention:
    """What is sent in at that moment."""
    return Mention(
        id=str(at),
        source=CANARY,
        platform=CANARY,
        text="the canary is alive",
        language="en",
        author=Author(handle=_WORD),
        created_at=moment(at),
        observed_at=moment(at),
    )


def judged(mention: Mention, at: Instant, channels: Iterable[str], settings: Settings) -> list[Outgoing]:
    """The deliveries that a canary comes to; none when its rule does not fire, which is a fault."""
    setup, engines = _setup(settings), Engines()
    engines.apply(engines.configure(setup.plans, at))
    intake = Intake(setup, b"", {}, Commit(advanced=at, last=at), at)
    steps = [*engines.apply(intake.take([fit(mention, CANARY)], at)), *engines.settle()]
    name = f"canary-{mention.id}"
    notice = Notice(id=name, topic="canary", at=moment(at), subject="badbuzz")
    return [
        Outgoing(id=delivery_id(name, channel), channel=channel, thread=name, due=at, notice=notice)
        for step in steps
        if step.state == "open"
        for channel in (CANARY, *channels)
    ]


def _setup(settings: Settings) -> Setup:
    terms = BrandTerms(query=compile_query(_WORD), languages=("en",), keywords={_WORD: (_WORD,)})
    return Setup(
        settings=settings,
        names={},
        plans={CANARY: _PLAN},
        classifier=Classifier({CANARY: terms}),
        lateness={CANARY: LATENESS},
        listeners={CANARY: {CANARY}},
        honouring=frozenset(),
        in_order=frozenset(),
        polled=frozenset(),
        attentive=frozenset(),
        agenda={},
    )


class Perch:
    """The channel where canaries end. It takes everything."""

    async def send(self, message: Message, receipt: str = "", /) -> None:
        """Taken."""

    async def serve(self) -> None:
        """Nothing to keep."""
