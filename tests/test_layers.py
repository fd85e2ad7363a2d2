import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import GRU, LSTM, Bidirectional, Dense, Embedding, Sequential, SimpleRNN
from rnncourse.gradcheck import central_difference, layer_gradients, relative_error, worst_entry
from rnncourse.keras_bridge import import_keras, import_tensorflow, to_keras
from tests.keras_twins import keras_run

B, T, D, H, O, V = 2, 4, 3, 5, 6, 7
sizes = st.integers(1, 4)
KINDS = {
    "SimpleRNN": (SimpleRNN, {}),
    "LSTM": (LSTM, {}),
    "GRU": (GRU, {}),
    "GRU reset before": (GRU, {"reset_after": False}),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def make(kind, rng, *, dtype="float64", input_dim=D, **options):
    """Draw a layer whose weights and biases are all of order 1."""
    cls, extra = KINDS[kind]
    layer = cls(input_dim, H, rng=rng, dtype=dtype, **extra, **options)
    layer.set_weights([rng.standard_normal(weight.shape) for weight in layer.get_weights()])
    return layer


def draw_state(layer, rng, dtype="float64"):
    parts = [rng.standard_normal((B, H)).astype(dtype) for _ in range(layer.n_states)]
    return parts[0] if len(parts) == 1 else tuple(parts)


def draw_mask(rng, time):
    mask = rng.random((B, time)) < 0.6
    mask[:, 0] = True
    return mask


def listed(state):
    return None if state is None else list(state) if isinstance(state, tuple) else [state]


@every_kind
@pytest.mark.parametrize("time", [1, T])
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("stateful", [True, False])
class TestGradients:
    @pytest.fixture
    def case(self, rng, kind, time, return_sequences, masked, stateful):
        layer = make(kind, rng, return_sequences=return_sequences)
        x = rng.standard_normal((B, time, D))
        dy = rng.standard_normal((B, time, H) if return_sequences else (B, H))
        return (
            layer,
            x,
            dy,
            draw_state(layer, rng) if stateful else None,
            draw_mask(rng, time) if masked else None,
        )

    def test_equal_the_complex_step(self, case):
        layer, x, dy, state, mask = case
        worst = worst_entry(*layer_gradients(layer, x, dy, state=state, mask=mask))
        assert worst.error < 1e-12, worst

    def test_equal_central_differences(self, case):
        layer, x, dy, state, mask = case
        _, grads = layer.backward(dy, layer.forward(x, state, mask)[1])
        for name, value in layer.params.items():
            wanted = central_difference(lambda: (layer.forward(x, state, mask)[0] * dy).sum(), value)
            assert relative_error(grads[name], wanted) < 1e-8, name

    def test_and_outputs_equal_keras(self, case):
        layer, x, dy, state, mask = case
        outputs, gradients = keras_run(to_keras(layer), x, dy, listed(state), mask)
        y, cache = layer.forward(x, state, mask)
        d_x, grads = layer.backward(dy, cache)
        assert relative_error(y, outputs) < 1e-12
        for got, wanted in zip([d_x, *grads.values()], gradients, strict=True):
            assert relative_error(got, wanted) < 1e-12


@every_kind
def test_float32_equals_keras(kind, rng):
    layer = make(kind, rng, dtype="float32")
    x, dy = (rng.standard_normal((B, T, size)).astype("float32") for size in (D, H))
    outputs, gradients = keras_run(to_keras(layer), x, dy, None, None)
    y, cache = layer.forward(x)
    assert relative_error(y, outputs) < 1e-6
    d_x, grads = layer.backward(dy, cache)
    for got, wanted in zip([d_x, *grads.values()], gradients, strict=True):
        assert relative_error(got, wanted) < 1e-5


@every_kind
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_bidirectional_equals_keras_and_the_complex_step(kind, return_sequences, masked, rng):
    layer = Bidirectional(*(make(kind, rng, return_sequences=return_sequences) for _ in range(2)))
    x, mask = rng.standard_normal((B, T, D)), draw_mask(rng, T) if masked else None
    dy = rng.standard_normal((B, T, 2 * H) if return_sequences else (B, 2 * H))
    outputs, gradients = keras_run(to_keras(layer), x, dy, None, mask)
    y, cache = layer.forward(x, mask=mask)
    d_x, grads = layer.backward(dy, cache)
    assert relative_error(y, outputs) < 1e-12
    for got, wanted in zip([d_x, *grads.values()], gradients, strict=True):
        assert relative_error(got, wanted) < 1e-12
    worst = worst_entry(*layer_gradients(layer, x, dy, mask=mask))
    assert worst.error < 1e-12, worst


@every_kind
def test_stacked_gradients_equal_the_complex_step(kind, rng):
    model = Sequential(
        [
            Embedding(V, D, rng=rng, dtype="float64"),
            make(kind, rng),
            Bidirectional(*(make(kind, rng, input_dim=H, return_sequences=False) for _ in range(2))),
            Dense(2 * H, O, rng=rng, dtype="float64"),
        ]
    )
    codes, dy, mask = rng.integers(0, V, (B, T)), rng.standard_normal((B, O)), draw_mask(rng, T)
    assert model.backward(dy, model.forward(codes, mask=mask)[1])[0] is None
    worst = worst_entry(*layer_gradients(model, codes, dy, mask=mask))
    assert worst.error < 1e-12, worst


@every_kind
def test_no_sequence_means_the_last_state(kind, rng):
    layer = make(kind, rng)
    x = rng.standard_normal((B, T, D))
    y, cache = layer.forward(x)
    layer.return_sequences = False
    np.testing.assert_array_equal(layer.forward(x)[0], y[:, -1])
    np.testing.assert_array_equal(listed(layer.final_state(cache))[0], y[:, -1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_kind
@given(batch=sizes, time=sizes, input_dim=sizes, units=sizes)
def test_shapes_and_dtypes(kind, dtype, batch, time, input_dim, units):
    rng = np.random.default_rng(0)
    cls, options = KINDS[kind]
    layer = cls(input_dim, units, rng=rng, dtype=dtype, **options)
    y, cache = layer.forward(rng.standard_normal((batch, time, input_dim)))
    d_x, grads = layer.backward(y, cache)
    assert (y.shape, d_x.shape) == ((batch, time, units), (batch, time, input_dim))
    assert {name: grad.shape for name, grad in grads.items()} == {n: p.shape for n, p in layer.params.items()}
    assert {a.dtype for a in (y, d_x, *grads.values(), *listed(layer.final_state(cache)))} == {np.dtype(dtype)}


@every_kind
@given(seed=st.integers(0, 99), step=st.integers(0, T - 1))
def test_is_causal(kind, seed, step):
    rng = np.random.default_rng(seed)
    layer = make(kind, rng)
    x = rng.standard_normal((B, T, D))
    changed = x.copy()
    changed[:, step] += 1
    before, after = layer.forward(x)[0], layer.forward(changed)[0]
    np.testing.assert_array_equal(before[:, :step], after[:, :step])
    assert (before != after)[:, step:].any(axis=(0, 2)).all()


@every_kind
@given(seed=st.integers(0, 99), batch=sizes)
def test_treats_each_sequence_by_itself(kind, seed, batch):
    rng = np.random.default_rng(seed)
    layer = make(kind, rng)
    x = rng.standard_normal((batch, T, D))
    alone = np.concatenate([layer.forward(row[None])[0] for row in x])
    np.testing.assert_allclose(layer.forward(x)[0], alone, rtol=1e-12, atol=1e-13)


@every_kind
@given(data=st.data())
def test_two_halves_with_carried_state_equal_the_whole(kind, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    cut = data.draw(st.integers(1, T - 1))
    layer = make(kind, rng)
    x = rng.standard_normal((B, T, D))
    first, cache = layer.forward(x[:, :cut])
    second, _ = layer.forward(x[:, cut:], layer.final_state(cache))
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), layer.forward(x)[0], rtol=1e-12, atol=1e-13)


@every_kind
@given(padding=sizes)
def test_masked_padding_at_the_end_changes_nothing(kind, padding):
    rng = np.random.default_rng(padding)
    layer = make(kind, rng)
    x, dy = rng.standard_normal((B, T, D)), rng.standard_normal((B, T, H))
    longer = np.concatenate([x, rng.standard_normal((B, padding, D))], axis=1)
    mask = np.arange(T + padding) < T
    y, cache = layer.forward(longer, mask=np.tile(mask, (B, 1)))
    plain, plain_cache = layer.forward(x)
    np.testing.assert_array_equal(y[:, :T], plain)
    for got, wanted in zip(listed(layer.final_state(cache)), listed(layer.final_state(plain_cache)), strict=True):
        np.testing.assert_array_equal(got, wanted)
    padded_dy = np.concatenate([dy, np.zeros((B, padding, H))], axis=1)
    d_x, grads = layer.backward(padded_dy, cache)
    plain_d_x, plain_grads = layer.backward(dy, plain_cache)
    np.testing.assert_allclose(d_x[:, :T], plain_d_x, rtol=1e-12, atol=1e-13)
    assert not d_x[:, T:].any()
    for name, gradient in plain_grads.items():
        np.testing.assert_allclose(grads[name], gradient, rtol=1e-10, atol=1e-12)


@every_kind
def test_backward_can_run_twice_and_changes_no_input(kind, rng):
    layer = make(kind, rng)
    x, dy = rng.standard_normal((B, T, D)), rng.standard_normal((B, T, H))
    kept = [a.copy() for a in (x, dy, *layer.params.values())]
    y, cache = layer.forward(x)
    y_kept = y.copy()
    first, second = layer.backward(dy, cache), layer.backward(dy, cache)
    np.testing.assert_array_equal(first[0], second[0])
    for name in first[1]:
        np.testing.assert_array_equal(first[1][name], second[1][name])
    for before, after in zip(kept, (x, dy, *layer.params.values()), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(y, y_kept)


@every_kind
@pytest.mark.parametrize(("batch", "time"), [(1, T), (B, 1), (1, 1)])
def test_changing_the_output_changes_no_gradient(kind, batch, time, rng):
    layer = make(kind, rng)
    x, dy = rng.standard_normal((batch, time, D)), rng.standard_normal((batch, time, H))
    y, cache = layer.forward(x)
    d_x, grads = layer.backward(dy, cache)
    y[...] = 0
    x[...] = 0
    d_x_after, grads_after = layer.backward(dy, cache)
    np.testing.assert_array_equal(d_x_after, d_x)
    for name in grads:
        np.testing.assert_array_equal(grads_after[name], grads[name])


@every_kind
def test_extreme_inputs_give_no_warning(kind, rng):
    for dtype in ("float32", "float64"):
        layer = make(kind, rng, dtype=dtype)
        y, cache = layer.forward(np.full((B, T, D), 1e4, dtype))
        assert np.isfinite(y).all()
        assert np.isfinite(layer.backward(y, cache)[0]).all()


def test_parameters_count_as_in_keras(rng):
    for kind in KINDS:
        layer = make(kind, rng)
        assert layer.count_params() == to_keras(layer).count_params(), kind


def test_initial_weights_follow_keras(rng):
    """Glorot uniform input weights, orthonormal recurrent rows, zero biases but for the LSTM's forget gate."""
    for cls, gates in ((SimpleRNN, 1), (LSTM, 4), (GRU, 3)):
        params = cls(30, 20, rng=rng, dtype="float64").params
        limit = np.sqrt(6 / (30 + gates * 20))
        assert 0.95 * limit < np.abs(params["W_x"]).max() <= limit
        np.testing.assert_allclose(params["W_h"] @ params["W_h"].T, np.eye(20), atol=1e-12)
        twin = getattr(import_keras().layers, cls.__name__)(20)
        twin.build((None, None, 30))
        np.testing.assert_array_equal(params["b_h"], twin.get_weights()[2])


def test_forget_bias_starts_at_one(rng):
    np.testing.assert_array_equal(LSTM(D, 2, rng=rng).params["b_h"], [0, 0, 1, 1, 0, 0, 0, 0])


@every_kind
def test_weights_survive_the_round_trip(kind, rng):
    layer, other = make(kind, rng), make(kind, rng)
    other.set_weights(layer.get_weights())
    x = rng.standard_normal((B, T, D))
    np.testing.assert_array_equal(layer.forward(x)[0], other.forward(x)[0])


def test_set_weights_copies(rng):
    layer = make("SimpleRNN", rng)
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
    layer = make("SimpleRNN", rng)
    before = layer.get_weights()
    with pytest.raises(ValueError, match=message):
        layer.set_weights(weights)
    for kept, now in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)


def with_nan(shape):
    value = np.zeros(shape)
    value[(0,) * len(shape)] = np.nan
    return value


BAD_INPUTS = [
    (np.zeros((B, T)), ValueError, r"x must have shape \(B, T, 3\), got \(2, 4\); add a feature axis"),
    (np.zeros((B, T, D + 1)), ValueError, r"x must have shape \(B, T, 3\), got \(2, 4, 4\)"),
    (np.zeros((B, 0, D)), ValueError, r"x must have shape \(B, T, 3\), got \(2, 0, 3\)"),
    (np.zeros((0, T, D)), ValueError, r"x must have shape \(B, T, 3\), got \(0, 4, 3\)"),
    (np.zeros((B, T, D), int), TypeError, r"x must hold floats, got int64; convert it with \.astype"),
    (with_nan((B, T, D)), ValueError, r"x must be finite, got nan at \(0, 0, 0\)"),
    (np.full((B, T, D), np.inf), ValueError, r"x must be finite, got inf"),
    ([[0.0]], TypeError, r"x must be a NumPy array, got list"),
]


@every_kind
@pytest.mark.parametrize(("x", "error", "message"), BAD_INPUTS)
def test_forward_refuses_a_wrong_input(kind, rng, x, error, message):
    with pytest.raises(error, match=rf"^{KINDS[kind][0].__name__}\.forward: {message}"):
        make(kind, rng).forward(x)


@pytest.mark.parametrize(
    ("kind", "state", "error", "message"),
    [
        ("SimpleRNN", np.zeros(H), ValueError, r"state must have shape \(2, 5\), got \(5,\)"),
        ("GRU", np.zeros((B, H), int), TypeError, r"state must hold floats"),
        ("LSTM", np.zeros((B, H)), TypeError, r"state must be the pair \(h, c\), got ndarray"),
        (
            "LSTM",
            (np.zeros((B, H)), np.zeros((B, D))),
            ValueError,
            r"state\[1\] must have shape \(2, 5\), got \(2, 3\)",
        ),
        ("LSTM", (with_nan((B, H)), np.zeros((B, H))), ValueError, r"state\[0\] must be finite"),
    ],
)
def test_forward_refuses_a_wrong_state(rng, kind, state, error, message):
    with pytest.raises(error, match=message):
        make(kind, rng).forward(np.zeros((B, T, D)), state)


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (np.ones((B, T + 1), bool), ValueError, r"mask must have shape \(2, 4\), got \(2, 5\)"),
        (np.ones((B, T)), TypeError, r"mask must hold bools, got float64; write mask != 0"),
        ([[True]], TypeError, r"mask must be a NumPy array, got list"),
    ],
)
def test_forward_refuses_a_wrong_mask(rng, mask, error, message):
    with pytest.raises(error, match=message):
        make("GRU", rng).forward(np.zeros((B, T, D)), mask=mask)


