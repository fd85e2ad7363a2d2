import numpy as np
import pytest

from rnncourse.cells import (
    gru_step,
    gru_step_backward,
    lstm_step,
    lstm_step_backward,
    rnn_step,
    rnn_step_backward,
    sigmoid,
)
from rnncourse.gradcheck import complex_step, relative_error

B, D, H = 2, 3, 5


def lstm_by_names(inputs):
    (h, c), cache = lstm_step(inputs["x"], (inputs["h"], inputs["c"]), inputs)
    return {"h": h, "c": c}, cache


def lstm_backward_by_names(d_states, cache, params):
    d_x, (d_h, d_c), grads = lstm_step_backward((d_states["h"], d_states["c"]), cache, params)
    return {"x": d_x, "h": d_h, "c": d_c} | grads


def one_state(step, step_backward, **options):
    def forward(inputs):
        h, cache = step(inputs["x"], inputs["h"], inputs, **options)
        return {"h": h}, cache

    def backward(d_states, cache, params):
        d_x, d_h, grads = step_backward(d_states["h"], cache, params, **options)
        return {"x": d_x, "h": d_h} | grads

    return forward, backward


CELLS = {
    "rnn": (*one_state(rnn_step, rnn_step_backward), ["h"], H, (H,)),
    "lstm": (lstm_by_names, lstm_backward_by_names, ["h", "c"], 4 * H, (4 * H,)),
    "gru": (*one_state(gru_step, gru_step_backward), ["h"], 3 * H, (2, 3 * H)),
    "gru, reset before": (
        *one_state(gru_step, gru_step_backward, reset_after=False),
        ["h"],
        3 * H,
        (3 * H,),
    ),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_backward_equals_the_complex_step(cell, rng):
    forward, backward, state_names, *_ = CELLS[cell]
    inputs = draw_inputs(cell, rng)
    d_states = {name: rng.standard_normal((B, H)) for name in state_names}

    def loss(name, value):
        states, _ = forward(inputs | {name: value})
        return sum((states[state] * d_states[state]).sum() for state in state_names)

    got = backward(d_states, forward(inputs)[1], inputs)
    assert got.keys() == inputs.keys()
    for name, value in inputs.items():
        wanted = complex_step(lambda v, name=name: loss(name, v), value)
        assert relative_error(got[name], wanted) < 1e-12, name


def draw_inputs(cell, rng):
    _, _, state_names, columns, bias_shape = CELLS[cell]
    return {name: rng.standard_normal((B, H)) for name in state_names} | {
        "x": rng.standard_normal((B, D)),
        "W_x": rng.standard_normal((D, columns)),
        "W_h": rng.standard_normal((H, columns)),
        "b_h": rng.standard_normal(bias_shape),
    }


@pytest.mark.parametrize(
    ("cell", "name"), [(cell, name) for cell in CELLS for name in (*CELLS[cell][2], "x", "W_x", "W_h", "b_h")]
)
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda value: value[..., None], ValueError, "must have shape"),
        (lambda value: np.concatenate([value, value], axis=-1), ValueError, "must have shape"),
        (lambda value: value[:0], ValueError, "must have shape"),
        (lambda value: value.astype(int), TypeError, "must hold floats, got int64"),
        (lambda value: np.where(value == value.max(), np.nan, value), ValueError, "must be finite, got nan"),
    ],
)
def test_a_step_refuses_wrong_arrays(cell, name, spoil, error, message, rng):
    forward = CELLS[cell][0]
    inputs = draw_inputs(cell, rng)
    with pytest.raises(error, match=rf"^{cell.split(',')[0]}_step: \w+ {message}"):
        forward(inputs | {name: spoil(inputs[name])})


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_backward_refuses_a_wrong_derivative(cell, rng):
    forward, backward, state_names, *_ = CELLS[cell]
    inputs = draw_inputs(cell, rng)
    cache = forward(inputs)[1]
    for state in state_names:
        d_states = {name: np.zeros((B, H)) for name in state_names} | {state: np.zeros((H, B))}
        with pytest.raises(ValueError, match=rf"_step_backward: d_{state}_next must have shape \(2, 5\), got \(5, 2\)"):
            backward(d_states, cache, inputs)


