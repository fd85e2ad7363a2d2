import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import GRU, LSTM, Dense, Sequential, SimpleRNN
from rnncourse.gradcheck import complex_step, relative_error
from rnncourse.keras_bridge import import_keras
from rnncourse.losses import mse, softmax_cross_entropy
from rnncourse.optim import SGD, Adam
from rnncourse.training import evaluate, fit, truncated_steps

B, T, D, H, O = 5, 7, 2, 4, 3
every_cell = pytest.mark.parametrize("cell", [SimpleRNN, LSTM, GRU])


def make(cell=SimpleRNN, *, input_dim=D, units=H, outputs=O, sequences=True, seed=0):
    rng = np.random.default_rng(seed)
    recurrent = cell(input_dim, units, rng=rng, dtype="float64", return_sequences=sequences)
    return Sequential([recurrent, Dense(units, outputs, rng=rng, dtype="float64")])


def draw(rng, *, sequences=True):
    return rng.standard_normal((B, T, D)), rng.standard_normal((B, T, O) if sequences else (B, O))


def draw_mask(rng):
    return np.arange(T) < rng.integers(1, T + 1, (B, 1))


def train(model, x, y, *, seed=0, **options):
    defaults = {"loss": mse, "optimizer": Adam(0.02), "epochs": 3, "batch_size": 2, "verbose": False}
    return fit(model, x, y, rng=np.random.default_rng(seed), **defaults | options)


def assert_same_weights(model, other):
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


class TestLearning:
    @every_cell
    def test_a_sine_beats_persistence_tenfold(self, cell, rng):
        start = rng.uniform(0, 2 * np.pi, (200, 1))
        wave = np.sin(start + 0.4 * np.arange(13))[..., None]
        x, y = wave[:, :-1], wave[:, -1]
        model = make(cell, input_dim=1, units=8, outputs=1, sequences=False)
        train(model, x[:150], y[:150], epochs=30, batch_size=25)
        persistence = np.mean((x[150:, -1] - y[150:]) ** 2)
        assert evaluate(model, x[150:], y[150:], loss=mse, batch_size=50) < 0.1 * persistence

    @every_cell
    def test_memorizing_the_first_symbol_beats_chance_tenfold(self, cell, rng):
        x = rng.standard_normal((20, 6, 4))
        labels = x[:, 0].argmax(axis=1)
        model = make(cell, input_dim=4, units=12, outputs=4, sequences=False)
        history = train(model, x, labels, loss=softmax_cross_entropy, epochs=120, batch_size=10, clipnorm=1.0)
        assert history["loss"][-1] < 0.1 * np.log(4)

    @pytest.mark.parametrize("stateful", [True, False])
    @every_cell
    def test_in_segments_a_sine_beats_persistence_tenfold(self, cell, stateful, rng):
        start = rng.uniform(0, 2 * np.pi, (8, 1))
        wave = np.sin(start + 0.4 * np.arange(61))[..., None]
        x, y = wave[:, :-1], wave[:, 1:]
        model = make(cell, input_dim=1, units=8, outputs=1)
        train(model, x, y, epochs=60, batch_size=8, length=12, stateful=stateful)
        assert evaluate(model, x, y, loss=mse, batch_size=8) < 0.1 * np.mean((x - y) ** 2)

    def test_follows_keras(self, rng):
        x, y = draw(rng, sequences=False)
        model, keras = make(LSTM, sequences=False), import_keras()
        twin = keras.Sequential([keras.layers.LSTM(H, dtype="float64"), keras.layers.Dense(O, dtype="float64")])
        twin.build((None, T, D))
        twin.set_weights(model.get_weights())
        twin.compile(optimizer=keras.optimizers.Adam(0.02, global_clipnorm=0.3), loss="mse", run_eagerly=True)
        wanted = twin.fit(x, y, epochs=4, batch_size=B, shuffle=False, verbose=0).history["loss"]
        history = train(model, x, y, epochs=4, batch_size=B, clipnorm=0.3)
        np.testing.assert_allclose(history["loss"], wanted, rtol=1e-5)


