"""From a file of mentions to committed transactions, beside a plain loop that only asks vaderSentiment."""

import hmac
import json
import urllib.request
from hashlib import sha256
from statistics import mean, median, quantiles
from time import perf_counter, process_time, time

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from tests.bench.daemon import Daemon, airline, quantile, show, texts, write_mentions

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

MENTIONS = 20_000
ROUNDS = 3
COMMIT = "badbuzz_commit_duration_seconds"
KEY = "bench"


def plain_loop(said: list[str]) -> tuple[float, float]:
    """Texts a second of vaderSentiment alone, and its seconds of processor time a text."""
    analyzer = SentimentIntensityAnalyzer()
    begun, used = perf_counter(), process_time()
    for text in said:
        analyzer.polarity_scores(text)
    return len(said) / (perf_counter() - begun), (process_time() - used) / len(said)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_mentions_a_second_of_the_whole_path(language, tmp_path):
    said = texts(language, MENTIONS)
    write_mentions(tmp_path / "mentions.jsonl", said)
    loop, path, alone, whole = [], [], [], []
    for number in range(ROUNDS):
        speed, cost = plain_loop(said)
        loop.append(speed)
        alone.append(cost)
        folder = tmp_path / str(number)
        folder.mkdir()
        reading = f"  said: {{kind: file, path: {tmp_path}/mentions.jsonl}}"
        with Daemon(airline(folder, language, reading)) as daemon:
            begun, used, idle = perf_counter(), daemon.processor(), daemon.resident()
            daemon.wait_for("source_state", detail="everything was read")
            path.append(MENTIONS / (perf_counter() - begun))
            whole.append((daemon.processor() - used) / MENTIONS)
            memory, metrics = daemon.resident(), daemon.metrics()
        assert metrics["badbuzz_mentions_ingested_total", ""] == MENTIONS
    ratios = [one / other for one, other in zip(path, loop, strict=True)]
    cheap, dear = median(alone), median(whole)
    rows = (
        ("texts a second, vaderSentiment alone", f"{median(loop):,.0f}"),
        ("mentions a second, whole path", f"{median(path):,.0f}"),
        ("ratio (median of the rounds; least, most)", f"{median(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f})"),
        ("processor time: vaderSentiment a text, whole path a mention", f"{cheap * 1e6:.0f}, {dear * 1e6:.0f} µs"),
        ("ratio by processor time", f"{cheap / dear:.2f}"),
        ("a transaction of about 500 mentions, mean", f"{mean_of(metrics) * 1e3:.0f} ms"),
        ("... p50, p95", f"{quantile(metrics, COMMIT, 0.5) * 1e3:.0f}, {quantile(metrics, COMMIT, 0.95) * 1e3:.0f} ms"),
        ("resident memory before, after", f"{idle:.0f}, {memory:.0f} MiB"),
    )
    show(f"{MENTIONS:,} mentions, {language}", rows)


def test_one_mention_from_its_push_to_the_answer_after_the_commit(tmp_path):
    waits = []
    with Daemon(airline(tmp_path, "fr", f"  said: {{kind: push, secrets: [{KEY}]}}")) as daemon:
        for number, text in enumerate(texts("fr", 200)):
            begun = perf_counter()
            push(daemon, {"id": f"p{number}", "text": text})
            waits.append((perf_counter() - begun) * 1e3)
        metrics = daemon.metrics()
    assert metrics["badbuzz_mentions_ingested_total", ""] == 200
    p95 = quantiles(waits, n=20)[-1]
    commit = f"{quantile(metrics, COMMIT, 0.5) * 1e3:.1f}, {quantile(metrics, COMMIT, 0.95) * 1e3:.1f} ms"
    rows = (
        ("from the request to its answer: mean, p50, p95", f"{mean(waits):.0f}, {median(waits):.0f}, {p95:.0f} ms"),
        ("of that, the transaction: p50, p95", commit),
    )
    show("one mention a request, one after the other", rows)


def push(daemon: Daemon, mention: dict[str, str]) -> None:
    body, now = json.dumps(mention).encode(), str(int(time()))
    signature = hmac.new(KEY.encode(), f"{now}.".encode() + body, sha256).hexdigest()
    headers = {"X-Badbuzz-Timestamp": now, "X-Badbuzz-Signature": f"sha256={signature}"}
    request = urllib.request.Request(f"{daemon.address}/in/said", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer) == {"accepted": 1}


def mean_of(metrics: dict[tuple[str, str], float]) -> float:
    return metrics[f"{COMMIT}_sum", ""] / metrics[f"{COMMIT}_count", ""]
