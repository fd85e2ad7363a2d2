"""Generated data against what is known about it: the answer, the baseline, the entropy."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse.data.synthetic import (
    ToyGrammar,
    adding_problem,
    brackets,
    chronological_split,
    copy_task,
    delayed_recall,
    sine,
    windows,
)

sizes = st.integers(1, 6)
seeds = st.integers(0, 99)


def draw(seed):
    return np.random.default_rng(seed)


def test_sine_has_the_period_it_is_given():
    series = sine(12, period=8)
    half = math.sqrt(0.5)
    np.testing.assert_allclose(series[:9], [0, half, 1, half, 0, -half, -1, -half, 0], atol=1e-6)
    assert (series.shape, series.dtype) == ((12,), np.float32)


def test_sine_noise_has_the_deviation_it_is_given(rng):
    noise = sine(20_000, period=50, noise=0.3, rng=rng) - sine(20_000, period=50)
    assert noise.std() == pytest.approx(0.3, rel=0.02)
    assert abs(noise.mean()) < 0.01


@given(length=sizes, horizon=sizes, features=sizes, extra=st.integers(0, 20))
def test_windows_end_before_their_target(length, horizon, features, extra):
    """Each value of the series is its own time step."""
    times = np.arange(length + horizon + extra, dtype=float)
    x, y = windows(np.tile(times[:, None], features), length, horizon)
    assert (x.shape, y.shape) == ((extra + 1, length, features), (extra + 1, features))
    assert {x.dtype, y.dtype} == {np.dtype("float32")}
    np.testing.assert_array_equal(x[:, 0, 0], times[: extra + 1])
    assert (np.diff(x, axis=1) == 1).all()
    np.testing.assert_array_equal(y, x[:, -1] + horizon)


def test_windows_of_one_feature_keep_the_feature_axis():
    x, y = windows(np.arange(4.0), 3)
    np.testing.assert_array_equal(x, [[[0], [1], [2]]])
    np.testing.assert_array_equal(y, [[3]])


def test_windows_are_copies_of_the_series(rng):
    series = sine(4, period=4, noise=1, rng=rng)
    kept = series.copy()
    for array in windows(series, 3):
        array += 1
    np.testing.assert_array_equal(series, kept)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), sizes, sizes, st.integers(30, 200))
def test_windows_inside_the_parts_never_leak_the_future(weights, length, horizon, n_steps):
    parts = chronological_split(np.arange(float(n_steps)), [weight / sum(weights) for weight in weights])
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(n_steps))
    cut = [windows(part, length, horizon) for part in parts if len(part) >= length + horizon]
    for (_, y_earlier), (x_later, _) in pairwise(cut):
        assert y_earlier.max() < x_later.min()


def test_chronological_split_gives_each_part_its_share():
    parts = chronological_split(np.zeros((200, 3), np.float32), (0.7, 0.2, 0.1))
    assert [part.shape for part in parts] == [(140, 3), (40, 3), (20, 3)]


def test_chronological_split_copies():
    series = np.zeros(10)
    chronological_split(series, (0.5, 0.5))[0][:] = 1
    assert not series.any()


@given(batch=sizes, T=st.integers(2, 9), seed=seeds)
def test_adding_problem_marks_one_step_in_each_half(batch, T, seed):
    x, y = adding_problem(batch, T, rng=draw(seed))
    assert (x.shape, y.shape, x.dtype, y.dtype) == ((batch, T, 2), (batch, 1), np.float32, np.float32)
    numbers, marks = x[..., 0], x[..., 1]
    assert ((numbers >= 0) & (numbers < 1)).all()
    assert np.isin(marks, (0, 1)).all()
    assert (marks[:, : T // 2].sum(axis=1) == 1).all()
    assert (marks[:, T // 2 :].sum(axis=1) == 1).all()
    np.testing.assert_allclose(y[:, 0], [row[mark == 1].sum() for row, mark in zip(numbers, marks, strict=True)])


def test_adding_problem_baseline_is_one_sixth(rng):
    _, y = adding_problem(100_000, 6, rng=rng)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, rel=0.02)


def test_adding_problem_marks_every_step_now_and_then(rng):
    x, _ = adding_problem(1000, 5, rng=rng)
    np.testing.assert_allclose(x[..., 1].mean(axis=0), [1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3], atol=0.06)


@given(batch=sizes, n_symbols=sizes, length=sizes, delay=sizes, seed=seeds)
def test_copy_task_repeats_the_symbols_after_the_signal(batch, n_symbols, length, delay, seed):
    x, y = copy_task(batch, n_symbols, length, delay, rng=draw(seed))
    assert x.shape == (batch, 2 * length + delay, n_symbols + 2)
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    assert (x.sum(axis=2) == 1).all()
    codes = x.argmax(axis=2)
    np.testing.assert_array_equal(codes[:, :length], y[:, -length:])
    assert ((y[:, -length:] >= 1) & (y[:, -length:] <= n_symbols)).all()
    assert not y[:, :-length].any()
    rest = [0] * (delay - 1) + [n_symbols + 1] + [0] * length
    np.testing.assert_array_equal(codes[:, length:], np.tile(rest, (batch, 1)))


@given(batch=sizes, T=sizes, n_symbols=sizes, seed=seeds, data=st.data())
def test_delayed_recall_asks_for_the_cued_symbol(batch, T, n_symbols, seed, data):
    lag = data.draw(st.integers(0, T - 1))
    x, y = delayed_recall(batch, T, lag, rng=draw(seed), n_symbols=n_symbols)
    assert (x.shape, x.dtype, y.dtype) == ((batch, T, n_symbols + 1), np.float32, np.int64)
    np.testing.assert_array_equal(x[..., -1], np.tile(np.arange(T) == T - 1 - lag, (batch, 1)))
    assert (x[..., :-1].sum(axis=2) == 1).all()
    np.testing.assert_array_equal(y, x[:, T - 1 - lag, :-1].argmax(axis=1))


def test_delayed_recall_cannot_be_solved_from_the_other_steps(rng):
    x, y = delayed_recall(20_000, 6, 4, rng=rng)
    agreement = (x[..., :2].argmax(axis=2) == y[:, None]).mean(axis=0)
    np.testing.assert_allclose(agreement, [0.5, 1, 0.5, 0.5, 0.5, 0.5], atol=0.02)


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: sine(5, period=3, noise=1, rng=rng),
        lambda rng: adding_problem(3, 5, rng=rng)[0],
        lambda rng: copy_task(3, 4, 5, 2, rng=rng)[0],
        lambda rng: delayed_recall(9, 5, 2, rng=rng)[0],
        lambda rng: np.array(list(brackets().sample(50, rng=rng))),
    ],
)
def test_the_seed_alone_decides(make):
    np.testing.assert_array_equal(make(draw(1)), make(draw(1)))
    assert (make(draw(1)) != make(draw(2))).any()


def cross_entropy(grammar, text):
    """Return -ln p per symbol under the true chain, which knows no future and sums over the possible states."""
    emits = np.array([[symbol == state for state in grammar.symbols] for symbol in text], float)
    belief, total = grammar.stationary() * emits[0], 0.0
    for emitted in emits[1:]:
        belief = belief / belief.sum() @ grammar.transitions * emitted
        total -= math.log(belief.sum())
    return total / (len(text) - 1)


WEATHER = ToyGrammar("sr", np.array([[0.9, 0.1], [0.5, 0.5]]))


class TestToyGrammar:
    def test_of_two_states_by_hand(self):
        np.testing.assert_allclose(WEATHER.stationary(), [5 / 6, 1 / 6], rtol=1e-12)
        sunny = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
        assert WEATHER.entropy_rate() == pytest.approx(5 / 6 * sunny + 1 / 6 * math.log(2), rel=1e-12)

    @given(seed=seeds, size=st.integers(1, 5))
    def test_stationary_distribution_stays(self, seed, size):
        grammar = ToyGrammar("abcde"[:size], draw(seed).dirichlet(np.ones(size), size))
        shares = grammar.stationary()
        np.testing.assert_allclose(shares @ grammar.transitions, shares, atol=1e-12)
        assert shares.sum() == pytest.approx(1)
        assert shares.min() >= 0
        assert 0 <= grammar.entropy_rate() <= math.log(size) + 1e-12

    @pytest.mark.parametrize("grammar", [WEATHER, brackets(), brackets(0.4)])
    def test_cross_entropy_of_a_long_sample_approaches_the_entropy_rate(self, grammar, rng):
        measured = cross_entropy(grammar, grammar.sample(30_000, rng=rng))
        assert measured == pytest.approx(grammar.entropy_rate(), rel=0.05)

    def test_sample_visits_the_states_as_often_as_foretold(self, rng):
        text = WEATHER.sample(30_000, rng=rng)
        assert len(text) == 30_000
        assert text.count("s") / len(text) == pytest.approx(5 / 6, abs=0.01)

    def test_first_symbols_are_stationary(self, rng):
        starts = [WEATHER.sample(1, rng=rng) for _ in range(2000)]
        assert starts.count("s") / 2000 == pytest.approx(5 / 6, abs=0.03)

    def test_sample_never_writes_what_has_no_probability(self):
        """Not even where the generator draws exactly 0."""

        class Zeros:
            def random(self, size):
                return np.zeros(size)

        assert brackets().sample(4, rng=Zeros()) == "(aaa"

    def test_without_choice_has_no_entropy(self, rng):
        clock = ToyGrammar("tick", np.roll(np.eye(4), 1, axis=1))
        assert clock.entropy_rate() == pytest.approx(0, abs=1e-12)
        assert clock.sample(9, rng=rng) in "tick" * 3

    def test_brackets_close_what_they_opened(self, rng):
        text = brackets(0.3).sample(20_000, rng=rng)
        whole = text[min(text.index("("), text.index("[")) : max(text.rindex(")"), text.rindex("]")) + 1]
        words = whole.replace(")", ") ").replace("]", "] ").split()
        assert all({"(": ")", "[": "]"}[word[0]] == word[-1] and set(word[1:-1]) <= {"a", "b"} for word in words)
        assert np.mean([len(word) - 2 for word in words]) == pytest.approx(1 / 0.3, rel=0.05)

    def test_brackets_cannot_be_predicted_as_well_from_one_symbol(self):
        """The entropy of a symbol given the one before it is above the entropy rate."""
        grammar = brackets()
        joint = grammar.stationary()[:, None] * grammar.transitions
        merge = np.array([[symbol == state for state in grammar.symbols] for symbol in "(ab)[]"], float)
        pairs = merge @ joint @ merge.T
        given_one = -(pairs * np.log(np.where(pairs > 0, pairs / pairs.sum(axis=1, keepdims=True), 1))).sum()
        assert given_one - grammar.entropy_rate() == pytest.approx(10 / 12 * 0.1 * math.log(2))


nan_series = np.array([0.0, np.nan, 1.0])
halves = np.full((2, 2), 0.5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: sine(0, period=5), ValueError, "sine: n_steps must be a whole number of at least 1, got 0"),
        (lambda r: sine(2.5, period=5), ValueError, "n_steps must be a whole number of at least 1, got 2.5"),
        (lambda r: sine(5, period=0), ValueError, "period must be above 0 and noise at least 0, got 0 and 0.0"),
        (lambda r: sine(5, period=math.nan), ValueError, "period must be above 0"),
        (lambda r: sine(5, period=5, noise=-1, rng=r), ValueError, "noise at least 0, got 5 and -1"),
        (lambda r: sine(5, period=5, noise=1), ValueError, r"noise needs a generator; pass rng=np\.random"),
        (lambda r: windows(np.zeros(5), 0), ValueError, "windows: length must be a whole number of at least 1, got 0"),
        (lambda r: windows(np.zeros(5), 2, 0), ValueError, "horizon must be a whole number of at least 1, got 0"),
        (lambda r: windows(np.zeros(5), 4, 2), ValueError, r"must have length \+ horizon = 6 steps, got 5"),
        (lambda r: windows(np.zeros((2, 3, 4)), 1), ValueError, r"must have shape \(T, D\), got \(2, 3, 4\)"),
        (lambda r: windows(np.float64(3), 1), TypeError, "series must be a NumPy array, got float64"),
        (lambda r: windows(nan_series, 1), ValueError, r"series must be finite, got nan at \(1,\)"),
        (lambda r: windows(np.arange(5), 1), TypeError, r"must hold floats, got int64; convert it with \.astype"),
        (lambda r: windows([0.0, 1.0], 1), TypeError, "series must be a NumPy array, got list"),
        (lambda r: chronological_split(np.zeros(9), (0.5, 0.4)), ValueError, r"add up to 1, got \[0\.5, 0\.4\]"),
        (lambda r: chronological_split(np.zeros(9), (1.5, -0.5)), ValueError, r"fractions must be above 0"),
        (lambda r: chronological_split(np.zeros(9), ()), ValueError, r"add up to 1, got \[\]"),
        (lambda r: chronological_split(np.zeros(9), (math.nan, 1)), ValueError, r"fractions must be above 0"),
        (lambda r: chronological_split(np.zeros(3), (0.9, 0.1)), ValueError, r"3 steps leave a part of .* empty"),
        (lambda r: chronological_split(np.zeros((9, 5, 1)), (0.5, 0.5)), ValueError, "before you cut windows from it"),
        (lambda r: chronological_split(np.zeros(0), (0.5, 0.5)), ValueError, r"must have shape \(T,\), got \(0,\)"),
        (lambda r: adding_problem(0, 5, rng=r), ValueError, "batch must be a whole number of at least 1, got 0"),
        (lambda r: adding_problem(2, 0, rng=r), ValueError, "T must be a whole number of at least 1, got 0"),
        (lambda r: adding_problem(2, 1, rng=r), ValueError, "T must be at least 2, one step per mark, got 1"),
        (lambda r: copy_task(2, 0, 3, 3, rng=r), ValueError, "n_symbols must be a whole number of at least 1"),
        (lambda r: copy_task(2, 3, 0, 3, rng=r), ValueError, "length must be a whole number of at least 1"),
        (lambda r: copy_task(2, 3, 3, 0, rng=r), ValueError, "delay must be a whole number of at least 1"),
        (lambda r: delayed_recall(2, 5, 5, rng=r), ValueError, "lag must be from 0 to T - 1 = 4, got 5"),
        (lambda r: delayed_recall(2, 5, -1, rng=r), ValueError, "lag must be from 0 to T - 1 = 4, got -1"),
        (lambda r: delayed_recall(2, 5, 1, rng=r, n_symbols=0), ValueError, "n_symbols must be a whole number"),
        (
            lambda r: ToyGrammar("abc", halves),
            ValueError,
            r"shape \(3, 3\), got \(2, 2\); symbols must name each state",
        ),
        (lambda r: ToyGrammar("ab", halves * 1.1), ValueError, "must hold probabilities that add up to 1"),
        (lambda r: ToyGrammar("ab", np.array([[2.0, -1], [0, 1]])), ValueError, "must hold probabilities"),
        (lambda r: ToyGrammar("ab", halves * np.nan), ValueError, r"transitions must be finite, got nan at \(0, 0\)"),
        (lambda r: ToyGrammar("aa", halves), ValueError, r"follow 'a' must differ in symbol, got \['a', 'a'\]"),
        (lambda r: ToyGrammar("ab", np.eye(2)), ValueError, "must not fall apart into chains that never meet"),
        (lambda r: WEATHER.sample(0, rng=r), ValueError, "n_symbols must be a whole number of at least 1, got 0"),
        (lambda r: brackets(0), ValueError, "p_close must be between 0 and 1, got 0"),
        (lambda r: brackets(1), ValueError, "p_close must be between 0 and 1, got 1"),
    ],
)
def test_bad_arguments_are_named(call, error, message, rng):
    with pytest.raises(error, match=message):
        call(rng)
