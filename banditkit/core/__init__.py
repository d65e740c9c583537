"""The ground floor: the loop, the verbs, the compiler, and the words that all others use."""
