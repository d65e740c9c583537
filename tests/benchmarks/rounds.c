/* The plain C that banditkit is measured against: one loop a learner, K = 10 coins, xoshiro256**.
   Prints "name nanoseconds-a-round regret" for T rounds: cc -O3 -march=native rounds.c -lm */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { K = 10 };
static const double MU[K] = {.1, .2, .3, .4, .5, .6, .7, .8, .9, .95};
static uint64_t s[4];
static double n[K], sum[K];
static long T = 1000000;

static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
static inline uint64_t next(void) {
    uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45);
    return result;
}
static inline double uniform(void) { return (next() >> 11) * 0x1p-53; }
static double normal(void) {            /* Marsaglia's polar method, both values used */
    static double spare; static int have = 0;
    if (have) { have = 0; return spare; }
    double x, y, r;
    do { x = 2 * uniform() - 1; y = 2 * uniform() - 1; r = x * x + y * y; } while (r >= 1 || r == 0);
    double f = sqrt(-2 * log(r) / r);
    spare = y * f; have = 1;
    return x * f;
}
static double gamma_(double shape) {    /* Marsaglia & Tsang, shape >= 1 */
    double d = shape - 1. / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double z = normal(), v = 1 + c * z;
        if (v <= 0) continue;
        v = v * v * v;
        double u = 1 - uniform();
        if (u < 1 - .0331 * z * z * z * z || log(u) < .5 * z * z + d * (1 - v + log(v))) return d * v;
    }
}
static double kl(double p, double q) {
    if (p == q) return 0;
    if (q <= 0 || q >= 1) return INFINITY;
    return (p > 0 ? p * log(p / q) : 0) + (p < 1 ? (1 - p) * log((1 - p) / (1 - q)) : 0);
}
static double kl_upper(double p, double level) {   /* bisection, as one writes it first */
    double low = p, high = 1;
    for (int i = 0; i < 40; i++) { double q = (low + high) / 2; if (kl(p, q) > level) high = q; else low = q; }
    return low;
}

static int only(long t) { return 9; }
static int epsilon_greedy(long t) {
    if (uniform() < .1) return (int)(uniform() * K);
    int best = 0;
    for (int i = 1; i < K; i++) if (n[i] && (!n[best] || sum[i] / n[i] > sum[best] / n[best])) best = i;
    return best;
}
static int ucb1(long t) {
    if (t < K) return t;
    int best = 0; double top = -1, l = 2 * log(t + 1.);
    for (int i = 0; i < K; i++) { double v = sum[i] / n[i] + sqrt(l / n[i]); if (v > top) { top = v; best = i; } }
    return best;
}
static int klucb(long t) {
    if (t < K) return t;
    int best = 0; double top = -1, l = log(t + 1.);
    for (int i = 0; i < K; i++) { double v = kl_upper(sum[i] / n[i], l / n[i]); if (v > top) { top = v; best = i; } }
    return best;
}
static int thompson(long t) {
    int best = 0; double top = -1;
    for (int i = 0; i < K; i++) {
        double x = gamma_(1 + sum[i]), v = x / (x + gamma_(1 + n[i] - sum[i]));
        if (v > top) { top = v; best = i; }
    }
    return best;
}

static double w[K], total, drop, p_arm;  /* exp3, with all weights in one row */
static int exp3(long t) {
    if (t == 0) {
        for (int i = 0; i < K; i++) w[i] = 1;
        drop = -log1p(-sqrt(log(K) / (3. * K * T)));
    }
    total = 0;
    for (int i = 0; i < K; i++) total += w[i];
    if (total < 1e-100) for (int i = 0; i < K; i++) w[i] *= 1e100;
    double u = uniform() * total;
    int arm = 0;
    while (arm < K - 1 && (u -= w[arm]) >= 0) arm++;
    p_arm = w[arm] / total;
    return arm;
}
static inline void nothing(int arm, double y) { }
static inline void fall(int arm, double y) { w[arm] *= exp(-drop * (1 - y) / p_arm); }

#define PLAY(select, learn) do { \
    s[0] = 1; s[1] = 2; s[2] = 3; s[3] = 4; for (int i = 0; i < 100; i++) next(); \
    for (int i = 0; i < K; i++) n[i] = sum[i] = 0; \
    double regret = 0; struct timespec p, q; clock_gettime(CLOCK_MONOTONIC, &p); \
    for (long t = 0; t < T; t++) { \
        int arm = select(t); regret += .95 - MU[arm]; \
        double y = uniform() < MU[arm]; n[arm] += 1; sum[arm] += y; learn(arm, y); } \
    clock_gettime(CLOCK_MONOTONIC, &q); \
    printf(#select " %.3f %.1f\n", ((q.tv_sec - p.tv_sec) * 1e9 + q.tv_nsec - p.tv_nsec) / T, regret); \
} while (0)

int main(int argc, char **argv) {
    if (argc > 1) T = atol(argv[1]);
    PLAY(only, nothing); PLAY(epsilon_greedy, nothing); PLAY(ucb1, nothing);
    PLAY(thompson, nothing); PLAY(klucb, nothing); PLAY(exp3, fall);
    return 0;
}
