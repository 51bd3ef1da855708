"""Catalogs of small kinds of the tests' own."""

from config.load import Catalogs
from config.spec import Catalog, Spec

HERE = "tests.config.kinds"
CATALOGS = Catalogs(
    sources=Catalog("source", f"{HERE}.sources", "badbuzz.tests", Spec),
    rules=Catalog("rule", f"{HERE}.rules", "badbuzz.tests", Spec),
    channels=Catalog("channel", f"{HERE}.channels", "badbuzz.tests", Spec),
)
