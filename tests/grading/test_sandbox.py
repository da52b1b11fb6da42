"""Learners' cells run as in a notebook, and whatever they try ends with their own session."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from nlref.grading import messages, runtime, sandbox, seccomp
from nlref.grading.sandbox import (
    MIB,
    Limits,
    Sandbox,
    SandboxUnavailable,
    Session,
    clean_output,
    explained,
)

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is missing: sudo apt-get install bubblewrap"
    ),
]


@pytest.fixture(scope="module")
def box():
    with Sandbox(limits=Limits(cell_seconds=30, call_seconds=20)) as made:
        yield made


@pytest.fixture(scope="module")
def hasty():
    """A sandbox that does not wait long for a cell."""
    with Sandbox(limits=Limits(cell_seconds=0.5, grace_seconds=0.3)) as made:
        yield made


@pytest.fixture(scope="module")
def patient():
    """A sandbox whose time is short too, but that gives a stopped cell all the time to answer."""
    with Sandbox(limits=Limits(cell_seconds=0.5, grace_seconds=20)) as made:
        yield made


@pytest.fixture
def session(box):
    with box.session() as made:
        yield made


def printed(run):
    return "".join(output["text"] for output in run.outputs if output["output_type"] == "stream")


class TestCells:
    def test_the_last_expression_is_the_result(self, session):
        run = session.run_cell("print('one')\nx = 2\nx + 1")
        assert run.outputs == [
            {"output_type": "stream", "name": "stdout", "text": "one\n"},
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "data": {"text/plain": "3"},
                "metadata": {},
            },
        ]
        assert run.error is None
        assert session.run_cell("x;").outputs == []

    def test_names_last_from_cell_to_cell(self, session):
        session.run_cell("def f(x): return _n * x\n_n = 3")
        assert session.run_cell("f(2)").outputs[0]["data"]["text/plain"] == "6"
        assert session.rebound == {"f": 1, "_n": 1}

    def test_magics_and_shell_commands_do_not_stop_a_notebook(self, session):
        run = session.run_cell(
            "%matplotlib inline\n!pip install numpy\n%time x = 5\nget_ipython().run_line_magic('pwd', '')"
        )
        assert run.error is None
        assert "not run" in printed(run)
        assert session.run_cell("%%capture\nprint('unseen')").outputs == []

    def test_any_backend_draws_into_the_notebook(self, session):
        for magic in ("%matplotlib qt", "%matplotlib notebook", "%matplotlib", "%matplotlib widget"):
            run = session.run_cell(f"{magic}\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);")
            assert run.error is None
            assert "image/png" in run.outputs[-1]["data"]

    def test_cells_can_await(self, session):
        run = session.run_cell("import asyncio\nawait asyncio.sleep(0.01)\n'waited'")
        assert run.error is None
        assert run.outputs[-1]["data"]["text/plain"] == "'waited'"

    def test_displays_and_figures_are_kept(self, session):
        run = session.run_cell(
            "from IPython.display import HTML, display\nimport matplotlib.pyplot as plt\n"
            "display(HTML('<b>x</b>'))\nplt.plot([1, 2])\nplt.xlabel('$x$')\nplt.show()\nprint('after')"
        )
        kinds = [sorted(output.get("data", output)) for output in run.outputs]
        assert kinds[0] == ["text/html", "text/plain"]
        assert kinds[1] == ["image/png", "text/plain"]
        assert run.outputs[2]["text"] == "after\n"

    def test_errors_show_the_learners_lines_and_no_others(self, session):
        session.run_cell("def g(x):\n    return 1 / x")
        run = session.run_cell("print('before')\ng(0)")
        error = run.outputs[-1]
        assert run.error == "ZeroDivisionError: division by zero"
        assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
        assert error["traceback"][1:5] == [
            "  cell 2, line 2, in <module>", "    g(0)", "  cell 1, line 2, in g", "    return 1 / x",
        ]  # fmt: skip
        assert not any("/runtime" in line or "server.py" in line for line in error["traceback"])
        run = session.run_cell("def broken(:\n    pass")
        assert run.error.startswith("SyntaxError: ")

    def test_input_says_that_nobody_answers(self, session):
        assert session.run_cell("input('name? ')").error.startswith(
            "StdinNotImplementedError: raw_input was called"
        )

    def test_exit_does_not_end_the_notebook(self, session):
        assert session.run_cell("exit()").error is None
        assert session.run_cell("1").error is None
        assert session.run_cell("raise SystemExit(3)").error == "SystemExit: 3"
        assert session.alive

    def test_threads_print_too(self, session):
        run = session.run_cell(
            "import threading\n"
            "ts = [threading.Thread(target=lambda i=i: print('x' * 5000, i)) for i in range(20)]\n"
            "[t.start() for t in ts]; [t.join() for t in ts]; None"
        )
        assert run.error is None
        assert printed(run).count("x") == 100_000

    def test_nlref_stands_in(self, session):
        run = session.run_cell(
            "import nlref\nfrom nlref import check, predict\nfrom nlref.activations import softmax\n"
            "import nlref.a.b.c as deep\n"
            "assert check('relu', None) is None and predict('q', 1) is None and nlref.explore() is None\nsoftmax([1])"
        )
        assert run.error.startswith("NotImplementedError: nlref.activations.softmax is not available")

    def test_written_knows_a_stub_without_the_reference(self, session):
        run = session.run_cell(
            "from nlref import written\n"
            "def relu(x): ...\n"
            "def tanh(x): return x[0, 0]\n"
            "class Dense:\n    def __init__(self): self.x = 1\n    def forward(self, x): ...\n"
            "print(written(relu), written(tanh), written(Dense), written(relu, None, tanh))"
        )
        assert printed(run).splitlines() == [
            "First write relu above, then run this cell again.",
            "First write Dense above, then run this cell again.",
            "First write relu and what this cell uses above, then run this cell again.",
            "False True False False",
        ]

    def test_extra_files_lie_in_the_working_folder(self, box):
        with box.session({"data.csv": b"1,2", "sub/folder/x.bin": b"\x00"}) as session:
            run = session.run_cell("open('data.csv').read(), open('sub/folder/x.bin', 'rb').read()")
        assert run.outputs[0]["data"]["text/plain"] == "('1,2', b'\\x00')"

    @pytest.mark.parametrize("name", ["/etc/x", "../x", "a//b", ""])
    def test_extra_files_stay_inside(self, box, name):
        with pytest.raises(ValueError, match="not a relative path"):
            box.session({name: b""})

    def test_no_path_of_this_machine_shows(self, session):
        run = session.run_cell(
            "import sys, numpy\nprint(sys.path, sys.prefix, sys.executable, numpy.__file__, sys.argv)"
        )
        for path in (str(Path.home()), sys.prefix, sys.base_prefix, str(Path(__file__).parents[2])):
            assert path == "/usr" or path not in printed(run)


class TestBounds:
    def test_a_loop_is_stopped_and_the_notebook_goes_on(self, patient):
        with patient.session() as session:
            session.run_cell("x = 1")
            run = session.run_cell("print('kept')\nwhile True: pass")
            assert run.timed_out
            assert run.error == "the cell ran longer than 0.5 s"
            assert printed(run) == "kept\n"
            assert not run.died
            assert session.run_cell("x").outputs[0]["data"]["text/plain"] == "1"

    def test_a_loop_that_prints_is_stopped_between_messages(self, patient):
        with patient.session() as session:
            run = session.run_cell("while True: print('x' * 9999)")
            assert run.timed_out
            assert not run.died
            assert len(printed(run)) < 1.1 * MIB
            assert "the rest of the output is not kept" in printed(run) or len(printed(run)) >= MIB

    @pytest.mark.parametrize(
        "source",
        [
            "import itertools\nwhile True:\n    try:\n        for n in itertools.count(): n\n"
            "    except BaseException: pass",
            "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
            "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 60))\nwhile True: pass",
            "sum(range(10 ** 12))",
            "import threading\nthreading.Lock().acquire(); l = threading.Lock(); l.acquire()\n"
            "while True:\n    try: l.acquire()\n    except BaseException: pass",
        ],
        ids=["catches everything", "ignores SIGINT", "blocks signals", "inside C", "deadlock"],
    )
    def test_what_does_not_stop_is_ended(self, hasty, source):
        with hasty.session() as session:
            run = session.run_cell(source)
            assert run.timed_out
            assert run.died
            assert "did not stop" in run.error
            again = session.run_cell("1")
            assert again.died
            assert again.error.startswith("not run: the cell ran longer")
            with hasty.session() as other:
                assert other.run_cell("1").error is None

    def test_waiting_for_a_processor_is_not_charged(self, monkeypatch):
        """On a machine that is twice as busy as it can be, the same cell has the same time."""
        busy = "import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass"
        with Sandbox(limits=Limits(cell_seconds=1.0)) as box, box.session() as session:
            monkeypatch.setattr(Session, "_waiting", lambda self: 0.0)
            assert session.run_cell(busy).timed_out
            monkeypatch.setattr(Session, "_waiting", lambda self: time.monotonic() / 2)
            run = session.run_cell(busy)
            assert (run.error, run.timed_out) == (None, False)
            assert 0.5 < run.seconds < 1.2
            assert session.run_cell("while True: pass").timed_out

    def test_what_the_kernel_says_of_waiting_is_read(self, box):
        with box.session() as session:
            session.run_cell("sum(range(10**6))")
            path = Path(f"/proc/{session._pid}/schedstat")
            assert session._waiting() == (int(path.read_text().split()[1]) / 1e9 if path.exists() else 0.0)

    def test_a_notebook_has_its_time_in_all(self):
        limits = Limits(cell_seconds=1, notebook_seconds=1)
        with Sandbox(limits=limits) as small, small.session() as session:
            session.run_cell("import time; time.sleep(0.8)")
            run = session.run_cell("time.sleep(0.8)")
            assert run.error == "the notebook ran longer than 1 s in all"

    def test_memory_is_bounded(self, session):
        run = session.run_cell("big = []\nwhile True: big.append(bytearray(1 << 26))")
        assert run.error == "MemoryError"
        assert session.run_cell("del big").error is None

    def test_a_fork_bomb_ends_at_its_first_fork(self, session):
        assert (
            session.run_cell("import os\nwhile True: os.fork()").error
            == "PermissionError: [Errno 1] Operation not permitted"
        )
        for source in (
            "import subprocess; subprocess.run(['/bin/sh'])",
            "import os; os.execv('/runtime/bin/x', ['x'])",
            "import multiprocessing as m; m.Process(target=print).start()",
            "import pty; pty.fork()",
        ):
            run = session.run_cell(source)
            assert run.error is not None
            assert not run.died

    def test_a_bomb_of_threads_ends(self, box):
        with box.session() as session:
            run = session.run_cell(
                "import threading, time\nthreading.stack_size(32768)\n"
                "while True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
            )
            assert run.error is not None

    def test_files_are_bounded(self, box):
        with box.session() as session:
            run = session.run_cell(
                "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                "with open('x', 'wb') as f:\n    while True: f.write(bytes(1 << 20)); f.flush()"
            )
            assert run.error == "OSError: [Errno 27] File too large"
            run = session.run_cell(
                "import os; os.remove('x')\n"
                "for i in range(99):\n    with open(f'y{i}', 'wb') as f: f.write(bytes(1 << 20))"
            )
            assert run.error == "OSError: [Errno 28] No space left on device"
            assert session.run_cell("for i in range(99999): open(f'z{i}', 'w').close()").error is not None
            assert session.run_cell("fs = [open('z0') for i in range(9999)]").error.startswith(
                "OSError: [Errno 24]"
            )

    @pytest.mark.parametrize(
        "source",
        ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)", "import os; os.abort()",
         "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\nfor i in range(64):\n"
         "    try: os.close(i)\n    except OSError: pass",
         "import sys; sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)"],
        ids=["exits", "segfaults", "aborts", "closes its socket", "overflows the stack"],
    )  # fmt: skip
    def test_a_dead_child_ends_its_session_alone(self, box, source):
        with box.session() as session, box.session() as other:
            run = session.run_cell(source)
            if "setrecursionlimit" in source and not run.died:  # Python 3.12 counts C calls by itself
                assert run.error.startswith("RecursionError")
            else:
                assert run.died
                assert not session.alive
                assert run.error.startswith("the notebook's process ended")
            assert other.run_cell("1").error is None

    def test_a_dead_zygote_is_restarted(self):
        with Sandbox() as box:
            first = box.session()
            before = box._process
            signal.pidfd_send_signal(box._zygote, signal.SIGKILL)
            before.wait(10)
            assert first.run_cell("1").died
            with box.session() as session:
                assert session.run_cell("1").error is None
            assert box._process is not before

    def test_closing_the_sandbox_ends_its_sessions(self):
        box = Sandbox()
        session = box.session()
        box.close()
        assert session.run_cell("1").died

    def test_nothing_is_left_running(self):
        with Sandbox() as box:
            session = box.session()
            pids = [box._process.pid, session._pid]
        deadline = time.monotonic() + 5
        while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        session.close()

    def test_sessions_can_be_used_from_threads(self, box):
        errors = []

        def work(number):
            with box.session() as session:
                run = session.run_cell(f"sum(range({number}))")
                if run.outputs[0]["data"]["text/plain"] != str(sum(range(number))):
                    errors.append(run)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors


class TestForgedMessages:
    """The learner's code finds the socket and speaks for itself."""

    FIND = textwrap.dedent("""
        import gc, socket, struct, json, time, msgspec
        sock = next(o for o in gc.get_objects() if isinstance(o, socket.socket) and o.fileno() > 2)
        def send(message):
            body = msgspec.msgpack.encode(message)
            sock.sendall(struct.pack("<I", len(body)) + body)
    """)

    @pytest.mark.parametrize(
        "attack",
        [
            "sock.sendall(b'\\xff' * 100)",
            "sock.sendall(struct.pack('<I', 2**32 - 1))",
            "send(['ok', 1])",
            "send(['cb', 1, 'call', [], {}])",
            "send(['nonsense'])",
            "sock.sendall(struct.pack('<I', 5)); time.sleep(60)",
            "while True: send(['out', '{}'])",
            "while True: send(['out', json.dumps({'output_type': 'stream', 'name': 'stdout', 'text': 'x' * 50000})])",
        ],
    )
    def test_nonsense_ends_the_session(self, hasty, attack):
        with hasty.session() as session:
            assert session.run_cell(self.FIND).error is None
            run = session.run_cell(attack)
            assert run.died or run.timed_out
            assert len(json.dumps(run.outputs)) < 6 * MIB

    def test_forged_outputs_are_rebuilt_or_dropped(self, session):
        session.run_cell(self.FIND)
        forged = [
            {"output_type": "execute_result", "data": {"text/plain": "5.0", "application/javascript": "alert(1)"},
             "metadata": {"nbgrader": {"score": 9}}, "execution_count": 1, "extra": 1},
            {"output_type": "display_data", "metadata": {},
             "data": {"image/png": "AAAA", "image/svg+xml": "<svg onload=alert(1)>"}},
            {"output_type": "update_display_data"},
            {"output_type": "stream", "name": "stdin", "text": "x"},
            {"output_type": "stream", "name": "stdout", "text": ["x"]},
            {"output_type": "error", "ename": 1, "evalue": "", "traceback": []},
        ]  # fmt: skip
        run = session.run_cell(
            "for text in " + repr([json.dumps(f) for f in forged]) + ": send(['out', text])"
        )
        assert run.outputs == [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "5.0"},
                "metadata": {},
                "execution_count": 1,
            },
            {"output_type": "display_data", "data": {}, "metadata": {}},
            {
                "output_type": "stream",
                "name": "stdout",
                "text": "\n[the rest of the output is not kept: there is a limit per cell]\n",
            },
        ]

    def test_descriptors_sent_along_are_not_taken(self, session):
        before = set(os.listdir("/proc/self/fd"))
        session.run_cell(self.FIND)
        run = session.run_cell(
            "import array\nbody = msgspec.msgpack.encode(['out', '{}'])\n"
            "f = open('x', 'w')\n"
            "socket.send_fds(sock, [struct.pack('<I', len(body)) + body], [f.fileno()])"
        )
        assert run.error is None
        assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("output", [None, [], {}, {"output_type": "stream"}, {"output_type": 5}, "x"])
