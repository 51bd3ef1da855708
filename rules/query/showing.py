"""A tree written as a query, with every parenthesis."""

from rules.query.tree import AtLeast, Filter, Group, Near, Node, Not, Raw, Term, Within


def show(node: Node) -> str:
    """Read again, it gives an equal tree, but for what was doubled."""
    match node:
        case Term() | Raw() | Filter():
            return node.written
        case Group():
            return "(" + f" {node.operator} ".join(map(show, node.children)) + ")"
        case Not():
            return f"NOT {show(node.child)}"
        case AtLeast():
            return f"ATLEAST/{node.times} {_whole(node.child)}"
        case Within():
            return f"{node.part}:{_whole(node.child)}"
        case Near():
            return f"({show(node.first)} {_sign(node)} {show(node.second)})"


def _sign(node: Near) -> str:
    between = "SENTENCE" if node.distance is None else f"NEAR/{node.distance}"
    return f"O{between}" if node.ordered else between


def _whole(node: Node) -> str:
    shown = show(node)
    bare = isinstance(node, Term) and not shown.startswith("plural:")
    return shown if bare or shown.startswith("(") else f"({shown})"
