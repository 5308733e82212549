/* Loss of the LSTM model with its gradient. Vectors of 14 are kept as 16 with zeros (a gate of a zero is no matter,
   for what it multiplies and is multiplied with is dropped). */
#include "field.h"

enum { BITS = 14, W = 16 };

/* What a layer keeps of a character: three gates, the change, the cell, its tanh, the hidden state. */
enum { FORGET, ENTER, LEAVE, CHANGE, CELL, TANH, HIDDEN, KEPT };

static void load(double *restrict to, const double *restrict from) {
    for (int b = 0; b < W; b++) to[b] = b < BITS ? from[b] : 0.0;
}

static void layer(const double *restrict w, const double *restrict bias, const double *restrict x,
                  const double *restrict hidden, const double *restrict cell, double *restrict k) {
#pragma omp simd
    for (int b = 0; b < W; b++) k[FORGET * W + b] = 1.0 / (1.0 + exp(-(x[b] * w[b] + bias[b])));
#pragma omp simd
    for (int b = 0; b < W; b++) k[ENTER * W + b] = 1.0 / (1.0 + exp(-(hidden[b] * w[W + b] + bias[W + b])));
#pragma omp simd
    for (int b = 0; b < W; b++) k[LEAVE * W + b] = 1.0 / (1.0 + exp(-(x[b] * w[2 * W + b] + bias[2 * W + b])));
#pragma omp simd
    for (int b = 0; b < W; b++) k[CHANGE * W + b] = tanh(hidden[b] * w[3 * W + b] + bias[3 * W + b]);
#pragma omp simd
    for (int b = 0; b < W; b++) {
        const double c = cell[b] * k[FORGET * W + b] + k[ENTER * W + b] * k[CHANGE * W + b], s = tanh(c);
        k[CELL * W + b] = c;
        k[TANH * W + b] = s;
        k[HIDDEN * W + b] = k[LEAVE * W + b] * s;
    }
}

/* xbar is the cotangent of the hidden state at entry (from above) and of x at exit. */
static void reverse(const double *restrict w, const double *restrict x, const double *restrict hidden,
                    const double *restrict cell, const double *restrict k, double *restrict xbar,
                    double *restrict hbar, double *restrict cbar, double *restrict wbar, double *restrict bbar) {
#pragma omp simd
    for (int b = 0; b < W; b++) {
        const double f = k[FORGET * W + b], e = k[ENTER * W + b], l = k[LEAVE * W + b], c = k[CHANGE * W + b];
        const double s = k[TANH * W + b], h = xbar[b] + hbar[b], bar = cbar[b] + h * l * (1.0 - s * s);
        const double fbar = bar * cell[b] * f * (1.0 - f), ebar = bar * c * e * (1.0 - e);
        const double lbar = h * s * l * (1.0 - l), changebar = bar * e * (1.0 - c * c);
        bbar[b] += fbar;
        bbar[W + b] += ebar;
        bbar[2 * W + b] += lbar;
        bbar[3 * W + b] += changebar;
        wbar[b] += fbar * x[b];
        wbar[W + b] += ebar * hidden[b];
        wbar[2 * W + b] += lbar * x[b];
        wbar[3 * W + b] += changebar * hidden[b];
        cbar[b] = bar * f;
        hbar[b] = ebar * w[W + b] + changebar * w[3 * W + b];
        xbar[b] = fbar * w[b] + lbar * w[2 * W + b];
    }
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t layers = sizes[0], length = sizes[1];
    const double *main = in[0], *state = in[2], *sequence = in[3];
    double *w = out[3], *wbar = w + layers * 8 * W, *first = wbar + layers * 8 * W; /* first: states at the start */
    double *kept = first + layers * 2 * W, *hbar = kept + length * layers * KEPT * W, *cbar = hbar + layers * W;
    double *xs = cbar + layers * W, *guesses = xs + length * W;
    double extra[3][W], ebar[3][W] = {{0.0}}, total = 0.0;
    const double scale = -1.0 / (double)((length - 1) * BITS);

    for (int64_t i = 0; i < 2 * layers; i++) {
        for (int gate = 0; gate < 4; gate++) load(w + (i * 4 + gate) * W, main + (i * 4 + gate) * BITS);
        load(first + i * W, state + i * BITS);
    }
    memset(wbar, 0, layers * 8 * W * sizeof *wbar);
    memset(hbar, 0, layers * 2 * W * sizeof *hbar);
    for (int i = 0; i < 3; i++) load(extra[i], in[1] + i * BITS);
    for (int64_t t = 0; t < length - 1; t++) {
        double *x = xs + t * W, *k = kept + t * layers * KEPT * W, *before = k - layers * KEPT * W, *bar = guesses + t * W;
        const double *above = x;
        double sum = 0.0, gold = 0.0, e[W];
        load(x, sequence + t * BITS);
        for (int b = 0; b < W; b++) x[b] *= extra[0][b];
        for (int64_t i = 0; i < layers; i++) {
            const double *hidden = t ? before + (i * KEPT + HIDDEN) * W : first + 2 * i * W;
            const double *cell = t ? before + (i * KEPT + CELL) * W : first + (2 * i + 1) * W;
            layer(w + i * 8 * W, w + i * 8 * W + 4 * W, above, hidden, cell, k + i * KEPT * W);
            above = k + (i * KEPT + HIDDEN) * W;
        }
        load(bar, sequence + (t + 1) * BITS);
#pragma omp simd
        for (int b = 0; b < W; b++) e[b] = exp(above[b] * extra[1][b] + extra[2][b]);
        for (int b = 0; b < BITS; b++) {
            sum += e[b];
            gold += bar[b];
            total += bar[b] * (above[b] * extra[1][b] + extra[2][b]);
        }
        total -= gold * log(2.0 + sum);
        for (int b = 0; b < W; b++) bar[b] = scale * (bar[b] - (b < BITS ? gold * e[b] / (2.0 + sum) : 0.0));
    }
    for (int64_t t = length - 2; t >= 0; t--) {
        double *k = kept + t * layers * KEPT * W, *before = k - layers * KEPT * W, bar[W];
        const double *top = k + ((layers - 1) * KEPT + HIDDEN) * W, *guess = guesses + t * W;
        for (int b = 0; b < W; b++) {
            ebar[2][b] += guess[b];
            ebar[1][b] += guess[b] * top[b];
            bar[b] = guess[b] * extra[1][b];
        }
        for (int64_t i = layers - 1; i >= 0; i--) {
            const double *hidden = t ? before + (i * KEPT + HIDDEN) * W : first + 2 * i * W;
            const double *cell = t ? before + (i * KEPT + CELL) * W : first + (2 * i + 1) * W;
            const double *x = i ? k + ((i - 1) * KEPT + HIDDEN) * W : xs + t * W;
            double *weights = wbar + i * 8 * W;
            reverse(w + i * 8 * W, x, hidden, cell, k + i * KEPT * W, bar, hbar + i * W, cbar + i * W, weights,
                    weights + 4 * W);
        }
        for (int b = 0; b < BITS; b++) ebar[0][b] += bar[b] * sequence[t * BITS + b];
    }
    for (int64_t i = 0; i < 8 * layers; i++) memcpy(out[1] + i * BITS, wbar + i * W, BITS * sizeof(double));
    for (int i = 0; i < 3; i++) memcpy(out[2] + i * BITS, ebar[i], BITS * sizeof(double));
    *out[0] = scale * total;
}
