"""TensorFlow, imported once and quietly, and layers carried over to Keras and back.

TensorFlow writes log lines to file descriptor 2 at its import and at its first
operation, whatever `TF_CPP_MIN_LOG_LEVEL` says. nbgrader gives a test cell with
text on stderr 0 points, so both happen here, behind a closed descriptor.
"""

import functools
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from rnncourse.layers import GRU, LSTM, Bidirectional, Dense, Embedding, Recurrent, SimpleRNN

KINDS: dict[str, Any] = {cls.__name__: cls for cls in (SimpleRNN, LSTM, GRU, Dense, Embedding)}
# Options of Keras' layers that change the result, with the only value that our layers compute.
SUPPORTED: dict[str, Any] = {
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "merge_mode": "concat",
    "stateful": False,
}


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere inside the block."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@functools.cache
def import_tensorflow() -> ModuleType:
    """Return the `tensorflow` module, imported and warmed up without a word on stderr.

    Raises
    ------
    ImportError
        If TensorFlow is not installed, with the cure.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_stderr():
            tensorflow = importlib.import_module("tensorflow")
            tensorflow.zeros(1)
    except ModuleNotFoundError as error:
        raise ImportError(
            "import_tensorflow: TensorFlow is not installed; run `pip install -r requirements.txt`"
        ) from error
    return tensorflow


def import_keras() -> ModuleType:
    """Return the `keras` module on its TensorFlow backend, imported quietly."""
    import_tensorflow()
    return importlib.import_module("keras")


def to_keras(layer: Any) -> Any:
    """Build the Keras layer that computes the same as one of ours, with its weights and dtype.

    Parameters
    ----------
    layer : SimpleRNN, LSTM, GRU, Dense, Embedding or Bidirectional of `rnncourse`

    Returns
    -------
    The built layer of `keras.layers` of the same name.

    Raises
    ------
    TypeError
        If Keras has no such layer.
    """
    if type(layer).__name__ not in (*KINDS, "Bidirectional"):
        raise TypeError(f"to_keras: {type(layer).__name__} is not one of {', '.join(KINDS)} and Bidirectional")
    layers = import_keras().layers
    weight = layer.get_weights()[0]
    dtype = str(weight.dtype)
    match layer:
        case Bidirectional():
            left, right = to_keras(layer.left), to_keras(layer.right)
            right.go_backwards = True
            twin = layers.Bidirectional(left, backward_layer=right, dtype=dtype)
        case Recurrent():
            options = {"reset_after": layer.reset_after} if isinstance(layer, GRU) else {}
            kind = getattr(layers, type(layer).__name__)
            twin = kind(layer.units, return_sequences=layer.return_sequences, dtype=dtype, **options)
        case Dense():
            twin = layers.Dense(weight.shape[1], dtype=dtype)
        case Embedding():
            twin = layers.Embedding(*weight.shape, dtype=dtype)
    twin.build((None, None) if isinstance(layer, Embedding) else (None, None, len(weight)))
    twin.set_weights(layer.get_weights())
    return twin


def from_keras(twin: Any) -> Any:
    """Build our layer that computes the same as a built Keras layer, with its weights and dtype.

    Parameters
    ----------
    twin : SimpleRNN, LSTM, GRU, Dense, Embedding or Bidirectional of `keras.layers`

    Returns
    -------
    The layer of `rnncourse` of the same name.

    Raises
    ------
    TypeError
        If there is no such layer here, or an option of it that changes the result.
    ValueError
        If the Keras layer has no weights yet.
    """
    return _carry_over(twin, go_backwards=False)


def _carry_over(twin: Any, *, go_backwards: bool) -> Any:
    name = type(twin).__name__
    if name not in (*KINDS, "Bidirectional"):
        raise TypeError(f"from_keras: rnncourse has no {name}; it has {', '.join(KINDS)} and Bidirectional")
    if not twin.built:
        raise ValueError(f"from_keras: {name} has no weights yet; call the layer once, or its build(input_shape)")
    config = twin.get_config()
    activation = "linear" if name == "Dense" else "tanh"
    for option, wanted in (SUPPORTED | {"activation": activation, "go_backwards": go_backwards}).items():
        if config.get(option, wanted) != wanted:
            raise TypeError(f"from_keras: {name} has {option}={config[option]!r}, here it is always {wanted!r}")
    if name == "Bidirectional":
        right = _carry_over(twin.backward_layer, go_backwards=True)
        return Bidirectional(_carry_over(twin.forward_layer, go_backwards=False), right)
    weights = twin.get_weights()
    n_outputs = config["output_dim"] if name == "Embedding" else config["units"]
    options = {key: config[key] for key in ("return_sequences", "reset_after") if key in config}
    rng = np.random.default_rng(0)
    layer = KINDS[name](len(weights[0]), n_outputs, rng=rng, dtype=weights[0].dtype, **options)
    layer.set_weights(weights)
    return layer
