import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnncourse.gradcheck import central_difference, complex_step, relative_error
from rnncourse.keras_bridge import import_tensorflow
from rnncourse.losses import mse, sigmoid_cross_entropy, softmax_cross_entropy

B, T, O = 2, 3, 4
LOSSES = {"mse": mse, "softmax": softmax_cross_entropy, "sigmoid": sigmoid_cross_entropy}
every_loss = pytest.mark.parametrize("name", LOSSES)
every_rank = pytest.mark.parametrize("leading", [(B,), (B, T)])


def draw(name, leading, rng, dtype="float64"):
    y = 3 * rng.standard_normal((*leading, O)).astype(dtype)
    targets = {
        "mse": lambda: rng.standard_normal(y.shape).astype(dtype),
        "softmax": lambda: rng.integers(0, O, leading),
        "sigmoid": lambda: rng.integers(0, 2, y.shape),
    }
    return y, targets[name]()


def draw_weights(kind, leading, rng):
    if kind == "mask":
        return np.arange(np.prod(leading)).reshape(leading) % 2 == 0
    return rng.random(leading) if kind == "weights" else None


def tensorflow_losses(name, y, target):
    """Return TensorFlow's loss at every position, without a mean."""
    tf = import_tensorflow()
    if name == "mse":
        return tf.reduce_mean(tf.math.squared_difference(y, target), axis=-1)
    if name == "softmax":
        return tf.nn.sparse_softmax_cross_entropy_with_logits(target, y)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(target, y.dtype), y), axis=-1)


@every_loss
@every_rank
@pytest.mark.parametrize("weighted", [None, "weights", "mask"])
class TestGradients:
    @pytest.fixture
    def case(self, name, leading, weighted, rng):
        return *draw(name, leading, rng), draw_weights(weighted, leading, rng)

    def test_equal_the_complex_step(self, name, case):
        y, target, weight = case
        wanted = complex_step(lambda value: LOSSES[name](value, target, weight)[0], y)
        assert relative_error(LOSSES[name](y, target, weight)[1], wanted) < 1e-12

    def test_equal_central_differences(self, name, case):
        y, target, weight = case
        wanted = central_difference(lambda: LOSSES[name](y, target, weight)[0], y)
        assert relative_error(LOSSES[name](y, target, weight)[1], wanted) < 1e-8

    def test_and_losses_equal_tensorflow(self, name, case):
        tf = import_tensorflow()
        y, target, weight = case
        variable = tf.Variable(y)
        with tf.GradientTape() as tape:
            losses = tensorflow_losses(name, variable, target)
            shares = np.ones(losses.shape) if weight is None else weight.astype(float)
            wanted = tf.reduce_sum(losses * shares) / shares.sum()
        loss, dy = LOSSES[name](y, target, weight)
        assert loss == pytest.approx(float(wanted), rel=1e-12)
        assert relative_error(dy, tape.gradient(wanted, variable).numpy()) < 1e-12


def test_by_hand():
    assert mse(np.array([[1.0, 4.0]]), np.array([[0.0, 2.0]]))[0] == 2.5
    assert softmax_cross_entropy(np.zeros((1, 2)), np.array([1]))[0] == pytest.approx(np.log(2))
    assert sigmoid_cross_entropy(np.zeros((1, 1)), np.array([[1]]))[0] == pytest.approx(np.log(2))


@every_loss
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_changes_no_input_and_keeps_shape_and_dtype(name, dtype, rng):
    y, target = draw(name, (B, T), rng, dtype)
    kept = y.copy(), target.copy()
    loss, dy = LOSSES[name](y, target, rng.random((B, T)))
    assert type(loss) is float
    assert (dy.shape, dy.dtype) == (y.shape, np.dtype(dtype))
    np.testing.assert_array_equal(y, kept[0])
    np.testing.assert_array_equal(target, kept[1])


def test_float64_targets_leave_float32_alone(rng):
    y, target = rng.standard_normal((B, O)).astype("float32"), rng.standard_normal((B, O))
    assert mse(y, target)[1].dtype == np.float32
    assert sigmoid_cross_entropy(y, np.ones((B, O)))[1].dtype == np.float32


@every_loss
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_only_the_ratio_of_weights_counts(name, scale, seed):
    rng = np.random.default_rng(seed)
    y, target = draw(name, (B, T), rng)
    weight = rng.random((B, T))
    (loss, dy), (scaled_loss, scaled_dy) = (LOSSES[name](y, target, w) for w in (weight, scale * weight))
    assert scaled_loss == pytest.approx(loss)
    np.testing.assert_allclose(scaled_dy, dy, rtol=1e-12)


