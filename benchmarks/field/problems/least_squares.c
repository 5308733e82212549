/* 1/2 sum (s_i - p(t_i))^2 with its gradient in the coefficients of p; blocks of points stay in registers and cache. */
#include "field.h"

enum { BLOCK = 64 };

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t m = sizes[0], n = sizes[1];
    const double *restrict x = in[0], *restrict t = in[1], *restrict s = in[2];
    double *restrict g = out[1];
    double total = 0.0;
    memset(g, 0, m * sizeof *g);
    for (int64_t start = 0; start < n; start += BLOCK) {
        const int64_t count = n - start < BLOCK ? n - start : BLOCK;
        double u[BLOCK], y[BLOCK];
        for (int b = 0; b < BLOCK; b++) u[b] = b < count ? t[start + b] : 0.0;
        for (int b = 0; b < BLOCK; b++) y[b] = 0.0;
        for (int64_t j = m - 1; j >= 0; j--)
#pragma omp simd
            for (int b = 0; b < BLOCK; b++) y[b] = y[b] * u[b] + x[j];
        for (int b = 0; b < BLOCK; b++) y[b] = b < count ? s[start + b] - y[b] : 0.0;
#pragma omp simd reduction(+ : total)
        for (int b = 0; b < BLOCK; b++) total += y[b] * y[b];
        for (int64_t j = 0; j < m; j++) {
            double sum = 0.0;
#pragma omp simd reduction(+ : sum)
            for (int b = 0; b < BLOCK; b++) {
                sum += y[b];
                y[b] *= u[b];
            }
            g[j] -= sum;
        }
    }
    *out[0] = 0.5 * total;
}
