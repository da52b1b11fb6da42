"""Starts the zygote: ``python -I -S -B start.py <settings as JSON>``.

Run as a plain script, inside the sandbox, where nlref is not installed; so it makes the package that its
siblings import one another from.
"""

import json
import os
import sys
import types


def main() -> None:
    settings = json.loads(sys.argv[1])
    package = types.ModuleType("nlref_grading")
    package.__path__ = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    sys.modules["nlref_grading"] = package
    sys.path += settings["packages"]
    sys.argv = [""]

    from nlref_grading.worker.zygote import Zygote

    Zygote(settings).run()


if __name__ == "__main__":
    main()