class TestSegments:
    @pytest.mark.parametrize("length", [T, T + 1, None])
    @pytest.mark.parametrize("stateful", [True, False])
    @pytest.mark.parametrize("masked", [True, False])
    @every_cell
    def test_one_long_enough_gives_the_full_gradients_exactly(self, cell, length, stateful, masked, rng):
        (x, y), model = draw(rng), make(cell)
        mask = draw_mask(rng) if masked else None
        [step] = truncated_steps(model, x, y, mask, loss=mse, length=length, stateful=stateful)
        output, cache = model.forward(x, mask=mask)
        loss, dy = mse(output, y, mask)
        assert step.loss == loss
        for name, gradient in model.backward(dy, cache)[1].items():
            np.testing.assert_array_equal(step.grads[name], gradient)

    @every_cell
    @given(length=st.integers(1, T), masked=st.booleans())
    def test_stateful_forward_equals_the_whole(self, cell, length, masked):
        rng = np.random.default_rng(length)
        (x, y), model = draw(rng), make(cell)
        mask = draw_mask(rng) if masked else np.ones((B, T), bool)
        mask[0] = True
        steps = list(truncated_steps(model, x, y, mask, loss=mse, length=length, stateful=True))
        assert sum(step.n_positions for step in steps) == mask.sum()
        total = sum(step.loss * step.n_positions for step in steps) / mask.sum()
        assert total == pytest.approx(mse(model.forward(x, mask=mask)[0], y, mask)[0], rel=1e-12)

    @pytest.mark.parametrize("stateful", [True, False])
    @every_cell
    def test_no_gradient_crosses_a_border(self, cell, stateful, rng):
        """The complex step sees the second segment alone, its first state held fixed."""
        (x, y), model = draw(rng), make(cell)
        state = model.final_state(model.forward(x[:, :4])[1]) if stateful else None

        def loss_of_the_second(weights):
            layer = model.layers[0]
            kept, layer.params["W_h"] = layer.params["W_h"], weights
            value = mse(model.forward(x[:, 4:], state)[0], y[:, 4:])[0]
            layer.params["W_h"] = kept
            return value

        *_, second = truncated_steps(model, x, y, loss=mse, length=4, stateful=stateful)
        wanted = complex_step(loss_of_the_second, model.params["0.W_h"])
        assert relative_error(second.grads["0.W_h"], wanted) < 1e-12

    def test_the_state_matters(self, rng):
        (x, y), model = draw(rng), make()
        last = [list(truncated_steps(model, x, y, loss=mse, length=3, stateful=s))[-1].loss for s in (True, False)]
        assert last[0] != last[1]

    def test_fit_updates_once_per_segment_and_batch(self, rng):
        optimizer = SGD()
        train(make(), *draw(rng), optimizer=optimizer, epochs=2, batch_size=2, length=3)
        assert optimizer.iterations == 2 * 3 * 3


class TestLoop:
    def test_one_seed_gives_one_history(self, rng):
        x, y = draw(rng)
        first, second, other = (train(make(), x, y, seed=seed) for seed in (1, 1, 2))
        assert first == second
        assert first != other

    def test_each_sequence_is_seen_once_per_epoch_in_a_new_order(self, rng):
        x, _ = draw(rng)
        names, seen = np.arange(B * 1.0).repeat(T * O).reshape(B, T, O), []

        def spy(y, target):
            seen.extend(target[:, 0, 0])
            return mse(y, target)

        train(make(), x, names, loss=spy, epochs=2)
        assert sorted(seen[:B]) == sorted(seen[B:]) == list(range(B))
        assert seen[:B] != seen[B:]

    @pytest.mark.parametrize("sequences", [True, False])
    @pytest.mark.parametrize("masked", [True, False])
    @given(batch_size=st.integers(1, B + 1), seed=st.integers(0, 9))
    def test_losses_are_means_over_positions_for_any_batch_size(self, sequences, masked, batch_size, seed):
        rng = np.random.default_rng(seed)
        (x, y), model = draw(rng, sequences=sequences), make(sequences=sequences)
        mask = draw_mask(rng) if masked else None
        wanted = mse(model.forward(x, mask=mask)[0], y, mask if sequences else None)[0]
        assert evaluate(model, x, y, mask, loss=mse, batch_size=batch_size) == pytest.approx(wanted, rel=1e-12)
        standing = SGD(1e-30)
        history = train(model, x, y, mask=mask, batch_size=batch_size, epochs=1, optimizer=standing)
        assert history["loss"] == [pytest.approx(wanted, rel=1e-12)]

    def test_validation_changes_no_weight_and_takes_no_random_number(self, rng):
        x, y = draw(rng)
        plain, validated = make(GRU), make(GRU)
        rngs = [np.random.default_rng(1), np.random.default_rng(1)]
        options = {"loss": mse, "epochs": 3, "batch_size": 2, "verbose": False}
        loss = fit(plain, x, y, optimizer=Adam(), rng=rngs[0], **options)["loss"]
        history = fit(validated, x, y, optimizer=Adam(), rng=rngs[1], validation_data=(x[:2], y[:2]), **options)
        assert history["loss"] == loss
        assert len(history["val_loss"]) == 3
        assert_same_weights(plain, validated)
        assert rngs[0].random() == rngs[1].random()

    def test_validation_comes_after_the_epoch_and_takes_a_mask(self, rng):
        (x, y), model, mask = draw(rng), make(), draw_mask(rng)
        history = train(model, x, y, validation_data=(x, y, mask))
        assert history["val_loss"][-1] == evaluate(model, x, y, mask, loss=mse, batch_size=2)
        assert history["val_loss"][-1] != evaluate(model, x, y, loss=mse, batch_size=2)

    def test_clipnorm_bounds_each_step(self, rng):
        (x, y), model = draw(rng), make()
        before = np.concatenate([value.ravel() for value in model.get_weights()])
        train(model, x, 100 * y, optimizer=SGD(1.0), epochs=1, batch_size=B, clipnorm=0.5)
        after = np.concatenate([value.ravel() for value in model.get_weights()])
        assert np.linalg.norm(after - before) == pytest.approx(0.5, rel=1e-9)


