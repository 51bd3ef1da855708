"""Every kind of source, rule and channel, as loading a configuration needs them."""

from alerts.channel import CHANNELS
from config.load import Catalogs
from listener.collector import COLLECTORS
from rules.rule import RULES

CATALOGS = Catalogs(sources=COLLECTORS, rules=RULES, channels=CHANNELS)
