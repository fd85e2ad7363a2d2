import os
import subprocess
import sys

import numpy as np
import pytest

from rnncourse import GRU, LSTM, Bidirectional, Dense, Embedding, Sequential, SimpleRNN, keras_bridge
from rnncourse.keras_bridge import from_keras, import_keras, import_tensorflow, quiet_stderr, to_keras

FIT = """
import numpy as np
from rnncourse.keras_bridge import import_keras
keras = import_keras()
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Embedding(5, 2), keras.layers.SimpleRNN(3), keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(np.ones((8, 4)), np.ones(8), epochs=2, verbose=0)
model.predict(np.ones((2, 4)), verbose=0)
"""
IMPORT = "from rnncourse.keras_bridge import import_tensorflow; tf = import_tensorflow(); tf.add(tf.ones(2), 1)"


@pytest.mark.parametrize("code", [IMPORT, FIT], ids=["import and first operation", "fit and predict"])
def test_tensorflow_is_quiet_on_both_descriptors(code):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_quiet_stderr_silences_what_bypasses_python(capfd):
    with quiet_stderr():
        os.write(2, b"written by TensorFlow")
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"


def test_quiet_stderr_restores_the_descriptor_after_an_exception(capfd):
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    with pytest.raises(KeyError), quiet_stderr():
        raise KeyError
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"
    assert before is None or len(os.listdir("/proc/self/fd")) == before


def test_missing_tensorflow_is_named_with_its_cure(monkeypatch, capfd):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(keras_bridge.importlib, "import_module", absent)
    with pytest.raises(ImportError, match=r"TensorFlow is not installed; run `pip install -r requirements.txt`"):
        import_tensorflow.__wrapped__()
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"


def draw_layers(rng, dtype):
    options = {"rng": rng, "dtype": dtype}
    halves = [LSTM(3, 5, **options, return_sequences=False) for _ in range(2)]
    recurrent = [SimpleRNN(3, 5, **options), LSTM(3, 5, **options), GRU(3, 5, **options)]
    layers = [*recurrent, GRU(3, 5, **options, reset_after=False), Bidirectional(*halves), Dense(3, 5, **options)]
    for layer in [*layers, embedding := Embedding(7, 3, **options)]:
        layer.set_weights([rng.standard_normal(weight.shape) for weight in layer.get_weights()])
    return [*layers, embedding]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", range(7))
def test_weights_go_to_keras_and_come_back(place, dtype, rng):
    layer = draw_layers(rng, dtype)[place]
    x = rng.integers(0, 7, (2, 4)) if isinstance(layer, Embedding) else rng.standard_normal((2, 4, 3)).astype(dtype)
    twin = to_keras(layer)
    back = from_keras(twin)
    y = layer.forward(x)[0]
    assert type(back) is type(layer)
    assert y.dtype == twin(x).numpy().dtype == dtype
    np.testing.assert_allclose(twin(x).numpy(), y, rtol=1e-5, atol=1e-6 if dtype == "float32" else 1e-12)
    np.testing.assert_array_equal(back.forward(x)[0], y)


def test_to_keras_refuses_what_keras_does_not_have(rng):
    with pytest.raises(TypeError, match="to_keras: Sequential is not one of SimpleRNN, LSTM"):
        to_keras(Sequential([Dense(1, 1, rng=rng)]))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("Conv1D", {"kernel_size": 1}, "rnncourse has no Conv1D"),
        ("SimpleRNN", {"activation": "relu"}, "SimpleRNN has activation='relu', here it is always 'tanh'"),
        ("Dense", {"activation": "tanh"}, "Dense has activation='tanh', here it is always 'linear'"),
        ("LSTM", {"use_bias": False}, "LSTM has use_bias=False, here it is always True"),
        ("GRU", {"go_backwards": True}, "GRU has go_backwards=True, here it is always False"),
        ("LSTM", {"stateful": True}, "LSTM has stateful=True, here it is always False"),
    ],
)
def test_from_keras_refuses_what_computes_something_else(name, options, message):
    twin = getattr(import_keras().layers, name)(2, **options)
    twin.build((1, None, 3))
    with pytest.raises(TypeError, match=f"from_keras: {message}"):
        from_keras(twin)


def test_from_keras_refuses_a_layer_without_weights():
    with pytest.raises(ValueError, match="LSTM has no weights yet; call the layer once"):
        from_keras(import_keras().layers.LSTM(2))
