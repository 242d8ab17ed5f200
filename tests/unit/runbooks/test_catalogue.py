"""Runbooks as files of a folder: found by control, read one at a time, refused with their line."""

from pathlib import Path
from textwrap import dedent

import pytest

from integrations.errors import NotFoundError
from integrations.runbooks.catalogue import INDEX, ShippedRunbooks, index_of
from integrations.runbooks.port import InvalidRunbookError, Risk

ABOUT = """\
    ---
    name: Acme-CloseTheDoor
    controls: [EC2.13, EC2.14]
    title: Close the door
    resource_type: AwsEc2SecurityGroup
    bindings:
      Door: resource.short_id
      Days: =90
    permissions: [ec2:RevokeSecurityGroupIngress, ec2:DescribeSecurityGroups]
    reads: [ec2:DescribeSecurityGroups]
    risk: medium
    reversible: false
"""
FIX = """\
    ---
    schemaVersion: "0.3"
    parameters:
      AutomationAssumeRole: {type: String, default: ""}
      Door: {type: String}
      Days: {type: Integer}
    mainSteps:
      - name: Close
        action: aws:sleep
        inputs: {Duration: PT1S}
"""
CHECK = """\
    ---
    schemaVersion: "0.3"
    parameters:
      Door: {type: String}
    mainSteps:
      - name: Check
        action: aws:executeScript
        inputs: {Runtime: python3.11, Handler: check, Script: "def check(g, c): return {}"}
        outputs:
          - {Name: Compliant, Selector: $.Payload.Compliant, Type: Boolean}
          - {Name: State, Selector: $.Payload.State, Type: StringMap}
          - {Name: Target, Selector: $.Payload.Target, Type: StringMap}
          - {Name: Saved, Selector: $.Payload.Saved, Type: StringMap}
"""
UNDO = FIX.replace("Days: {type: Integer}", "Days: {type: Integer}\n      Saved: {type: StringMap}")


def written(folder: Path, name: str = "door.yaml", text: str = ABOUT + FIX + CHECK) -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def refusal(folder: Path) -> InvalidRunbookError:
    with pytest.raises(InvalidRunbookError) as refused:
        ShippedRunbooks(folder).runbooks()
    return refused.value


def test_a_runbook_is_what_its_file_says(tmp_path: Path) -> None:
    written(tmp_path)
    runbook = ShippedRunbooks(tmp_path).named("Acme-CloseTheDoor")
    assert runbook.controls == ("EC2.13", "EC2.14")
    assert runbook.bindings == {"Door": "resource.short_id", "Days": "=90"}
    assert runbook.permissions == ("ec2:DescribeSecurityGroups", "ec2:RevokeSecurityGroupIngress")
    assert runbook.risk is Risk.MEDIUM
    assert (runbook.care, runbook.shared_through, runbook.aws_owned) == ("", (), "")
    assert runbook.fix["mainSteps"][0]["name"] == "Close"
    assert runbook.check["mainSteps"][-1]["name"] == "Check"
    assert runbook.undo is None


def test_every_control_of_a_runbook_finds_it_whatever_the_case(tmp_path: Path) -> None:
    written(tmp_path)
    catalogue = ShippedRunbooks(tmp_path)
    assert catalogue.runbook("ec2.13") == catalogue.runbook("EC2.14") is not None
    assert catalogue.runbook("EC2.1") is None


