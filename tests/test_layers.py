import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import Dense, SimpleRNN
from rnncourse.gradcheck import central_difference, complex_step, relative_error
from rnncourse.keras_bridge import import_keras, import_tensorflow

B, T, D, H, O = 2, 4, 3, 5, 6
sizes = st.integers(1, 4)


def simple_rnn(rng, **options):
    layer = SimpleRNN(D, H, rng=rng, dtype="float64", **options)
    layer.params["b_h"] = rng.standard_normal(H)
    return layer


def loss_by_param(layer, run, name):
    """Return the loss as a function of one parameter, for the complex step."""

    def loss(value):
        kept = layer.params[name]
        layer.params[name] = value
        try:
            return run()
        finally:
            layer.params[name] = kept

    return loss


@pytest.mark.parametrize("time", [1, T])
@pytest.mark.parametrize("return_sequences", [True, False])
class TestSimpleRNNGradients:
    @pytest.fixture
    def case(self, rng, time, return_sequences):
        layer = simple_rnn(rng, return_sequences=return_sequences)
        x, state = rng.standard_normal((B, time, D)), rng.standard_normal((B, H))
        dy = rng.standard_normal((B, time, H) if return_sequences else (B, H))
        return layer, x, state, dy

    @pytest.mark.parametrize("name", ["W_x", "W_h", "b_h"])
    def test_of_parameters_equal_the_complex_step(self, case, name):
        layer, x, state, dy = case
        _, grads = layer.backward(dy, layer.forward(x, state)[1])
        loss = loss_by_param(layer, lambda: (layer.forward(x, state)[0] * dy).sum(), name)
        assert relative_error(grads[name], complex_step(loss, layer.params[name])) < 1e-12

    def test_of_the_input_equals_the_complex_step(self, case):
        layer, x, state, dy = case
        d_x, _ = layer.backward(dy, layer.forward(x, state)[1])
        wanted = complex_step(lambda value: (layer.forward(value, state)[0] * dy).sum(), x)
        assert relative_error(d_x, wanted) < 1e-12

    def test_equal_central_differences(self, case):
        layer, x, state, dy = case
        _, grads = layer.backward(dy, layer.forward(x, state)[1])
        for name, value in layer.params.items():
            wanted = central_difference(lambda: (layer.forward(x, state)[0] * dy).sum(), value)
            assert relative_error(grads[name], wanted) < 1e-8, name

    def test_equal_tensorflow(self, case):
        layer, x, state, dy = case
        tf, keras = import_tensorflow(), import_keras()
        twin = keras.layers.SimpleRNN(H, return_sequences=layer.return_sequences, dtype="float64")
        twin.build(x.shape)
        twin.set_weights(layer.get_weights())
        inputs = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = twin(inputs, initial_state=tf.constant(state))
            loss = tf.reduce_sum(outputs * dy)
        d_x, *d_params = tape.gradient(loss, [inputs, *twin.trainable_variables])
        y, cache = layer.forward(x, state)
        got_d_x, got_grads = layer.backward(dy, cache)
        assert relative_error(y, outputs.numpy()) < 1e-12
        assert relative_error(got_d_x, d_x.numpy()) < 1e-12
        for got, wanted in zip(got_grads.values(), d_params, strict=True):
            assert relative_error(got, wanted.numpy()) < 1e-12


def test_simple_rnn_returns_the_last_state_without_sequences(rng):
    layer = simple_rnn(rng)
    x = rng.standard_normal((B, T, D))
    y, cache = layer.forward(x)
    layer.return_sequences = False
    np.testing.assert_array_equal(layer.forward(x)[0], y[:, -1])
    np.testing.assert_array_equal(layer.final_state(cache), y[:, -1])


@given(batch=sizes, time=sizes, input_dim=sizes, units=sizes)
def test_simple_rnn_shapes(batch, time, input_dim, units):
    rng = np.random.default_rng(0)
    layer = SimpleRNN(input_dim, units, rng=rng)
    x = rng.standard_normal((batch, time, input_dim)).astype("float32")
    y, cache = layer.forward(x)
    d_x, grads = layer.backward(y, cache)
    assert (y.shape, d_x.shape) == ((batch, time, units), x.shape)
    assert {name: grad.shape for name, grad in grads.items()} == {n: p.shape for n, p in layer.params.items()}
    assert {a.dtype for a in (y, d_x, *grads.values())} == {np.dtype("float32")}


def test_simple_rnn_is_causal(rng):
    layer = simple_rnn(rng)
    x = rng.standard_normal((B, T, D))
    changed = x.copy()
    changed[:, 2] += 1
    before, after = layer.forward(x)[0], layer.forward(changed)[0]
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert (np.abs(before - after)[:, 2:].max(axis=(0, 2)) > 1e-3).all()


def test_simple_rnn_treats_each_sequence_by_itself(rng):
    layer = simple_rnn(rng)
    x = rng.standard_normal((B, T, D))
    alone = np.concatenate([layer.forward(row[None])[0] for row in x])
    np.testing.assert_allclose(layer.forward(x)[0], alone, rtol=1e-13)


