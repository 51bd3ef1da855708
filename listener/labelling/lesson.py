"""A training in a process of its own: it takes seconds of plain Python, in which the daemon could not listen.

A program of its own rather than a pool: it inherits nothing, uses no memory between trainings, and can be killed at any
moment, so that a shutdown never waits for it.
"""

import asyncio
import os
import sys
from contextlib import suppress
from hashlib import blake2s
from importlib.metadata import version

import msgspec

from listener.labelling.studied import studied
from rules.classify import BrandTerms, Judge
from rules.labelling.model import Mark
from rules.labelling.train import train
from rules.packs.own import ToneWords
from rules.query.compiled import compile_query

PATIENCE = 600.0
"""Seconds until a training is given up."""


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What is learnt from: marks, and what makes a tone one towards the brand: its query with the lists that it names,
    its accounts, and what words mean to its public.
    """

    marks: list[Mark]
    query: str
    lists: dict[str, tuple[str, ...]] = {}
    own_accounts: tuple[str, ...] = ()
    own: ToneWords = ToneWords()

    @property
    def basis(self) -> str:
        """A digest of what judges without the marks: this version of the program, and what it knows of the brand."""
        known = (version("badbuzz"), self.query, self.own_accounts, self.own, *self.lists.items())
        return blake2s(msgspec.json.encode(known), digest_size=8).hexdigest()


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """The dump of the model that is better than the pack, if one is, and the JSON of the study."""

    model: bytes | None
    study: bytes


class LessonError(Exception):
    """The training came to no end."""


def learn(lesson: Lesson) -> Learned:
    """Learn in this process."""
    terms = BrandTerms(
        query=compile_query(lesson.query, lesson.lists), own_accounts=lesson.own_accounts, tone=lesson.own
    )
    study = train(lesson.marks, Judge(terms))
    return Learned(
        model=study.model.dump() if study.model else None, study=studied(study, len(lesson.marks), lesson.basis)
    )


async def learn_elsewhere(lesson: Lesson, patience: float = PATIENCE) -> Learned:
    """Learn in another process, which does not outlive this call. Raises LessonError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        async with asyncio.timeout(patience):
            out, err = await process.communicate(msgspec.json.encode(lesson))
    except TimeoutError as error:
        raise LessonError(f"not done after {patience:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = err.decode(errors="replace").strip().rpartition("\n")[2]
        raise LessonError(f"exit code {process.returncode}: {said}")
    try:
        return msgspec.json.decode(out, type=Learned)
    except msgspec.DecodeError as error:
        raise LessonError(f"no answer that can be read: {error}") from error


def main() -> None:
    """A lesson on standard input, what was learnt on standard output."""
    with suppress(OSError):  # a service may not be allowed to
        os.nice(10)
    lesson = msgspec.json.decode(sys.stdin.buffer.read(), type=Lesson)
    sys.stdout.buffer.write(msgspec.json.encode(learn(lesson)))


if __name__ == "__main__":
    main()