@every_kind
@pytest.mark.parametrize(
    ("dy", "error", "message"),
    [
        (np.zeros((B, H)), ValueError, r"dy must have shape \(2, 4, 5\), got \(2, 5\)"),
        (with_nan((B, T, H)), ValueError, r"dy must be finite"),
        (np.zeros((B, T, H), int), TypeError, r"dy must hold floats"),
    ],
)
def test_backward_refuses_a_wrong_derivative(kind, rng, dy, error, message):
    layer = make(kind, rng)
    with pytest.raises(error, match=message):
        layer.backward(dy, layer.forward(np.zeros((B, T, D)))[1])


@pytest.mark.parametrize(("input_dim", "units", "message"), [(0, 1, "input_dim must be"), (1, 0, "units must be")])
def test_a_layer_refuses_a_size_of_zero(rng, input_dim, units, message):
    with pytest.raises(ValueError, match=rf"LSTM: {message} at least 1, got 0"):
        LSTM(input_dim, units, rng=rng)


def test_bidirectional_refuses_unlike_halves(rng):
    with pytest.raises(ValueError, match="both layers need the same return_sequences"):
        Bidirectional(make("GRU", rng), make("GRU", rng, return_sequences=False))


@pytest.mark.parametrize("leading", [(B,), (B, T)])
class TestDense:
    @pytest.fixture
    def case(self, rng, leading):
        layer = Dense(H, O, rng=rng, dtype="float64")
        layer.params["b_y"] = rng.standard_normal(O)
        return layer, rng.standard_normal((*leading, H)), rng.standard_normal((*leading, O))

    def test_gradients_equal_the_complex_step(self, case):
        worst = worst_entry(*layer_gradients(*case))
        assert worst.error < 1e-12, worst

    def test_equals_keras(self, case):
        layer, h, dy = case
        outputs, gradients = keras_dense_run(to_keras(layer), h, dy)
        y, cache = layer.forward(h)
        d_h, grads = layer.backward(dy, cache)
        assert relative_error(y, outputs) < 1e-12
        for got, wanted in zip([d_h, *grads.values()], gradients, strict=True):
            assert relative_error(got, wanted) < 1e-12


