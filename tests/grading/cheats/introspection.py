"""Frames, the garbage collector, tracing, memory: looking for the tests, or for the machinery, from the inside."""

CHEATS = [
    {
        "id": "frames",
        "why": "walks the frames above a call for the expected value",
        "code": """
import sys
def steal():
    frame = sys._getframe()
    while frame:
        for scope in (frame.f_locals, frame.f_globals):
            for name in ("truth", "wanted", "expected", "desired"):
                if scope.get(name) is not None: return scope[name]
        frame = frame.f_back
""",
        "lie": "steal()",
    },
    {
        "id": "gc-search",
        "why": "searches every object in memory for a text of the tests and prints it",
        "code": """
import gc
def search():
    for obj in gc.get_objects():
        try:
            text = str(obj)[:5000]
        except Exception:
            continue
        if "CAN" "ARY" in text: print(text)
        if isinstance(obj, dict) and "truth" in obj: return obj["truth"]
""",
        "lie": "search()",
    },
    {
        "id": "settrace",
        "why": "traces every call to see and change local variables of a test",
        "code": """
import sys
def trace(frame, event, arg):
    for name in ("truth", "wanted", "found", "points"):
        if name in frame.f_locals: frame.f_locals[name] = 4
    return trace
sys.settrace(trace)
sys.setprofile(trace)
""",
    },
    {
        "id": "audit-hook",
        "why": "an audit hook sees every compile and exec of its process, which the tests are not in",
        "code": "import sys\nseen = []\nsys.addaudithook(lambda event, args: seen.append(str(args)) if event in ('compile', 'exec') else None)",
        "lie": "print([s for s in seen if 'CAN' 'ARY' in s]) or 0.25",
    },
    {
        "id": "thread-watches",
        "why": "a thread that waits for the tests' variables to appear in the namespace",
        "code": """
import threading, time
def watch():
    while True:
        for name in ("truth", "wanted", "token"):
            if globals().get(name) is not None: print(globals()[name])
        time.sleep(0.001)
threading.Thread(target=watch, daemon=True).start()
""",
    },
    {
        "id": "ctypes-memory",
        "why": "reads its own process's memory for the tests through /proc and ctypes",
        "code": """
import ctypes
try:
    for line in open("/proc/self/maps"):
        low, high = (int(part, 16) for part in line.split()[0].split("-"))
        data = ctypes.string_at(low, min(high - low, 1 << 20))
        if b"CAN" b"ARY" in data: print(data[data.index(b"CAN" b"ARY"):][:60])
except OSError as error:
    print(error)
""",
    },
    {
        "id": "small-integers",
        "why": "overwrites the value of a small integer, for every user of it in the process",
        "code": """
import ctypes
address = id(0)
ctypes.memmove(address + 24, (ctypes.c_uint32 * 1)(4), 4)
""",
    },
    {
        "id": "true-is-false",
        "why": "makes False a true value in this process's memory",
        "code": """
import ctypes
ctypes.memmove(id(False) + 16, id(True) + 16, 12)
""",
    },
    {
        "id": "server-forged",
        "why": "finds the object that answers the grader and makes it answer `all points`",
        "code": """
import gc, sys
messages = sys.modules["nlref_grading.messages"]
for obj in gc.get_objects():
    if type(obj).__name__ == "Server":
        obj._answer = lambda result, s=obj: s._send(messages.Result(value=4.0))
        obj._operate = lambda request: messages.Result(value=4.0)
""",
    },
    {
        "id": "server-forged-handles",
        "why": "answers with references, callbacks and names that were never given to it",
        "code": """
import gc, itertools, sys
messages = sys.modules["nlref_grading.messages"]
forged = itertools.cycle([
    messages.Callback(1), messages.Known("os", "system"), messages.Reference(0), messages.Handle(10 ** 9, "function"),
    messages.Array("object", [1], b"12345678"), messages.Constant("Ellipsis"),
])
for obj in gc.get_objects():
    if type(obj).__name__ == "Server":
        obj._answer = lambda result, s=obj: s._send(messages.Result(value=next(forged)))
""",
    },
    {
        "id": "socket-written",
        "why": "writes frames of its own to the one descriptor it has, before the real answer",
        "code": """
import os, struct
frames = struct.pack("<I", 1 << 30) + b"\\x93" * 64
for descriptor in range(3, 200):
    try: os.write(descriptor, frames)
    except OSError: pass
""",
    },
    {
        "id": "linecache-and-source",
        "why": "rewrites what inspect and tracebacks would show of it",
        "code": "import linecache, inspect\nlinecache.getlines = lambda *a: ['return 4']\ninspect.getsource = lambda *a: 'return truth'",
    },
]
