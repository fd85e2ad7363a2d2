import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnncourse.keras_bridge import import_keras, import_tensorflow
from rnncourse.optim import SGD, Adam, clip_by_global_norm, clip_by_value

SHAPES = {"W": (2, 3), "b": (3,)}
OPTIMIZERS = [
    (SGD, {}),
    (SGD, {"learning_rate": 0.1, "momentum": 0.9}),
    (Adam, {}),
    (Adam, {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
]
entries = hnp.arrays("float64", st.sampled_from(list(SHAPES.values())), elements=st.floats(-1e200, 1e200))
gradients = st.dictionaries(st.sampled_from("abc"), entries)


def draw(rng, dtype="float64"):
    return {name: rng.standard_normal(shape).astype(dtype) for name, shape in SHAPES.items()}


@pytest.mark.parametrize(("cls", "options"), OPTIMIZERS)
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-6), ("float32", 1e-5)])
def test_steps_equal_keras(cls, options, dtype, rtol, rng):
    # Keras keeps its hyperparameters in float32, hence 1e-6 and not less in float64.
    keras = import_keras()
    params = draw(rng, dtype)
    variables = [keras.Variable(value, dtype=dtype) for value in params.values()]
    ours, theirs = cls(**options), getattr(keras.optimizers, cls.__name__)(**options)
    for _ in range(7):
        grads = draw(rng, dtype)
        ours.apply(grads, params)
        theirs.apply(list(map(import_tensorflow().constant, grads.values())), variables)
        for value, variable in zip(params.values(), variables, strict=True):
            np.testing.assert_allclose(value, variable.numpy(), rtol=rtol, atol=1e-7 if dtype == "float32" else 0)


def test_sgd_by_hand():
    params = {"w": np.array([1.0])}
    optimizer = SGD(0.5, momentum=0.5)
    for wanted in (0.0, -1.5):
        optimizer.apply({"w": np.array([2.0])}, params)
        assert params["w"] == wanted


def test_the_first_step_of_adam_has_the_size_of_the_learning_rate():
    params = {"w": np.array([0.0, 0.0])}
    Adam(0.1).apply({"w": np.array([1e3, -1e-3])}, params)
    np.testing.assert_allclose(params["w"], [-0.1, 0.1], rtol=1e-2)


@pytest.mark.parametrize("cls", [SGD, Adam])
def test_updates_in_place_and_changes_no_gradient(cls, rng):
    params, grads = draw(rng, "float32"), draw(rng)
    arrays, kept = dict(params), {name: grad.copy() for name, grad in grads.items()}
    before = {name: value.copy() for name, value in params.items()}
    cls().apply(grads, params)
    for name, value in params.items():
        assert value is arrays[name]
        assert value.dtype == np.float32
        assert (value != before[name]).all()
        np.testing.assert_array_equal(grads[name], kept[name])


@pytest.mark.parametrize("cls", [SGD, Adam])
@pytest.mark.parametrize(
    ("name", "grad", "error", "message"),
    [
        ("b", np.array([0, np.nan, 0]), ValueError, r"grads\['b'\] must be finite, got nan at \(1,\)"),
        ("W", np.full((2, 3), np.inf), ValueError, r"grads\['W'\] must be finite, got inf at \(0, 0\)"),
        ("W", np.zeros((3, 2)), ValueError, r"grads\['W'\] must have shape \(2, 3\), got \(3, 2\)"),
        ("b", np.zeros(3, int), TypeError, r"grads\['b'\] must hold floats, got int64"),
        ("b", [0.0] * 3, TypeError, r"grads\['b'\] must be a NumPy array, got list"),
        ("c", np.zeros(3), ValueError, r"grads must have the keys \['W', 'b'\], got \['W', 'b', 'c'\]"),
    ],
)
def test_refuses_a_wrong_gradient_and_changes_nothing(cls, name, grad, error, message, rng):
    params = draw(rng)
    before = {key: value.copy() for key, value in params.items()}
    optimizer = cls()
    with pytest.raises(error, match=rf"^{cls.__name__}\.apply: {message}"):
        optimizer.apply(draw(rng) | {name: grad}, params)
    assert optimizer.iterations == 0
    for key, value in params.items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize("cls", [SGD, Adam])
