"""The algorithms once more, slowly and plainly: what the fast ones are compared with."""