def test_what_is_no_output_is_refused(output):
    with pytest.raises(ValueError, match="not an output"):
        clean_output(output)


class TestOutside:
    """What a learner's code sees of the machine: `nlref doctor` tries more of it."""

    def test_neighbours_cannot_be_reached(self, box):
        with box.session() as one, box.session() as two:
            one.run_cell("open('secret', 'w').write('42')")
            run = two.run_cell("import os; os.path.exists('secret'), os.listdir('.'), os.getpid()")
            assert run.outputs[0]["data"]["text/plain"] == "(False, [], 1)"

    def test_the_grader_cannot_be_signalled_or_traced(self, session):
        run = session.run_cell(
            f"import os, ctypes\nerrors = []\nfor pid in (0, -1, {os.getpid()}, {os.getppid()}):\n"
            "    if pid > 1:\n        try: os.kill(pid, 0); errors.append(pid)\n        except OSError: pass\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            f"errors, libc.ptrace(16, {os.getpid()}, 0, 0), ctypes.get_errno()"
        )
        assert run.outputs[0]["data"]["text/plain"] == "([], -1, 1)"

    def test_parent_files_and_network_are_not_there(self, session, tmp_path):
        secret = tmp_path / "gradebook.db"
        secret.write_text("secret")
        assert session.run_cell(f"open({str(secret)!r})").error.startswith("FileNotFoundError")
        assert session.run_cell(f"open({__file__!r})").error.startswith("FileNotFoundError")
        assert session.run_cell("open('/proc/self/maps')").error.startswith("FileNotFoundError")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            run = session.run_cell(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
            assert run.error == "OSError: [Errno 101] Network is unreachable"
            assert (
                session.run_cell("import urllib.request as u; u.urlopen('http://example.org')").error
                is not None
            )

    def test_only_the_profiles_packages_are_there(self, session):
        absent = ("scipy", "tensorflow", "keras", "sklearn", "nbgrader", "notebook", "pip", "typer", "pytest")
        run = session.run_cell(f"import importlib.util as u\n[n for n in {absent} if u.find_spec(n)]")
        assert run.outputs[0]["data"]["text/plain"] == "[]"
        run = session.run_cell(
            "import sys, glob\nfor pattern in ('/usr/lib*/python3*/*-packages', '/runtime/lib/python3*/*-packages'):\n"
            "    sys.path += glob.glob(pattern)\n"
            "[n for n in ('scipy', 'pip', 'tensorflow') if u.find_spec(n)]"
        )
        assert run.outputs[0]["data"]["text/plain"] == "[]"


class TestUnavailable:
    def test_bubblewrap_missing(self, monkeypatch):
        monkeypatch.setenv("PATH", "/nonexistent")
        with pytest.raises(SandboxUnavailable, match="sudo apt-get install bubblewrap"):
            Sandbox().start()

    def test_not_linux(self, monkeypatch):
        monkeypatch.setattr(sys, "platform", "darwin")
        with pytest.raises(SandboxUnavailable, match="needs Linux; on Windows run nlref inside WSL"):
            Sandbox().start()

    def test_libseccomp_missing(self, monkeypatch):
        def program():
            raise OSError("libseccomp cannot be loaded: not found")

        monkeypatch.setattr(seccomp, "program", program)
        with pytest.raises(SandboxUnavailable, match="sudo apt-get install libseccomp2"):
            Sandbox().start()

    def test_namespaces_blocked(self, tmp_path, monkeypatch):
        """A bubblewrap that says what the real one says where user namespaces are forbidden."""
        fake = tmp_path / "bwrap"
        fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setattr(sandbox, "_reads_one", lambda path: "apparmor" in path)
        with pytest.raises(
            SandboxUnavailable, match=r"user namespaces .*Permission denied.*apparmor_restrict_unpriv.*=0"
        ):
            Sandbox().start()

    def test_a_bubblewrap_that_hangs_on_is_not_waited_for(self, tmp_path, monkeypatch):
        """The real one leaves a child behind, holding the socket, if it fails after the child was made."""
        fake = tmp_path / "bwrap"
        says = "bwrap: open /proc/158/ns/ns failed: No such file or directory"
        fake.write_text(f"#!/bin/sh\nsleep 1000 &\necho '{says}' >&2\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setattr(sandbox, "_START_SECONDS", 60)
        with pytest.raises(SandboxUnavailable, match="/proc here is not this container's own"):
            Sandbox().start()
        assert subprocess.run(["pgrep", "-f", "sleep 1000"], check=False).returncode == 1

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can forbid user namespaces to itself")
    def test_namespaces_really_blocked(self):
        """In a world where user.max_user_namespaces is 0, the real bubblewrap fails, and the sentence says why."""
        code = "from nlref.grading.sandbox import Sandbox\nSandbox().start()"
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                   f"echo 0 > /proc/sys/user/max_user_namespaces; exec \"$0\" -c '{code}'", sys.executable]  # fmt: skip
        result = subprocess.run(
            command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60
        )
        assert (
            "SandboxUnavailable: this machine does not let bubblewrap make user namespaces" in result.stderr
        )

    def test_other_failures_are_quoted(self):
        assert explained("a\nbwrap: Can't find source path /x") == (
            "the grading sandbox did not start: bwrap: Can't find source path /x"
        )

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="isolation must be 'bubblewrap' or 'none', not 'docker'"):
            Sandbox(isolation="docker")
        with pytest.raises(ValueError, match="unknown profile 'nump'"):
            Sandbox("nump").start()
        with pytest.raises(ValueError, match="'surely-not-installed' is not installed"):
            Sandbox(packages=("surely-not-installed",)).start()


