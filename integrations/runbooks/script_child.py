"""The process in which the script of an `aws:executeScript` step runs: one script, one answer.

It is started by path, outside of the package, with an empty environment. The request comes as JSON
on the standard input, the answer goes as JSON to what the standard output was; by then both are
`/dev/null`, so that nothing a script reads or prints gets into the way. The script is held to
limits of CPU time, memory and file size; what it can open, start and reach, and how far that holds,
is told in `script_walls.py`.
"""

import importlib.abc
import importlib.machinery
import json
import os
import re
import resource
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

_MAX_MESSAGE = 2_000
_sending = threading.local()
"""Whether this thread is inside a call that a plan lets out."""


class _HookedModule(importlib.machinery.SourceFileLoader):
    """Loads a module and then sets it up."""

    def __init__(self, name: str, path: str, after: Callable[[ModuleType], None]) -> None:
        super().__init__(name, path)
        self._after = after

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        self._after(module)


class _Hooks(importlib.abc.MetaPathFinder):
    """Sets up modules of botocore when, and only when, a script imports them."""

    def __init__(self, after: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._after = after

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._after:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin:
            spec.loader = _HookedModule(name, spec.origin, self._after[name])
        return spec


def _limit(limits: Mapping[str, int]) -> None:
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # macOS takes no limit of the address space; the time limit still holds.
            continue


def _credentials(given: Mapping[str, Any]) -> Callable[[ModuleType], None]:
    """Every session of the script has the step's credentials, however it is made."""

    def after(module: Any) -> None:
        found = module.Credentials(given["access_key"], given["secret_key"], given["token"])
        # botocore asks its resolver for nothing but this.
        resolver = SimpleNamespace(load_credentials=lambda: found)
        module.create_credential_resolver = lambda *_, **__: resolver

    return after


def _handlers(*several: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def after(module: ModuleType) -> None:
        for one in several:
            one(module)

    return after


def _one_host(module: Any) -> None:
    """As `integrations.aws.one_host`, which would import boto3 here."""

    def without_account(params: dict[str, Any], **_: Any) -> None:
        params["url"] = re.sub(r"(?<=//)\d{12}\.", "", params["url"])

    module.BUILTIN_HANDLERS.append(("before-call.s3-control", without_account))


class _Plan:
    """The ledger of a plan's script, opened when botocore is: most scripts only compute."""

    def __init__(self, exported: Mapping[str, Any]) -> None:
        self._exported = exported
        self.ledger: Any = None

    def __call__(self, module: Any) -> None:
        """Every client of the script passes the ledger: `module` is `botocore.handlers`."""
        from integrations.runbooks import interception  # noqa: PLC0415 - takes longer than a script

        ledger = self.ledger = interception.ledger_of(self._exported)

        def sent(request: Any, **_: Any) -> None:
            _sending.read = bool(request.context.get(interception.LET_OUT))

        def answered(**_: Any) -> None:
            _sending.read = False

        first = module.REGISTER_FIRST
        module.BUILTIN_HANDLERS += [
            ("before-parameter-build", ledger.remember, module.REGISTER_LAST),
            ("before-send", sent, first),
            ("before-send", ledger.before_send, first),
            ("before-call", ledger.before_call, first),
            ("response-received", answered, first),
        ]


def _failure(error: BaseException, name: str) -> dict[str, Any]:
    """An error of the script: its message, the line in the script, what AWS said no to."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name
    ]
    line = frames[-1].lineno if frames else 0
    if isinstance(error, SyntaxError) and error.filename == name:
        line = error.lineno or 0
    said = f"{type(error).__name__}: {error}"[:_MAX_MESSAGE]
    failure: dict[str, Any] = {"message": said, "line": line}
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        failure["code"] = str(response.get("Error", {}).get("Code", ""))
        failure["operation"] = str(getattr(error, "operation_name", ""))
    return failure


def _run(request: Mapping[str, Any], name: str) -> Any:
    code: CodeType = compile(request["script"], name, "exec")
    module = ModuleType("__script__")
    sys.modules[module.__name__] = module
    exec(code, module.__dict__)  # noqa: S102 - that is what this process is for
    handler = vars(module).get(request["handler"])
    if handler is None:
        raise LookupError(f"the script has no function {request['handler']!r}")
    value = handler(request["payload"], request["context"])
    return json.loads(json.dumps(value, allow_nan=False))


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    name = f"<{request['step']}>"
    after: dict[str, Callable[[ModuleType], None]] = {
        "botocore.credentials": _credentials(request["credentials"])
    }
    hooks: list[Callable[[ModuleType], None]] = [_one_host] if request["one_host"] else []
    from integrations.runbooks import script_walls  # noqa: PLC0415 - found from here on only

    plan = _Plan(request["plan"]) if request["plan"] is not None else None
    if plan is not None:
        hooks.append(plan)
    after["botocore.handlers"] = _handlers(*hooks)
    sys.meta_path.insert(0, _Hooks(after))
    script_walls.build(
        script_walls.Walls(
            **request["walls"],
            folder=os.getcwd(),  # noqa: PTH109 - pathlib is not imported in here
            reading=(lambda: getattr(_sending, "read", False)) if plan is not None else None,
        )
    )
    answer: dict[str, Any] = {}
    try:
        answer["value"] = _run(request, name)
    except BaseException as error:  # noqa: BLE001 - the door of this process
        answer["error"] = _failure(error, name)
    if plan is not None and plan.ledger is not None:
        answer["plan"] = plan.ledger.exported()
        if operation := answer.get("error", {}).get("operation"):
            answer["error"]["service"] = plan.ledger.asked.get(operation, "")
    return answer


def main() -> None:
    """Answer the one request."""
    out = os.dup(1)
    with os.fdopen(os.open(os.devnull, os.O_RDWR), "r+b", buffering=0) as nothing:
        request = json.loads(sys.stdin.buffer.read())
        for descriptor in (0, 1, 2):
            os.dup2(nothing.fileno(), descriptor)
    sys.path[:] = request["path"]
    _limit(request["limits"])
    answer = json.dumps(_answer(request)).encode()
    with os.fdopen(out, "wb") as answers:
        answers.write(answer)


if __name__ == "__main__":
    main()
