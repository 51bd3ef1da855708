"""The rules of one app on X, as they are added, listed and deleted."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from listener.mock.x_rules import PROBLEMS, Facts, RuleError, Test, compile_rule
from rules.instant import Instant, moment

MOST_RULES, LONGEST_RULE = 1_000, 1_024
_FIRST_ID = 1_600_000_000_000_000_000
Json = dict[str, Any]


class _Rule(NamedTuple):
    value: str
    tag: str | None
    test: Test


class InvalidRequestError(Exception):
    """A request that X answers with 400: which parameter, what it was, and why."""

    def __init__(self, name: str, value: Any, why: str) -> None:
        super().__init__(why)
        self.name, self.value, self.why = name, value, why


class Book:
    """The rules by id, which a dry run leaves as they are."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now, self._made = now, 0
        self._rules: dict[str, _Rule] = {}

    def __len__(self) -> int:
        return len(self._rules)

    def matching(self, facts: Facts) -> list[Json]:
        """The rules that a post fits, as a stream names them."""
        return [
            {"id": number, **({"tag": rule.tag} if rule.tag else {})}
            for number, rule in self._rules.items()
            if rule.test(facts)
        ]

    def listed(self, ids: Sequence[str] = ()) -> Json:
        """All rules, or those with these ids."""
        shown = [_shown(number, rule) for number, rule in self._rules.items() if not ids or number in ids]
        meta = {"sent": self._sent(), "result_count": len(shown)}
        return {"data": shown, "meta": meta} if shown else {"meta": meta}

    def change(self, asked: Any, *, dry: bool = False) -> Json:
        """Add or delete, as asked. Raises InvalidRequestError."""
        wanted = asked if isinstance(asked, dict) else {}
        before = dict(self._rules)
        try:
            if wanted.keys() == {"add"}:
                return self._add(wanted["add"])
            if wanted.keys() == {"delete"}:
                return self._delete(wanted["delete"])
            raise InvalidRequestError("body", "", "JSON must contain either `add` or `delete`")
        finally:
            if dry:
                self._rules = before

    def _add(self, asked: Any) -> Json:
        if not isinstance(asked, list) or not asked or not all(isinstance(each, dict) for each in asked):
            raise InvalidRequestError("add", [], "JSON doesn't match expected schema")
        if len(self._rules) + len(asked) > MOST_RULES:
            raise InvalidRequestError("add", [], f"Rule limit exceeded: at most {MOST_RULES} rules")
        made, errors = [], list[Json]()
        for each in asked:
            try:
                made.append(self._added(str(each.get("value", "")), each.get("tag")))
            except RuleError as error:
                errors.append(self._refused(str(each.get("value", "")), str(error)))
        summary = {"created": len(made), "not_created": len(errors), "valid": len(made), "invalid": len(errors)}
        body: Json = {"data": made, "meta": {"sent": self._sent(), "summary": summary}, "errors": errors}
        return {name: part for name, part in body.items() if part}

    def _added(self, value: str, tag: str | None) -> Json:
        if len(value) > LONGEST_RULE:
            raise RuleError(f"Rules must be at most {LONGEST_RULE} characters; this one has {len(value)}")
        if self._same(value):
            raise RuleError("duplicate")
        rule = _Rule(value, tag, compile_rule(value))
        self._made += 1
        number = str(_FIRST_ID + self._made)
        self._rules[number] = rule
        return _shown(number, rule)

    def _same(self, value: str) -> str | None:
        return next((number for number, rule in self._rules.items() if rule.value == value), None)

    def _refused(self, value: str, why: str) -> Json:
        if there := self._same(value):
            return {"value": value, "id": there, "title": "DuplicateRule", "type": f"{PROBLEMS}/duplicate-rules"}
        details = {"title": "UnprocessableEntity", "type": f"{PROBLEMS}/invalid-rules"}
        return {"value": value, "details": [why], **details}

    def _delete(self, asked: Any) -> Json:
        named = asked if isinstance(asked, dict) else {}
        ids: Iterable[str] = named.get("ids") or [self._same(value) or "" for value in named.get("values") or []]
        wanted = list(ids)
        if not wanted:
            raise InvalidRequestError("delete", [], "JSON doesn't match expected schema")
        there = [number for number in wanted if self._rules.pop(number, None)]
        summary = {"deleted": len(there), "not_deleted": len(wanted) - len(there)}
        errors = [
            {"parameter": "id", "value": number, "title": "Not Found Error", "type": f"{PROBLEMS}/resource-not-found"}
            for number in wanted
            if number not in there
        ]
        return {"meta": {"sent": self._sent(), "summary": summary}, **({"errors": errors} if errors else {})}

    def _sent(self) -> str:
        return moment(self._now()).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(number: str, rule: _Rule) -> Json:
    return {"id": number, "value": rule.value, **({"tag": rule.tag} if rule.tag else {})}
