import pytest

from mnistcli.sources import label_of


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("8_3.png", 8),
        ("some/where/0.png", 0),
        ("3__0.jpg", 3),
        ("12_3.png", None),
        ("a_3.png", None),
        ("7", None),
        ("5_/photo.png", None),
    ],
)
def test_the_label_is_the_digit_before_a_mark(name: str, label: int | None) -> None:
    assert label_of(name) == label