def test_rnn_step_of_one_unit_by_hand():
    params = {"W_x": np.array([[0.5]]), "W_h": np.array([[-2.0]]), "b_h": np.array([0.1])}
    h_next, _ = rnn_step(np.array([[2.0]]), np.array([[0.3]]), params)
    np.testing.assert_allclose(h_next, [[np.tanh(0.5 * 2.0 - 2.0 * 0.3 + 0.1)]], rtol=1e-15)


def test_rnn_step_backward_of_one_unit_by_hand():
    params = {"W_x": np.array([[0.5]]), "W_h": np.array([[-2.0]]), "b_h": np.array([0.1])}
    _, cache = rnn_step(np.array([[2.0]]), np.array([[0.3]]), params)
    d_x, d_h, grads = rnn_step_backward(np.array([[3.0]]), cache, params)
    d_a = 3.0 * (1 - np.tanh(0.5) ** 2)
    np.testing.assert_allclose(
        [d_x.item(), d_h.item(), grads["W_x"].item(), grads["W_h"].item(), grads["b_h"].item()],
        [0.5 * d_a, -2.0 * d_a, 2.0 * d_a, 0.3 * d_a, d_a],
        rtol=1e-14,
    )


def test_lstm_step_of_one_unit_by_hand():
    """Each gate reads its own column, in the order i, f, c, o."""
    params = {
        "W_x": np.array([[0.1, 0.2, 0.3, 0.4]]),
        "W_h": np.array([[-0.5, 0.6, -0.7, 0.8]]),
        "b_h": np.array([0.01, 1.0, -0.02, 0.03]),
    }
    (h, c), _ = lstm_step(np.array([[2.0]]), (np.array([[0.5]]), np.array([[-1.5]])), params)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (0.2 - 0.25 + 0.01, 0.4 + 0.3 + 1.0, 0.8 + 0.4 + 0.03))
    c_next = f * -1.5 + i * np.tanh(0.6 - 0.35 - 0.02)
    np.testing.assert_allclose([c.item(), h.item()], [c_next, o * np.tanh(c_next)], rtol=1e-14)


@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_step_of_one_unit_by_hand(reset_after):
    """z keeps the old state; the conventions differ in where the reset gate acts."""
    b_in, b_rec = np.array([0.01, 0.02, 0.03]), np.array([0.1, -0.2, 0.3]) * reset_after
    params = {
        "W_x": np.array([[0.1, 0.2, 0.3]]),
        "W_h": np.array([[-0.5, 0.6, -0.7]]),
        "b_h": np.stack([b_in, b_rec]) if reset_after else b_in,
    }
    h_next, _ = gru_step(np.array([[2.0]]), np.array([[0.5]]), params, reset_after=reset_after)
    z = 1 / (1 + np.exp(-(0.2 - 0.25 + 0.01 + b_rec[0])))
    r = 1 / (1 + np.exp(-(0.4 + 0.3 + 0.02 + b_rec[1])))
    g = np.tanh(0.6 + 0.03 + (r * (-0.35 + b_rec[2]) if reset_after else -0.7 * (r * 0.5)))
    np.testing.assert_allclose(h_next, [[z * 0.5 + (1 - z) * g]], rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_does_not_overflow(dtype):
    s = sigmoid(np.array([-1e4, -1, 0, 1, 1e4], dtype))
    assert s.dtype == dtype
    np.testing.assert_allclose(s, [0, 1 / (1 + np.e), 0.5, 1 / (1 + 1 / np.e), 1], rtol=1e-6, atol=1e-7)
