"""The loop once more: an oracle plays IID arms."""


def play(oracle, arms, means, rounds, env_rng=None, policy_rng=None):
    """Return actions, rewards, and pseudo-regret after each round.

    `arms` are functions: ``arms[a](env_rng)`` draws a reward of arm a, whose mean is means[a].
    """
    actions, rewards, regret, so_far = [], [], [], 0.0
    for t in range(rounds):
        arm = oracle.select(t, policy_rng)
        reward = arms[arm](env_rng)
        oracle.update(arm, reward)
        so_far += max(means) - means[arm]
        actions.append(arm)
        rewards.append(reward)
        regret.append(so_far)
    return actions, rewards, regret


def coins(means):
    """Return Bernoulli arms."""
    return [lambda rng, mean=mean: 1.0 if rng.random() < mean else 0.0 for mean in means]


def expected_regret(oracle, means, rounds):
    """Return the expected regret of an oracle that does not randomise on coins, exactly.

    All sequences of rewards are gone through, each weighted by its probability.
    """
    if len(oracle.history) == rounds:
        return 0.0
    arm = oracle.select(len(oracle.history), None)
    expected = max(means) - means[arm]
    for reward, probability in ((1.0, means[arm]), (0.0, 1.0 - means[arm])):
        oracle.update(arm, reward)
        expected += probability * expected_regret(oracle, means, rounds)
        oracle.history.pop()
    return expected
