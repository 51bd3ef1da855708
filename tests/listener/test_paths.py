"""Files that a configuration names are looked for beside it, wherever the program was started."""

from config.load import load
from listener.catalogs import CATALOGS

CONFIGURATION = """
daemon: {data: data}
operator: {to: [boss]}
brands: {acme: {query: acme}}
sources:
  lines: {kind: file, path: said/lines.jsonl}
  whole: {kind: file, path: /var/lines.jsonl}
  piped: {kind: file, path: "-"}
rules: {bad-buzz: {kind: spike}}
channels:
  boss: {kind: email, to: [a@example.org], from: b@example.org, smtp: "smtp://mail.example", ca_file: ca.pem}
  home: {kind: mqtt, broker: "mqtts://broker.example", ca_file: ca.pem}
routes: [{to: [boss, home]}]
"""


def test_a_relative_file_is_beside_the_configuration(tmp_path):
    (tmp_path / "ca.pem").touch()
    (tmp_path / "badbuzz.yaml").write_text(CONFIGURATION)
    settings = load(tmp_path / "badbuzz.yaml", CATALOGS).settings
    paths = {name: source.options.path for name, source in settings.sources.items()}
    assert paths == {"lines": str(tmp_path / "said/lines.jsonl"), "whole": "/var/lines.jsonl", "piped": "-"}
    assert {channel.options.ca_file for channel in settings.channels.values()} == {tmp_path / "ca.pem"}
    assert settings.daemon.data == tmp_path / "data"
