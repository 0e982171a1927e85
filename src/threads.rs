//! Threads that work side by side for a moment.

use std::panic::resume_unwind;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// The stack of a thread that judges specs: these nest, and so do the functions that read them. It is
/// taken when it is used.
pub const STACK_BYTES: usize = 256 << 20;
/// That of a thread aside, whose functions nest with the number of decisions.
const ASIDE_BYTES: usize = 64 << 20;

/// Begins something on a thread of its own.
///
/// # Panics
/// Where the system starts no threads.
pub fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let thread = Builder::new().stack_size(ASIDE_BYTES).spawn_scoped(scope, run);
    thread.expect("the system starts threads")
}

/// What came of it; a panic goes on here.
pub fn done<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Two things side by side, the first on a thread of its own.
///
/// ```
/// assert_eq!(segc::threads::both(|| 1 + 1, || 2 + 2), (2, 4));
/// ```
pub fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let one = spawn(scope, one);
        let other = other();
        (done(one), other)
    })
}
