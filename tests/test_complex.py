"""Complex numbers between real arguments and a real result, and complex arguments."""

import numpy as np
import pytest
from driving import check_emitted, quiet

from adcompiler import AdcompilerError, grad, value_and_grad

RNG = np.random.default_rng(3)
A, B = RNG.uniform(0.4, 1.6, (2, 3))
Z = A + 1j * B
M = RNG.uniform(-1, 1, (3, 3)) + 1j * RNG.uniform(-1, 1, (3, 3))


def in_polar_form(a, b):
    z = a * np.exp(1j * b)
    return np.mean(np.abs(z) ** 2) + np.sum(z.real * z.imag)


def parts_of_a_product(a, b):
    z = (a + 1j * b) * (b - 2j * a)
    return np.sum(np.real(z) / (1 + np.imag(z) ** 2))


def stored(a, b):
    z = np.zeros(4, complex)
    z[:3] = a
    z[1:] += 1j * b
    z[0] = z[2] * z[3].conj()
    return np.sum(np.abs(z) * np.angle(z + 2))


def stored_into_the_real_part(a, b):
    z = 1j * b * a
    part = z.real
    part[1:] = a[1:] ** 2
    part[0] *= 3.0
    return np.sum(np.abs(z) ** 2 + z.imag)


def joined(a, b):
    z = np.concatenate((a, 1j * b)).reshape(2, 3).T
    w = np.stack([z[:, 0], np.where(a > 0.9, z[:, 1], 2.0)])
    return np.sum(np.abs(w @ z) ** 2)


def in_a_loop(a, b):
    z = 0j
    total = 0.0
    for k in range(3):
        z = z * (a[k] + 1j * b[k]) + 0.5
        if z.real > 0.6:
            total = total + abs(z)
        else:
            z = z.conjugate() / 2
    return total + z.imag


def in_a_list(a, b):
    phases = []
    for k in range(3):
        phases.append(np.exp(1j * a[k] * b[k]))
    return np.sum(np.abs(np.array(phases) + a)) + phases[0].imag


def of_python_numbers(a, b):
    z = complex(a, b)
    for _ in range(2):
        z = z**2 - z / 3 + 1j
    return abs(z) + z.real * z.imag


def to_a_complex_power(a, b):
    return np.sum((a ** (1j * b)).real + ((-2.0) ** (b + 0.5j * a)).imag)


def by_matrices(z, m):
    w = m @ z + np.dot(z, m) * 2
    return (np.vdot(w, z) / np.sum(z)).real + np.prod(z).imag


def cast(a, b):
    z = a.astype(complex) * np.asarray(b, dtype=np.complex128)
    z *= 1 + 0.5j
    return np.sum(np.sqrt(z).imag + np.log(z).real)


def traced(a, b):
    return np.trace(np.outer(a, b), dtype=complex).real ** 2 + np.take(a * 1j, [0, 0, 2])[1].imag


def rescaled(z):
    return np.sum(np.abs(z / np.linalg.norm(np.abs(z))) ** 3)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        *((f, (A, B)) for f in (
            in_polar_form, parts_of_a_product, stored, stored_into_the_real_part, joined,
            in_a_loop, in_a_list, to_a_complex_power, cast, traced,
        )),
        (of_python_numbers, (0.7, -0.4)), (of_python_numbers, (np.float64(0.7), 0.4)),
        (by_matrices, (Z, M)), (rescaled, (Z,)), (rescaled, (Z[:1],)),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)  # fmt: skip
def test_gradients(f, args):
    quiet(check_emitted, f, *args)


@pytest.mark.parametrize("f", [in_polar_form, stored, joined, cast, in_a_list])
def test_single_precision(f):
    quiet(check_emitted, f, A.astype(np.float32), B.astype(np.float32))


def squared_distance(z):
    return np.sum(np.abs(z - 1j) ** 2)


def test_the_convention_is_that_of_jax_and_autograd():
    """dL/dx - i dL/dy: the conjugate of the direction of steepest ascent."""
    expected = 2 * np.conj(Z - 1j)
    np.testing.assert_allclose(grad(squared_distance)(Z), expected, rtol=1e-14)
    value, found = value_and_grad(lambda z: (z * z).real)(0.5 - 2j)
    assert value == ((0.5 - 2j) ** 2).real
    assert found == 2 * (0.5 - 2j)


@pytest.mark.parametrize("z", [2j, np.complex64(1 + 1j), np.complex128(2j), Z.astype("c8")])
def test_the_gradient_has_its_arguments_dtype(z):
    found = grad(squared_distance)(z)
    assert np.asarray(found).dtype == np.asarray(z).dtype
    np.testing.assert_allclose(found, 2 * np.conj(z - 1j), rtol=1e-6)


def test_abs_has_no_gradient_at_zero():
    assert grad(lambda z: abs(z))(0j) == 0
    assert np.array_equal(grad(lambda z: np.sum(np.abs(z)))(np.array([0j, 3j])), [0, -1j])
    assert grad(lambda x: abs(x * 1j))(0.0) == 0


def test_an_untaken_side_passes_nothing_on():
    def f(z):
        return np.sum(np.where(z == 0, 0.0, np.angle(z) + np.log(z).real))

    found = quiet(grad(f), np.array([0j, 1j]))
    np.testing.assert_allclose(found, [0, -1j / 1j + 1 / 1j])


