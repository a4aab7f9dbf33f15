import struct

import pytest

from mnistcli import pretrained
from mnistcli.errors import ModelError
from mnistcli.system.litert import open_interpreter


@pytest.mark.parametrize(
    ("read", "shapes"),
    [
        (pretrained.read_export, [[-1, 784], [-1, 10]]),
        (pretrained.read_detector, [[-1, 784], [-1, 1]]),
    ],
)
def test_models_of_images_are_opened(read, shapes: list[list[int]]) -> None:
    interpreter = open_interpreter(read(), "there")

    ends = (*interpreter.get_input_details(), *interpreter.get_output_details())
    assert [end["shape_signature"].tolist() for end in ends] == shapes


def test_the_model_of_pictures_is_opened() -> None:
    interpreter = open_interpreter(pretrained.read_locator(), "there")

    ends = (*interpreter.get_input_details(), *interpreter.get_output_details())
    assert sorted(end["shape_signature"].tolist()[-1] for end in ends) == [2, 3, 6]


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x1c\0\0\0TFL3" + bytes(100)])
def test_a_file_that_is_not_a_model_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="there: not a TensorFlow Lite model"):
        open_interpreter(content, "there")


@pytest.mark.parametrize(
    ("shape", "other", "message"),
    [
        ((1, 28, 28, 1), (1, 28, 1 << 26, 1), "a tensor is too large"),
        ((48, 3, 3, 32), (48, 67, 3, 32), r"\[48, .*\] values are dequantized to"),
    ],
)
def test_a_shape_that_would_crash_or_hang_is_refused(
    shape: tuple[int, ...], other: tuple[int, ...], message: str
) -> None:
    model = pretrained.read_detector()
    stored, changed = (struct.pack("<4i", *sides) for sides in (shape, other))
    assert stored in model

    with pytest.raises(ModelError, match=message):
        open_interpreter(model.replace(stored, changed, 1), "there")


@pytest.mark.parametrize("read", [pretrained.read_detector, pretrained.read_locator])
@pytest.mark.parametrize("field", [1, 2])
def test_a_model_without_operators_or_a_graph_is_refused(field: int, read) -> None:
    model = bytearray(read())
    (root,) = struct.unpack_from("<I", model)
    (before,) = struct.unpack_from("<i", model, root)
    struct.pack_into("<H", model, root - before + 4 + 2 * field, 0)

    with pytest.raises(ModelError, match="no operators, or no graph"):
        open_interpreter(bytes(model), "there")


def test_an_operator_that_would_crash_litert_is_refused() -> None:
    """A case found by fuzzing: RESHAPE's code, at the end of the model, becomes SPLIT's."""
    model = bytearray(pretrained.read_detector())
    reshape, split = 22, 49
    assert model[-36] == reshape
    model[-36] = split

    with pytest.raises(ModelError, match="SPLIT is no operator of this project's models"):
        open_interpreter(bytes(model), "there")


def test_the_start_of_a_model_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    open_interpreter(pretrained.read_locator(), "there")

    assert capfd.readouterr() == ("", "")
