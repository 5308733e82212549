"""Arrays that are filled, changed in place and looked at through views."""

from __future__ import annotations

import numpy as np

from programs.corpus import normal, positive, program


@program(positive(6))
def running_total(x):
    total = np.zeros_like(x)
    total[0] = x[0]
    for i in range(1, len(x)):
        total[i] = 0.9 * total[i - 1] + x[i]
    return total


@program(positive(5))
def powers_table(x):
    table = np.zeros_like(x, shape=(4, 5))
    for k in range(4):
        table[k] = x**k / (k + 1)
    return table


@program(normal(8))
def smoothed_three_times(u):
    u = u.copy()
    for _ in range(3):
        u[1:-1] = (u[:-2] + 2 * u[1:-1] + u[2:]) / 4
    return u


@program(normal(5, 5))
def jacobi_sweep(u):
    new = u.copy()
    new[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
    return np.sum((new - u) ** 2)


@program(normal(4, 4))
def gauss_seidel(u):
    u = u.copy()
    for _ in range(2):
        for i in range(1, 3):
            for j in range(1, 3):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
    return u


@program(positive(6), positive(6), positive(6), normal(6))
def tridiagonal_solver(lower, diagonal, upper, right):
    n = len(right)
    diagonal = diagonal + 4.0
    c, d = np.zeros_like(right), np.zeros_like(right)
    c[0], d[0] = upper[0] / diagonal[0], right[0] / diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / pivot
        d[i] = (right[i] - lower[i] * d[i - 1]) / pivot
    x = np.zeros_like(right)
    x[-1] = d[-1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return x


@program(normal(4, 4) + 5 * np.eye(4))
def lu_without_pivoting(A):
    A = A.copy()
    for k in range(3):
        A[k + 1 :, k] /= A[k, k]
        A[k + 1 :, k + 1 :] -= np.outer(A[k + 1 :, k], A[k, k + 1 :])
    return np.log(np.abs(np.diag(A)))


@program(normal(3, 3))
def cholesky_by_hand(B):
    A = B @ B.T + 3 * np.eye(3)
    L = np.zeros_like(A)
    for i in range(3):
        for j in range(i + 1):
            s = A[i, j] - np.sum(L[i, :j] * L[j, :j])
            L[i, j] = np.sqrt(s) if i == j else s / L[j, j]
    return L


@program(normal(4, 3))
def gram_schmidt(A):
    Q = A.copy()
    for j in range(3):
        for i in range(j):
            Q[:, j] -= (Q[:, i] @ Q[:, j]) * Q[:, i]
        Q[:, j] /= np.sqrt(np.sum(Q[:, j] ** 2))
    return Q


@program(normal(7), branches=True)
def rectified_in_place(x):
    y = x.copy()
    y[y < 0] *= 0.01
    y[y > 1] = 1 + np.log(y[y > 1])
    return y


@program(normal(6), branches=True)
def masked_accumulation(x):
    t = np.zeros_like(x)
    t[x > 0] += x[x > 0] ** 2
    t[x <= 0] -= 3 * x[x <= 0]
    return t


@program(positive(5))
def swapped_elements(x):
    y = x**2
    for i in range(4):
        y[i], y[i + 1] = y[i + 1], y[i]
    return y * x


@program(positive(4), branches=True)
def insertion_sort(x):
    y = x.copy()
    for i in range(1, 4):
        j = i
        while j > 0 and y[j - 1] > y[j]:
            y[j - 1], y[j] = y[j], y[j - 1]
            j -= 1
    return y * np.arange(1.0, 5.0)


@program(normal(6))
def reversed_in_place(x):
    y = x * 1.0
    half = y[:3]
    half[:] = y[::-1][:3] * 2
    return y**2


@program(normal(2, 3))
def rows_and_columns(A):
    B = A.copy()
    for row in B:
        row -= np.mean(row)  # noqa: PLW2901  # a view, changed in place
    for column in B.T:
        column *= 2.0  # noqa: PLW2901
    return B @ A.T


@program(normal(3))
def scattered_gradient(x):
    out = np.zeros_like(x, shape=6)
    np.add.at(out, [0, 2, 2], x)
    out[[1, 1, 5]] += x
    return out * np.arange(6.0)


@program(normal(9))
def strided_updates(x):
    y = x.copy()
    y[::3] += y[1::3]
    y[2::3] *= y[::3]
    y[-1] = y[0]
    return y


@program(normal(4))
def matrix_from_a_vector(x):
    n = len(x)
    T = np.zeros_like(x, shape=(n, n))
    for i in range(n):
        for j in range(n):
            T[i, j] = x[abs(i - j)] / (1 + i + j)
    return T @ x


@program(normal(3, 3))
def filled_diagonal(A):
    B = A @ A
    np.fill_diagonal(B, np.sum(A, axis=0))
    return B @ A


@program(positive(6))
def ring_buffer(x):
    buffer = np.zeros_like(x, shape=3)
    total = 0.0
    for k in range(6):
        buffer[k % 3] = x[k]
        total = total + np.prod(1 + buffer)
    return total


@program(normal(3), normal(3))
def exchanged_names(a, b):
    for _ in range(3):
        a, b = b, a + b
        a *= 0.5
    return a * b


@program(normal(5))
def output_argument(x):
    y = np.empty_like(x)
    np.multiply(x, 2.0, out=y)
    np.sin(y, out=y)
    np.add(y, x, out=y)
    return y


@program(normal(2, 4))
def real_and_imaginary_parts(x):
    z = x[0] + 1j * x[1]
    z.real *= 2
    z.imag[1:3] = x[0, :2] ** 2
    return np.abs(z) ** 2


@program(positive(5))
def binomial_tree(x):
    values = np.maximum(x - 0.5, 0.0)
    for step in range(4):
        values[: 4 - step] = 0.5 * (values[: 4 - step] + values[1 : 5 - step])
    return values[0]


@program(positive(4))
def pascals_triangle(x):
    row = np.ones_like(x)
    for _ in range(3):
        row[1:] = row[1:] * x[1:] + row[:-1]
    return row


@program(normal(4, 2))
def centred_columns(A):
    A = A - 0.0
    A -= A.mean(axis=0)
    A /= A.std(axis=0)
    return A.T @ A + A[0]


@program(normal(3, 4))
def appended_rows(A):
    rows = []
    for row in A:
        row = row * 1.0  # noqa: PLW2901
        row[0] = np.sum(row)
        rows.append(row)
    return np.array(np.vstack(rows), like=A)


@program(normal(6))
def haar_transform(x):
    y = np.concatenate([x, x[:2]])
    n = 8
    while n > 1:
        half = n // 2
        sums, differences = y[:n:2] + y[1:n:2], y[:n:2] - y[1:n:2]
        y[:half], y[half:n] = sums / 2, differences / 2
        n = half
    return y**2
