"""The fused loops equal the plain steps that the chapters show."""

import numpy as np
import pytest

from rnncourse import GRU, LSTM, SimpleRNN, loops
from rnncourse.cells import (
    gru_step,
    gru_step_backward,
    lstm_step,
    lstm_step_backward,
    rnn_step,
    rnn_step_backward,
)
from rnncourse.gradcheck import relative_error

B, T, D, H = 3, 7, 4, 5


def plain_pass(layer, x, dy, state, step, step_backward, **options):
    """Run the steps of `cells` one by one, forward and back."""
    states, caches = [], []
    for t in range(T):
        state, cache = step(x[:, t], state, layer.params, **options)
        states.append(state[0] if isinstance(state, tuple) else state)
        caches.append(cache)
    d_x, total = np.empty_like(x), {name: np.zeros_like(value) for name, value in layer.params.items()}
    zero = np.zeros((B, H))
    d_state = (zero, zero) if isinstance(state, tuple) else zero
    for t in reversed(range(T)):
        d_state = (d_state[0] + dy[:, t], d_state[1]) if isinstance(state, tuple) else d_state + dy[:, t]
        d_x[:, t], d_state, grads = step_backward(d_state, caches[t], layer.params, **options)
        total = {name: total[name] + grads[name] for name in total}
    return np.stack(states, axis=1), d_x, total


@pytest.mark.parametrize(
    ("cls", "step", "step_backward", "options"),
    [
        (SimpleRNN, rnn_step, rnn_step_backward, {}),
        (LSTM, lstm_step, lstm_step_backward, {}),
        (GRU, gru_step, gru_step_backward, {"reset_after": True}),
        (GRU, gru_step, gru_step_backward, {"reset_after": False}),
    ],
)
@pytest.mark.parametrize("steps_per_chunk", [1, 3, 100])
def test_a_fused_loop_equals_the_plain_steps(cls, step, step_backward, options, steps_per_chunk, rng, monkeypatch):
    layer = cls(D, H, rng=rng, dtype="float64", **options)
    layer.set_weights([rng.standard_normal(weight.shape) for weight in layer.get_weights()])
    x, dy = rng.standard_normal((B, T, D)), rng.standard_normal((B, T, H))
    first = [rng.standard_normal((B, H)) for _ in range(layer.n_states)]
    state = first[0] if len(first) == 1 else tuple(first)
    monkeypatch.setattr(loops, "CHUNK_BYTES", steps_per_chunk * B * 4 * H * 8)
    y, cache = layer.forward(x, state)
    d_x, grads = layer.backward(dy, cache)
    plain_y, plain_d_x, plain_grads = plain_pass(layer, x, dy, state, step, step_backward, **options)
    assert relative_error(y, plain_y) < 1e-14
    assert relative_error(d_x, plain_d_x) < 1e-13
    for name, gradient in plain_grads.items():
        assert relative_error(grads[name], gradient) < 1e-13, name
