/* Runge-Kutta steps of y_i' = x_i y_{i-1} and their reverse. A state has four numbers before its first element, the last
   of which is 1 (what y_0' is proportional to) and the others 0; a slope has 0 there. So all components are one loop.
   States are kept, slopes computed again. Blocks of components stay in cache: a slope needs one more element on the left
   than the next one, a cotangent one more on the right. */
#include "field.h"

enum { BLOCK = 512, LEFT = 4, RIGHT = 4, ROOM = BLOCK + LEFT + RIGHT };

/* The first three slopes of the components from `from` to `to`, at [LEFT + i - from]; x and y may be read from -4 on. */
static void slopes(int64_t from, int64_t to, double h, const double *restrict x, const double *restrict y,
                   double *restrict k1, double *restrict k2, double *restrict k3) {
    const int64_t count = to - from;
    x += from - LEFT;
    y += from - LEFT;
#pragma omp simd
    for (int64_t i = LEFT - 3; i < LEFT + count; i++) k1[i] = x[i] * y[i - 1];
#pragma omp simd
    for (int64_t i = LEFT - 2; i < LEFT + count; i++) k2[i] = x[i] * (y[i - 1] + 0.5 * h * k1[i - 1]);
#pragma omp simd
    for (int64_t i = LEFT - 1; i < LEFT + count; i++) k3[i] = x[i] * (y[i - 1] + 0.5 * h * k2[i - 1]);
}

static void step(int64_t n, double h, const double *restrict x, const double *restrict y, double *restrict next) {
    double k1[ROOM], k2[ROOM], k3[ROOM];
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t to = from + BLOCK < n ? from + BLOCK : n;
        slopes(from, to, h, x, y, k1, k2, k3);
#pragma omp simd
        for (int64_t i = from; i < to; i++) {
            const int64_t j = LEFT + i - from;
            const double k4 = x[i] * (y[i - 1] + h * k3[j - 1]);
            next[i] = y[i] + h / 6.0 * (k1[j] + 2.0 * k2[j] + 2.0 * k3[j] + k4);
        }
    }
}

/* bj is the cotangent of the argument of slope j, shifted: x kbar_j, where kbar_j = weight ybar + a bj+1 of the next
   component. Elements of x and bar may be read up to n + 3, where x is 0. */
static void reverse(int64_t n, double h, const double *restrict x, const double *restrict y, double *bar,
                    double *restrict g) {
    double k1[ROOM], k2[ROOM], k3[ROOM], b4[ROOM], b3[ROOM], b2[ROOM];
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t count = from + BLOCK < n ? BLOCK : n - from;
        const double *restrict u = x + from, *restrict v = y + from - 1;
        double *restrict r = bar + from;
        const double *restrict p1 = k1 + LEFT - 1, *restrict p2 = k2 + LEFT - 1, *restrict p3 = k3 + LEFT - 1;
        slopes(from, from + count, h, x, y, k1, k2, k3);
#pragma omp simd
        for (int64_t i = 0; i < count + 4; i++) b4[i] = u[i] * (h / 6.0) * r[i];
#pragma omp simd
        for (int64_t i = 0; i < count + 3; i++) b3[i] = u[i] * (h / 3.0 * r[i] + h * b4[i + 1]);
#pragma omp simd
        for (int64_t i = 0; i < count + 2; i++) b2[i] = u[i] * (h / 3.0 * r[i] + 0.5 * h * b3[i + 1]);
#pragma omp simd
        for (int64_t i = 0; i < count; i++) {
            const double weight = h / 6.0 * r[i], last = weight + 0.5 * h * b2[i + 1];
            const double third = 2.0 * weight + h * b4[i + 1], second = 2.0 * weight + 0.5 * h * b3[i + 1];
            g[from + i] += weight * (v[i] + h * p3[i]) + third * (v[i] + 0.5 * h * p2[i]) +
                           second * (v[i] + 0.5 * h * p1[i]) + last * v[i];
        }
        /* the cotangent of y_i has what component i + 1 gives it: its b1 to b4 */
#pragma omp simd
        for (int64_t i = 0; i < count; i++)
            r[i] += b4[i + 1] + b3[i + 1] + b2[i + 1] + u[i + 1] * (h / 6.0 * r[i + 1] + 0.5 * h * b2[i + 2]);
    }
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0], steps = sizes[1], stride = n + LEFT;
    const double h = 2.0 / (double)steps;
    double *restrict g = out[1], *x = out[2] + LEFT, *bar = x + n + RIGHT, *states = bar + n + RIGHT + LEFT;
    double total = 0.0;
    for (int64_t i = -LEFT; i < n + RIGHT; i++) x[i] = i >= 0 && i < n ? in[0][i] : 0.0;
    for (int64_t t = 0; t <= steps; t++)
        for (int64_t i = -LEFT; i < 0; i++) states[t * stride + i] = i == -1 ? 1.0 : 0.0;
    memset(states, 0, n * sizeof *states);
    for (int64_t t = 0; t < steps; t++) step(n, h, x, states + t * stride, states + (t + 1) * stride);
    for (int64_t i = 0; i < n; i++) total += states[steps * stride + i];
    memset(g, 0, n * sizeof *g);
    for (int64_t i = 0; i < n + RIGHT; i++) bar[i] = i < n ? 1.0 : 0.0;
    for (int64_t t = steps - 1; t >= 0; t--) reverse(n, h, x, states + t * stride, bar, g);
    *out[0] = total;
}
