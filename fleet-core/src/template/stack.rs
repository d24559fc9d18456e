//! Recursion as deep as data goes: the stack grows instead of overflowing.

/// Levels that no stack is looked at for. They fit into what is left wherever a deeper level looked, and most data has no more:
/// the first look costs a program a tenth of its start.
const SHALLOW: usize = 16;

/// Runs something that may recurse, `depth` levels deep, on a new piece of stack if little is left.
pub(crate) fn with_stack<T>(depth: usize, run: impl FnOnce() -> T) -> T {
    if depth < SHALLOW {
        return run();
    }
    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, run)
}
