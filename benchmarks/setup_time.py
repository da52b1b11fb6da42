"""How long a newcomer waits: `make setup`, `make lab` and `make test`, in a new clone and again.

Prints a table. "new clone" has no .venv; what uv or pip cached on this machine stays cached unless --empty-cache,
which downloads about 500 MB. `make lab` ends when JupyterLab answers.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def seconds_of(command: list[str], clone: Path, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    return time.perf_counter() - start


def seconds_until_lab_answers(clone: Path, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        # BROWSER=true: the page would open in a browser that does nothing
        process = subprocess.Popen(
            ["make", "lab"], cwd=clone, env={**environment, "BROWSER": "true"}, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            while process.poll() is None:
                log.seek(0)
                if (found := re.search(r"(http://127\.0\.0\.1:\d+/)\S*token=", log.read())) and answers(
                    found[1]
                ):
                    return time.perf_counter() - start
                time.sleep(0.02)
            log.seek(0)
            sys.exit(f"make lab ended:\n{log.read()[-3000:]}")
        finally:
            stop_lab(clone, process)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url + "api", timeout=5).close()
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def stop_lab(clone: Path, make: subprocess.Popen) -> None:
    for about in (clone / "work" / ".jupyter" / "runtime").glob("jpserver-*.json"):
        os.kill(int(re.search(r"\d+", about.name)[0]), 15)
    make.wait(timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--empty-cache", action="store_true", help="as on a machine that never installed anything"
    )
    parser.add_argument("--no-tests", action="store_true", help="leave out `make test`")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="nlref-setup-") as folder:
        clone = Path(folder, "nlref")
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        # not this project's own environment: `make` must find or fetch everything itself
        path = [
            entry for entry in os.environ["PATH"].split(os.pathsep) if Path(entry) != ROOT / ".venv" / "bin"
        ]
        environment = {**os.environ, "PATH": os.pathsep.join(path)}
        environment.pop("VIRTUAL_ENV", None)
        if options.empty_cache:
            environment |= {"UV_CACHE_DIR": f"{folder}/uv", "PIP_CACHE_DIR": f"{folder}/pip"}

        def as_new() -> None:
            for name in (clone / ".venv", Path(folder, "uv"), Path(folder, "pip")):
                shutil.rmtree(name, ignore_errors=True)

        rows = []
        setup = ["make", "setup"]
        rows.append(
            ("make setup", seconds_of(setup, clone, environment), seconds_of(setup, clone, environment))
        )
        as_new()
        rows.append(
            (
                "make lab",
                seconds_until_lab_answers(clone, environment),
                seconds_until_lab_answers(clone, environment),
            )
        )
        if not options.no_tests:
            as_new()
            test = ["make", "test"]
            rows.append(
                ("make test", seconds_of(test, clone, environment), seconds_of(test, clone, environment))
            )

    uv = "uv on PATH" if shutil.which("uv", path=environment["PATH"]) else "uv installed into .venv"
    cache = "empty caches" if options.empty_cache else "warm caches"
    print(f"{uv}, {cache}, {os.cpu_count()} processors")
    print(f"{'':<12}{'new clone':>12}{'again':>10}")
    for name, cold, warm in rows:
        print(f"{name:<12}{cold:>10.1f} s{warm:>8.1f} s")


if __name__ == "__main__":
    main()
