from typing import Any

import pytest

from integrations.runbooks.selectors import MISSING, SelectorError, selector

ANSWER = {
    "Groups": [
        {"Id": "sg-1", "Ports": [22, 443], "Tags": [{"Key": "env", "Value": "prod"}]},
        {"Id": "sg-2", "Ports": [], "Open": True},
    ],
    "Count": 2,
    "it's": {"odd name": None},
}


@pytest.mark.parametrize(
    ("path", "selects"),
    [
        ("$", ANSWER),
        ("$.Count", 2),
        ("$['Count']", 2),
        ('$["it\'s"]["odd name"]', None),
        ("$['it\\'s']", {"odd name": None}),
        ("$.Groups[0].Id", "sg-1"),
        ("$.Groups[-1].Id", "sg-2"),
        ("$.Groups[7].Id", MISSING),
        ("$.Nothing", MISSING),
        ("$.Count.deeper", MISSING),
        ("$.Groups[*].Id", ["sg-1", "sg-2"]),
        ("$.Groups.*.Id", ["sg-1", "sg-2"]),
        ("$..Id", ["sg-1", "sg-2"]),
        ("$..Value", ["prod"]),
        ("$.Groups[0:1].Id", ["sg-1"]),
        ("$.Groups[::-1].Id", ["sg-2", "sg-1"]),
        ("$.Groups[1,0].Id", ["sg-2", "sg-1"]),
        ("$.Groups[0]['Id','Ports']", ["sg-1", [22, 443]]),
        ("$.Groups[0].Ports.length()", 2),
        ("$.Groups.length()", 2),
        ("$.Nothing.length()", MISSING),
        ("$.Groups[?(@.Id == 'sg-2')].Open", [True]),
        ("$.Groups[?(@.Open)].Id", ["sg-2"]),
        ("$.Groups[?(!@.Open)].Id", ["sg-1"]),
        ("$.Groups[?(@.Open == true && @.Id != 'sg-1')].Id", ["sg-2"]),
        ("$.Groups[?(@.Ports.length() > 1 || @.Id =~ /sg-9/)].Id", ["sg-1"]),
        ("$.Groups[?(@.Id =~ /SG-\\d/i)].Id", ["sg-1", "sg-2"]),
        ("$.Groups[?(@.Tags[?(@.Key == 'env')])].Id", ["sg-1"]),
        ("$.Groups[0].Ports[?(@ >= 100)]", [443]),
        ("$.Groups[?(@.Ports.length() == $.Count)].Id", ["sg-1"]),
        ("$.Groups[?((@.Id == 'sg-1') && (@.Ports[0] < 23.5))].Id", ["sg-1"]),
    ],
)
def test_a_selector_selects(path: str, selects: Any) -> None:
    assert selector(path).select(ANSWER) == selects


def test_true_is_not_one() -> None:
    rows = [{"a": 1}, {"a": True}]
    assert selector("$[?(@.a == 1)]").select(rows) == [{"a": 1}]
    assert selector("$[?(@.a != true)].a").select(rows) == [1]


@pytest.mark.parametrize(
    "path",
    ["", "Groups", "$.", "$[", "$[]", "$['a", "$.a[?(@.b)", "$.a[?(1)]", "$.a.min()", "$ ",
     "$[::0]", "$[?(@.a =~ /[/)]", "$[?(" + "!" * 500 + "@)]"],
)  # fmt: skip
def test_what_is_no_selector_is_refused_with_its_place(path: str) -> None:
    with pytest.raises(SelectorError, match=r"character \d+: "):
        selector(path)
