"""The controls that can be re-evaluated, each read from the live account by code of its own.

Nothing here is shared with the runbooks' checks: a fix that its own check believes in and these do
not is a fix that did not work.
"""

from infra.local.aws.controls import buckets, databases, identities, networks, services
from infra.local.aws.controls.verdicts import Control, Looked, Verdict

CONTROLS: dict[str, Control] = {
    control.id: control
    for module in (networks, buckets, identities, databases, services)
    for control in module.CONTROLS
}

__all__ = ["CONTROLS", "Control", "Looked", "Verdict"]