def test_a_structure_of_complex_numbers():
    def f(p):
        return np.sum((p["w"] * p["z"]).real) * p["k"][0]

    found = grad(f)({"w": A, "z": Z, "k": (2.0, 1j)})
    np.testing.assert_allclose(found["w"], 2 * Z.real)
    np.testing.assert_allclose(found["z"], 2 * A)
    assert found["k"][1] == 0


def on_an_eigenvector(z):
    w, v = np.linalg.eigh(z)
    projector = v[:, :1] @ np.conj(v[:, :1]).T
    return np.sum((projector * M).real) + w[1] ** 2


def by_the_upper_triangle(z):
    w, v = np.linalg.eigh(z, UPLO="U")
    return np.sum(np.abs(v) ** 3 * np.arange(9.0).reshape(3, 3)) + np.sum(w**3)


def nearest_unitary(z):
    u, s, vh = np.linalg.svd(z, full_matrices=False)
    return np.sum((u @ vh)[:2, :2] * M[:2, :2]).real + s[0]


def sizes_of_left_vectors(z):
    u, _, _ = np.linalg.svd(z, full_matrices=False)
    return np.sum(np.abs(u) ** 3 * np.arange(u.size).reshape(u.shape))


def sizes_of_right_vectors(z):
    _, _, vh = np.linalg.svd(z, full_matrices=False)
    return np.sum(np.abs(vh) ** 3 * np.arange(vh.size).reshape(vh.shape))


def all_vectors(z):
    u, _, vh = np.linalg.svd(z)
    return np.sum(np.abs(vh) ** 3) + np.sum(u @ vh * M).real


def sign_of_the_determinant(z):
    sign, logdet = np.linalg.slogdet(z)
    return (sign * (1 - 2j)).real * logdet


@pytest.mark.parametrize(
    ("f", "z"),
    [
        (on_an_eigenvector, M), (by_the_upper_triangle, M), (nearest_unitary, M),
        (nearest_unitary, M[:, :2]), (nearest_unitary, M[:2]), (sizes_of_left_vectors, M[:, :2]),
        (sizes_of_left_vectors, M[:2]), (sizes_of_right_vectors, M[:, :2]),
        (sizes_of_right_vectors, M[:2]), (all_vectors, M), (sign_of_the_determinant, M),
    ],
)  # fmt: skip
def test_vectors_up_to_their_phases(f, z):
    quiet(check_emitted, f, z.copy())


@pytest.mark.parametrize(
    "f",
    [
        lambda z: np.sum(np.linalg.eigh(z)[1] * M).real,
        lambda z: np.sum(np.linalg.svd(z)[0] * M).real,
        lambda z: np.sum(np.linalg.svd(z)[2] * M.conj()).imag,
    ],
)
@pytest.mark.parametrize("dtype", ["c16", "c8"])
def test_phases_that_are_arbitrary_have_no_gradient(f, dtype):
    with pytest.raises(ValueError, match="phases"):
        grad(f)(M.astype(dtype))


def test_a_triangle_and_the_real_part_of_the_diagonal_are_all_that_is_read():
    for f in (on_an_eigenvector, lambda z: np.sum(np.linalg.cholesky(z) * M).real):
        found = grad(f)(M + 4 * np.eye(3))
        assert not np.triu(found, 1).any()
        assert not np.diagonal(found).imag.any()


def of_a_list(z):
    total = 0j
    for part in z:
        total = total * part + 1
    return abs(total)


def test_a_list_of_complex_numbers():
    z = [1j, 2.0 + 1j, -0.5j]
    found = grad(of_a_list)(z)
    step = 1e-6
    for k in range(3):
        for axis in (1, 1j):
            up, down = ([v + s * axis * (j == k) for j, v in enumerate(z)] for s in (step, -step))
            slope = (of_a_list(up) - of_a_list(down)) / (2 * step)
            assert abs((found[k] * axis).real - slope) < 1e-7


@pytest.mark.parametrize(
    ("f", "code"),
    [
        (lambda z: np.max(z).real, "complex"),
        (lambda z: np.corrcoef(z, z)[0, 1].real, "complex"),
        (lambda z: np.interp(z, [0.0, 1.0], [1.0, 2.0])[0], "operation"),
        (lambda z: np.sum(np.maximum(z, 1.0)).real, "complex"),
        (lambda z: np.sum(np.sign(z)).real, "operation"),
        (lambda z: float(z[0]), "operation"),
        (lambda z: abs(z[0]) + round(z[0].item()), "operation"),
        (lambda z: np.sum(z), "non-scalar-result"),
        (lambda z: np.sum(np.hypot(z, z)), "operation"),
    ],
)
def test_refused(f, code):
    with pytest.raises(AdcompilerError) as caught:
        grad(f)(Z)
    assert caught.value.diagnostics[0].code == code


def imaginary_part_of_what_is_stored_into(x):
    z = x * (1 + 1j)
    part = z.imag
    part[0] = x[1]
    return np.sum(np.abs(z))


def test_a_store_through_the_imaginary_part_isn_t_lost():
    with pytest.raises(AdcompilerError):
        grad(imaginary_part_of_what_is_stored_into)(A)


def test_what_doesn_t_depend_on_the_arguments_may_be_anything():
    def f(x):
        order = np.argmax(np.maximum(np.exp(1j * np.arange(3.0)), 0.2))
        return x[order] ** 2

    assert np.array_equal(grad(f)(A), np.where(np.arange(3) == 0, 2 * A, 0))
