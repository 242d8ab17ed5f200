"""What can be put between the product and its systems: every call passes a gate."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from integrations.errors import UnavailableError
from integrations.systems import Systems

Gate = Callable[[str, Callable[[], Any]], Any]
"""Given the name of a call (`audit.append`) and the call itself; its answer is the call's."""


class Killed(BaseException):
    """The process ends here, as by SIGKILL: nothing in the product catches it."""


class _Gated:
    """An object whose methods pass a gate."""

    def __init__(self, subject: str, inner: object, gate: Gate) -> None:
        self._subject = subject
        self._inner = inner
        self._gate = gate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **named: Any) -> Any:
            return self._gate(f"{self._subject}.{name}", lambda: method(*args, **named))

        return call


def gated(systems: Systems, gate: Gate) -> Systems:
    """The same systems; what writes or reaches out passes the gate."""

    def through(subject: str, inner: object) -> Any:
        return None if inner is None else cast("Any", _Gated(subject, inner, gate))

    return replace(
        systems,
        remediations=through("store", systems.remediations),
        audit=through("audit", systems.audit),
        automations=through("account", systems.automations),
        findings=through("findings", systems.findings),
        workflow=through("workflow", systems.workflow),
        live=through("live", systems.live),
    )


class FailingAt:
    """Fails the calls of a name whose turns are given, before or after they are done."""

    def __init__(self, name: str, *turns: int, done: bool = False) -> None:
        """Turns count from 1; with `done` the call is made and its answer lost."""
        self._name = name
        self._turns = turns
        self._done = done
        self.calls: list[str] = []

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        self.calls.append(name)
        if name != self._name or self.calls.count(name) not in self._turns:
            return call()
        if self._done:
            call()
        raise UnavailableError(f"{name} did not answer")
