/* mean (tanh(x w1 + b1) w2 + b2 - y)^2 with its gradient; products by the BLAS that SciPy has. */
#include "field.h"

typedef void dgemm_t(const char *, const char *, const int *, const int *, const int *, const double *, const double *,
                     const int *, const double *, const int *, const double *, double *, const int *);
static dgemm_t *dgemm;

void use_dgemm(dgemm_t *address) { dgemm = address; }

/* c (m, n) = op(a) op(b) + beta c in row-major order: Fortran sees the transposes. */
static void product(char ta, char tb, int64_t m, int64_t n, int64_t k, const double *a, const double *b, double beta,
                    double *c) {
    const int rows = (int)m, columns = (int)n, inner = (int)k;
    const int lda = ta == 'N' ? inner : rows, ldb = tb == 'N' ? columns : inner;
    const double one = 1.0;
    dgemm(&tb, &ta, &columns, &rows, &inner, &one, b, &ldb, a, &lda, &beta, c, &columns);
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t batch = sizes[0], features = sizes[1], hidden = sizes[2], outputs = sizes[3];
    const double *w1 = in[0], *restrict b1 = in[1], *w2 = in[2], *restrict b2 = in[3], *x = in[4];
    const double *restrict y = in[5];
    double *restrict g1 = out[2], *restrict g2 = out[4];
    double *restrict h = out[5], *restrict hbar = h + batch * hidden, *restrict error = hbar + batch * hidden;
    const double scale = 2.0 / (double)(batch * outputs);
    double total = 0.0;
    for (int64_t b = 0; b < batch; b++) memcpy(h + b * hidden, b1, hidden * sizeof *h);
    product('N', 'N', batch, hidden, features, x, w1, 1.0, h);
#pragma omp simd
    for (int64_t i = 0; i < batch * hidden; i++) h[i] = tanh(h[i]);
    for (int64_t b = 0; b < batch; b++) memcpy(error + b * outputs, b2, outputs * sizeof *error);
    product('N', 'N', batch, outputs, hidden, h, w2, 1.0, error);
#pragma omp simd reduction(+ : total)
    for (int64_t i = 0; i < batch * outputs; i++) {
        const double e = error[i] - y[i];
        total += e * e;
        error[i] = scale * e;
    }
    memset(g2, 0, outputs * sizeof *g2);
    for (int64_t b = 0; b < batch; b++)
        for (int64_t o = 0; o < outputs; o++) g2[o] += error[b * outputs + o];
    product('T', 'N', hidden, outputs, batch, h, error, 0.0, out[3]);
    product('N', 'T', batch, hidden, outputs, error, w2, 0.0, hbar);
    memset(g1, 0, hidden * sizeof *g1);
    for (int64_t b = 0; b < batch; b++)
#pragma omp simd
        for (int64_t i = 0; i < hidden; i++) {
            const double t = h[b * hidden + i];
            const double bar = hbar[b * hidden + i] * (1.0 - t * t);
            hbar[b * hidden + i] = bar;
            g1[i] += bar;
        }
    product('T', 'N', features, hidden, batch, x, hbar, 0.0, out[1]);
    *out[0] = total / (double)(batch * outputs);
}
