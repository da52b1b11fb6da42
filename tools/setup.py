"""Make or mend ``.venv``: what ``make setup`` runs, and every other target first.

Standard library only, and written for Python 3.8 and later, so that an unsuitable Python can still be told
apart from a missing one and gets a sentence instead of a traceback. Python 3.11 to 3.13 is what it asks for.

The environment is complete if and only if ``.venv/nlref-setup.json`` is there, was written for the present
``pyproject.toml`` and ``constraints.txt``, and everything that it lists is still in place.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "nlref-setup.json"
REQUIREMENT = ".[keras,test]"
OLDEST, NEWEST = (3, 11), (3, 13)
DISK_BYTES = 2_000_000_000  # an installed environment with TensorFlow is 1.7 to 1.9 GB

# Runs under whatever a name on PATH turns out to be, Python 2 included.
PROBE = """
import json, sys
try:
    import venv, ensurepip
    has_venv = True
except ImportError:
    has_venv = False
print(json.dumps([list(sys.version_info[:3]), sys.executable, has_venv]))
"""


class SetupError(Exception):
    """One sentence: what is wrong, and what to do."""


class Hopeless(SetupError):
    """What neither another installer nor a new environment would change: no space, no network."""


class Python:
    """An interpreter found on this machine."""

    def __init__(self, name, version, executable, has_venv):
        self.name = name
        self.version = tuple(version)
        self.executable = executable
        self.has_venv = has_venv

    @property
    def suitable(self):
        return OLDEST <= self.version[:2] <= NEWEST

    @property
    def dotted(self):
        return ".".join(map(str, self.version))


def probe(name):
    """The Python that ``name`` starts, or None: a pyenv shim on PATH may start none."""
    try:
        answer = subprocess.run(
            [name, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60
        )
        return Python(name, *json.loads(answer.stdout.decode()))
    except (OSError, ValueError, TypeError, subprocess.TimeoutExpired):
        return None


def choose_python(wanted, uv):
    """The Python to build the environment from: the one asked for, else the first suitable one on PATH."""
    if wanted:
        found = [python for python in [probe(wanted)] if python]
        if not found:
            raise SetupError(
                f"PYTHON={wanted} does not start a Python; give a name or path of Python 3.11, 3.12 or 3.13."
            )
    else:
        names = ["python3", "python3.13", "python3.12", "python3.11", "python"]
        found = [python for python in map(probe, names) if python]
        if uv and not any(python.suitable for python in found):
            managed = subprocess.run(
                [uv, "python", "find", "--no-python-downloads", ">=3.11,<3.14"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            found += filter(None, [managed.returncode == 0 and probe(managed.stdout.decode().strip())])

    suitable = [python for python in found if python.suitable]
    for python in suitable:
        if python.has_venv or uv:
            return python
    if suitable:
        python = suitable[0]
        how = "install that module"
        if shutil.which("apt-get"):
            which = "3" if python.name == "python3" else ".".join(map(str, python.version[:2]))
            how = f"run `sudo apt-get install python{which}-venv`"
        raise SetupError(
            f"Python {python.dotted} ({python.executable}) cannot make a virtual environment: it has no venv "
            f"module; {how}, then `make setup` again."
        )
    there = ", ".join(f"{python.name} is {python.dotted}" for python in found) or "no Python starts"
    raise SetupError(
        f"nlref needs Python 3.11, 3.12 or 3.13 (TensorFlow has no wheels for others), but here {there}; "
        "install one, for example Python 3.13, and run `make setup PYTHON=python3.13`."
    )


def key():
    """Changes when what has to be installed changes."""
    digest = hashlib.sha256(REQUIREMENT.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update(hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()


def site_packages():
    return next(iter((VENV / "lib").glob("python3.*/site-packages")), None)


def venv_version():
    """(major, minor) of the environment's Python, or None where it does not run or has nowhere to install."""
    if site_packages() is None:
        return None
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [str(VENV_PYTHON), "-I", "-S", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return tuple(map(int, answer.stdout.split())) or None
    except (OSError, ValueError):
        return None


def complete():
    """Whether the environment is the one that the stamp describes; takes a few hundredths of a second."""
    try:
        stamp = json.loads(STAMP.read_text())
        site = VENV / stamp["site-packages"]
        return (
            stamp["key"] == key()
            and set(stamp["installed"])
            <= set(os.listdir(site)) | {"bin/" + name for name in os.listdir(VENV / "bin")}
            and venv_version() == tuple(stamp["python"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def missing_files():
    """Files that installed distributions record and that are not there: signs of damage or interruption."""
    site = site_packages()
    missing = []
    for info in sorted(site.glob("*.dist-info")):
        try:
            rows = (info / "RECORD").read_text(encoding="utf-8").splitlines()
        except OSError:
            missing.append(f"{info.name}/RECORD")
            continue
        for row in rows:
            name = row.rsplit(",", 2)[0].strip('"')
            if name and not name.endswith(".pyc") and not os.path.exists(os.path.join(str(site), name)):
                missing.append(name)
    return missing


def write_stamp():
    site = site_packages()
    stamp = {
        "key": key(),
        "python": venv_version(),
        "site-packages": str(site.relative_to(VENV)),
        "installed": sorted(os.listdir(site)) + sorted("bin/" + name for name in os.listdir(VENV / "bin")),
    }
    beside = STAMP.with_suffix(".new")
    beside.write_text(json.dumps(stamp, indent=0))
    beside.replace(STAMP)


def explain(output, what):
    """The sentence for a failed command, from what it printed."""
    text = output.lower()
    if "no space left" in text or "quota exceeded" in text or "os error 28" in text:
        return Hopeless(no_space())
    no_network = (
        "failed to fetch",
        "error sending request",
        "dns error",
        "newconnectionerror",
        "connection error",
        "proxyerror",
        "cannot connect to proxy",
        "name resolution",
        "network is unreachable",
        "connecttimeout",
        "max retries exceeded",
        "network connectivity is disabled",
    )
    if any(sign in text for sign in no_network):
        return Hopeless(
            "the packages could not be downloaded; check the network connection (behind a proxy, "
            "set HTTPS_PROXY) and run `make setup` again."
        )
    sys.stderr.write(output)
    return SetupError(f"{what} failed for the reason printed above; mend that and run `make setup` again.")


def no_space():
    return (
        f"no space left: the environment takes about 2 GB in {ROOT}, and the installer needs some in its "
        "cache and temporary folder; free some space and run `make setup` again."
    )


def run(command, what, show=()):
    """Run a command, pass on its lines that start with one of ``show``, and explain its failure."""
    tail = deque(maxlen=60)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
    }
    process = subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
    )
    try:
        for line in process.stdout:
            tail.append(line)
            if line.lstrip().startswith(show):
                print("  " + line.strip(), flush=True)
    except BaseException:
        process.terminate()
        raise
    finally:
        process.wait()
    if process.returncode:
        raise explain("".join(tail), what)


def create(python, uv):
    if not os.access(str(ROOT), os.W_OK):
        raise Hopeless(f"{ROOT} cannot be written; make it writable, or work in a clone of your own.")
    if shutil.disk_usage(str(ROOT)).free < DISK_BYTES:
        raise Hopeless(no_space())
    print(f"Making .venv with Python {python.dotted} ({python.executable})", flush=True)
    if uv:
        # --seed: learners expect `%pip install` to work in a notebook
        run([uv, "venv", "--quiet", "--seed", "--python", python.executable, str(VENV)], "uv venv")
    else:
        run([python.executable, "-m", "venv", str(VENV)], "python -m venv")


def install(uv):
    """The package, editable, with its extras at the versions of constraints.txt: by uv, else by pip."""
    print(
        "Installing the packages of constraints.txt (from half a minute to some minutes the first time)",
        flush=True,
    )
    pip = [str(VENV_PYTHON), "-I", "-m", "pip", "--disable-pip-version-check"]
    wanted = ["--constraint", "constraints.txt", "--editable", REQUIREMENT]
    if not uv:
        try:
            run(
                [*pip, "install", "--quiet", "--retries", "2", "--constraint", "constraints.txt", "uv"],
                "pip install uv",
            )
            uv = str(VENV / "bin" / "uv")
        except Hopeless:
            raise
        except SetupError:
            print("uv does not install here; going on with pip, which is slower", flush=True)
    if uv:
        try:
            show = ("Downloading", "Downloaded", "Prepared", "Installed", "Uninstalled")
            run([uv, "pip", "install", "--python", str(VENV_PYTHON), *wanted], "uv pip install", show)
            return
        except SetupError as error:
            if no_space() in str(error):
                raise
            # pip reads settings that uv does not (pip.conf: a mirror, a certificate), so it may succeed
            print("uv could not install the packages; trying pip", flush=True)
    run(
        [*pip, "install", "--retries", "2", *wanted],
        "pip install",
        ("Downloading", "Installing", "Successfully"),
    )


def uv_on_path():
    """A uv that runs, other than the environment's own, which may be broken with it."""
    uv = shutil.which("uv")
    if not uv or Path(uv).parent == VENV_PYTHON.parent:
        return None
    with contextlib.suppress(OSError):
        if (
            subprocess.run([uv, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
            == 0
        ):
            return uv
    return None


def remove_venv():
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(str(VENV))


@contextlib.contextmanager
def one_at_a_time():
    """Two terminals may both say `make test` on a new clone: the second waits for the first."""
    with open(str(ROOT / "pyproject.toml"), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def as_wanted(wanted):
    """Whether the environment runs, on the Python that was asked for or else on any suitable one."""
    version = venv_version()
    if version is None or not wanted:
        return version is not None and OLDEST <= version <= NEWEST
    asked = probe(wanted)
    return asked is not None and asked.version[:2] == version


def mend(uv):
    """Install over the present environment; False where only a new one will do."""
    try:
        install(uv)
    except Hopeless:
        raise
    except SetupError:
        return False
    missing = missing_files()
    if missing:
        print(f"Files of .venv are missing ({len(missing)}, the first is {missing[0]})", flush=True)
    return not missing


def setup(wanted):
    if complete() and as_wanted(wanted):
        return
    with one_at_a_time():
        if complete() and as_wanted(wanted):
            return
        uv = uv_on_path()
        if not (as_wanted(wanted) and mend(uv)):
            python = choose_python(wanted, uv)  # before anything is removed
            remove_venv()
            try:
                create(python, uv)
                install(uv)
                missing = missing_files()
                if missing:
                    raise SetupError(
                        f"the installation is incomplete, {missing[0]} is missing; run `make setup` again."
                    )
            except BaseException:
                remove_venv()
                raise
        write_stamp()
        print(".venv is complete", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Make or mend .venv, the environment of this course.")
    parser.add_argument("--python", help="name or path of the Python to use (3.11, 3.12 or 3.13)")
    # a terminated installation cleans up like an interrupted one
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        setup(parser.parse_args().python)
    except SetupError as error:
        print(f"make setup: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("make setup: interrupted; run it again to go on.", file=sys.stderr)
        return 130
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        where = f" ({error.filename})" if error.filename else ""
        message = no_space() if full else f"{error.strerror}{where}; mend that and run `make setup` again."
        print(f"make setup: {message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