def test_without_isolation_the_same_worker_runs():
    with Sandbox(isolation="none", limits=Limits(cell_seconds=2)) as box:
        with box.session({"data.txt": b"hello"}) as session:
            assert session.run_cell("open('data.txt').read()").outputs[0]["data"]["text/plain"] == "'hello'"
            assert session.run_cell("from nlref import check; check('x', 1)").outputs == []
            scratch = box._scratch
        with box.session() as session:
            assert session.run_cell("import os; os._exit(1)").died
    assert not Path(scratch).exists()


def test_an_added_package_can_be_imported():
    with Sandbox(packages=("rich",)) as box, box.session() as session:
        assert session.run_cell("import rich").error is None


@pytest.mark.slow
def test_profiles_bring_their_packages():
    pytest.importorskip("sklearn")
    with Sandbox("sklearn") as box, box.session() as session:
        run = session.run_cell(
            "from sklearn.linear_model import LogisticRegression\nfrom sklearn.datasets import load_iris\n"
            "LogisticRegression(max_iter=500).fit(*load_iris(return_X_y=True)).score(*load_iris(return_X_y=True)) > 0.9"
        )
        assert run.error is None, run
        assert "True" in run.outputs[0]["data"]["text/plain"]


@pytest.mark.slow
def test_keras_runs_inside():
    pytest.importorskip("keras")
    limits = Limits(cell_seconds=120, notebook_seconds=200, memory_bytes=8192 * MIB)
    with Sandbox("tensorflow", limits) as box, box.session() as session:
        run = session.run_cell("import keras\nfloat(keras.activations.relu(3.0))")
        assert run.error is None, run
        assert run.outputs[-1]["data"]["text/plain"] == "3.0"