def keras_dense_run(twin, h, dy):
    tf = import_tensorflow()
    inputs = tf.constant(h)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = twin(inputs)
        loss = tf.reduce_sum(outputs * dy)
    gradients = tape.gradient(loss, [inputs, *twin.trainable_variables])
    return outputs.numpy(), [gradient.numpy() for gradient in gradients]


@pytest.mark.parametrize("shape", [(B, H + 1), (B, T, H + 1), (B, T, 1, H), (H,)])
def test_dense_refuses_a_wrong_input(rng, shape):
    with pytest.raises(ValueError, match=r"Dense\.forward: h must have shape"):
        Dense(H, O, rng=rng).forward(np.zeros(shape))


def test_dense_refuses_a_wrong_derivative(rng):
    layer = Dense(H, O, rng=rng)
    with pytest.raises(ValueError, match=r"Dense\.backward: dy must have shape \(2, 6\), got \(2, 5\)"):
        layer.backward(np.zeros((B, H)), layer.forward(np.zeros((B, H)))[1])


class TestEmbedding:
    def test_gradient_equals_tensorflow_with_repeated_codes(self, rng):
        tf = import_tensorflow()
        layer = Embedding(V, D, rng=rng, dtype="float64")
        codes, dy = np.array([[1, 1, 6], [0, 1, 6]]), rng.standard_normal((2, 3, D))
        y, cache = layer.forward(codes)
        np.testing.assert_array_equal(y, layer.params["E"][codes])
        table = tf.Variable(layer.params["E"])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(table, codes) * dy)
        wanted = tf.convert_to_tensor(tape.gradient(loss, table)).numpy()
        assert relative_error(layer.backward(dy, cache)[1]["E"], wanted) < 1e-12

    def test_gradient_keeps_float32(self, rng):
        layer = Embedding(V, D, rng=rng)
        y, cache = layer.forward(np.zeros((B, T), int))
        assert layer.backward(y, cache)[1]["E"].dtype == np.float32

    @pytest.mark.parametrize(
        ("codes", "error", "message"),
        [
            (np.array([[0, V]]), ValueError, r"codes must be from 0 to 6, got 0 to 7; raise input_dim"),
            (np.array([[-1]]), ValueError, r"codes must be from 0 to 6, got -1 to -1"),
            (np.zeros((B, T)), TypeError, r"codes must hold integers, got float64"),
            (np.zeros(T, int), ValueError, r"codes must have shape \(B, T\), got \(4,\)"),
            (np.zeros((B, 0), int), ValueError, r"codes must have shape \(B, T\), got \(2, 0\)"),
        ],
    )
    def test_refuses_wrong_codes(self, rng, codes, error, message):
        with pytest.raises(error, match=message):
            Embedding(V, D, rng=rng).forward(codes)

    def test_refuses_a_wrong_derivative(self, rng):
        layer = Embedding(V, D, rng=rng)
        with pytest.raises(ValueError, match=r"dy must have shape \(2, 4, 3\), got \(2, 3\)"):
            layer.backward(np.zeros((B, D)), np.zeros((B, T), int))


def test_sequential_carries_each_layers_state(rng):
    model = Sequential([make("LSTM", rng), Dense(H, D, rng=rng, dtype="float64"), make("GRU", rng)])
    x = rng.standard_normal((B, T, D))
    whole, _ = model.forward(x)
    first, cache = model.forward(x[:, :1])
    second, _ = model.forward(x[:, 1:], model.final_state(cache))
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=1e-12, atol=1e-13)


def test_sequential_parameters_are_the_layers_own(rng):
    model = Sequential([make("SimpleRNN", rng), Dense(H, O, rng=rng)])
    model.params["1.b_y"] += 1
    assert (model.layers[1].params["b_y"] == 1).all()
    assert model.count_params() == sum(layer.count_params() for layer in model.layers)
