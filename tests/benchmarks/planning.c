/* Value iteration in plain C, on the arrays of a Model, to the stopping rule of the library. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t S, A;
    double gamma;
    const int32_t *first, *following;
    const double *chance, *expected;
    const bool *terminal;
} Model;

/* One sweep from V to W, which may be the same; the largest change. */
static double sweep(const Model *m, const double *V, double *W, bool backwards) {
    double change = 0.0;
    for (int64_t k = 0; k < m->S; k++) {
        int64_t s = backwards ? m->S - 1 - k : k;
        if (m->terminal[s])
            continue;
        double best = -INFINITY;
        for (int64_t pair = s * m->A; pair < (s + 1) * m->A; pair++) {
            double value = 0.0;
            for (int64_t i = m->first[pair]; i < m->first[pair + 1]; i++)
                value += m->chance[i] * V[m->following[i]];
            value = m->expected[pair] + m->gamma * value;
            if (value > best)
                best = value;
        }
        change = fmax(change, fabs(best - V[s]));
        W[s] = best;
    }
    return change;
}

/* Gauss and Seidel, in one order and then in the other; the number of sweeps. */
int64_t in_place(const Model *m, double delta, double *V, double *unused) {
    (void)unused;
    int64_t n = 0;
    while (sweep(m, V, V, n++ % 2) > delta)
        ;
    return n;
}

/* From copy to copy: V after an even number of sweeps. */
int64_t copied(const Model *m, double delta, double *V, double *W) {
    int64_t n = 0;
    for (;;) {
        n += 2;
        sweep(m, V, W, false);
        if (sweep(m, W, V, false) <= delta)
            return n;
    }
}
