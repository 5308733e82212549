/* log sum exp(x_i) and its gradient, the softmax. */
#include "field.h"

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0];
    const double *restrict x = in[0];
    double *restrict g = out[1];
    double largest = x[0], total = 0.0;
#pragma omp simd reduction(max : largest)
    for (int64_t i = 0; i < n; i++) largest = x[i] > largest ? x[i] : largest;
#pragma omp simd reduction(+ : total)
    for (int64_t i = 0; i < n; i++) {
        const double e = exp(x[i] - largest);
        g[i] = e;
        total += e;
    }
    const double scale = 1.0 / total;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) g[i] *= scale;
    *out[0] = largest + log(total);
}