@every_loss
def test_a_masked_step_counts_nothing(name, rng):
    y, target = draw(name, (B, T), rng)
    mask = np.ones((B, T), bool)
    mask[:, -1] = False
    loss, dy = LOSSES[name](y, target, mask)
    short_loss, short_dy = LOSSES[name](y[:, :-1], target[:, :-1])
    assert loss == pytest.approx(short_loss)
    np.testing.assert_allclose(dy[:, :-1], short_dy)
    assert not dy[:, -1].any()


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sure_and_wrong_costs_the_logit_without_overflow(name, dtype):
    y = np.array([[1e4, -1e4]], dtype)
    wanted, label = {"softmax": (2e4, np.array([1])), "sigmoid": (1e4, np.array([[0, 1]]))}[name]
    loss, dy = LOSSES[name](y, label)
    assert loss == wanted
    np.testing.assert_array_equal(dy, {"softmax": [[1, -1]], "sigmoid": [[0.5, -0.5]]}[name])


@every_loss
@given(
    y=hnp.arrays(st.sampled_from(["float32", "float64"]), (B, O), elements=st.floats(-1e4, 1e4, width=32)),
    seed=st.integers(0, 99),
)
def test_any_input_up_to_1e4_gives_finite_numbers(name, y, seed):
    target = draw(name, (B,), np.random.default_rng(seed))[1]
    loss, dy = LOSSES[name](y, target)
    assert np.isfinite(loss)
    assert loss >= 0
    assert np.isfinite(dy).all()


def with_nan(shape):
    value = np.zeros(shape)
    value[(0,) * len(shape)] = np.nan
    return value


ONES = np.ones((B, T, O))
CLASSES = np.ones((B, T), int)
BAD_OUTPUTS = [
    (np.ones(O), ValueError, r"must have shape \(B, O\), got \(4,\)"),
    (np.ones((B, T, O, 1)), ValueError, r"must have shape \(B, T, O\), got \(2, 3, 4, 1\)"),
    (np.ones((0, O)), ValueError, r"must have shape \(B, O\), got \(0, 4\)"),
    (np.ones((B, 0, O)), ValueError, r"must have shape \(B, T, O\), got \(2, 0, 4\)"),
    (np.ones((B, O), int), TypeError, "must hold floats, got int64"),
    (with_nan((B, O)), ValueError, r"must be finite, got nan at \(0, 0\)"),
    (np.full((B, O), -np.inf), ValueError, r"must be finite, got -inf at \(0, 0\)"),
    ([[1.0]], TypeError, "must be a NumPy array, got list"),
]


@every_loss
@pytest.mark.parametrize(("y", "error", "message"), BAD_OUTPUTS)
def test_refuses_a_wrong_output(name, y, error, message):
    first = "y" if name == "mse" else "logits"
    with pytest.raises(error, match=rf"^{LOSSES[name].__name__}: {first} {message}"):
        LOSSES[name](y, ONES)


@pytest.mark.parametrize(
    ("name", "target", "error", "message"),
    [
        ("mse", np.ones((B, T)), ValueError, r"target must have shape \(2, 3, 4\), got \(2, 3\)"),
        ("mse", with_nan((B, T, O)), ValueError, "target must be finite, got nan"),
        ("mse", ONES.astype(complex), TypeError, "target must hold real numbers, got complex128"),
        ("softmax", ONES.astype(int), ValueError, r"labels must have shape \(2, 3\), got \(2, 3, 4\); .*not one-hot"),
        ("softmax", CLASSES.astype(float), TypeError, r"labels must hold integers, got float64; .*\.astype\(int\)"),
        ("softmax", CLASSES * O, ValueError, "labels must be from 0 to 3, got 4 to 4; number the classes from 0"),
        ("softmax", -CLASSES, ValueError, "labels must be from 0 to 3, got -1 to -1"),
        ("softmax", [[1]], TypeError, "labels must be a NumPy array, got list"),
        ("sigmoid", CLASSES, ValueError, r"labels must have shape \(2, 3, 4\), got \(2, 3\); .*labels\[\.\.\., None\]"),
        ("sigmoid", 2 * ONES, ValueError, "labels must be from 0 to 1, got 2.0 to 2.0"),
        ("sigmoid", -ONES, ValueError, "labels must be from 0 to 1, got -1.0 to -1.0"),
        ("sigmoid", with_nan((B, T, O)), ValueError, "labels must be finite, got nan"),
        ("sigmoid", ONES.astype(str), TypeError, "labels must hold real numbers, got <U"),
    ],
)
def test_refuses_a_wrong_target(name, target, error, message):
    with pytest.raises(error, match=f"^{LOSSES[name].__name__}: {message}"):
        LOSSES[name](ONES, target)


@every_loss
@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (np.zeros((B, T)), ValueError, "sample_weight must not be 0 everywhere; leave out batches"),
        (np.zeros((B, T), bool), ValueError, "sample_weight must not be 0 everywhere"),
        (-np.ones((B, T)), ValueError, "sample_weight must not be negative, got -1.0"),
        (np.ones(B), ValueError, r"sample_weight must have shape \(2, 3\), got \(2,\)"),
        (with_nan((B, T)), ValueError, "sample_weight must be finite, got nan"),
        ([[1.0]], TypeError, "sample_weight must be a NumPy array, got list"),
    ],
)
def test_refuses_wrong_weights(name, weight, error, message, rng):
    y, target = draw(name, (B, T), rng)
    with pytest.raises(error, match=f"^{LOSSES[name].__name__}: {message}"):
        LOSSES[name](y, target, weight)
