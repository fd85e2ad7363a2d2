import numpy as np
import pytest

from rnncourse.init import glorot_uniform, orthogonal


def test_glorot_uniform_fills_its_interval(rng):
    weights = glorot_uniform((30, 70), rng=rng)
    limit = np.sqrt(6 / 100)
    assert weights.shape == (30, 70)
    assert np.abs(weights).max() <= limit
    np.testing.assert_allclose(weights.std(), limit / np.sqrt(3), rtol=0.05)


def test_orthogonal_is_orthogonal(rng):
    weights = orthogonal((7, 7), rng=rng)
    np.testing.assert_allclose(weights @ weights.T, np.eye(7), atol=1e-14)


def test_orthogonal_is_uniform_over_both_signs(rng):
    """Without the sign correction, QR would give a first entry of one sign only."""
    first_entries = [orthogonal((3, 3), rng=rng)[0, 0] for _ in range(200)]
    assert 60 < np.sum(np.array(first_entries) > 0) < 140


def test_draws_depend_on_the_generator_alone():
    draws = [glorot_uniform((2, 3), rng=np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("draw", [glorot_uniform, orthogonal])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3,)])
def test_a_shape_without_two_sizes_is_refused(draw, shape, rng):
    with pytest.raises(ValueError, match=rf"{draw.__name__}: shape must be two sizes of at least 1, got"):
        draw(shape, rng=rng)
