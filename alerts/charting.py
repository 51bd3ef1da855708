"""What a chart of an alert shows and says. Pure."""

from alerts.alert import Alert
from alerts.message import Bar, Chart
from alerts.times import Times
from alerts.words import Words


def chart_of(alert: Alert, words: Words, times: Times) -> Chart | None:
    """The counts up to an alert; None without any, or where a picture would show nothing."""
    curve = alert.curve
    if curve is None or not any(curve.counts):
        return None
    begin = alert.at - curve.width * len(curve.counts)
    ends = [begin + curve.width * number for number in range(1, len(curve.counts) + 1)]
    first = None if alert.first_at is None else (alert.first_at - begin) / (alert.at - begin)
    shown = first if first is not None and 0 <= first <= 1 else None
    return Chart(
        caption=words.text("charted", begin, shown is not None),
        label=words.text("chart_label"),
        bars=tuple(Bar(times.hour(end), count) for end, count in zip(ends, curve.counts, strict=True)),
        usual=alert.figures.usual_high if alert.figures.usual_high is not None else alert.figures.usual,
        first=shown,
    )
