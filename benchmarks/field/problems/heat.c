/* Explicit steps of the heat equation and their reverse; each state is kept. */
#include "field.h"

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0], steps = sizes[1];
    const double *restrict k = in[1], *restrict target = in[2];
    double *restrict bar = out[1], *restrict kbar = out[2], *states = out[3];
    double total = 0.0;
    memcpy(states, in[0], n * sizeof *states);
    for (int64_t t = 0; t < steps; t++) {
        const double *restrict u = states + t * n;
        double *restrict v = states + (t + 1) * n;
        v[0] = u[0] + k[0] * (u[1] - u[0]);
        for (int64_t i = 1; i < n - 1; i++) v[i] = u[i] + k[i] * (u[i + 1] - u[i]) - k[i - 1] * (u[i] - u[i - 1]);
        v[n - 1] = u[n - 1] - k[n - 2] * (u[n - 1] - u[n - 2]);
    }
    for (int64_t i = 0; i < n; i++) {
        bar[i] = states[steps * n + i] - target[i];
        total += bar[i] * bar[i];
    }
    memset(kbar, 0, (n - 1) * sizeof *kbar);
    /* A step is linear and symmetric in u: its reverse is the step itself, which reads two neighbours that it must not
       have overwritten, so it goes through the next state's place, which is dead by then. */
    for (int64_t t = steps - 1; t >= 0; t--) {
        const double *restrict u = states + t * n;
        double *restrict w = states + (t + 1) * n;
        for (int64_t i = 0; i < n - 1; i++) kbar[i] += (bar[i] - bar[i + 1]) * (u[i + 1] - u[i]);
        w[0] = bar[0] + k[0] * (bar[1] - bar[0]);
        for (int64_t i = 1; i < n - 1; i++)
            w[i] = bar[i] + k[i] * (bar[i + 1] - bar[i]) - k[i - 1] * (bar[i] - bar[i - 1]);
        w[n - 1] = bar[n - 1] - k[n - 2] * (bar[n - 1] - bar[n - 2]);
        memcpy(bar, w, n * sizeof *bar);
    }
    *out[0] = 0.5 * total;
}
