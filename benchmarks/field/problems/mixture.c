/* Log-posterior of a Gaussian mixture with its gradient. WIDTH points at a time: forward of all components, weights,
   reverse of all components. The factors L (with the diagonal) and their cotangents have all rows, filled up to eights
   of columns. */
#include "field.h"

enum { WIDTH = 16 };

/* z = L c of the differences c = x - mean, and |z|^2; the points of x and z are along the last axis. Two rows of L go
   over the same differences. */
static void forward(int64_t d, int64_t stride, const double *restrict mean, const double *restrict l,
                    const double *restrict x, double *restrict c, double *restrict z, double *restrict square) {
    v8 total0 = {0.0}, total1 = {0.0};
    for (int64_t j = 0; j < d; j++) {
        store8(c + j * WIDTH, load8(x + j * WIDTH) - mean[j]);
        store8(c + j * WIDTH + 8, load8(x + j * WIDTH + 8) - mean[j]);
    }
    for (int64_t i = 0; i < d; i += 2) {
        const int64_t next = i + 1 < d ? i + 1 : i;
        const double *restrict p = l + i * stride, *restrict q = l + next * stride;
        v8 a0 = {0.0}, a1 = {0.0}, b0 = {0.0}, b1 = {0.0};
        for (int64_t j = 0; j <= next; j++) { /* p[i + 1] is 0 */
            const v8 c0 = load8(c + j * WIDTH), c1 = load8(c + j * WIDTH + 8);
            a0 += p[j] * c0;
            a1 += p[j] * c1;
            b0 += q[j] * c0;
            b1 += q[j] * c1;
        }
        store8(z + i * WIDTH, a0);
        store8(z + i * WIDTH + 8, a1);
        total0 += a0 * a0;
        total1 += a1 * a1;
        if (next > i) {
            store8(z + next * WIDTH, b0);
            store8(z + next * WIDTH + 8, b1);
            total0 += b0 * b0;
            total1 += b1 * b1;
        }
    }
    store8(square, total0);
    store8(square + 8, total1);
}

/* From zbar = -w z: lbar += zbar c', meanbar -= L' zbar. Here the coordinates of the differences are along the last
   axis, filled up to eights, so that a row of lbar is updated by sixteen products; what is beyond the diagonal is
   never read. */
