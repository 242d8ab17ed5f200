"""The walls around a script: what it can open, start and reach, in the process that runs it.

Two walls, one inside the other:

`_landlock` is the kernel's (Linux from 5.13 on; "Landlock: unprivileged access control" in the
kernel's user-space API guide). It cannot be taken down from within: no file can be read but the
code's own folders and a few of the system's, none written but in the script's own folder, none
executed at all, no other process looked into (`/proc/*/environ`, ptrace). From Linux 6.7 on TCP
goes to the AWS port only, from 6.12 on no process outside can be signalled. Where the kernel lacks
it (macOS, containers that forbid it) this wall is missing, and nothing says so.

`_Hook` is Python's audit hook (PEP 578), on every system. It refuses the same by name, and other
processes, other sockets and plan-time connections besides, with a message that tells the author of
the script what is not allowed. It keeps honest mistakes in. It is no wall against a hostile script,
which can undo in its own process whatever Python set up there; what keeps such a script from
changing an account during a plan is the read-only role whose credentials it is given.
"""

import os
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SYSTEM = (
    "/usr", "/lib", "/lib64", "/etc/ssl", "/etc/pki", "/etc/resolv.conf", "/etc/hosts",
    "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/ld.so.cache",
    "/etc/localtime", "/etc/mime.types", "/dev/null", "/dev/urandom",
)  # fmt: skip
"""What Python, TLS and the resolver read: nothing that is about this installation."""

_FORBIDDEN = (
    "ctypes.", "os.chdir", "os.chflags", "os.chmod", "os.chown", "os.exec", "os.fork",
    "os.getxattr", "os.kill", "os.lchmod", "os.link", "os.listxattr", "os.posix_spawn",
    "os.removexattr", "os.setxattr", "os.spawn", "os.startfile", "os.symlink", "os.system",
    "os.truncate", "os.utime", "pty.spawn", "resource.", "signal.pthread_kill",
    "socket.bind", "socket.sendmsg", "socket.sendto", "sqlite3.", "subprocess.Popen", "syslog.",
)  # fmt: skip
_IN_ITS_FOLDER = ("os.mkdir", "os.remove", "os.rename", "os.rmdir")
_LISTED = ("os.listdir", "os.scandir")
_REACHES = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"})
_NO_MODULE = frozenset(
    {
        "_ctypes", "_curses", "_dbm", "_gdbm", "_posixsubprocess", "_testcapi",
        "_testinternalcapi", "_tkinter", "_xxsubinterpreters", "ctypes", "readline",
    }
)  # fmt: skip
"""They start processes, share memory, or open files without a word to the hook."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Walls:
    """What is inside of them."""

    readable: Sequence[str]
    """Folders of code, absolute."""
    folder: str
    """The script's own, absolute: all that it may write to."""
    port: int
    """The TCP port that AWS answers on."""
    host: str = ""
    """The only address to connect to, where it is an emulated AWS; empty for any on the port."""
    reading: Callable[[], bool] | None = None
    """In a plan: whether this thread is inside a read of AWS that was let out."""


def build(walls: Walls) -> None:
    """Stand them up; nothing takes them down in this process."""
    _landlock(walls)
    _no_fork()
    sys.addaudithook(_Hook(walls))


# -- Python's