def test_simple_rnn_carries_its_state_over_two_halves(rng):
    layer = simple_rnn(rng)
    x = rng.standard_normal((B, T, D))
    first, cache = layer.forward(x[:, :2])
    second, _ = layer.forward(x[:, 2:], layer.final_state(cache))
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), layer.forward(x)[0])


def test_simple_rnn_counts_its_parameters(rng):
    assert simple_rnn(rng).count_params() == D * H + H * H + H


def test_weights_survive_the_round_trip(rng):
    layer, other = simple_rnn(rng), simple_rnn(rng)
    other.set_weights(layer.get_weights())
    x = rng.standard_normal((B, T, D))
    np.testing.assert_array_equal(layer.forward(x)[0], other.forward(x)[0])


def test_set_weights_copies(rng):
    layer = simple_rnn(rng)
    weights = [np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)]
    layer.set_weights(weights)
    weights[0] += 1
    assert not layer.params["W_x"].any()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([np.zeros((D, H))], r"expected 3 arrays \(W_x, W_h, b_h\), got 1"),
        ([np.zeros((H, D)), np.zeros((H, H)), np.zeros(H)], r"W_x must have shape \(3, 5\), got \(5, 3\)"),
    ],
)
def test_set_weights_refuses_and_changes_nothing(rng, weights, message):
    layer = simple_rnn(rng)
    before = layer.get_weights()
    with pytest.raises(ValueError, match=message):
        layer.set_weights(weights)
    for kept, now in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((B, T)), r"x must have shape \(B, T, 3\), got \(2, 4\); add a feature axis with x\[:, :, None\]"),
        (np.zeros((B, T, D + 1)), r"x must have shape \(B, T, 3\), got \(2, 4, 4\)"),
        (np.zeros((B, 0, D)), r"x must have shape \(B, T, 3\), got \(2, 0, 3\)"),
        (np.zeros((0, T, D)), r"x must have shape \(B, T, 3\), got \(0, 4, 3\)"),
    ],
)
def test_simple_rnn_refuses_a_wrong_input(rng, x, message):
    with pytest.raises(ValueError, match=message):
        simple_rnn(rng).forward(x)


def test_simple_rnn_refuses_a_list(rng):
    with pytest.raises(TypeError, match=r"SimpleRNN\.forward: x must be a NumPy array, got list"):
        simple_rnn(rng).forward([[0.0]])


def test_simple_rnn_refuses_a_wrong_state(rng):
    with pytest.raises(ValueError, match=r"state must have shape \(2, 5\), got \(5,\)"):
        simple_rnn(rng).forward(np.zeros((B, T, D)), np.zeros(H))


def test_simple_rnn_refuses_a_wrong_derivative(rng):
    layer = simple_rnn(rng)
    with pytest.raises(ValueError, match=r"dy must have shape \(2, 4, 5\), got \(2, 5\)"):
        layer.backward(np.zeros((B, H)), layer.forward(np.zeros((B, T, D)))[1])


@pytest.mark.parametrize("leading", [(B,), (B, T)])
class TestDense:
    @pytest.fixture
    def case(self, rng, leading):
        layer = Dense(H, O, rng=rng, dtype="float64")
        layer.params["b_y"] = rng.standard_normal(O)
        return layer, rng.standard_normal((*leading, H)), rng.standard_normal((*leading, O))

    def test_gradients_equal_the_complex_step(self, case):
        layer, h, dy = case
        d_h, grads = layer.backward(dy, layer.forward(h)[1])
        assert relative_error(d_h, complex_step(lambda value: (layer.forward(value)[0] * dy).sum(), h)) < 1e-12
        for name, value in layer.params.items():
            loss = loss_by_param(layer, lambda: (layer.forward(h)[0] * dy).sum(), name)
            assert relative_error(grads[name], complex_step(loss, value)) < 1e-12, name

    def test_equals_tensorflow(self, case):
        layer, h, dy = case
        tf, keras = import_tensorflow(), import_keras()
        twin = keras.layers.Dense(O, dtype="float64")
        twin.build(h.shape)
        twin.set_weights(layer.get_weights())
        with tf.GradientTape() as tape:
            outputs = twin(tf.constant(h))
            loss = tf.reduce_sum(outputs * dy)
        y, cache = layer.forward(h)
        assert relative_error(y, outputs.numpy()) < 1e-12
        wanted = tape.gradient(loss, twin.trainable_variables)
        for got, want in zip(layer.backward(dy, cache)[1].values(), wanted, strict=True):
            assert relative_error(got, want.numpy()) < 1e-12


@pytest.mark.parametrize("shape", [(B, H + 1), (B, T, H + 1), (B, T, 1, H)])
def test_dense_refuses_a_wrong_input(rng, shape):
    with pytest.raises(ValueError, match=r"Dense\.forward: h must have shape"):
        Dense(H, O, rng=rng).forward(np.zeros(shape))


def test_dense_refuses_a_wrong_derivative(rng):
    layer = Dense(H, O, rng=rng)
    with pytest.raises(ValueError, match=r"Dense\.backward: dy must have shape \(2, 6\), got \(2, 5\)"):
        layer.backward(np.zeros((B, H)), layer.forward(np.zeros((B, H)))[1])
