"""Files: uploaded in three steps, usable a moment later."""

import json
import re

import pytest
from slack_sdk.errors import SlackApiError

from tests.unit.workspace.stage import ACME, GLOBEX, Stage
from tests.unit.workspace.test_workspace_chat import refused

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def image(file_id: str) -> list[dict[str, object]]:
    return [{"type": "image", "slack_file": {"id": file_id}, "alt_text": "a path"}]


def test_a_picture_is_uploaded_into_the_thread_by_slacks_own_helper(stage: Stage) -> None:
    root = stage.root()
    answer = stage.client.files_upload_v2(
        file=PNG,
        filename="graph.png",
        title="A path",
        alt_txt="Four hops",
        channel=ACME,
        thread_ts=root,
        initial_comment="Here",
    )
    assert re.fullmatch(r"F[A-Z0-9]{8,}", answer["file"]["id"])
    (_, shared) = stage.workspace.messages(ACME, root)
    assert shared["text"] == "Here"
    (file,) = shared["files"]
    assert (file["title"], file["alt_txt"]) == ("A path", "Four hops")
    assert stage.workspace.file(file["id"]) == PNG
    status, headers, body = stage.asked("GET", f"/files/{file['id']}/graph.png")
    assert (status, headers["content-type"], body) == (200, "image/png", PNG)


def test_a_file_has_no_mimetype_until_it_was_processed(stage: Stage) -> None:
    answer = stage.client.files_upload_v2(file=PNG, filename="graph.png")
    file_id = answer["file"]["id"]
    assert stage.client.files_info(file=file_id)["file"]["mimetype"] == ""
    stage.clock.turn(0.5)
    assert stage.client.files_info(file=file_id)["file"]["mimetype"] == "image/png"


def test_a_picture_in_a_block_is_refused_until_it_was_processed(stage: Stage) -> None:
    answer = stage.client.files_upload_v2(file=PNG, filename="graph.png")
    blocks = image(answer["file"]["id"])
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_postMessage(channel=ACME, text="see", blocks=blocks)
    assert refused(caught.value) == "invalid_blocks"
    assert "invalid slack file" in caught.value.response["errors"][0]
    stage.clock.turn(0.5)
    assert stage.client.chat_postMessage(channel=ACME, text="see", blocks=blocks)["ok"]


def test_a_file_nobody_uploaded_is_refused_in_a_block(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_postMessage(channel=ACME, text="see", blocks=image("F0NOTHERE1"))
    assert refused(caught.value) == "invalid_blocks"


@pytest.mark.parametrize("file_id", ["F1", "f0lowercase1", "G0ACME00001"])
def test_a_file_id_has_slacks_form(stage: Stage, file_id: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_postMessage(channel=ACME, text="see", blocks=image(file_id))
    assert "does not match regexp" in caught.value.response["errors"][0]


def test_the_announced_length_counts(stage: Stage) -> None:
    announced = stage.client.files_getUploadURLExternal(filename="a.png", length=5)
    path = announced["upload_url"].removeprefix(stage.server.url)
    assert stage.asked("POST", path, b"123456")[0] == 400
    with pytest.raises(SlackApiError) as incomplete:
        stage.client.files_completeUploadExternal(
            files=[{"id": announced["file_id"], "title": "a"}]
        )
    assert refused(incomplete.value) == "file_not_found"


def test_a_thread_takes_one_channel(stage: Stage) -> None:
    root = stage.root()
    files: list[dict[str, str | None]] = [{"id": stage.uploaded(PNG), "title": "a"}]
    with pytest.raises(SlackApiError) as caught:
        stage.client.files_completeUploadExternal(
            files=files, channels=[ACME, GLOBEX], thread_ts=root
        )
    assert refused(caught.value) in {"invalid_arguments", "thread_not_found"}


def test_what_is_no_picture_is_only_downloaded(stage: Stage) -> None:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    answer = stage.client.files_upload_v2(file=svg, filename="x.svg", channel=ACME)
    _, headers, _ = stage.asked("GET", f"/files/{answer['file']['id']}")
    assert headers["content-type"].startswith("application/octet-stream")
    assert headers["content-disposition"] == "attachment"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_upload_address_works_until_the_upload_is_complete(stage: Stage) -> None:
    answer = stage.client.files_getUploadURLExternal(filename="a.png", length=len(PNG))
    path = answer["upload_url"].removeprefix(stage.server.url)
    assert stage.asked("POST", path, PNG)[0] == 200
    stage.client.files_completeUploadExternal(files=[{"id": answer["file_id"], "title": "a"}])
    assert stage.asked("POST", path, PNG)[0] == 400


def test_a_markdown_block_beside_an_upload_is_an_internal_error_as_in_slack(stage: Stage) -> None:
    file_id = stage.uploaded(PNG)
    with pytest.raises(SlackApiError) as caught:
        stage.client.files_completeUploadExternal(
            files=[{"id": file_id, "title": "a"}],
            channel_id=ACME,
            blocks=json.dumps([{"type": "markdown", "text": "hi"}]),
        )
    assert refused(caught.value) == "internal_error"
