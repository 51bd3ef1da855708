"""Make .venv from the lock file, or say plainly what is missing. Standard library only; starts on any Python 3."""

import hashlib
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
VENV = ".venv"


def stop(message, way_out):
    sys.stderr.write("\n%s\n%s\n" % (message, way_out))
    sys.exit(1)


def use_newer_python():
    """Start again under a newer Python of this machine, when there is one."""
    version = "%d.%d" % sys.version_info[:2]
    newer = next(filter(runs, filter(None, map(shutil.which, NAMES))), None)
    if newer is None:
        stop(
            "badbuzz needs Python 3.11 or newer; %s is %s." % (sys.executable, version),
            "Install one (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv; elsewhere: your system's\n"
            "packages, python.org or `uv python install`), then: make PYTHON=/path/to/python3 ...",
        )
    os.execv(newer, [newer, *sys.argv])


def runs(python):
    """A version manager leaves commands behind that find no Python."""
    try:
        return subprocess.run([python, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def works(python):
    """A virtual environment may be there and dead: its Python was removed, or the folder moved."""
    try:
        answer = subprocess.run([python, "-m", "pip", "--version"], capture_output=True)
    except OSError:
        return False
    return answer.returncode == 0


def make_venv(python):
    missing = subprocess.run([sys.executable, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL).returncode
    if missing:
        stop(
            "%s cannot make virtual environments: its venv module is not installed." % sys.executable,
            "On Debian and Ubuntu it is a package of its own: apt-get install python3-venv (as root), then try again.",
        )
    sys.stderr.write("Making %s with Python %d.%d ...\n" % (VENV, sys.version_info[0], sys.version_info[1]))
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], stderr=subprocess.PIPE)
    if made.returncode or not works(python):
        sys.stderr.write(made.stderr.decode("utf-8", "replace"))
        stop("%s could not be made; the reason stands above." % VENV, "Is there space left, and may you write here?")


def pip(python, *arguments):
    command = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *arguments]
    if subprocess.run(command).returncode:
        stop(
            "pip could not install what badbuzz needs; its reason stands above.",
            "No network, or behind a proxy? Set HTTPS_PROXY, or name your package mirror in pip's own configuration\n"
            "(pip config set global.index-url ...). `make clean` starts afresh. A wrong hash means that the package\n"
            "differs from the one this project was tested with: do not go round it.",
        )


def main(lock, ready):
    if sys.version_info < OLDEST:
        use_newer_python()
    python = os.path.join(VENV, "bin", "python")
    if not works(python):
        make_venv(python)
    with open(lock, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    installed = ""
    if os.path.exists(ready):
        with open(ready) as file:
            installed = file.read()
    if installed != digest:
        sys.stderr.write(
            "Installing what %s names into %s: once, over the network, a minute or two ...\n" % (lock, VENV)
        )
        pip(python, "--require-hashes", "-r", lock)
    pip(python, "--no-deps", "--no-build-isolation", "--editable", ".")
    with open(ready, "w") as file:
        file.write(digest)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The next make goes on from here.\n")
        sys.exit(130)
