"""Memory that is spent only when it is used: libraries imported at first use, and parts of libraries never used left out.

Web and worker run beside each other on a small server, and each holds its own copy of every library.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, Final

_NEVER: Final = (
    # httpx's own command line, with everything that colours a terminal.
    "httpx._main",
    # Fields of PostgreSQL alone, which the console's theme knows of: they bring that database's driver along.
    "django.contrib.postgres.fields",
)
"""What libraries try to import and do without when it isn't there."""
_SHELLS: Final = (
    # django-ninja wants one signal of it, not the test client, unittest and a template engine.
    "django.test",
    # Takes migrations apart and prints statements for people.
    "sqlparse",
)
"""Packages of which only a submodule is used."""


class Later(ModuleType):
    """Stands for the module of that name, which is imported when the first of its names is asked for.

    For what few requests need and costs megabytes. Raises ModuleNotFoundError then, when there is none.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


class _Shell(ModuleType):
    """A package whose own code runs when one of its names is asked for; its submodules can be imported without."""

    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        if name.startswith("__") or spec is None or spec.loader is None:
            raise AttributeError(name)
        # From here on an ordinary module; mypy does not allow a class to be narrowed back.
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(self)
        return getattr(self, name)


def keep_lean() -> None:
    """For processes that serve for long, before Django is set up: leave out what they never use."""
    for name in _NEVER:
        # None makes an import fail at once; typeshed knows only modules there.
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    put_off(*_SHELLS)


def put_off(*names: str) -> None:
    """Let these packages run their own code when one of their names is asked for; what is imported or missing stays as it is."""
    for name in names:
        if name not in sys.modules and (spec := find_spec(name)):
            shell = module_from_spec(spec)
            shell.__class__ = _Shell
            sys.modules[name] = shell


def settle() -> None:
    """Everything is loaded and this process serves from now on.

    What was loaded stays: looking through all of it again for garbage would stop every buyer for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """Give the system the memory that is free but kept by the C library, where that can be told (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
