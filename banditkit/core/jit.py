"""The one place that knows how Python becomes machine code.

Kernels are plain Python functions with a decorator on top:

* `jit` compiles a function, and lets other threads run meanwhile;
* `jit_checked` is `jit` with every array index checked;
* `jit_helper` makes a function known to compiled code; Python runs it as Python;
* `jit_inline` is `jit_helper` for small functions: it is pasted into its caller.

With ``NUMBA_DISABLE_JIT=1`` they all return the function itself, so that the same code runs, and
can be stepped through, as Python; `interpreted` gives that Python version at any time.

`cached` stores what was compiled on disk.  Numba checks only the file of the stored function
when it looks for changes; what is compiled here is woven from the whole package, so the stamp
covers every source file of it: who edits a learner sees the edit in the next run.
"""

import hashlib
import itertools
import logging
import os
import pickle
import tempfile
from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba.core import event, ir, typed_passes, types
from numba.core.caching import FunctionCache
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.errors import NumbaError
from numba.core.ir_utils import replace_vars
from numba.core.targetconfig import ConfigStack
from numba.core.typing import templates
from numba.extending import register_jitable

__all__ = [
    "NumbaError",
    "cached",
    "interpreted",
    "is_packaged",
    "jit",
    "jit_checked",
    "jit_helper",
    "jit_inline",
    "on_compile",
]

PACKAGE = Path(__file__).resolve().parents[1]


@contextmanager
def _pasting_made_quick() -> Iterator[None]:
    """Keep Numba from doing the same work again and again for functions that are to be pasted.

    It would infer their types anew for each place that calls them, and for each place inside them,
    and so on: compile time would double with every level of functions that call functions.  And it
    would make machine code of each of them on its own, though nobody calls it.
    """
    template: Any = templates._OverloadFunctionTemplate
    infer, decorator_of = template.generic, template._get_jit_decorator
    if infer.__module__ == __name__:  # within another one
        yield
        return
    known: dict[Any, Any] = {}

    def generic(self: Any, args: Any, kws: Any) -> Any:
        if not self._inline.is_always_inline:
            return infer(self, args, kws)
        key = type(self), args, tuple(kws.items()), ConfigStack.top_or_none()
        if key not in known:
            known[key] = infer(self, args, kws)
        return known[key]

    def decorator_that_waits(self: Any) -> Any:
        decorator = decorator_of(self)
        if not self._inline.is_always_inline:
            return decorator

        def decorate(**options: Any) -> Any:
            def wait(function: Any) -> Any:
                dispatcher = decorator(**options)(function)
                dispatcher._can_compile = False
                return dispatcher

            return wait

        return decorate

    template.generic, template._get_jit_decorator = generic, decorator_that_waits
    try:  # nobody else compiles meanwhile: Numba holds its compiler lock
        yield
    finally:
        template.generic, template._get_jit_decorator = infer, decorator_of


