"""A script gets out of its process in none of the ways that were tried."""

import ctypes
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integrations.runbooks.failures import StepFailedError
from integrations.runbooks.scripts import Script, run_script
from tests.loopback_aws import LoopbackAws

LANDLOCK = sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1
"""Whether the kernel has the wall: its version is asked for."""
kernel = pytest.mark.skipif(not LANDLOCK, reason="this kernel has no Landlock")


def ran(aws: LoopbackAws, text: str, **payload: Any) -> Any:
    """What the script's `h` returns."""
    script = Script(step="Do", text=text, handler="h", payload=payload, context={}, timeout_s=30.0)
    return run_script(script, aws.session(), None, lambda: False)


def refusal(aws: LoopbackAws, text: str, **payload: Any) -> str:
    """Why the script did not get through."""
    with pytest.raises(StepFailedError) as caught:
        ran(aws, text, **payload)
    return str(caught.value)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the state folder."""
    path = tmp_path / "remediations.sqlite"
    path.write_text("-----hidden-----")
    return path


READS = {
    "open": "def h(e, c): return open(e['path']).read()",
    "bytes": "import os\ndef h(e, c): return open(os.fsencode(e['path'])).read()",
    "os.open": "import os\ndef h(e, c): return os.read(os.open(e['path'], 0), 9).decode()",
    "pathlib": "import pathlib\ndef h(e, c): return pathlib.Path(e['path']).read_text()",
    "relative": "import os\ndef h(e, c): return open(os.path.relpath(e['path'])).read()",
    "open_code": "import io\ndef h(e, c): return io.open_code(e['path']).read().decode()",
    "changing path": (
        "class P:\n  n = 0\n  def __fspath__(self):\n    P.n += 1\n"
        "    return '/dev/null' if P.n == 1 else P.path\n"
        "import io\ndef h(e, c):\n  P.path = e['path']\n  return io.FileIO(P()).read().decode()"
    ),
    "sqlite3": "import sqlite3\ndef h(e, c): sqlite3.connect(e['path'])",
    "list": "import os\ndef h(e, c): return os.listdir(os.path.dirname(e['path']))",
    "scandir": "import os\ndef h(e, c): return list(os.scandir(os.path.dirname(e['path'])))",
    "chdir": "import os\ndef h(e, c): os.chdir(os.path.dirname(e['path']))",
    "symlink": "import os\ndef h(e, c):\n  os.symlink(e['path'], 'l')\n  return open('l').read()",
    "hard link": "import os\ndef h(e, c):\n  os.link(e['path'], 'l')\n  return open('l').read()",
}


@pytest.mark.parametrize("way", READS)
def test_a_file_outside_is_not_read(aws: LoopbackAws, secret: Path, way: str) -> None:
    said = refusal(aws, READS[way], path=str(secret))
    assert "PermissionError" in said
    assert "hidden" not in said


WRITES = {
    "open": "def h(e, c): open(e['path'], 'w')",
    "append": "def h(e, c): open(e['path'], 'ab').write(b'x')",
    "update": "def h(e, c): open(e['path'], 'r+')",
    "new file": "def h(e, c): open(e['path'] + '.new', 'x')",
    "remove": "import os\ndef h(e, c): os.remove(e['path'])",
    "rename away": "import os\ndef h(e, c): os.rename(e['path'], 'mine')",
    "rename onto": "import os\ndef h(e, c):\n  open('a', 'w')\n  os.rename('a', e['path'])",
    "truncate": "import os\ndef h(e, c): os.truncate(e['path'], 0)",
    "chmod": "import os\ndef h(e, c): os.chmod(e['path'], 0o777)",
    "mkdir": "import os\ndef h(e, c): os.mkdir(e['path'] + '.d')",
}


@pytest.mark.parametrize("way", WRITES)
def test_a_file_outside_is_not_changed(aws: LoopbackAws, secret: Path, way: str) -> None:
    assert "PermissionError" in refusal(aws, WRITES[way], path=str(secret))
    assert secret.read_text() == "-----hidden-----"
    assert [p.name for p in secret.parent.iterdir()] == [secret.name]


def test_the_parents_environment_is_not_read(aws: LoopbackAws) -> None:
    text = "import os\ndef h(e, c): return open(f'/proc/{os.getppid()}/environ').read()"
    assert "PermissionError" in refusal(aws, text)


FORK_EXEC = "[b'id'], [b'/usr/bin/id'], True, (), None, None, -1, -1, -1, -1, -1, -1, 0, 1, False"
STARTS = {
    "_posixsubprocess": f"def h(e, c):\n  import _posixsubprocess as p\n  p.fork_exec({FORK_EXEC})",
    "create_dynamic": (
        "import _imp\nfrom importlib.util import find_spec\n"
        "def h(e, c): _imp.create_dynamic(find_spec('_posixsubprocess')).fork_exec()"
    ),
    "subprocess's own": f"import subprocess\ndef h(e, c): subprocess._fork_exec({FORK_EXEC})",
    "Popen": "import subprocess\ndef h(e, c): subprocess.Popen(['id'])",
    "multiprocessing": "import multiprocessing\ndef h(e, c): multiprocessing.Process().start()",
    "execv": "import os\ndef h(e, c): os.execv('/usr/bin/id', ['id'])",
    "posix_spawn": "import os\ndef h(e, c): os.posix_spawn('/usr/bin/id', ['id'], {})",
    "forkpty": "import os\ndef h(e, c): os.forkpty()",
    "kill": "import os\ndef h(e, c): os.kill(os.getppid(), 0)",
    "ctypes": "import ctypes\ndef h(e, c): ctypes.CDLL(None)",
    "ctypes loaded": "import _ctypes\ndef h(e, c): _ctypes.dlopen(None, 0)",
    "the parent's limits": (
        "import os, resource as r\ndef h(e, c): r.prlimit(os.getppid(), r.RLIMIT_CPU, (1, 1))"
    ),
    "its own limits": "import resource as r\ndef h(e, c): r.setrlimit(r.RLIMIT_CORE, (0, 0))",
}


@pytest.mark.parametrize("way", STARTS)
def test_no_process_is_started_or_touched(aws: LoopbackAws, way: str) -> None:
    said = refusal(aws, STARTS[way])
    assert "PermissionError" in said or "may not" in said


SENDS = {
    "sendto": "s = socket.socket(type=socket.SOCK_DGRAM)\n  s.sendto(b'x', ('127.0.0.1', 9))",
    "sendmsg": (
        "s = socket.socket(type=socket.SOCK_DGRAM)\n  s.sendmsg([b'x'], [], 0, ('127.0.0.1', 9))"
    ),
    "another port": "socket.create_connection(('127.0.0.1', 9))",
    "udp connect": "s = socket.socket(type=socket.SOCK_DGRAM)\n  s.connect(('127.0.0.1', 9))",
    "unix": "s = socket.socket(socket.AF_UNIX)\n  s.connect('/run/docker.sock')",
    "listen": "socket.socket().bind(('127.0.0.1', 0))",
}


@pytest.mark.parametrize("way", SENDS)
def test_nothing_is_sent_but_to_aws(aws: LoopbackAws, way: str) -> None:
    assert "PermissionError" in refusal(aws, f"import socket\ndef h(e, c):\n  {SENDS[way]}")
    assert aws.requests == []


def test_an_endpoint_may_be_called_by_a_name(aws: LoopbackAws) -> None:
    text = """
