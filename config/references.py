"""Values that stand elsewhere: `${VAR}` in a text, and `!secret` for what must not be in the file."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

SECRET_LIMIT = 65_536
_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}|\$\{")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CREDENTIAL = re.compile(r"[^/\0]{1,255}")


class ReferenceProblemError(Exception):
    """A value that cannot be had: `message` and `hint` never hold the value. `elsewhere`: the service may have it."""

    def __init__(self, message: str, hint: str = "", *, elsewhere: bool = False) -> None:
        super().__init__(message)
        self.message, self.hint, self.elsewhere = message, hint, elsewhere


def interpolate(text: str, environ: Mapping[str, str]) -> str:
    """`text` with `${VAR}` and `${VAR:-default}` replaced (the default also when VAR is empty); `$${` is a plain `${`.

    Raises ReferenceProblemError for an unset variable or an unfinished reference.
    """

    def value(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        if match[0] == "$${":
            return "${"
        if name is None:
            raise ReferenceProblemError("unfinished variable reference", "write ${NAME}, or $${ for a plain ${")
        if default is not None:
            return environ.get(name) or default
        if name not in environ:
            raise ReferenceProblemError(
                f"environment variable {name} is not set", f"set it, or give a default: ${{{name}:-...}}"
            )
        return environ[name]

    return _REFERENCE.sub(value, text)


def read_secret(reference: str, folder: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """The value of `env:NAME`, `file:/path` (a relative one is in `folder`) or `credential:name`, and a warning or "".

    Trailing line ends are not part of a value. Raises ReferenceProblemError; no message holds the value.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and _VARIABLE.fullmatch(rest):
        return _from_environment(rest, environ), ""
    if scheme == "file" and rest:
        return _from_file(folder / Path(rest).expanduser(), "secret file")
    if scheme == "credential" and _CREDENTIAL.fullmatch(rest) and rest not in {".", ".."}:
        return _from_credential(rest, environ)
    raise ReferenceProblemError(
        "not a secret reference", "write !secret env:NAME, !secret file:/path or !secret credential:name"
    )


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise ReferenceProblemError(f"environment variable {name} is not set", "set it before badbuzz starts")
    return _filled(environ[name], f"environment variable {name}")


def _from_credential(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ReferenceProblemError(
            f"credential '{name}' cannot be had here: credentials exist only under systemd",
            f"in the unit: LoadCredential={name}:/path; for one command: "
            f"systemd-run --pty -p LoadCredential={name}:/path badbuzz ...",
            elsewhere=True,
        )
    value, _ = _from_file(Path(folder) / name, "credential")
    return value, ""


def _from_file(path: Path, what: str) -> tuple[str, str]:
    try:
        mode = path.stat().st_mode
        content = _head(path) if stat.S_ISREG(mode) else None  # reading anything else may never end
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise ReferenceProblemError(f"cannot read {what} {path}: {reason}", "check the path and its owner") from None
    if content is None:
        raise ReferenceProblemError(f"{what} {path} is no regular file", "write it to a file, or use !secret env:NAME")
    if len(content) > SECRET_LIMIT:
        raise ReferenceProblemError(f"{what} {path} is larger than 64 KiB", "a secret is one short text")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ReferenceProblemError(f"{what} {path} is not UTF-8 text", "save it as UTF-8") from None
    open_to_all = mode & stat.S_IROTH
    warning = f"{what} {path} can be read by everybody on this machine" if open_to_all else ""
    return _filled(text, f"{what} {path}"), warning


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SECRET_LIMIT + 1)


def _filled(text: str, where: str) -> str:
    value = text.rstrip("\r\n")
    if not value:
        raise ReferenceProblemError(f"{where} is empty", "put the secret there")
    return value
