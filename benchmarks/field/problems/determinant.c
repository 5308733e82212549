/* Determinant by expansion in minors with its gradient: the cotangent of a minor is known before its value is. */
#include "field.h"

enum { LARGEST = 16 };

static double minor(int64_t n, const double *a, double *bar, int64_t row, const int *columns, int64_t count,
                    double seed) {
    const double *r = a + row * n;
    double *rbar = bar + row * n;
    if (count == 1) {
        rbar[columns[0]] += seed;
        return r[columns[0]];
    }
    if (count == 2) {
        const double *s = r + n;
        double *sbar = rbar + n;
        const int i = columns[0], j = columns[1];
        rbar[i] += seed * s[j];
        sbar[j] += seed * r[i];
        rbar[j] -= seed * s[i];
        sbar[i] -= seed * r[j];
        return r[i] * s[j] - r[j] * s[i];
    }
    int rest[LARGEST];
    double total = 0.0, sign = 1.0;
    for (int64_t k = 1; k < count; k++) rest[k - 1] = columns[k];
    for (int64_t k = 0; k < count; k++) {
        const double entry = r[columns[k]];
        const double smaller = minor(n, a, bar, row + 1, rest, count - 1, seed * sign * entry);
        rbar[columns[k]] += seed * sign * smaller;
        total += sign * entry * smaller;
        rest[k] = columns[k];
        sign = -sign;
    }
    return total;
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0];
    int columns[LARGEST];
    for (int64_t k = 0; k < n; k++) columns[k] = (int)k;
    memset(out[1], 0, n * n * sizeof(double));
    *out[0] = minor(n, in[0], out[1], 0, columns, n, 1.0);
}