static void reverse(int64_t d, int64_t stride, const double *restrict mean, const double *restrict l,
                    const double *restrict rows, const double *restrict w, const double *restrict z,
                    double *restrict c, double *restrict lbar, double *restrict meanbar) {
    for (int b = 0; b < WIDTH; b++)
        for (int64_t j = 0; j < d; j++) c[b * stride + j] = w[b] * (mean[j] - rows[b * stride + j]);
    for (int64_t i = 0; i < d; i++) {
        const double *restrict row = z + i * WIDTH;
        double *restrict to = lbar + i * stride;
        double sum = 0.0; /* over the points, so that the product with L' is one of vectors */
        for (int64_t j = 0; j <= i; j += 8) {
            v8 even = load8(to + j), odd = {0.0};
            for (int b = 0; b < WIDTH; b += 2) {
                even += row[b] * load8(c + b * stride + j);
                odd += row[b + 1] * load8(c + (b + 1) * stride + j);
            }
            store8(to + j, even + odd);
        }
#pragma omp simd reduction(+ : sum)
        for (int b = 0; b < WIDTH; b++) sum += w[b] * row[b];
        for (int64_t j = 0; j <= i; j++) meanbar[j] += l[i * stride + j] * sum;
    }
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0], d = sizes[1], k = sizes[2], packed = d * (d + 1) / 2, stride = (d + 7) / 8 * 8;
    const double *restrict alphas = in[0], *restrict means = in[1], *restrict factors = in[2], *restrict x = in[3];
    const double gamma = in[4][1], m = in[4][2];
    double *restrict galpha = out[1], *restrict gmean = out[2], *restrict gfactor = out[3];
    double *l = out[4], *lbar = l + k * d * stride, *base = lbar + k * d * stride, *xs = base + k;
    double *rows = xs + WIDTH * d, *c = rows + WIDTH * stride, *terms = c + WIDTH * stride, *z = terms + WIDTH * k;
    double total = in[4][0], largest = alphas[0], sum = 0.0;

    memset(l, 0, 2 * k * d * stride * sizeof *l);
    memset(rows, 0, 2 * WIDTH * stride * sizeof *rows);
    memset(galpha, 0, k * sizeof *galpha);
    memset(gmean, 0, k * d * sizeof *gmean);
    for (int64_t j = 0; j < k; j++) {
        const double *f = factors + j * packed;
        int64_t position = d;
        base[j] = alphas[j];
        for (int64_t i = 0; i < d; i++) {
            base[j] += f[i];
            l[(j * d + i) * stride + i] = exp(f[i]);
        }
        for (int64_t column = 0; column < d; column++)
            for (int64_t row = column + 1; row < d; row++) l[(j * d + row) * stride + column] = f[position++];
    }
    for (int64_t start = 0; start < n; start += WIDTH) {
        double top[WIDTH], all[WIDTH] = {0.0};
        for (int64_t i = 0; i < d; i++)
            for (int b = 0; b < WIDTH; b++)
                xs[i * WIDTH + b] = rows[b * stride + i] = start + b < n ? x[(start + b) * d + i] : 0.0;
        for (int b = 0; b < WIDTH; b++) top[b] = -INFINITY;
        for (int64_t j = 0; j < k; j++) {
            double *t = terms + j * WIDTH;
            forward(d, stride, means + j * d, l + j * d * stride, xs, c, z + j * d * WIDTH, t);
            for (int b = 0; b < WIDTH; b++) {
                t[b] = base[j] - 0.5 * t[b];
                top[b] = t[b] > top[b] ? t[b] : top[b];
            }
        }
        for (int64_t j = 0; j < k; j++)
#pragma omp simd
            for (int b = 0; b < WIDTH; b++) {
                terms[j * WIDTH + b] = exp(terms[j * WIDTH + b] - top[b]);
                all[b] += terms[j * WIDTH + b];
            }
        for (int b = 0; b < WIDTH; b++) {
            if (start + b < n) total += top[b] + log(all[b]);
            all[b] = start + b < n ? 1.0 / all[b] : 0.0;
        }
        for (int64_t j = 0; j < k; j++) {
            double weight = 0.0, *w = terms + j * WIDTH;
            for (int b = 0; b < WIDTH; b++) {
                w[b] *= all[b];
                weight += w[b];
            }
            galpha[j] += weight;
            reverse(d, stride, means + j * d, l + j * d * stride, rows, w, z + j * d * WIDTH, c, lbar + j * d * stride,
                    gmean + j * d);
        }
    }
    for (int64_t j = 1; j < k; j++) largest = alphas[j] > largest ? alphas[j] : largest;
    for (int64_t j = 0; j < k; j++) sum += exp(alphas[j] - largest);
    total -= (double)n * (largest + log(sum));
    for (int64_t j = 0; j < k; j++) {
        const double *f = factors + j * packed;
        double *g = gfactor + j * packed;
        int64_t position = d;
        for (int64_t i = 0; i < d; i++) {
            const double q = l[(j * d + i) * stride + i];
            total += 0.5 * gamma * gamma * q * q - m * f[i];
            g[i] = galpha[j] + (lbar[(j * d + i) * stride + i] + gamma * gamma * q) * q - m;
        }
        for (int64_t column = 0; column < d; column++)
            for (int64_t row = column + 1; row < d; row++, position++) {
                total += 0.5 * gamma * gamma * f[position] * f[position];
                g[position] = lbar[(j * d + row) * stride + column] + gamma * gamma * f[position];
            }
        galpha[j] -= (double)n * exp(alphas[j] - largest) / sum;
    }
    *out[0] = total;
}
