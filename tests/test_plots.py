"""What the figures show, read back from the Axes."""

from collections import Counter

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")

from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch

from rnncourse.plots import (
    GRADIENT,
    INPUT,
    MODELS,
    NEUTRAL,
    NODE_RADIUS,
    OUTPUT,
    STATE,
    gate_traces,
    gradient_norm,
    learning_curves,
    predicted_and_measured,
    seed_bands,
    state_heat_map,
    unrolled_graph,
)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def labels(ax):
    return Counter(text.get_text() for text in ax.texts)


def test_unrolled_graph_names_every_node_and_repeats_every_parameter():
    drawn = labels(unrolled_graph(3))
    for t in (1, 2, 3):
        assert drawn[f"$x_{t}$"] == drawn[f"$h_{t}$"] == drawn[f"$y_{t}$"] == 1
    assert drawn["$h_0$"] == drawn["$x_t$"] == drawn["$h_t$"] == drawn["$y_t$"] == 1
    assert drawn["$x_0$"] == drawn["$y_0$"] == drawn["$x_4$"] == 0
    assert drawn["$W_x$"] == drawn["$W_h$"] == drawn["$W_y$"] == 1 + 3


def test_unrolled_graph_joins_each_state_to_the_next():
    ax = unrolled_graph(4)
    nodes = {text.get_text(): text.get_position() for text in ax.texts}
    arrows = [arrow.get_path().vertices for arrow in ax.patches if isinstance(arrow, FancyArrowPatch)]
    assert len(arrows) == 3 + 3 * 4
    for t in range(1, 5):
        left, right = nodes[f"$h_{t - 1}$"][0] + NODE_RADIUS, nodes[f"$h_{t}$"][0] - NODE_RADIUS
        (arrow,) = [points for points in arrows if np.allclose(points[0], (left, 0))]
        assert arrow[:, 0].max() == pytest.approx(right, abs=0.05)


def test_unrolled_graph_gives_each_kind_of_node_its_color():
    ax = unrolled_graph(2)
    kinds = {text.get_position(): text.get_text()[1] for text in ax.texts}
    wanted = {"x": INPUT, "h": STATE, "y": OUTPUT}
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    assert len(circles) == 3 + 1 + 3 * 2
    for circle in circles:
        assert mpl.colors.to_hex(circle.get_edgecolor()).upper() == wanted[kinds[circle.center]]


def test_unrolled_graph_draws_on_the_axes_it_is_given():
    ax = plt.subplots()[1]
    assert unrolled_graph(1, ax) is ax
    assert ax.texts


@pytest.mark.parametrize("n_steps", [0, -1])
def test_unrolled_graph_refuses_less_than_one_step(n_steps):
    with pytest.raises(ValueError, match=f"n_steps must be at least 1, got {n_steps}"):
        unrolled_graph(n_steps)


