/* Cost of k-means with its gradient and the diagonal of its Hessian in the centroids; 32 points at a time. */
#include "field.h"

enum { BLOCK = 32 };

static void distances(int64_t d, const double *restrict p, const double *restrict centroid, double *restrict out) {
    v8 a = {0.0}, b = {0.0}, c = {0.0}, e = {0.0};
    for (int64_t i = 0; i < d; i++) {
        const double x = centroid[i];
        const v8 da = load8(p + i * BLOCK) - x, db = load8(p + i * BLOCK + 8) - x;
        const v8 dc = load8(p + i * BLOCK + 16) - x, de = load8(p + i * BLOCK + 24) - x;
        a += da * da;
        b += db * db;
        c += dc * dc;
        e += de * de;
    }
    store8(out, a);
    store8(out + 8, b);
    store8(out + 16, c);
    store8(out + 24, e);
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0], k = sizes[1], d = sizes[2];
    const double *restrict centroids = in[0], *restrict points = in[1];
    double *restrict g = out[1], *restrict h = out[2], *restrict p = out[3];
    double total = 0.0;
    memset(g, 0, k * d * sizeof *g);
    memset(h, 0, k * d * sizeof *h);
    for (int64_t start = 0; start < n; start += BLOCK) {
        const int64_t count = n - start < BLOCK ? n - start : BLOCK;
        double best[BLOCK], nearest[BLOCK];
        for (int b = 0; b < BLOCK; b++)
            for (int64_t i = 0; i < d; i++) p[i * BLOCK + b] = b < count ? points[(start + b) * d + i] : 0.0;
        for (int b = 0; b < BLOCK; b++) best[b] = INFINITY;
        for (int64_t j = 0; j < k; j++) {
            double distance[BLOCK];
            distances(d, p, centroids + j * d, distance);
            const double number = (double)j;
#pragma omp simd
            for (int b = 0; b < BLOCK; b++) {
                nearest[b] = distance[b] < best[b] ? number : nearest[b];
                best[b] = distance[b] < best[b] ? distance[b] : best[b];
            }
        }
        for (int64_t b = 0; b < count; b++) {
            const int64_t j = (int64_t)nearest[b];
            const double *restrict c = centroids + j * d, *restrict x = points + (start + b) * d;
            total += best[b];
            for (int64_t i = 0; i < d; i++) g[j * d + i] += 2.0 * (c[i] - x[i]);
            h[j * d] += 2.0;
        }
    }
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 1; i < d; i++) h[j * d + i] = h[j * d];
    *out[0] = total;
}
