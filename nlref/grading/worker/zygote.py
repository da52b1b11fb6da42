"""The process that is forked for every submission: everything heavy is imported once, before.

It listens on one control socket. A request is one datagram with the descriptor of the new session's socket;
the child that it forks takes everything away from itself (``isolation``) and then serves that socket
(``server``). No learner's code ever runs in the zygote, and a child cannot reach it: it has another pid
namespace, no descriptor of the control socket, and no capability.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
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
        self._preload()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.collect()
        gc.freeze()
        self._control.send(json.dumps({"ready": True, "python": sys.version.split()[0]}).encode())
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
            except OSError:
                return
            if not data:
                return  # the grader has ended
            self._reap()
            self._fork(json.loads(data), descriptors[0])
            os.close(descriptors[0])

    def _preload(self) -> None:
        standin.install()
        for name in self._settings["preload"]:
            importlib.import_module(name)
        from .server import Server
        from .shell import prepare

        prepare()
        self._server = Server

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return

    def _fork(self, request: dict[str, Any], descriptor: int) -> None:
        if os.fork():
            return
        try:
            if self._isolated:
                isolation.unshare()
                if os.fork():
                    os._exit(
                        0
                    )  # the zygote, pid 1 here, adopts the child, which is pid 1 of its own namespace
            self._become_session(request, descriptor)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(70)

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