class TestEarlyStopping:
    """Noise around 1: the validation loss falls while the 1 is learned and rises while the noise is."""

    def run(self, rng, epochs, patience):
        (x, y), (x_val, y_val) = draw(rng, sequences=False), draw(rng, sequences=False)
        model, held_out = make(sequences=False), (x_val, y_val + 1)
        options = {"validation_data": held_out, "epochs": epochs, "patience": patience}
        return model, held_out, train(model, x, y + 1, **options)

    def test_stops_and_restores_the_best_weights(self, rng):
        model, held_out, history = self.run(rng, 500, 4)
        best = int(np.argmin(history["val_loss"]))
        assert best > 0
        assert len(history["loss"]) == len(history["val_loss"]) == best + 1 + 4 < 500
        assert history["val_loss"][-1] > history["val_loss"][best]
        assert evaluate(model, *held_out, loss=mse, batch_size=2) == history["val_loss"][best]

    def test_restores_the_best_weights_at_the_last_epoch_too(self, rng):
        epochs = len(self.run(np.random.default_rng(20), 500, 4)[2]["loss"]) - 2
        model, held_out, history = self.run(rng, epochs, 4)
        assert len(history["loss"]) == epochs
        assert evaluate(model, *held_out, loss=mse, batch_size=2) == min(history["val_loss"]) < history["val_loss"][-1]

    def test_keeps_the_last_weights_without_patience(self, rng):
        model, held_out, history = self.run(rng, 60, None)
        assert evaluate(model, *held_out, loss=mse, batch_size=2) == history["val_loss"][-1] > min(history["val_loss"])


class TestProgress:
    def test_shows_on_stdout_alone(self, capsys, rng):
        x, y = draw(rng)
        train(make(), x, y, verbose=True, validation_data=(x, y))
        out, err = capsys.readouterr()
        assert "3/3" in out
        assert "val_loss=" in out
        assert err == ""

    def test_is_silent_and_needs_no_tqdm_when_off(self, capsys, monkeypatch, rng):
        monkeypatch.setitem(sys.modules, "tqdm", None)
        train(make(), *draw(rng))
        assert capsys.readouterr() == ("", "")

    def test_without_tqdm_says_the_cure(self, monkeypatch, rng):
        monkeypatch.setitem(sys.modules, "tqdm", None)
        with pytest.raises(ImportError, match="fit: the progress bar needs tqdm; run `pip install tqdm` or pass verb"):
            train(make(), *draw(rng), verbose=True)


X, Y = np.zeros((B, T, D)), np.zeros((B, T, O))
BAD_DATA = [
    ((X[:0], Y[:0]), ValueError, r"x must have shape \(B, 7, 2\), got \(0, 7, 2\)"),
    ((X, Y[:2]), ValueError, r"y must have shape \(5, 7, 3\), got \(2, 7, 3\); x and y need one row per sequence"),
    ((X, np.float64(1)), TypeError, "y must be a NumPy array, got float64"),
    (([[1.0]], Y), TypeError, "x must be a NumPy array, got list"),
    ((X, Y, np.ones((2, T), bool)), ValueError, r"mask must have shape \(5, 7\), got \(2, 7\)"),
]
BAD_OPTIONS = [
    ({"epochs": 0}, "epochs must be at least 1, got 0"),
    ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
    ({"patience": 0}, "patience must be at least 1, got 0"),
    ({"patience": 2}, "patience needs validation_data, got None; hold out"),
]


@pytest.mark.parametrize(("data", "error", "message"), BAD_DATA)
def test_refuses_data_that_do_not_fit(data, error, message):
    x, y, *mask = data
    with pytest.raises(error, match=f"^fit: {message}"):
        train(make(), x, y, mask=mask[0] if mask else None)
    with pytest.raises(error, match=f"^evaluate: {message}"):
        evaluate(make(), *data, loss=mse, batch_size=2)
    with pytest.raises(error, match=f"^truncated_steps: {message}"):
        next(truncated_steps(make(), *data, loss=mse, length=2))


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS)
def test_fit_refuses_a_wrong_option(options, message):
    with pytest.raises(ValueError, match=f"^fit: {message}"):
        train(make(), X, Y, **options)


def test_evaluate_refuses_a_batch_size_of_zero():
    with pytest.raises(ValueError, match=r"^evaluate: batch_size must be at least 1, got 0"):
        evaluate(make(), X, Y, loss=mse, batch_size=0)


@pytest.mark.parametrize(
    ("y", "length", "message"),
    [
        (Y, 0, "length must be at least 1, got 0"),
        (Y[:, 0], 2, r"y must have shape \(5, 7\), got \(5, 3\); it needs a target at every time step"),
        (Y[:, :2], 2, r"y must have shape \(5, 7, 3\), got \(5, 2, 3\); it needs a target at every time step"),
    ],
)
def test_truncated_steps_refuse_a_wrong_length(y, length, message):
    with pytest.raises(ValueError, match=f"^truncated_steps: {message}"):
        next(truncated_steps(make(), X, y, loss=mse, length=length))
