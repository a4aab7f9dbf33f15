from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.runs.recipes import RECIPES

if TYPE_CHECKING:
    from mnistcli.training.network import Network


@pytest.fixture
def make_network(tensorflow: None) -> "Callable[[str], Network]":
    """Make a model's network with random weights, unlike any that training starts or ends with."""
    from mnistcli.training.network import Network

    def make(model: str) -> Network:
        network, random = Network(RECIPES[model], seed=0), np.random.default_rng(3)
        network.step.assign(70)
        for variable in network.variables:
            if variable.dtype == "float32":
                inputs = np.prod(variable.shape[:-1])
                values = random.normal(0, np.sqrt(2 / inputs), variable.shape)
                variable.assign(values if inputs > 1 else random.uniform(0.5, 1.5, variable.shape))
        w = network.answering.w
        w.assign(w * network.recipe.temperature)  # so that no answer is certain
        return network

    return make


@pytest.fixture
def answer_by_saved_model(
    tensorflow: None, tmp_path: Path
) -> Callable[[Mapping[str, bytes], NDArray[np.float32]], NDArray[np.float32]]:
    """Return the probabilities that a SavedModel, the contents of its files, gives for inputs."""
    import tensorflow as tf

    def answer(contents: Mapping[str, bytes], x: NDArray[np.float32]) -> NDArray[np.float32]:
        for name, content in contents.items():
            path = tmp_path / "saved_model" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        model = tf.saved_model.load(str(tmp_path / "saved_model"))
        (answers,) = model.signatures["serving_default"](x=tf.constant(x)).values()
        return answers.numpy()

    return answer
