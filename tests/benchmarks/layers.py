"""Time the NumPy layers against Keras' compiled ones and against their own matrix products.

    python -m tests.benchmarks.layers [--repeats 15]

All contestants of a size run in turn, over and over, so that a drift of the machine's
speed hits them alike; the table gives medians and their ratios. PyTorch takes part
where it is installed. Everything runs on the CPU in float32.
"""

import argparse
import time
from collections.abc import Callable
from statistics import geometric_mean, median

import numpy as np

from rnncourse import GRU, LSTM, SimpleRNN
from rnncourse.keras_bridge import import_keras, import_tensorflow
from rnncourse.layers import Recurrent

SIZES = [(32, 50, 32, 32), (64, 100, 64, 128), (128, 100, 64, 256)]
Run = Callable[[], object]


def numpy_runs(layer: Recurrent, x: np.ndarray, dy: np.ndarray) -> dict[str, Run]:
    return {
        "forward": lambda: layer.forward(x),
        "both": lambda: layer.backward(dy, layer.forward(x)[1]),
    }


def keras_runs(layer: Recurrent, x: np.ndarray, dy: np.ndarray) -> dict[str, Run]:
    tf = import_tensorflow()
    twin = getattr(import_keras().layers, type(layer).__name__)(layer.units, return_sequences=True)
    twin.build(x.shape)
    twin.set_weights(layer.get_weights())
    inputs, d_outputs = tf.constant(x), tf.constant(dy)

    @tf.function
    def forward():
        return twin(inputs)

    @tf.function
    def both():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(twin(inputs) * d_outputs)
        return tape.gradient(loss, [inputs, *twin.trainable_variables])

    return {"forward": lambda: forward().numpy(), "both": lambda: [g.numpy() for g in both()]}


def torch_runs(layer: Recurrent, x: np.ndarray, dy: np.ndarray) -> dict[str, Run]:
    try:
        import torch
    except ImportError:
        return {}
    kind = {"SimpleRNN": torch.nn.RNN}.get(type(layer).__name__) or getattr(torch.nn, type(layer).__name__)
    twin = kind(x.shape[2], layer.units, batch_first=True)
    inputs, d_outputs = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dy)

    def both():
        twin.zero_grad()
        inputs.grad = None
        twin(inputs)[0].backward(d_outputs)

    def forward():
        with torch.no_grad():
            twin(inputs)

    return {"forward": forward, "both": both}


def floor_runs(layer: Recurrent, x: np.ndarray, dy: np.ndarray) -> dict[str, Run]:
    """Just the matrix products that forward and backward cannot do without."""
    batch, time_steps, input_dim = x.shape
    W_x, W_h = layer.params["W_x"], layer.params["W_h"]
    W_x_T, W_h_T = np.ascontiguousarray(W_x.T), np.ascontiguousarray(W_h.T)
    rows = np.ones((batch * time_steps, input_dim), "float32")
    gates = np.ones((batch * time_steps, W_x.shape[1]), "float32")
    states = np.ones((batch * time_steps, layer.units), "float32")
    h, a = np.ones((batch, layer.units), "float32"), np.ones((batch, W_h.shape[1]), "float32")

    def forward():
        np.matmul(rows, W_x, out=gates)
        for _ in range(time_steps):
            np.matmul(h, W_h, out=a)

    def both():
        forward()
        for _ in range(time_steps):
            np.matmul(a, W_h_T, out=h)
        return states.T @ gates, rows.T @ gates, gates @ W_x_T

    return {"forward": forward, "both": both}


CONTESTANTS = {"numpy": numpy_runs, "keras": keras_runs, "torch": torch_runs, "floor": floor_runs}


def medians(runs: dict[str, Run], repeats: int) -> dict[str, float]:
    """Return the median seconds of each run, all taken in turn, after one warm-up."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repeat:
                times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print(f"{'pass':8}{'cell':10}{'B, T, D, H':18}{'numpy ms':>9}{'/ keras':>9}{'/ torch':>9}{'/ floor':>9}")
    for part in ("forward", "both"):
        ratios = []
        for cls in (SimpleRNN, LSTM, GRU):
            for batch, time_steps, input_dim, units in SIZES:
                rng = np.random.default_rng(0)
                layer = cls(input_dim, units, rng=rng)
                x = rng.standard_normal((batch, time_steps, input_dim), "float32")
                dy = rng.standard_normal((batch, time_steps, units), "float32")
                runs = {name: make(layer, x, dy) for name, make in CONTESTANTS.items()}
                seconds = medians({name: run[part] for name, run in runs.items() if run}, repeats)
                by = {name: seconds["numpy"] / other for name, other in seconds.items()}
                ratios.append(by["keras"])
                torch = f"{by['torch']:9.2f}" if "torch" in by else f"{'-':>9}"
                size = f"{batch}, {time_steps}, {input_dim}, {units}"
                row = f"{part:8}{cls.__name__:10}{size:18}{seconds['numpy'] * 1e3:9.2f}{by['keras']:9.2f}{torch}"
                print(f"{row}{by['floor']:9.2f}", flush=True)
        print(f"{part:8}geometric mean of the ratios to Keras: {geometric_mean(ratios):.2f}")


if __name__ == "__main__":
    main()
