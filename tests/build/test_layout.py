import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from alerts.channel import CHANNELS
from listener.collector import COLLECTORS
from rules.rule import RULES

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "rules", "alerts", "listener")


def test_package_files_hold_nothing():
    written = [path for package in PACKAGES for path in (ROOT / package).rglob("__init__.py") if path.stat().st_size]
    assert written == []


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


COMPONENTS = [(catalog, kind) for catalog in (RULES, CHANNELS, COLLECTORS) for kind in catalog.kinds()]


@pytest.mark.parametrize(("catalog", "kind"), COMPONENTS, ids=[f"{one.role} {kind}" for one, kind in COMPONENTS])
def test_a_component_is_named_after_its_file_and_its_example_is_valid(catalog, kind):
    spec = catalog.spec(kind)
    assert spec.kind == kind
    assert spec.options.model_validate({**spec.example}) is not None


def test_the_size_budgets_are_kept():
    checked = subprocess.run([sys.executable, ".ci/sizes.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_lock_file_pins_everything_by_hash_and_names_no_address():
    lock = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    pins = re.split(r"\n(?=[a-zA-Z])", lock)
    assert [pin.split("\n")[0] for pin in pins[1:] if "--hash=sha256:" not in pin] == []
    assert re.findall(r"(?m)^--|https?://", lock) == []
    assert re.findall(r"(?m)^-e |^\.|file:", lock) == []


def test_the_lock_file_holds_everything_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], *chain(*extras.values())]
    lock = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    locked = {
        canonicalize_name(name): Version(version) for name, version in re.findall(r"(?m)^([\w.-]+)==([\w.+!]+)", lock)
    }
    needs = {canonicalize_name(Requirement(line).name): Requirement(line).specifier for line in asked}
    missing = [name for name, range_ in needs.items() if name not in locked or locked[name] not in range_]
    assert missing == [], "run: make lock"
