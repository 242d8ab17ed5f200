"""The SAM command line and cfn-lint, in an environment of their own: they pin what we also use."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.deploy.settings import environment
from infra.local.engines.ground import Ground
from infra.local.engines.settings import cache

TOOLS = ("aws-sam-cli==1.170.0", "cfn-lint==1.58.0")
CAPABILITIES = ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
"""Roles have names, because tenants' roles trust them by name; SAM is a macro in nested stacks."""


class SamError(Exception):
    """The tool said no; its last words."""


class Sam:
    """The tools, fetched when they are first needed and kept in the user's cache."""

    def __init__(self, more: Mapping[str, str] | None = None) -> None:
        """`more` goes into their environment: an endpoint, credentials, a Region.

        Raises:
            CannotStartError: uv could not fetch them.
        """
        self._more = dict(more or {})
        ground = Ground(cache(), cache(), environment())
        self._bin = ground.virtual_environment("sam", TOOLS).parent

    def lint(self, *templates: Path) -> str:
        """What cfn-lint finds; empty when all is well."""
        done = self._run("cfn-lint", [str(path) for path in templates], timeout_s=120.0)
        return done.stdout + done.stderr if done.returncode else ""

    def validate(self, template: Path) -> str:
        """What `sam validate --lint` finds; empty when all is well. It asks nobody."""
        wanted = ["validate", "--lint", "--region", "us-east-1", "-t", str(template)]
        done = self._run("sam", wanted, timeout_s=120.0)
        return done.stdout + done.stderr if done.returncode else ""

    def deploy(
        self, template: Path, stack: str, parameters: Mapping[str, str], *, bucket: str = ""
    ) -> None:
        """Deploy without questions; `bucket` empty: SAM's own, which it makes.

        Of a stack that is there what is not among the parameters stays as it is.

        Raises:
            SamError: it did not come about.
        """
        where = ["--s3-bucket", bucket, "--s3-prefix", stack] if bucket else ["--resolve-s3"]
        with tempfile.TemporaryDirectory() as folder:
            # A file, because SAM takes no empty value from its command line.
            told = Path(folder) / "parameters.yaml"
            told.write_text(json.dumps(dict(parameters)), encoding="utf-8")
            self._deploy(template, stack, where, told)

    def _deploy(self, template: Path, stack: str, where: Sequence[str], told: Path) -> None:
        done = self._run(
            "sam",
            [
                "deploy", "-t", str(template), "--stack-name", stack, *where,
                "--capabilities", *CAPABILITIES, "--no-confirm-changeset", "--no-progressbar",
                "--no-fail-on-empty-changeset",
                "--parameter-overrides", f"file://{told}",
            ],
            timeout_s=3_600.0,
        )  # fmt: skip
        if done.returncode:
            said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise SamError("\n".join(said[-40:]))

    def attended(self, *arguments: str) -> int:
        """Run `sam` at the user's own terminal; its exit code."""
        command = [str(self._bin / "sam"), *arguments]
        own = {**environment(), **self._more}
        return subprocess.run(command, check=False, env=own).returncode  # noqa: S603 - SAM's own

    def _run(
        self, tool: str, arguments: Sequence[str], *, timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603 - the commands are those above
                [str(self._bin / tool), *arguments],
                capture_output=True,
                check=False,
                text=True,
                timeout=timeout_s,
                stdin=subprocess.DEVNULL,
                env={**environment(), **self._more},
            )
        except subprocess.TimeoutExpired as error:
            raise SamError(
                f"{tool} {arguments[0]} did not end within {timeout_s:,.0f} s; what it began in AWS"
                " goes on: look at its stack there, and say the command again"
            ) from error
