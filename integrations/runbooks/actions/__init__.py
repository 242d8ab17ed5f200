"""The actions of Automation documents that the interpreter does, by name."""

from collections.abc import Mapping

from integrations.runbooks.actions import api, flow, script
from integrations.runbooks.actions.turn import Action

ACTIONS: Mapping[str, Action] = {**api.ACTIONS, **flow.ACTIONS, **script.ACTIONS}
