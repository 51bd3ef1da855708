import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "rules", "alerts", "listener")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The wheel of this checkout."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return zipfile.ZipFile(next(out.glob("badbuzz-*.whl")))


def test_the_wheel_carries_the_four_packages_and_no_other_name(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_carries_every_file_of_the_packages(wheel):
    known = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    expected = {name for name in known if name and (ROOT / name).is_file()}
    carried = {name for name in wheel.namelist() if name.split("/")[0] in PACKAGES}
    assert carried == expected
    assert {"config/systemd/badbuzz.service", "listener/web/templates/home.html", "listener/web/style.css"} <= carried


def test_the_wheel_brings_one_command_and_its_licence(wheel):
    entries = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    licences = {Path(name).name for name in wheel.namelist() if "/licenses/" in name}
    assert wheel.read(entries).decode().split() == [
        "[console_scripts]",
        "badbuzz",
        "=",
        "listener.cli.main:main",
    ]
    assert licences == {"LICENSE", "NOTICE"}


def test_what_is_in_the_wheel_can_be_imported_elsewhere(wheel, tmp_path):
    wheel.extractall(tmp_path)
    program = "import listener.web.pages as pages; print(pages.__file__)"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd="/",
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout.strip(), ran.stderr) == (str(tmp_path / "listener/web/pages.py"), "")
