import shutil
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as families

from listener.observe.brands import BrandReading, RuleReading
from listener.observe.metrics import Metrics
from listener.observe.sources import DIFFERENT_WORDS, SourceMetrics
from rules.instant import MINUTE, SECOND
from rules.transition import Evidence, Transition

NOW = 1_795_420_800 * SECOND
RULES = (RuleReading("bad-buzz", 9, 1.5, learning=True), RuleReading("recall", 0, None, learning=False))
STANDING = [BrandReading("acme", 0.7, learnt=True, rules=RULES, incidents=("critical",))]


def opened(at: int, first_at: int | None) -> Transition:
    return Transition(
        at=at,
        incident="i",
        step=0,
        brand="acme",
        rule="bad-buzz",
        state="open",
        severity="critical",
        reasons=(),
        evidence=Evidence(of="negative", count=9, window=15 * MINUTE, first_at=first_at),
    )


def used() -> Metrics:
    """Metrics after one of everything."""
    metrics = Metrics(version="1.2.3", now=lambda: NOW)
    metrics.mentions_taken("press", "acme", [("negative", 3 * SECOND)])
    metrics.mentions_dropped("duplicate", 2)
    metrics.source_state("press", "live", up=True)
    metrics.source_changed("press", "auth_failed", "401")
    metrics.source_changed("press", "live", "")
    metrics.source_event("press", NOW)
    metrics.source_request("press", "200")
    metrics.judged(2)
    metrics.incident_moved(opened(NOW, NOW - 40 * SECOND))
    metrics.channel_added("team")
    metrics.delivered("team")
    metrics.delivery_failed("team", "authError")
    metrics.outbox_waits_since(NOW - 30 * SECOND)
    metrics.queue_depth("mentions", 7)
    metrics.committed(0.01)
    metrics.configuration_loaded(successful=True)
    return metrics


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Values of one sample name by its label values, in the order of the label names."""
    body, _ = metrics.exposition("", STANDING)
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in families(body.decode())
        for sample in family.samples
        if sample.name == name
    }


def test_promtool_finds_nothing_to_say():
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed: make servers")
    body, _ = used().exposition("", STANDING)
    checked = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("badbuzz_mentions_ingested_total", {("acme", "press"): 1}),
        ("badbuzz_mentions_dropped_total", {("duplicate",): 2}),
        ("badbuzz_ingest_lag_seconds_sum", {(): 3}),
        ("badbuzz_source_up", {("press",): 1}),
        ("badbuzz_source_changes_total", {("", "press", "live"): 1, ("401", "press", "auth_failed"): 1}),
        ("badbuzz_coverage_ratio", {("acme",): 0.7}),
        ("badbuzz_source_last_event_timestamp_seconds", {("press",): 1_795_420_800}),
        ("badbuzz_source_requests_total", {("200", "press"): 1}),
        ("badbuzz_rule_evaluations_total", {(): 2}),
        ("badbuzz_rule_value", {("acme", "bad-buzz"): 9, ("acme", "recall"): 0}),
        ("badbuzz_baseline_expected", {("acme", "bad-buzz"): 1.5}),
        ("badbuzz_rule_learning", {("acme", "bad-buzz"): 1, ("acme", "recall"): 0}),
        ("badbuzz_label_model", {("acme",): 1}),
        ("badbuzz_incidents_open", {("info",): 0, ("warning",): 0, ("critical",): 1}),
        ("badbuzz_detection_latency_seconds_sum", {(): 40}),
        ("badbuzz_notifications_total", {("team",): 1}),
        ("badbuzz_outbox_oldest_age_seconds", {(): 30}),
        ("badbuzz_queue_depth", {("mentions",): 7}),
        ("badbuzz_commit_duration_seconds_count", {(): 1}),
        ("badbuzz_config_last_reload_successful", {(): 1}),
        ("badbuzz_config_last_reload_success_timestamp_seconds", {(): 1_795_420_800}),
    ],
)
def test_what_happened_is_what_is_scraped(name, expected):
    assert samples(used(), name) == expected


def test_a_failure_is_counted_by_channel_and_reason_and_the_others_stand_at_zero():
    failed = samples(used(), "badbuzz_notifications_failed_total")
    assert failed["team", "authError"] == 1
    assert failed["team", "rateLimited"] == 0


def test_the_tones_of_a_brand_are_shares_of_its_latest_mentions():
    metrics = used()
    for _ in range(3):
        metrics.mentions_taken("press", "acme", [("positive", 0)])
    shares = samples(metrics, "badbuzz_sentiment_ratio")
    assert shares == {
        ("acme", "negative"): 0.25,
        ("acme", "neutral"): 0,
        ("acme", "positive"): 0.75,
        ("acme", "unsupported"): 0,
    }


def test_the_version_and_the_process_are_told():
    metrics = used()
    assert [labels[1] for labels in samples(metrics, "badbuzz_build_info")] == ["1.2.3"]
    assert samples(metrics, "process_resident_memory_bytes")[()] > 0


def test_a_scraper_that_asks_for_openmetrics_gets_it():
    body, content_type = used().exposition("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")
    assert "badbuzz_mentions_ingested" in {family.name for family in openmetrics(body.decode())}


def test_what_strangers_answer_cannot_multiply_labels():
    metrics = Metrics(version="1", now=lambda: NOW)
    for code in range(1_000):
        metrics.source_request("press", str(code))
    metrics.source_request("press", "a long\nsentence")
    requests = samples(metrics, "badbuzz_source_requests_total")
    assert len(requests) == DIFFERENT_WORDS + 1
    assert requests["other", "press"] == 1_001 - DIFFERENT_WORDS


def test_what_the_configuration_no_longer_has_does_not_look_silent():
    metrics = used()
    metrics.source_removed("press")
    metrics.brands.watch({"zen": None}.keys())
    assert samples(metrics, "badbuzz_source_up") == samples(metrics, "badbuzz_source_state") == {}
    assert samples(metrics, "badbuzz_sentiment_ratio") == {}


def test_counters_of_what_people_do_with_a_brand_start_at_zero():
    metrics = used()
    metrics.brands.watch({"acme": None, "zen": None}.keys())
    metrics.brands.marked("acme", "negative")
    metrics.brands.trained("zen", "failed")
    marks, trainings = (samples(metrics, f"badbuzz_{name}_total") for name in ("marks", "label_trainings"))
    assert (marks["acme", "negative"], marks["zen", "negative"], sum(marks.values())) == (1, 0, 1)
    assert (trainings["acme", "failed"], trainings["zen", "failed"], sum(trainings.values())) == (0, 1, 1)


def test_an_empty_outbox_has_no_age():
    metrics = used()
    metrics.outbox_waits_since(None)
    assert samples(metrics, "badbuzz_outbox_oldest_age_seconds") == {(): 0}


def test_a_failed_reload_keeps_the_moment_of_the_last_good_one():
    metrics = used()
    metrics.configuration_loaded(successful=False)
    assert samples(metrics, "badbuzz_config_last_reload_successful") == {(): 0}
    assert samples(metrics, "badbuzz_config_last_reload_success_timestamp_seconds") == {(): 1_795_420_800}


def names(exposition: tuple[bytes, str]) -> set[str]:
    return {family.name for family in families(exposition[0].decode())}


def test_who_only_listens_shows_nothing_that_it_does_not_do():
    shown = names(SourceMetrics(version="1", now=lambda: 0).scrape(""))
    assert shown < names(Metrics(version="1", now=lambda: 0).exposition(""))
    assert {
        "badbuzz_source_up",
        "badbuzz_config_last_reload_successful",
        "badbuzz_build_info",
        "process_cpu_seconds",
    } <= shown
    rest = {name for name in shown if name.startswith("badbuzz_")} - {"badbuzz_build_info"}
    assert all(name.startswith(("badbuzz_source_", "badbuzz_config_")) for name in rest)
