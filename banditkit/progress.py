"""How long work is shown: a bar with tqdm where it is installed, else a line that counts up."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

__all__ = ["Hook", "Reporter"]

# Called as hook(done, total, doing): rounds played, rounds to play, and what is going on.
Hook = Callable[[int, int, str], None]


class Reporter:
    """Tells a hook, or a person at a terminal or notebook, how far the work is.

    Parameters
    ----------
    progress
        None: show it where a person is looking, if the work takes more than a second; True:
        always; False: never; a function: call it instead.
    total
        Rounds to play.
    """

    def __init__(self, progress: bool | Hook | None, total: int) -> None:
        self.total, self.done = total, 0
        self.hook: Hook | None = None
        self.patience = 0.0
        if callable(progress):
            self.hook = progress
        elif progress or (progress is None and (_on_terminal() or _in_notebook())):
            self.hook = _Bar()
            self.patience = 0.0 if progress else 1.0
        self.started = time.monotonic()

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if isinstance(self.hook, _Bar):
            self.hook.close()

    def say(self, doing: str) -> None:
        """Say at once what is going on."""
        if self.hook:
            self.hook(self.done, self.total, doing)

    def update(self, done: int, doing: str) -> None:
        """Tell how many rounds have been played."""
        self.done = done
        if self.hook and time.monotonic() - self.started >= self.patience:
            self.hook(done, self.total, doing)


class _Bar:
    """A bar on the standard error stream; where that is no terminal, a line for each new doing."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.shown = ""

    def __call__(self, done: int, total: int, doing: str) -> None:
        if not _on_terminal() and not _in_notebook():
            if doing != self.shown:
                print(doing, file=sys.stderr, flush=True)
                self.shown = doing
            return
        if self.bar is None:
            self.bar = _tqdm(total)
        if self.bar is False:
            line = f"{doing}: {done / total:4.0%} of {total:.3g} rounds"
            if line != self.shown:
                print("\r" + line.ljust(len(self.shown)), end="", file=sys.stderr, flush=True)
                self.shown = line
        else:
            self.bar.set_description(doing, refresh=False)
            self.bar.update(done - self.bar.n)
            self.bar.refresh()

    def close(self) -> None:
        if self.bar:
            self.bar.close()
        elif self.bar is False:
            print("\r" + " " * len(self.shown) + "\r", end="", file=sys.stderr, flush=True)


def _tqdm(total: int) -> Any:
    """Return tqdm's bar, or False where tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return False
    return tqdm(total=total, unit=" rounds", unit_scale=True, leave=False)


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules
