"""`files.*`: an address to upload to, the upload, its completion, and what became of it."""

import secrets
from dataclasses import replace
from urllib.parse import quote

from bot.workspace import rules, wire
from bot.workspace.arguments import Arguments
from bot.workspace.posting import Posting
from bot.workspace.records import JsonObject, Message, StoredFile, WorkspaceChannel
from bot.workspace.refusals import SlackRefusalError


class FileMethods:
    """Files, uploaded the only way Slack still takes them (`files.upload` ended in 2025)."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._state = posting.state

    def upload_url(self, arguments: Arguments) -> JsonObject:
        """`files.getUploadURLExternal`."""
        name, length = arguments.required("filename"), arguments.number("length", 0)
        if length <= 0:
            raise SlackRefusalError("invalid_arguments", ["length must be greater than 0"])
        alt = arguments.text("alt_txt")
        file = StoredFile(file_id=self._state.next_id("F"), name=name, length=length, alt=alt)
        address = secrets.token_urlsafe(18)
        self._state.files[file.file_id] = file
        self._state.uploads[address] = file.file_id
        return {"upload_url": f"{self._state.url}/upload/{address}", "file_id": file.file_id}

    def receive(self, address: str, data: bytes) -> str | None:
        """The bytes posted to an upload address; what is wrong with them, or None."""
        file = self._state.files.get(self._state.uploads.get(address, ""))
        if file is None or file.completed is not None:
            return "upload address not found"
        if len(data) != file.length:
            return f"announced {file.length} bytes, got {len(data)}"
        self._state.files[file.file_id] = replace(file, data=data)
        return None

    def complete(self, arguments: Arguments) -> JsonObject:
        """`files.completeUploadExternal`: without a channel the file stays private to the app."""
        files = [self._uploaded(entry) for entry in self._entries(arguments)]
        channels = self._channels(arguments)
        threads = {c: self._posting.root(c_, arguments.text("thread_ts")) for c, c_ in channels}
        if "thread_ts" in arguments and len(channels) > 1:
            raise SlackRefusalError("invalid_arguments", ["thread_ts takes one channel"])
        blocks = self._posting.blocks(arguments)
        if any(block["type"] == "markdown" for block in blocks):
            raise SlackRefusalError("internal_error")  # as Slack: python-slack-sdk issue 1756
        for file in files:
            self._state.files[file.file_id] = file
        for channel_id, _ in channels:
            self._share(files, channel_id, threads[channel_id], blocks, arguments)
        return {"files": [{"id": file.file_id, "title": file.title} for file in files]}

    def info(self, arguments: Arguments) -> JsonObject:
        """`files.info`: the mimetype is empty until the file was processed."""
        file = self._state.files.get(arguments.required("file", "file_not_found"))
        if file is None or file.completed is None:
            raise SlackRefusalError("file_not_found")
        shown = wire.file_json(self._state, file)
        for key in ("url_private", "permalink"):
            shown[key] = self._state.url + quote(shown[key])
        return {"file": shown, "comments": [], "response_metadata": {"next_cursor": ""}}

    def _entries(self, arguments: Arguments) -> list[JsonObject]:
        entries = arguments.json("files")
        if not isinstance(entries, list) or not entries:
            raise SlackRefusalError("invalid_arguments", ["missing required field: files"])
        return entries

    def _uploaded(self, entry: JsonObject) -> StoredFile:
        file = self._state.files.get(str(entry.get("id")))
        if file is None or file.data is None or file.completed is not None:
            raise SlackRefusalError("file_not_found")
        title = str(entry.get("title") or file.name)
        return replace(file, title=title, completed=self._state.clock())

    def _channels(self, arguments: Arguments) -> list[tuple[str, WorkspaceChannel]]:
        listed = arguments.json("channels")
        names = listed if isinstance(listed, list) else arguments.text("channels").split(",")
        if "channel_id" in arguments:
            names = [arguments.text("channel_id")]
        found = [self._posting.channel(str(name)) for name in names if name]
        return [(channel.channel_id, channel) for channel in found]

    def _share(
        self,
        files: list[StoredFile],
        channel_id: str,
        thread: str,
        blocks: tuple[JsonObject, ...],
        arguments: Arguments,
    ) -> None:
        message = Message(
            channel=channel_id,
            ts=self._state.next_ts(),
            user=self._state.bot.user_id,
            text=arguments.text("initial_comment")[: rules.TEXT_LONGEST],
            thread_ts=thread,
            blocks=blocks,
            by_bot=True,
            files=tuple(file.file_id for file in files),
        )
        for file in files:
            kept = self._state.files[file.file_id]
            shared = (*kept.shared, (channel_id, message.ts))
            self._state.files[file.file_id] = replace(kept, shared=shared)
        self._posting.say(message)
