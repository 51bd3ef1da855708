"""The evidence of a step as figures that can be told."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts.alert import Back
from alerts.figures import Eased, Figures, Of, Share, Trend
from listener.pipeline.talk import Spoken
from rules import transition
from rules.instant import Instant, duration, moment
from rules.rule import Floor
from rules.transition import Transition


def figures_of(
    step: Transition, life: Sequence[Transition], spoken: Spoken, floor: Floor | None, rules: Mapping[str, str]
) -> Figures:
    """What a step counted, and what was read of its mentions. `floor` is the least that its rule asks for; `rules` says
    what people call some rules.
    """
    evidence = step.evidence
    return Figures(
        of=msgspec.convert(evidence.of.partition(":")[0], Of),
        count=evidence.count,
        window=duration(evidence.window),
        usual=evidence.usual,
        usual_high=evidence.usual_high,
        learning=evidence.learning,
        posts=evidence.posts,
        negative=evidence.negative,
        authors=evidence.authors,
        sources=evidence.sources,
        second_half=evidence.second_half,
        words=_words(step, life),
        least=floor.posts if floor else None,
        least_authors=floor.authors if floor else None,
        opening=evidence.opening,
        during=evidence.during,
        peak=evidence.peak,
        peak_at=_moment(evidence.peak_at),
        unsupported=evidence.unsupported,
        unit=evidence.unit,
        fewer=evidence.fewer,
        share=_share(evidence.share),
        stories=evidence.stories,
        source=evidence.source,
        also=evidence.also,
        raised_by=tuple(rules.get(name, name) for name in evidence.raised_by),
        trend=_trend(evidence.trend),
        most=evidence.most,
        followers=evidence.followers,
        talk=spoken.talk,
        read=spoken.read,
        languages=dict(spoken.languages),
        eased=Eased(high=evidence.eased.high, high_at=moment(evidence.eased.high_at)) if evidence.eased else None,
        rose_from=evidence.rose_from,
    )


def back_of(step: Transition, life: Sequence[Transition]) -> Back | None:
    """How the incident of a step had come back by then, None where it had not."""
    returned = step.evidence.returned
    came = next((each for each in reversed(life) if each.state == "reopened" and each.step <= step.step), None)
    if returned is None or came is None:
        return None
    return Back(
        at=moment(came.at),
        ended_at=moment(returned.ended_at),
        times=returned.times,
        calm_for=duration(returned.calm_for),
    )


def _share(share: transition.Share | None) -> Share | None:
    if share is None:
        return None
    return Share(part=share.part, whole=share.whole, usual=share.usual, since=_moment(share.since))


def _trend(trend: transition.Trend | None) -> Trend | None:
    if trend is None:
        return None
    every, fastest, slowest = (timedelta(minutes=each) for each in (trend.minutes, trend.fastest, trend.slowest))
    return Trend(
        every=every,
        fastest=fastest,
        slowest=slowest,
        falls=trend.falls,
        low=trend.low,
        high=trend.high,
        ahead=duration(trend.ahead),
    )


def _words(step: Transition, life: Sequence[Transition]) -> dict[str, int]:
    """What was said of the words of a keyword rule; where nothing is said any more, what was said before."""
    earlier = (each.evidence.words for each in reversed(life) if each.step < step.step and each.evidence.words)
    return step.evidence.words or dict.fromkeys(next(earlier, {}), 0)


def _moment(at: Instant | None) -> datetime | None:
    return None if at is None else moment(at)
