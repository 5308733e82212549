/* sum 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2 with its gradient. */
#include "field.h"

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0];
    const double *restrict x = in[0];
    double *restrict g = out[1];
    double total = 0.0;
    if (n < 2) {
        memset(g, 0, n * sizeof *g);
        *out[0] = 0.0;
        return;
    }
    g[0] = -400.0 * x[0] * (x[1] - x[0] * x[0]) - 2.0 * (1.0 - x[0]);
    g[n - 1] = 200.0 * (x[n - 1] - x[n - 2] * x[n - 2]);
    total = 100.0 * (x[1] - x[0] * x[0]) * (x[1] - x[0] * x[0]) + (1.0 - x[0]) * (1.0 - x[0]);
#pragma omp simd reduction(+ : total)
    for (int64_t i = 1; i < n - 1; i++) {
        const double before = x[i] - x[i - 1] * x[i - 1], a = x[i + 1] - x[i] * x[i], b = 1.0 - x[i];
        total += 100.0 * a * a + b * b;
        g[i] = 200.0 * before - 400.0 * x[i] * a - 2.0 * b;
    }
    *out[0] = total;
}