def test_state_heat_map_puts_time_to_the_right_on_the_scale_of_tanh():
    states = np.tanh(np.random.default_rng(0).normal(size=(5, 3)))
    ax = state_heat_map(states)
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), states.T)
    assert image.get_clim() == (-1, 1)
    assert image.get_extent() == [0.5, 5.5, 3.5, 0.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time step t", "hidden unit")


def test_state_heat_map_draws_on_the_axes_it_is_given():
    ax = plt.subplots()[1]
    assert state_heat_map(np.zeros((2, 2)), ax) is ax
    assert len(ax.images) == 1


@pytest.mark.parametrize(
    ("states", "error", "message"),
    [
        (np.zeros((2, 5, 3)), ValueError, r"shape \(T, H\), got \(2, 5, 3\); pick one sequence .* states\[0\]"),
        (np.zeros(5), ValueError, r"shape \(T, H\), got \(5,\)"),
        (np.zeros((0, 3)), ValueError, r"got \(0, 3\)"),
        ([[0.0]], TypeError, "must be a NumPy array, got list"),
    ],
)
def test_state_heat_map_says_what_it_wanted(states, error, message):
    with pytest.raises(error, match=message):
        state_heat_map(states)


def drawn(ax):
    """Return from each line's label to the line."""
    return {line.get_label(): line for line in ax.lines}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def assert_line(line, x, y, color, linestyle):
    np.testing.assert_array_equal(line.get_xdata(), x)
    np.testing.assert_array_equal(line.get_ydata(), y)
    assert (line.get_color(), line.get_linestyle()) == (color, linestyle)


def test_the_models_have_the_colors_of_the_book():
    assert MODELS == {"SimpleRNN": "#0072B2", "LSTM": "#D55E00", "GRU": "#009E73", "baseline": "#555555"}
    assert (INPUT, STATE, OUTPUT, GRADIENT) == ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def test_gate_traces_draws_each_gate_in_the_color_of_what_it_acts_on(rng):
    gates = dict(zip("ifozra", rng.random((6, 4)), strict=True))
    ax = gate_traces(gates)
    lines = drawn(ax)
    assert legend(ax) == list(lines) == [f"${name}_t$" for name in "ifozra"]
    colors = {"i": INPUT, "r": INPUT, "f": STATE, "z": STATE, "o": OUTPUT, "a": NEUTRAL}
    styles = {"i": "-", "r": "-", "f": "--", "z": "--", "o": "-.", "a": ":"}
    for name, values in gates.items():
        assert_line(lines[f"${name}_t$"], [1, 2, 3, 4], values, colors[name], styles[name])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time step t", "gate (0 shut, 1 open)")
    assert ax.get_ylim() == (-0.04, 1.04)


def test_gradient_norm_lays_the_prediction_over_bare_points():
    lags, norms = np.array([0, 5, 10]), np.array([1.0, 0.1, 0.02])
    ax = gradient_norm(lags, norms, 0.6**lags)
    assert ax.get_yscale() == "log"
    assert legend(ax) == ["measured", "predicted"]
    lines = drawn(ax)
    assert_line(lines["measured"], lags, norms, GRADIENT, "None")
    assert lines["measured"].get_marker() == "o"
    assert_line(lines["predicted"], lags, 0.6**lags, GRADIENT, "--")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("lag (steps back from the loss)", "norm of the gradient")


def test_gradient_norm_of_two_models_shares_the_axes_and_leaves_a_gap_at_zero():
    lags = np.arange(3)
    ax = gradient_norm(lags, np.array([1.0, 1e-200, 0.0]), model="SimpleRNN")
    assert gradient_norm(lags, np.ones(3), model="LSTM", ax=ax) is ax
    assert legend(ax) == ["SimpleRNN measured", "LSTM measured"]
    assert_line(drawn(ax)["LSTM measured"], lags, np.ones(3), MODELS["LSTM"], "-")
    with np.errstate(divide="ignore"):
        assert not np.isfinite(ax.yaxis.get_transform().transform([0.0]))
    ax.figure.canvas.draw()


def test_learning_curves_are_dashed_in_training_and_solid_in_validation():
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.0], "accuracy": [0.5, 0.6, 0.7]}
    ax = learning_curves(history, model="GRU")
    assert legend(ax) == ["GRU training", "GRU validation"]
    assert_line(drawn(ax)["GRU training"], [1, 2, 3], history["loss"], MODELS["GRU"], "--")
    assert_line(drawn(ax)["GRU validation"], [1, 2, 3], history["val_loss"], MODELS["GRU"], "-")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


def test_learning_curves_of_another_metric_without_validation():
    ax = learning_curves({"loss": [3.0, 2.0], "accuracy": [0.5, 0.6]}, "accuracy")
    assert_line(drawn(ax)["training"], [1, 2], [0.5, 0.6], NEUTRAL, "--")
    assert (len(ax.lines), ax.get_ylabel()) == (1, "accuracy")


def test_seed_bands_is_the_mean_and_one_sample_deviation_around_it():
    x, runs = np.array([10, 20]), np.array([[1.0, 4.0], [2.0, 4.0], [6.0, 10.0]])
    ax = seed_bands(x, runs, model="LSTM")
    assert legend(ax) == ["LSTM mean ± sd, 3 seeds"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [3, 6])
    assert ax.lines[0].get_color() == MODELS["LSTM"]
    (band,) = ax.collections
    for place, mean, sd in ((10, 3, np.sqrt(7)), (20, 6, np.sqrt(12))):
        heights = [y for x, y in band.get_paths()[0].vertices if x == place]
        assert (min(heights), max(heights)) == pytest.approx((mean - sd, mean + sd))
    assert mpl.colors.to_hex(band.get_facecolor()[0]).upper() == MODELS["LSTM"]


