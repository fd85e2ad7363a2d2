import numpy as np
import pytest

from rnncourse.cells import rnn_step, rnn_step_backward
from rnncourse.gradcheck import complex_step, relative_error

B, D, H = 2, 3, 5


@pytest.fixture
def step_inputs(rng):
    params = {
        "W_x": rng.standard_normal((D, H)),
        "W_h": rng.standard_normal((H, H)),
        "b_h": rng.standard_normal(H),
    }
    return rng.standard_normal((B, D)), rng.standard_normal((B, H)), params


def test_rnn_step_of_one_unit_by_hand():
    params = {"W_x": np.array([[0.5]]), "W_h": np.array([[-2.0]]), "b_h": np.array([0.1])}
    h_next, _ = rnn_step(np.array([[2.0]]), np.array([[0.3]]), params)
    np.testing.assert_allclose(h_next, [[np.tanh(0.5 * 2.0 - 2.0 * 0.3 + 0.1)]], rtol=1e-15)


def test_rnn_step_backward_of_one_unit_by_hand():
    params = {"W_x": np.array([[0.5]]), "W_h": np.array([[-2.0]]), "b_h": np.array([0.1])}
    h_next, cache = rnn_step(np.array([[2.0]]), np.array([[0.3]]), params)
    d_x, d_h, grads = rnn_step_backward(np.array([[3.0]]), cache, params)
    d_a = 3.0 * (1 - np.tanh(0.5) ** 2)
    np.testing.assert_allclose(
        [d_x.item(), d_h.item(), grads["W_x"].item(), grads["W_h"].item(), grads["b_h"].item()],
        [0.5 * d_a, -2.0 * d_a, 2.0 * d_a, 0.3 * d_a, d_a],
        rtol=1e-14,
    )
    assert h_next.item() == pytest.approx(np.tanh(0.5))


@pytest.mark.parametrize("name", ["x", "h", "W_x", "W_h", "b_h"])
def test_rnn_step_backward_equals_the_complex_step(step_inputs, rng, name):
    x, h, params = step_inputs
    weight = rng.standard_normal((B, H))

    def loss(value):
        inputs = {"x": x, "h": h} | params | {name: value}
        return (rnn_step(inputs["x"], inputs["h"], inputs)[0] * weight).sum()

    d_x, d_h, grads = rnn_step_backward(weight, rnn_step(x, h, params)[1], params)
    got = {"x": d_x, "h": d_h} | grads
    assert relative_error(got[name], complex_step(loss, ({"x": x, "h": h} | params)[name])) < 1e-12
