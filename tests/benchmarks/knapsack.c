/* Bandits with knapsacks in plain C, as one writes them first: nine prices and the null arm, one
 * resource beside time, reward and sale independent coins, xoshiro256**.  Prints
 * "name nanoseconds-a-round reward" for T rounds (or until the stock, 0.2 T, is gone):
 *
 *     cc -O3 -march=native -o knapsack knapsack.c -lm && ./knapsack 1000000
 *
 * The linear programme has two rows, so that its solution is an arm or two: ucb_bwk tries all.
 * "only" plays one price: the environment alone.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { K = 10, NIL = 9 };               /* the last arm is the null arm */
static uint64_t s[4];
static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
static inline uint64_t next(void) {
    uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45);
    return result;
}
static inline double uniform(void) { return (next() >> 11) * 0x1p-53; }

static double share, care;              /* B / T, and 2 log T */
static double n[K], pay[K], use[K], ucb[K], lcb[K], v[2];

static void learn(int a, double r, double c) {
    if (a == NIL) return;
    n[a]++; pay[a] += (r - pay[a]) / n[a]; use[a] += (c - use[a]) / n[a];
    double rad = sqrt(care / n[a]);
    ucb[a] = fmin(1, pay[a] + rad); lcb[a] = fmax(0, use[a] - rad);
}

static int only(long t) { return 8; }
static void no_news(int a, double r, double c) { }

static int ucb_bwk(long t) {
    if (t < K - 1) return t;
    int one = NIL, two = NIL; double most = 0, odds = 1;       /* play `one` with these odds */
    for (int a = 0; a < K; a++) {
        if (lcb[a] <= share) { if (ucb[a] > most) { most = ucb[a]; one = two = a; odds = 1; } continue; }
        for (int b = 0; b < K; b++) {                           /* a uses too much, b less */
            if (lcb[b] > share) continue;
            double p = (share - lcb[b]) / (lcb[a] - lcb[b]), value = p * ucb[a] + (1 - p) * ucb[b];
            if (value > most) { most = value; one = a; two = b; odds = p; }
        }
    }
    return uniform() < odds ? one : two;
}

static int primal_dual(long t) {
    if (t < K - 1) return t;
    int best = NIL; double most = 0, w = v[0] * share;
    for (int a = 0; a < K - 1; a++) {
        double ratio = ucb[a] / (w + v[1] * lcb[a]);
        if (ratio > most) { most = ratio; best = a; }
    }
    return best;
}
static double rate;
static long played;
static void primal_dual_learn(int a, double r, double c) {
    if (played >= K - 1) {
        v[0] *= pow(1 + rate, share); v[1] *= pow(1 + rate, lcb[a]);
        if (v[0] + v[1] > 1e100) { v[0] *= 1e-100; v[1] *= 1e-100; }
    }
    learn(a, r, c);
}

#define PLAY(name, select, update) do { \
    s[0] = 1; s[1] = 2; s[2] = 3; s[3] = 4; for (int i = 0; i < 100; i++) next(); \
    double left = share * T, reward = 0; v[0] = v[1] = 1; \
    memset(n, 0, sizeof n); memset(pay, 0, sizeof pay); memset(use, 0, sizeof use); \
    memset(ucb, 0, sizeof ucb); memset(lcb, 0, sizeof lcb); \
    struct timespec from, to; clock_gettime(CLOCK_MONOTONIC, &from); \
    for (played = 0; played < T; played++) { \
        int a = select(played); double price = .1 * (a + 1); \
        if (a != NIL && left < 1) break; \
        double r = a != NIL && uniform() < price * (1 - price), c = a != NIL && uniform() < 1 - price; \
        left -= c; reward += r; update(a, r, c); } \
    clock_gettime(CLOCK_MONOTONIC, &to); \
    printf(name " %.3f %.1f\n", ((to.tv_sec - from.tv_sec) * 1e9 + to.tv_nsec - from.tv_nsec) / played, reward); \
} while (0)

int main(int argc, char **argv) {
    long T = argc > 1 ? atol(argv[1]) : 1000000;
    share = .2; care = 2 * log(T); rate = sqrt(log(2) / (share * T));
    PLAY("only", only, no_news);
    PLAY("ucb_bwk", ucb_bwk, learn);
    PLAY("primal_dual", primal_dual, primal_dual_learn);
    return 0;
}