import boto3
def h(e, c):
    return boto3.client("ssm").get_parameter(Name="door")["Parameter"]["Value"]
"""
    named = replace(aws, url=aws.url.replace("127.0.0.1", "localhost"))
    assert ran(named, text) == "open"


def test_a_scripts_own_folder_is_its_to_use(aws: LoopbackAws) -> None:
    text = """
import os, json, tempfile
def h(e, c):
    os.mkdir("d")
    with open("d/a", "w") as f:
        f.write("mine")
    os.rename("d/a", "d/b")
    said = open("d/b").read()
    os.remove("d/b")
    os.rmdir("d")
    open(os.devnull, "w").write("x")
    return {"Said": said, "Left": os.listdir(".")}
"""
    assert ran(aws, text) == {"Said": "mine", "Left": []}


@kernel
def test_the_kernel_refuses_what_no_hook_hears_of(aws: LoopbackAws, secret: Path) -> None:
    """OpenSSL opens the file by itself; without the kernel's wall it would find no certificate."""
    text = "import ssl\ndef h(e, c): ssl.SSLContext().load_verify_locations(e['path'])"
    assert "PermissionError: [Errno 13]" in refusal(aws, text, path=str(secret))


@kernel
def test_the_kernels_wall_holds_where_the_hook_was_got_around(
    aws: LoopbackAws, secret: Path
) -> None:
    """A script can find the hook among the objects of its process, and blind it."""
    text = """
import gc
def h(e, c):
    for hook in [o for o in gc.get_objects() if type(o).__name__ == "_Hook"]:
        hook._inside = lambda *_: True
        type(hook)._FORBIDDEN = ()
    return open(e["path"]).read()
"""
    assert "PermissionError: [Errno 13]" in refusal(aws, text, path=str(secret))


@kernel
def test_nothing_is_executed_even_where_the_hook_was_got_around(aws: LoopbackAws) -> None:
    text = """
import gc, os
def h(e, c):
    for hook in [o for o in gc.get_objects() if type(o).__name__ == "_Hook"]:
        type(hook).__call__ = lambda *_: None
    os.execv("/usr/bin/env", ["env"])
"""
    assert "PermissionError: [Errno 13]" in refusal(aws, text)
