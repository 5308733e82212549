/* Sum of the prices of calls with delta, vega, rho and minus theta of each, in closed form. */
#include "field.h"

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0];
    const double *restrict spot = in[0], *restrict volatility = in[1], *restrict rate = in[2], *restrict time = in[3];
    const double *restrict strike = in[4];
    double *restrict delta = out[1], *restrict vega = out[2], *restrict rho = out[3], *restrict decay = out[4];
    const double root_half = 0.70710678118654752440, density = 0.39894228040143267794;
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (int64_t i = 0; i < n; i++) {
        const double s = spot[i], v = volatility[i], t = time[i], root = sqrt(t), spread = v * root;
        const double d1 = (log(s / strike[i]) + (rate[i] + 0.5 * v * v) * t) / spread;
        const double n1 = 0.5 * erfc(-root_half * d1), n2 = 0.5 * erfc(-root_half * (d1 - spread));
        const double discounted = strike[i] * exp(-rate[i] * t), p = s * density * exp(-0.5 * d1 * d1);
        total += s * n1 - discounted * n2;
        delta[i] = n1;
        vega[i] = p * root;
        rho[i] = discounted * t * n2;
        decay[i] = 0.5 * p * v / root + rate[i] * discounted * n2;
    }
    *out[0] = total;
}
