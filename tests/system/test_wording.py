from mnistcli.system.wording import count


def test_one_has_no_plural() -> None:
    assert [count(number, "images") for number in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
