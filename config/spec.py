"""How a component describes itself, and how one is found by its kind without importing the others."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from config.model import Model
from config.problems import did_you_mean

OptionsT_co = TypeVar("OptionsT_co", bound=Model, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Spec(Generic[OptionsT_co]):
    """What a component promises to everybody: its kind is its module's name, `example` validates as `options`."""

    kind: str
    summary: str
    options: type[OptionsT_co]
    example: Mapping[str, object]


SpecType = TypeVar("SpecType", bound=Spec[Model])


class UnknownKindError(LookupError):
    """No component of that kind; the message holds a did-you-mean."""


class Catalog(Generic[SpecType]):
    """All components of one role: the modules of a package plus what others add by entry point.

    Nothing is imported until its spec is asked for.
    """

    def __init__(self, role: str, package: str, group: str, spec_type: type[SpecType]) -> None:
        self.role = role
        self._package, self._group, self._type = package, group, spec_type

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self._group)}

    @cached_property
    def _own(self) -> frozenset[str]:
        path = importlib.import_module(self._package).__path__
        return frozenset(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))

    def kinds(self) -> list[str]:
        """Every known kind, sorted."""
        return sorted(self._own | set(self._plugins))

    def spec(self, kind: str) -> SpecType:
        """The SPEC of a kind. Raises UnknownKindError when there is none, TypeError when a plug-in hands over
        something else.
        """
        if kind not in self._own and kind not in self._plugins:
            raise UnknownKindError(f"unknown {self.role} kind '{kind}'; {did_you_mean(kind, self.kinds())}")
        plugin = self._plugins.get(kind)
        spec = plugin.load() if plugin else importlib.import_module(f"{self._package}.{kind}").SPEC
        if not isinstance(spec, self._type):
            raise TypeError(f"the {self.role} '{kind}' offers {type(spec).__name__}, not {self._type.__name__}")
        return spec