def test_predicted_and_measured_share_the_time_axis(rng):
    predicted, measured = rng.standard_normal((2, 5))
    ax = predicted_and_measured(predicted, measured)
    assert legend(ax) == ["measured", "predicted"]
    assert_line(drawn(ax)["measured"], [1, 2, 3, 4, 5], measured, NEUTRAL, "-")
    assert_line(drawn(ax)["predicted"], [1, 2, 3, 4, 5], predicted, OUTPUT, "--")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time step t", "value")


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: gate_traces({"i": np.zeros(2)}, ax),
        lambda ax: gradient_norm(np.arange(2), np.ones(2), ax=ax),
        lambda ax: learning_curves({"loss": [1.0]}, ax=ax),
        lambda ax: seed_bands(np.arange(2), np.ones((2, 2)), ax=ax),
        lambda ax: predicted_and_measured(np.ones(2), np.ones(2), ax),
    ],
)
def test_each_curve_is_drawn_on_the_axes_it_is_given(draw):
    ax = plt.subplots()[1]
    assert draw(ax) is ax
    assert ax.lines


one, two, three = (np.ones(size) for size in (1, 2, 3))


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: gate_traces({}), ValueError, "gate_traces: gates must name at least one gate, got none"),
        (lambda: gate_traces({"i": [0.5]}), TypeError, r"gates\['i'\] must be a NumPy array, got list"),
        (
            lambda: gate_traces({"i": np.ones((4, 3))}),
            ValueError,
            r"shape \(T,\), got \(4, 3\); pick one unit with gate\[:, 0\]",
        ),
        (lambda: gate_traces({"i": two, "f": three}), ValueError, r"gates\['f'\] must have shape \(2,\), got \(3,\)"),
        (lambda: gate_traces({"i": -two}), ValueError, r"gates\['i'\] must be from 0 to 1, got -1 to -1"),
        (lambda: gate_traces({"i": two * 1.5}), ValueError, r"must be from 0 to 1, got 1\.5 to 1\.5"),
        (lambda: gradient_norm(two, three), ValueError, r"norms must have shape \(2,\), got \(3,\)"),
        (lambda: gradient_norm(two, two, three), ValueError, r"predicted must have shape \(2,\), got \(3,\)"),
        (lambda: gradient_norm(two, -two), ValueError, "norms must be at least 0, got -1"),
        (lambda: gradient_norm(two, two * np.nan), ValueError, r"norms must be finite, got nan at \(0,\)"),
        (lambda: gradient_norm(np.ones(0), np.ones(0)), ValueError, r"lags must have shape \(N,\), got \(0,\)"),
        (lambda: learning_curves({}), ValueError, r"history must hold loss of at least 1 epoch, got \[\]"),
        (lambda: learning_curves({"loss": []}), ValueError, "must hold loss of at least 1 epoch"),
        (lambda: learning_curves({"loss": [1.0]}, "acc"), ValueError, r"must hold acc of .*, got \['loss'\]"),
        (lambda: seed_bands(two, np.ones((1, 2))), ValueError, "at least 2 seeds, got 1"),
        (lambda: seed_bands(two, two), ValueError, r"runs must have shape \(S, 2\), got \(2,\); one row per seed"),
        (lambda: seed_bands(two, np.full((2, 2), np.inf)), ValueError, "runs must be finite, got inf"),
        (lambda: predicted_and_measured(two, three), ValueError, r"predicted must have shape \(3,\), got \(2,\)"),
        (
            lambda: predicted_and_measured(np.ones((3, 1)), three),
            ValueError,
            r"got \(3, 1\); pick one feature with predicted\[:, 0\]",
        ),
        (lambda: predicted_and_measured(one, one * np.nan), ValueError, "measured must be finite, got nan"),
    ],
)
def test_each_curve_says_what_it_wanted(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
