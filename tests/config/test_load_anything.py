"""Whatever a file holds, loading gives settings or says what is wrong with it."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.load import Loaded, effective, load
from config.problems import ConfigError
from tests.config.kinds.fakes import CATALOGS

sections = st.sampled_from(["daemon", "operator", "brands", "sources", "rules", "channels", "routes", "include", "x"])
KEYS = """
    kind urls every brands of at_least posts token to severity brand continue query languages listen retention time_zone
    data acme team Upper 0
"""
WORDS = "feed spike chat broken acme team 5m critical fr ${X} 127.0.0.1:80"
keys = st.sampled_from(["", "not a name", *KEYS.split()])
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8) | st.sampled_from(WORDS.split()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)


@given(data=st.dictionaries(sections, st.dictionaries(keys, values, max_size=3) | values, max_size=8))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_loading_raises_nothing_but_a_configuration_error_with_places(tmp_path: Path, data: dict[str, object]) -> None:
    path = tmp_path / "badbuzz.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    try:
        found: Loaded | tuple[object, ...] = load(path, CATALOGS, {})
    except ConfigError as error:
        found = error.problems
    if isinstance(found, Loaded):
        assert json.dumps(effective(found))
    else:
        assert found
