"""Answers that no record lists: what articles print and what slips in, and right ones in unusual styles.

They measure the checks. Records and general mistakes were improved by the answers whose ``held_out`` is False, so only
the rate of the others says how a new answer will fare: put none of those into a record. Every module beside this one
is read.
"""

import importlib
import pkgutil

from tests.checks.unseen.answer import ANSWERS, Answer

__all__ = ["ANSWERS", "Answer"]

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
