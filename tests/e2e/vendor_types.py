"""The vendor's own TypeScript types, and what its compiler says of values of ours.

The packages are installed into a folder of the test run's own; nothing of them is executed but the
TypeScript compiler and, in a page, axe-core, which knows the rules of accessibility.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = {
    "@slack/bolt": "5.1.0",
    "@slack/types": "3.2.0",
    "@slack/web-api": "8.2.0",
    "axe-core": "4.14.1",
    "typescript": "7.0.2",
}
"""Pinned, so that a release of theirs changes no result of ours."""

INSTALL_S, COMPILE_S = 180, 120
_SETTINGS = {
    "compilerOptions": {
        "module": "nodenext",
        "noEmit": True,
        "skipLibCheck": True,
        "strict": True,
        "target": "es2022",
        "types": [],
    },
    "files": ["samples.ts"],
}
_PRELUDE = """\
import type * as slack from "@slack/types";
import type * as web from "@slack/web-api";
import type * as bolt from "@slack/bolt";
/* An object's known keys alone: the vendor lets some of its types have any others as well. */
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
/* What is optional is null in Slack's payloads as well. */
type OrNull<T> = { [K in keyof T]: T[K] | (undefined extends T[K] ? null : never) };
/* Views hold blocks of any kind in the vendor's types; here of known ones only. */
type Modal = Omit<slack.ModalView, "blocks"> & { blocks: slack.KnownBlock[] };
type Home = Omit<slack.HomeView, "blocks"> & { blocks: slack.KnownBlock[] };
/* The envelope's event_context is on Slack's page of the Events API alone. */
type Event<T> = OrNull<Known<bolt.EnvelopedEvent<T>>> & { event_context: string };
/* Keys that the vendor's JSON samples have and its types leave out: java-slack-sdk, json-logs. */
type OwnMessage = Omit<slack.GenericMessageEvent, "subtype"> & { app_id?: string };
type Seen = {
  user: bolt.ViewSubmitAction["user"] & { username: string };
  view: bolt.ViewOutput & { submit_disabled: boolean };
};
type Submitted = OrNull<Omit<bolt.ViewSubmitAction, keyof Seen> & Seen>;
type Closed = OrNull<Omit<bolt.ViewClosedAction, keyof Seen> & Seen>;
/* What a message was and is, inside an event: as the history tells it. */
type Past = NonNullable<Told<web.ConversationsHistoryResponse>["messages"]>[number];
type Pasts = { message: Past; previous_message: Past };
type Changed = Omit<slack.MessageChangedEvent, keyof Pasts> & Pasts;
type Deleted = Omit<slack.MessageDeletedEvent, "previous_message"> & Omit<Pasts, "message">;
type Shared = Omit<slack.FileShareMessageEvent, "files"> & Pick<Past, "files">
  & Pick<OwnMessage, "team" | "bot_id" | "app_id">;
/* Answers: enumerations as the words they stand for, null for what is not there, known blocks. */
type Told<T> = T extends string ? `${T}` : T extends (infer U)[] ? Told<U>[] : T extends object
  ? { [K in keyof T]: K extends "blocks" ? slack.KnownBlock[] : Told<T[K]> | null } : T;
/* The person of a direct conversation: java-slack-sdk's sample of conversations.info has it. */
type Direct = { channel?: { user?: string; is_user_deleted?: boolean } };
/* Slack's page of files.getUploadURLExternal calls it alt_txt, as Slack's Python client does. */
type Alt = { alt_txt?: string };
"""
_COMPLAINT = re.compile(r"^samples\.ts\((\d+),\d+\): error (TS\d+: .*)$")


class NoVendorTypesError(Exception):
    """They cannot be had here; the message says why."""


@dataclass(frozen=True)
class Sample:
    """A value of ours, and the vendor's type that it has to fit."""

    name: str
    type: str
    value: Any


@dataclass(frozen=True)
class VendorTypes:
    """The installed packages."""

    folder: Path

    @property
    def accessibility(self) -> str:
        """The script of axe-core, which defines `axe` in a page."""
        return (self.folder / "node_modules" / "axe-core" / "axe.min.js").read_text()

    def complaints(self, samples: Sequence[Sample]) -> list[str]:
        """What the compiler says under `--strict`: a line for each sample that does not fit."""
        lines = _PRELUDE.count("\n")
        said = [
            f"export const sample{number}: {sample.type} = {json.dumps(sample.value)};"
            for number, sample in enumerate(samples)
        ]
        (self.folder / "samples.ts").write_text(_PRELUDE + "\n".join(said) + "\n")
        compiled = _run(["node_modules/.bin/tsc", "--project", "."], self.folder, COMPILE_S)
        found: list[str] = []
        for line in compiled.stdout.splitlines():
            complaint = _COMPLAINT.match(line)
            if complaint is not None:
                at = int(complaint[1]) - lines - 1
                where = samples[at].name if at >= 0 else f"line {complaint[1]}"
                found.append(f"{where}: {complaint[2]}")
            elif line and found:
                found[-1] += f"\n{line}"
            elif line:
                found.append(line)
        assert bool(compiled.returncode) == bool(found), compiled.stdout + compiled.stderr
        return found


def vendor_types(folder: Path) -> VendorTypes:
    """Install the packages into a folder.

    Raises:
        NoVendorTypesError: There is no Node here, or the packages cannot be fetched.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoVendorTypesError("Node and npm are not installed here")
    (folder / "package.json").write_text(
        json.dumps({"private": True, "type": "module", "dependencies": PACKAGES})
    )
    (folder / "tsconfig.json").write_text(json.dumps(_SETTINGS))
    command = "npm install --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error"
    patience = ["--fetch-retries=1", "--fetch-timeout=30000"]
    try:
        installed = _run([*command.split(), *patience], folder, INSTALL_S)
    except subprocess.TimeoutExpired:
        raise NoVendorTypesError(f"npm was not done within {INSTALL_S} s") from None
    if installed.returncode:
        reason = next(iter(installed.stderr.strip().splitlines()), "npm failed")
        raise NoVendorTypesError(f"npm could not install the vendor's types: {reason}")
    return VendorTypes(folder)


def _run(command: list[str], folder: Path, seconds: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
    )