@register_pass(mutates_CFG=True, analysis_only=False)
class _InferTypes(typed_passes.NopythonTypeInference):
    """Numba's own pass, which remembers what it found."""

    _name = "banditkit_infer_types"

    def run_pass(self, state: Any) -> bool:
        with _pasting_made_quick():
            return super().run_pass(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class _PasteVerbs(typed_passes.InlineOverloads):
    """Numba's pass that pastes methods into the loop, without its removal of dead code.

    After pasting, Numba drops writes to arrays that seem unused, and takes an array inside a
    record that a function returned for unused even if it is shared: what a policy learns would
    be lost without a word.  The compiler behind Numba removes truly dead code anyway.
    """

    _name = "banditkit_paste_verbs"

    def run_pass(self, state: Any) -> bool:
        removal = typed_passes.dead_code_elimination
        typed_passes.dead_code_elimination = lambda *args, **kwargs: None
        try:  # nobody else compiles meanwhile: Numba holds its compiler lock
            with _pasting_made_quick():
                mutated = super().run_pass(state)
        finally:
            typed_passes.dead_code_elimination = removal
        _call_arguments_by_one_name(state.func_ir, state.typemap)
        return mutated

    def _run_inliner(self, state: Any, kind: Any, sig: Any, template: Any, *rest: Any) -> bool:
        """Paste a function in one place, under names that are used nowhere else.

        Numba adds the new names to the scope of the pasted function, which all places share, and
        loses track of them from the second place on.
        """
        (arguments, *_) = rest
        pasted = template._inline_overloads[arguments]["iinfo"].func_ir
        identity, (scope, *_) = pasted.func_id, (block.scope for block in pasted.blocks.values())
        identity.unique_name = f"{identity.func_qualname}${next(_places)}"
        names, redefined = dict(scope.localvars._con), scope.redefined.copy()
        redefinitions = {name: set(each) for name, each in scope.var_redefinitions.items()}
        done = super()._run_inliner(state, kind, sig, template, *rest)
        scope.localvars._con, scope.redefined = names, redefined
        scope.var_redefinitions = defaultdict(set, redefinitions)
        return done


_places = itertools.count()  # where functions have been pasted


def _call_arguments_by_one_name(func_ir: Any, typemap: dict[str, Any]) -> None:
    """Let pasted code speak of the arguments of the loop, and of their fields, by one name each.

    A pasted method begins with ``self = policy`` and goes on with ``arms = self.arms``.  Numba
    counts every array in and out for each name that it, or a record around it, has: atomically,
    in each round.  That would cost several times the arithmetic.  A name that is assigned once,
    from an argument and without a change of type, is the argument; one that is assigned once,
    from a field of a record that is an argument, is that field, which is read once, at the
    beginning: records do not change.
    """
    blocks = func_ir.blocks
    assigned: dict[str, list[Any]] = {}
    for block in blocks.values():
        for statement in block.find_insts(ir.Assign):
            assigned.setdefault(statement.target.name, []).append(statement)
    once = {name: each[0] for name, each in assigned.items() if len(each) == 1}
    entry = blocks[min(blocks)]
    known = {name: each.target for name, each in once.items() if isinstance(each.value, ir.Arg)}
    copies: dict[str, ir.Var] = {}
    fields: dict[tuple[str, str], ir.Var] = {}
    found = True
    while found:  # a copy of a copy is a copy, and a field of a field a field
        found = False
        for name, each in once.items():
            if name in known:
                continue
            source = None
            if isinstance(each.value, ir.Var):
                source = known.get(each.value.name)
            elif isinstance(each.value, ir.Expr) and each.value.op == "getattr":
                source = known.get(each.value.value.name)
                if source is not None:
                    source = _field(entry, source, each, fields, typemap)
            if source is not None and typemap[name] == typemap[source.name]:
                known[name] = copies[name] = source
                found = True
    for block in blocks.values():
        block.body = [each for each in block.body if not _assigns(each, copies)]
    replace_vars(blocks, copies)


def _field(
    entry: Any, record: Any, read: Any, fields: dict[tuple[str, str], Any], typemap: dict[str, Any]
) -> Any:
    """Return the variable for a field of a record, and read it where the function begins."""
    if not isinstance(typemap[record.name], types.NamedTuple | types.NamedUniTuple):
        return None
    key = record.name, read.value.attr
    if key not in fields:
        name = ".".join(key)
        fields[key] = ir.Var(entry.scope, name, read.loc)
        typemap[name] = typemap[read.target.name]
        position = next(i for i, each in enumerate(entry.body) if _assigns(each, {record.name}))
        getattr_once = ir.Expr.getattr(record, read.value.attr, read.loc)
        entry.body.insert(position + 1, ir.Assign(getattr_once, fields[key], read.loc))
    return fields[key]


def _assigns(statement: Any, names: Container[str]) -> bool:
    return isinstance(statement, ir.Assign) and statement.target.name in names


class _Compiler(CompilerBase):
    """Numba's own sequence of passes, with two of ours in place of their models."""

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        ours = {
            typed_passes.NopythonTypeInference: _InferTypes,
            typed_passes.InlineOverloads: _PasteVerbs,
        }
        passes.passes = [(ours.get(each, each), words) for each, words in passes.passes]
        passes.finalize()
        return [passes]


# error_model="numpy": x / 0 is inf or nan, as it is for NumPy's scalars in Python.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "pipeline_class": _Compiler}
jit = numba.njit(nogil=True, **_OPTIONS)
jit_checked = numba.njit(nogil=True, boundscheck=True, **_OPTIONS)
jit_helper = register_jitable(**_OPTIONS)


def jit_inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a small function known to compiled code, which pastes it into the caller.

    The arrays of a record are then not counted in and out at every call, which would cost more
    than the arithmetic.
    """
    # Anew for each function: Numba's decorator forgets `inline` after the first.
    return register_jitable(inline="always", **_OPTIONS)(function)


def interpreted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python version of a compiled function."""
    return getattr(function, "py_func", function)


def is_packaged(player: Any) -> bool:
    """Tell whether a record and all records inside it are classes of this package.

    Only these go through the cache on disk: its stamp knows their sources.  A class typed into
    a notebook, or a user's module, is compiled anew in each process.
    """
    if isinstance(player, tuple):
        ours = type(player).__module__.split(".")[0] == PACKAGE.name
        return ours and all(is_packaged(field) for field in player)
    return not callable(player)


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function like `jit`, and keep the machine code on disk between runs."""
    dispatcher = jit(function)
    if dispatcher is not function:  # the compiler is on
        try:
            dispatcher._cache = _PackageCache(function)
        except RuntimeError:  # no folder can be written: compile in each process
            logging.getLogger(__name__).info("no folder for the compiled code could be written")
    return dispatcher


@contextmanager
def on_compile(announce: Callable[[], None]) -> Iterator[None]:
    """Call `announce` when, within this context, something has to be compiled."""

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            announce()

        def on_end(self, event: Any) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield


def source_stamp() -> str:
    """Digest of all source files of the package."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _PackageCache(FunctionCache):
    """Numba's cache of one function, in files that know the sources of the whole package."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        # The stamp is of the files as they are imported: what an open process compiles after an
        # edit is still the old code, and must not pass for the new.
        self._cache_file: Any = _OneFilePerSignature(
            Path(self._cache_path), self._impl.filename_base, source_stamp()
        )


class _OneFilePerSignature:
    """Where machine code is kept: a file for each signature, written whole or not at all.

    Numba numbers its files through a common index, so that two processes that compile at the
    same moment may each store under the other's number.  Here the name comes from the signature
    itself, and the file repeats signature and stamp: what does not match is compiled again.
    """

    def __init__(self, folder: Path, base: str, stamp: str) -> None:
        self.folder, self.base, self.stamp = folder, base, stamp

    def path(self, key: Any) -> Path:
        return self.folder / f"{self.base}.{hashlib.sha256(str(key).encode()).hexdigest()[:20]}.nbc"

    def load(self, key: Any) -> Any:
        try:
            version, stamp, content = pickle.loads(self.path(key).read_bytes())
            if (version, stamp) != (numba.__version__, self.stamp):
                return None
            stored_key, data = pickle.loads(content)
        except (OSError, EOFError, ValueError, AttributeError, ImportError, pickle.UnpicklingError):
            return None  # missing, damaged, or of another time
        return data if stored_key == key else None

    def save(self, key: Any, data: Any) -> None:
        from numba.core.serialize import dumps  # pickles what only Numba can

        content = pickle.dumps((numba.__version__, self.stamp, dumps((key, data))))
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=self.base, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(name, self.path(key))
        except BaseException:
            os.unlink(name)
            raise

    def flush(self) -> None:
        for path in self.folder.glob(f"{self.base}.*.nbc"):
            path.unlink(missing_ok=True)