def test_a_name_that_nothing_has_is_said_to_be_unknown(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(NotFoundError, match="Acme-OpenTheDoor"):
        ShippedRunbooks(tmp_path).named("Acme-OpenTheDoor")


def test_a_change_of_any_part_is_another_version(tmp_path: Path) -> None:
    texts = [
        ABOUT + FIX + CHECK,
        ABOUT.replace("risk: medium", "risk: low") + FIX + CHECK,
        ABOUT + FIX.replace("PT1S", "PT2S") + CHECK,
        ABOUT + FIX + CHECK + "    # seen by two\n",
    ]
    versions = set()
    for text in texts:
        written(tmp_path, text=text)
        versions.add(ShippedRunbooks(tmp_path).runbooks()[0].version)
    assert len(versions) == len(texts)
    assert all(len(version) == 12 for version in versions)


def test_one_runbook_is_had_although_another_file_is_broken(tmp_path: Path) -> None:
    """Only its own file is read: the index tells which one that is."""
    written(tmp_path)
    other = ABOUT.replace("Acme-CloseTheDoor", "Acme-Other").replace("EC2.13, EC2.14", "S3.8")
    broken = written(tmp_path, "other.yaml", other + FIX + CHECK)
    (tmp_path / INDEX).write_text(index_of(tmp_path), encoding="utf-8")
    broken.write_text("{", encoding="utf-8")
    catalogue = ShippedRunbooks(tmp_path)
    assert catalogue.runbook("EC2.13") is not None
    with pytest.raises(InvalidRunbookError, match=r"other\.yaml, line 2: not YAML"):
        catalogue.runbook("S3.8")


def test_a_file_that_the_index_does_not_name_yet_is_found(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text(index_of(tmp_path), encoding="utf-8")
    written(tmp_path)
    assert ShippedRunbooks(tmp_path).runbook("EC2.13") is not None


def test_a_file_that_only_the_index_knows_is_missed(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / INDEX).write_text(index_of(tmp_path), encoding="utf-8")
    path.unlink()
    assert str(refusal(tmp_path)) == "index.yaml: it names door.yaml, which is not there"


@pytest.mark.parametrize("text", ["{", "- a", "Acme: 3", "Acme: {file: door.yaml}"])
def test_an_index_that_cannot_be_read_says_what_to_do(tmp_path: Path, text: str) -> None:
    written(tmp_path)
    (tmp_path / INDEX).write_text(text, encoding="utf-8")
    assert "make runbooks" in str(refusal(tmp_path))


def test_two_runbooks_of_one_control_are_refused(tmp_path: Path) -> None:
    written(tmp_path)
    other = ABOUT.replace("Acme-CloseTheDoor", "Acme-Other").replace("EC2.13, EC2.14", "ec2.14")
    written(tmp_path, "window.yaml", other + FIX + CHECK)
    said = str(refusal(tmp_path))
    assert said == "window.yaml: ec2.14 is served by door.yaml already"


def test_the_index_has_a_line_for_each_runbook(tmp_path: Path) -> None:
    written(tmp_path)
    said = [line for line in index_of(tmp_path).splitlines() if not line.startswith("#")]
    assert said == [
        "Acme-CloseTheDoor: {file: door.yaml, controls: [EC2.13, EC2.14], title: Close the door}"
    ]


def test_the_index_says_which_controls_are_fixed_by_hand(tmp_path: Path) -> None:
    written(tmp_path)
    (by_hand,) = [line for line in index_of(tmp_path).splitlines() if " DMS.1," in line]
    assert "EC2.13" not in by_hand


def test_what_can_be_put_back_has_an_undo(tmp_path: Path) -> None:
    about = ABOUT.replace("reversible: false", "reversible: true")
    written(tmp_path, text=about + FIX + CHECK + UNDO)
    runbook = ShippedRunbooks(tmp_path).runbooks()[0]
    assert runbook.reversible
    assert runbook.undo is not None


TEXT = ABOUT + FIX + CHECK


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "it is empty"),
        ("- a", 1, "the first document is not a map"),
        ("---\nname: [", 3, "not YAML"),
        (TEXT.replace("risk: medium", "risk: some"), 11, "risk is not one of low, medium, high"),
        (TEXT.replace("    risk: medium\n", ""), 2, "the field risk is missing"),
        (TEXT.replace("risk:", "danger:"), 11, "unknown field 'danger'"),
        (TEXT.replace("risk:", "reads: []\n    risk:"), 11, "the name 'reads' comes twice"),
        (TEXT.replace("[EC2.13, EC2.14]", "EC2.13"), 3, "controls is not a list"),
        (TEXT.replace("reads: [ec2:Des", "reads: [ec2:*, ec2:Des"), 10, "a list of IAM actions"),
        (TEXT.replace("=90", "finding.title"), 6, "bindings is not a map of parameters"),
        (TEXT.replace("Acme-CloseTheDoor", "Close the door"), 2, "a name that SSM takes"),
        (TEXT.replace("reversible: false", "reversible: maybe"), 12, "true or false"),
        (ABOUT + FIX, 14, "asks for 2 documents (fix, check) below the first; there are 1"),
        (TEXT + UNDO, 37, "there are 3"),
        (TEXT.replace("PT1S}", "PT1S}\n        isEnd: maybe"), 23, "fix: step Close: isEnd is"),
        (TEXT.replace('"0.3"', '"2.2"', 1), 14, "fix: the document"),
        (TEXT.replace("Days: {type", "Hours: {type"), 14, "takes Door, Hours, not Days, Door"),
        (TEXT.replace("Door: {type: String}\n    mainSteps:\n      - name: Check",
                      "Window: {type: String}\n    mainSteps:\n      - name: Check"),
         24, "the check takes Window, which nothing binds"),
        (TEXT.replace("name: Check", "name: Look"), 24, "the last step of the check is not Check"),
        (TEXT.replace("{Name: Saved", "{Name: Kept"), 24, "the outputs Compliant, State, Target"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_usable_is_refused_with_its_name_and_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    written(tmp_path, text=text)
    refused = refusal(tmp_path)
    assert said in str(refused)
    assert (refused.file, refused.line) == ("door.yaml", line)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "door.yaml").write_bytes(b"\xff\xfe\x00")
    assert "door.yaml: it is not UTF-8 text" in str(refusal(tmp_path))
