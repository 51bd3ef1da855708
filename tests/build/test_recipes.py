import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small project whose tests follow this project's rules."""
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    (tmp_path / "test_server.py").write_text(
        "import pytest\n"
        "def test_needs_a_server(): pytest.skip('no server: make servers')\n"
        "@pytest.mark.xfail\n"
        "def test_known(): assert False\n"
        "def test_fine(): pass\n"
    )
    return tmp_path


def run(suite: Path, ci: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "."]
    environ = {**os.environ, "CI": ci}
    return subprocess.run(command, cwd=suite, env=environ, capture_output=True, text=True, check=False)


def test_at_home_a_test_without_its_server_is_left_out_and_says_what_to_do(suite):
    ran = run(suite, "")
    assert ran.returncode == 0
    assert "no server: make servers" in ran.stdout
    assert "1 passed, 1 skipped, 1 xfailed" in ran.stdout


def test_in_ci_a_test_that_did_not_run_has_failed(suite):
    ran = run(suite, "true")
    assert ran.returncode == 1
    assert "not run, and nothing may be left out in CI" in ran.stdout
    assert "1 failed, 1 passed, 1 xfailed" in ran.stdout


def test_in_ci_a_whole_file_that_did_not_run_has_failed(suite):
    (suite / "test_away.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    assert "not run, and nothing may be left out in CI" in run(suite, "true").stdout


def set_up(folder: Path, python: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(ROOT / ".ci/set_up.py"), "dev.txt", "ready"],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_packages_the_set_up_says_what_may_be_in_the_way(tmp_path):
    (tmp_path / "dev.txt").write_text("no-such-thing==1.0 --hash=sha256:" + "0" * 64 + "\n")
    ran = set_up(tmp_path, sys.executable, os.environ["PATH"])
    assert ran.returncode == 1
    assert "No network, or behind a proxy?" in ran.stderr
    assert not (tmp_path / "ready").exists()


def test_a_python_without_venv_is_told_how_to_get_it(tmp_path):
    (tmp_path / "venv.py").write_text("raise ImportError\n")
    ran = subprocess.run(
        [sys.executable, str(ROOT / ".ci/set_up.py"), "dev.txt", "ready"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "apt-get install python3-venv" in ran.stderr


def test_of_newer_pythons_the_first_that_runs_is_taken(tmp_path):
    for name, text in (("python3.14", "exit 127"), ("python3.12", 'test "$1" = -c || echo "python3.12 $1"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    script = str(ROOT / ".ci/set_up.py")
    old = f"import runpy, sys; sys.version_info = (3, 9, 0); sys.argv = [{script!r}, 'dev.txt', 'ready']; "
    ran = subprocess.run(
        [sys.executable, "-c", f"{old} runpy.run_path({script!r}, run_name='__main__')"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"python3.12 {script}\n", "")


def test_a_set_up_that_is_stopped_says_so_and_no_more(tmp_path):
    command = [sys.executable, str(ROOT / ".ci/set_up.py"), "dev.txt", "ready"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stderr is not None
        making = running.stderr.readline()
        os.killpg(running.pid, signal.SIGINT)
        said = running.stderr.read()
    assert (making.startswith("Making .venv"), running.returncode) == (True, 130)
    assert said == "\nStopped. The next make goes on from here.\n"


def test_without_any_python_make_says_what_to_install(tmp_path):
    for name in ("Makefile", "requirements/dev.txt", "pyproject.toml", ".ci/set_up.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    ran = subprocess.run(
        ["make", "demo", "PYTHON=no-such-python"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("badbuzz needs Python 3.11 or newer, and there is no no-such-python here: install one")


def test_the_recipes_are_listed_with_what_they_do():
    outside = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    ran = subprocess.run(["make", "help"], cwd=ROOT, env=outside, capture_output=True, text=True, check=True)
    listed = ran.stdout
    named = [line.split()[0] for line in listed.splitlines()]
    assert named == ["help", "demo", "test", "lint", "types", "bench", "ratios", "servers", "lock", "wheel", "clean"]
