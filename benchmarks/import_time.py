"""What ``import nlref`` adds to ``import numpy``, in fresh processes.

    python benchmarks/import_time.py [--runs 21]

The target is under 0.05 s. The processes take turns, so that a busy machine slows all statements alike; the medians of
the time from the interpreter's first line to its last are printed, and the difference to NumPy alone.
"""

import argparse
import statistics
import subprocess
import sys

STATEMENTS = {
    "numpy": "import numpy",
    "nlref": "import numpy, nlref",
    "nlref.activations": "import numpy, nlref.activations",
    "nlref.activations, one call": "import numpy, nlref.activations as a; a.sigmoid(numpy.ones(1000))",
}
PROGRAM = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def seconds(statement: str) -> float:
    command = [sys.executable, "-c", PROGRAM.format(statement)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    for statement in STATEMENTS.values():
        seconds(statement)  # compiles to bytecode, fills the disk's cache
    times = {name: [] for name in STATEMENTS}
    for _ in range(runs):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    alone = statistics.median(times["numpy"])
    print(f"Median of {runs} fresh processes, milliseconds")
    print(f"{'import':<30}{'median':>8}{'over numpy':>12}{'fastest':>10}")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:<30}{median * 1e3:>8.1f}{(median - alone) * 1e3:>12.1f}{min(measured) * 1e3:>10.1f}")


if __name__ == "__main__":
    main()
