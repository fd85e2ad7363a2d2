import os
import subprocess
import sys

import pytest

from rnncourse import keras_bridge
from rnncourse.keras_bridge import import_tensorflow, quiet_stderr

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
