"""The meaning of a name in a file: the constants and functions that it may stand for."""

from collections.abc import Callable, Mapping

from gates.testing.result_cache.file_analysis import Part, digest_of

Bindings = Mapping[str, list[tuple[str, Part]]]
"""The bindings of each name, with their files."""


class Meanings(dict[tuple[str, str], str]):
    """The digests of names in files: of the bindings with that name, and of those that they mention in turn.

    A name that means nothing has the digest "".

    A name means the bindings in the files that a file imports, directly or not. Without one there, it may be
    an attribute of anything, so it means all bindings in the packages that the file imports from.
    """

    def __init__(self, bindings: Bindings, closure: Callable[[str], frozenset[str]]) -> None:
        """Create an empty dictionary that computes digests on demand. `closure` tells what a file imports."""
        super().__init__()
        self._bindings = bindings
        self._closure = closure

    def __missing__(self, place: tuple[str, str]) -> str:
        reached: set[tuple[str, str]] = set()
        waiting = [place]
        texts: set[str] = set()
        while waiting:
            path, name = waiting.pop()
            if (path, name) not in reached:
                reached.add((path, name))
                for found, (digest, _, _, names) in self._visible(path, name):
                    texts.add(f"{name} {found} {digest}")
                    waiting += [(found, mentioned) for mentioned in names]
        self[place] = digest_of(*sorted(texts)) if texts else ""
        return self[place]

    def _visible(self, path: str, name: str) -> list[tuple[str, Part]]:
        known = self._bindings.get(name, [])
        reach = self._closure(path)
        near = [binding for binding in known if binding[0] in reach]
        if near or not known:
            return near
        packages = {file.split("/")[1] for file in reach}
        return [binding for binding in known if binding[0].split("/")[1] in packages]