class _Hook:
    """Told by Python of what is about to be done; refuses by raising."""

    def __init__(self, walls: Walls) -> None:
        """Resolve the folders now: what is resolved later could be meddled with."""
        self._walls = walls
        self._real = os.path.realpath
        self._may_write = (self._real(walls.folder),)
        self._may_read = (*map(self._real, (*walls.readable, *_SYSTEM)), *self._may_write)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """One event of the audit events table of Python's library reference."""
        if event == "open":
            self._opened(args[0], args[2])
        elif event.startswith(_FORBIDDEN):
            raise PermissionError(f"a script may not use {event}")
        elif event == "import" and args[0] in _NO_MODULE:
            raise PermissionError(f"a script may not import {args[0]}")
        elif event in _IN_ITS_FOLDER:
            self._changed(event, args)
        elif event in _LISTED:
            self._listed(event, args[0])
        elif event in _REACHES:
            self._reached(event, args)

    def _inside(self, path: Any, places: Sequence[str]) -> bool:
        if not isinstance(path, str | bytes):
            # A descriptor was opened before; what turns into a path may turn into another one.
            return isinstance(path, int)
        found = self._real(os.fsdecode(path))
        return any(found == place or found.startswith(f"{place}{os.sep}") for place in places)

    def _opened(self, path: Any, flags: int) -> None:
        writes = bool((flags or 0) & _WRITES) and path not in {os.devnull, os.devnull.encode()}
        if not self._inside(path, self._may_write if writes else self._may_read):
            raise PermissionError(f"a script may not {'write' if writes else 'read'} {path!r}")

    def _changed(self, event: str, args: tuple[Any, ...]) -> None:
        paths = args[:2] if event == "os.rename" else args[:1]
        if not all(self._inside(path, self._may_write) for path in paths):
            raise PermissionError(f"a script may not use {event} outside of its own folder")

    def _listed(self, event: str, path: Any) -> None:
        if not self._inside("." if path is None else path, self._may_read):
            raise PermissionError(f"a script may not use {event} there")

    def _reached(self, event: str, args: tuple[Any, ...]) -> None:
        reading = self._walls.reading
        if reading is not None and not reading():
            raise PermissionError("a script that is only planned reaches nothing but AWS")
        if event != "socket.connect":
            return
        address = args[1]
        known = isinstance(address, tuple) and address[1] == self._walls.port
        if not known or (self._walls.host and address[0] != self._walls.host):
            raise PermissionError("a script reaches nothing but AWS")


def _no_fork() -> None:
    """`fork_exec` tells no hook: it is taken away where `subprocess` keeps it."""
    import _posixsubprocess  # noqa: PLC0415 - not on every system
    import subprocess  # noqa: PLC0415

    def refused(*_: Any) -> int:
        raise PermissionError("a script may not start a process")

    for module in (_posixsubprocess, subprocess):
        for name in ("fork_exec", "_fork_exec"):
            if hasattr(module, name):
                setattr(module, name, refused)
    del sys.modules["_posixsubprocess"]


# -- the kernel's

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the three system calls, the same on every architecture."""
_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_NO_NEW_PRIVILEGES = 38
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_EVERY_ACCESS: Mapping[int, int] = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
"""Version -> rights on files that it knows; later ones add none that matter to a script."""
_CONNECT_TCP, _BIND_TCP = 1 << 1, 1 << 0
_TCP_FROM, _SCOPES_FROM = 4, 6
_EVERY_SCOPE = 3
"""Abstract sockets and signals stay inside."""
_IN_FILES = 1 | 1 << 1 | _READ_FILE | 1 << 14
"""Rights that a rule about a single file can have."""


def _landlock(walls: Walls) -> None:
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes  # noqa: PLC0415 - gone again before the script begins
    except ImportError:
        return
    libc = ctypes.CDLL(None)
    version = libc.syscall(_CREATE, None, 0, _VERSION)
    if version >= 1:
        _restrict(libc, version, walls)
    for name in [n for n in sys.modules if n.partition(".")[0] in {"ctypes", "_ctypes"}]:
        del sys.modules[name]


def _restrict(libc: Any, version: int, walls: Walls) -> None:
    every = _EVERY_ACCESS[min(version, 3)]
    attributes = struct.pack("=Q", every)
    if version >= _TCP_FROM:
        attributes += struct.pack("=Q", _CONNECT_TCP | _BIND_TCP)
    if version >= _SCOPES_FROM:
        attributes += struct.pack("=Q", _EVERY_SCOPE)
    ruleset = libc.syscall(_CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        return
    try:
        reads = _READ_FILE | _READ_DIR
        for path in {*walls.readable, *_SYSTEM}:
            _allow(libc, ruleset, path, reads)
        # Everything but to execute (the first right) and to make devices.
        own = every & ~(1 | 1 << 6 | 1 << 11)
        _allow(libc, ruleset, walls.folder, own)
        _allow(libc, ruleset, os.devnull, (reads | 1 << 1 | 1 << 14) & every)
        if version >= _TCP_FROM:
            rule = struct.pack("=QQ", _CONNECT_TCP, walls.port)
            libc.syscall(_ADD, ruleset, _NET_PORT, rule, 0)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(libc: Any, ruleset: int, path: str, access: int) -> None:
    """A path that is not there, or may not be opened, is simply not allowed."""
    try:
        place = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - pathlib is not imported in here
            access &= _IN_FILES
        libc.syscall(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)
