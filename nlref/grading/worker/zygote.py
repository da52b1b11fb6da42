"""The process that is forked for every submission: everything heavy is imported once, before.

It listens on one control socket. A request is one datagram with the descriptor of the new session's socket;
the child that it forks takes everything away from itself (``isolation``) and then serves that socket
(``server``). No learner's code ever runs in the zygote, and a child cannot reach it: it has another pid
namespace, no descriptor of the control socket, and no capability.

A request with two descriptors asks for an *opening*: a child that runs cells of the instructor's, with which every
notebook of an assignment begins, and then is a zygote itself, on the second descriptor.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any

from .. import messages
from . import isolation, standin


class Zygote:
    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._control = socket.socket(fileno=settings["control"])
        self._isolated = settings["isolation"] == "bubblewrap"

    def run(self) -> None:
        # The grader's own bound on its memory came along: sessions have theirs.
        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        self._preload()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Sessions are process 1's when their parents end, whoever forked them.
        signal.signal(signal.SIGCHLD, _reap)
        self._control.send(json.dumps({"ready": True, "python": sys.version.split()[0]}).encode())
        self._listen()

    def _listen(self) -> None:
        """Fork on request until the grader ends."""
        gc.collect()
        gc.freeze()
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._control, 65536, 2)
            except OSError:
                return
            if not data:
                return
            self._fork(json.loads(data), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)

    def _preload(self) -> None:
        standin.install()
        for name in self._settings["preload"]:
            importlib.import_module(name)
        from .server import Server
        from .shell import prepare

        prepare()
        self._server = Server

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        opening = len(descriptors) > 1
        if isolation.fork_apart() if self._isolated and not opening else os.fork():
            return
        try:
            if opening:
                self._become_opening(request, *descriptors)
                os._exit(0)
            self._become_session(request, descriptors[0])
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(70)

    def _become_opening(self, request: dict[str, Any], descriptor: int, control: int) -> None:
        self._control.close()
        self._control = socket.socket(fileno=control)
        channel = messages.Channel(socket.socket(fileno=descriptor), "request", 2**31 - 1)
        os.chdir(request["scratch"])
        channel.send(messages.Hello())
        before = _left_behind()
        self._server(channel, request["limits"]["message_bytes"]).run()
        same = _left_behind() == before and not any(name in sys.modules for name in _THREADED)
        channel.send(
            messages.Hello(error=None if same else "the cells left threads, files or descriptors behind")
        )
        if same:
            self._listen()

    def _become_session(self, request: dict[str, Any], descriptor: int) -> None:
        limits = request["limits"]
        channel = messages.Channel(socket.socket(fileno=descriptor), "request", 2**31 - 1)
        try:
            scratch = request["scratch"]
            if self._isolated:
                isolation.mount_scratch(scratch, limits["scratch_bytes"])
            os.chdir(scratch)
            isolation.close_descriptors(keep=descriptor)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            isolation.limit(limits)
            if self._isolated:
                isolation.drop_capabilities()
                isolation.no_new_privileges()
                isolation.filter_system_calls(bytes.fromhex(self._settings["filter"]))
        except BaseException as error:
            channel.send(messages.Hello(error=f"{type(error).__name__}: {error}"))
            return
        channel.send(messages.Hello(seconds=time.perf_counter()))
        self._server(channel, limits["message_bytes"]).run()
        os._exit(0)


def _reap(*_: Any) -> None:
    """Clear away children that ended; their time counts as this process's then."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


# Their threads are not Python's: nothing tells whether they have started.
_THREADED = ("tensorflow", "torch", "jax")


def _left_behind() -> tuple[Any, ...]:
    """What a fork would lose or share: threads, files in the working folder, descriptors."""
    descriptors = []
    for number in range(256):
        with contextlib.suppress(OSError):
            os.fstat(number)
            descriptors.append(number)
    return threading.active_count(), sorted(os.listdir()), descriptors
