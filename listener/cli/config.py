"""`badbuzz config`: the configuration in force, and the schema of every configuration."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer
from ruamel.yaml import YAML

from config.load import effective, load
from config.schema import schema
from listener.catalogs import CATALOGS
from listener.cli.terminal import ConfigPath, config_path, say

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Output(StrEnum):
    YAML = "yaml"
    JSON = "json"


@app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a configuration, for editors."""
    typer.echo(json.dumps(schema(CATALOGS), indent=2, ensure_ascii=False))


@app.command()
def show(
    config: ConfigPath = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="How it is printed.")] = Output.YAML,
) -> None:
    """Print the configuration in force. Defaults, includes and the environment are applied, secrets are masked."""
    path = config_path(config)
    loaded = load(path, CATALOGS, elsewhere_is_fine=True)
    for warning in loaded.warnings:
        say(str(warning))
    say(f"# {path} as badbuzz understands it")
    if output is Output.JSON:
        typer.echo(json.dumps(effective(loaded), ensure_ascii=False))
        return
    yaml = YAML()
    yaml.width = 120
    yaml.dump(effective(loaded), sys.stdout)