def test_refuses_the_parameters_of_another_model(cls, rng):
    optimizer = cls()
    optimizer.apply(draw(rng), draw(rng))
    with pytest.raises(ValueError, match="params must be the arrays of the first call; make a new optimizer per model"):
        optimizer.apply(draw(rng), draw(rng))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "SGD: learning_rate must be above 0, got 0"),
        (lambda: Adam(float("nan")), "Adam: learning_rate must be above 0, got nan"),
        (lambda: SGD(momentum=1), "SGD: momentum must be at least 0 and below 1, got 1"),
        (lambda: Adam(beta_1=-0.1), "Adam: beta_1 must be at least 0 and below 1, got -0.1"),
        (lambda: Adam(beta_2=1), "Adam: beta_2 must be at least 0 and below 1, got 1"),
        (lambda: Adam(epsilon=0), "Adam: epsilon must be above 0, got 0"),
        (lambda: clip_by_global_norm({}, 0), "clip_by_global_norm: clipnorm must be above 0, got 0"),
        (lambda: clip_by_value({}, -1), "clip_by_value: clipvalue must be above 0, got -1"),
    ],
)
def test_refuses_a_wrong_setting(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()


def joint(grads):
    return np.concatenate([np.zeros(1), *(g.ravel() for g in grads.values())])


def norm_of(vector):
    scale = np.abs(vector).max() or 1
    return scale * np.linalg.norm(vector / scale)


@given(grads=gradients, clipnorm=st.floats(1e-3, 1e3))
def test_global_norm_clipping_never_increases_the_norm_and_keeps_the_direction(grads, clipnorm):
    clipped, norm = clip_by_global_norm(grads, clipnorm)
    before, after = joint(grads), joint(clipped)
    assert norm == pytest.approx(norm_of(before), rel=1e-12)
    assert norm_of(after) == pytest.approx(min(norm, clipnorm), rel=1e-12)
    assert norm_of(after) <= norm_of(before)
    if norm > 0:
        np.testing.assert_allclose(after / norm_of(after), before / norm, rtol=1e-9, atol=1e-15)


@given(grads=gradients, clipvalue=st.floats(1e-3, 1e3))
def test_value_clipping_bounds_each_entry_and_never_increases_the_norm(grads, clipvalue):
    before, after = joint(grads), joint(clip_by_value(grads, clipvalue))
    np.testing.assert_array_equal(after, np.sign(before) * np.minimum(np.abs(before), clipvalue))
    assert norm_of(after) <= norm_of(before)


@pytest.mark.parametrize("clipnorm", [0.5, 100.0])
def test_global_norm_clipping_equals_tensorflow(clipnorm, rng):
    grads = draw(rng)
    wanted, wanted_norm = import_tensorflow().clip_by_global_norm(list(grads.values()), clipnorm)
    clipped, norm = clip_by_global_norm(grads, clipnorm)
    assert norm == pytest.approx(float(wanted_norm), rel=1e-12)
    for got, want in zip(clipped.values(), wanted, strict=True):
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-12)


@pytest.mark.parametrize("clip", [lambda grads: clip_by_global_norm(grads, 0.1)[0], lambda g: clip_by_value(g, 0.1)])
def test_clipping_keeps_float32_and_changes_no_gradient(clip, rng):
    grads = draw(rng, "float32")
    kept = {name: grad.copy() for name, grad in grads.items()}
    clipped = clip(grads)
    assert {grad.dtype for grad in clipped.values()} == {np.dtype("float32")}
    for name, grad in grads.items():
        np.testing.assert_array_equal(grad, kept[name])
        assert (clipped[name] != grad).any()


@pytest.mark.parametrize("clip", [clip_by_global_norm, clip_by_value])
@pytest.mark.parametrize(
    ("grad", "error", "message"),
    [
        (np.array([np.nan]), ValueError, r"grads\['b'\] must be finite, got nan at \(0,\)"),
        (np.array([np.inf]), ValueError, r"grads\['b'\] must be finite, got inf at \(0,\)"),
        (np.array([1]), TypeError, r"grads\['b'\] must hold floats"),
        ([1.0], TypeError, r"grads\['b'\] must be a NumPy array, got list"),
    ],
)
def test_clipping_refuses_a_wrong_gradient(clip, grad, error, message):
    with pytest.raises(error, match=f"^{clip.__name__}: {message}"):
        clip({"b": grad}, 1.0)