class TestRuntime:
    def test_only_what_the_profile_needs(self):
        entries = runtime.packages_of(runtime.PROFILES["numpy"])
        assert {"numpy", "matplotlib", "IPython", "msgspec", "ml_dtypes", "PIL"} <= set(entries)
        assert not {"scipy", "tensorflow", "nlref", "nbgrader", "pip"} & set(entries)

    def test_a_missing_dependency_is_named_with_who_needs_it(self, monkeypatch):
        real = runtime._installed
        monkeypatch.setattr(runtime, "_installed", lambda name: None if name == "pillow" else real(name))
        with pytest.raises(
            ValueError, match=r"'pillow' is not installed \(matplotlib needs it\): pip install pillow"
        ):
            runtime.packages_of(["matplotlib"])

    def test_the_loader_is_found(self):
        loader = runtime.program_loader(os.path.realpath(sys.executable))
        assert loader is None or Path(loader).exists()
        assert runtime.program_loader(__file__) is None


@pytest.fixture(scope="module")
def reachable_python():
    """An interpreter and the packages that any user can read; where this one lies under a closed home, a copy of it."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; this run is an ordinary user's already")
    folder = Path(
        tempfile.mkdtemp(prefix="nlref-reachable-")
    )  # pytest's own folders are closed to other users
    folder.chmod(0o755)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    (folder / "bin").mkdir()
    shutil.copy2(Path(sys._base_executable).resolve(), folder / "bin" / version)
    stdlib = Path(os.__file__).parent
    ignored = shutil.ignore_patterns(
        "site-packages", "dist-packages", "test", "tests", "idlelib", "ensurepip", "config-*", "*.a"
    )
    shutil.copytree(stdlib, folder / "lib" / version, ignore=ignored)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(library, folder / "lib" / library.name)
    packages = folder / "packages"
    packages.mkdir()
    wanted = runtime.packages_of((*runtime.PROFILES["numpy"], "pyseccomp", "packaging"))
    for top, path in wanted.items():
        copy = shutil.copytree if Path(path).is_dir() else shutil.copy2
        copy(path, packages / top)
    shutil.copytree(
        Path(sandbox.__file__).parents[1], packages / "nlref", ignore=shutil.ignore_patterns("exercises")
    )
    yield folder, folder / "bin" / version, packages
    shutil.rmtree(folder)


RUN_ELSEWHERE = """
import json, sys, types
sys.path.append({packages!r})
grading = sys.modules["nlref.grading"] = types.ModuleType("nlref.grading")
grading.__path__ = [{packages!r} + "/nlref/grading"]
from nlref.grading.doctor import doctor
from nlref.grading.sandbox import Sandbox
with Sandbox() as box, box.session() as session:
    run = session.run_cell("import numpy as np\\nfloat(np.exp(0.0))")
    print(json.dumps([run.outputs, [[f.name, f.held, f.detail] for f in doctor()]]))
"""


def ran_elsewhere(command, folder, packages):
    code = RUN_ELSEWHERE.format(packages=str(packages))
    environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(folder / "lib"), "HOME": "/nonexistent"}
    result = subprocess.run(
        [*command, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd="/",
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    outputs, findings = json.loads(result.stdout)
    assert outputs[0]["data"]["text/plain"] == "1.0"
    assert [finding for finding in findings if not finding[1]] == []
    assert len(findings) > 10


NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
INSIDE = ["bwrap", "--unshare-all", "--dev-bind", "/", "/", "--proc", "/proc"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [[], NOBODY, INSIDE, [*NOBODY, *INSIDE]], ids=["root", "nobody", "nested", "nested nobody"]
)
def test_it_holds_for_every_user_and_nested(reachable_python, command):
    folder, python, packages = reachable_python
    ran_elsewhere([*command, str(python)], folder, packages)


def test_the_filter_is_an_allow_list():
    program = seccomp.program()
    assert len(program) % 8 == 0
    assert 50 < len(program) // 8 < 4096


def test_messages_of_both_sides_are_one_file():
    """The worker must not see another version of the protocol than the grader."""
    arguments = runtime.runtime_of("numpy").arguments
    assert messages.__file__ in arguments
