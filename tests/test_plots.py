"""What the figures show, read back from the Axes."""

from collections import Counter

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")

from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch

from rnncourse.plots import INPUT, NODE_RADIUS, OUTPUT, STATE, state_heat_map, unrolled_graph


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
