"""The hub's own AWS account, emulated with IAM enforced: DynamoDB, SQS, STS, Scheduler, Secrets."""

import http

from infra.local.engines.ground import HOST, Ground, Launch, ask, free_port

VERSION = "1.5.33"
ACCOUNT = "111111111111"
"""A 12-digit access key is the root of that account, with any secret: tests that need a world of
their own name another account."""
_SECRET = "rootsecret"  # noqa: S105 - the emulator takes any


def prepare(ground: Ground, port: int | None) -> Launch:
    """Everything that a start needs.

    Raises:
        CannotStartError: uv could not fetch it.
    """
    # It pins a botocore of its own, so it cannot live in this program's environment.
    python = ground.virtual_environment(
        "ministack", (f"ministack=={VERSION}", "aws-sam-translator")
    )
    chosen = port or free_port()
    folder = ground.work / "hub"
    folder.mkdir()
    own = {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(chosen),
        "IOT_MTLS_ENABLED": "0",
        "IOT_MTLS_PORT": str(free_port()),
    }
    return Launch(
        name="hub",
        version=VERSION,
        command=[str(python.parent / "ministack")],
        folder=folder,
        environment={**ground.environment, **own},
        ready=lambda: ask(chosen, "/_ministack/health")[0] == http.HTTPStatus.OK,
        address={
            "url": f"http://{HOST}:{chosen}",
            "port": chosen,
            "region": "us-east-1",
            "account": ACCOUNT,
            "access_key": ACCOUNT,
            "secret_key": _SECRET,
        },
    )
