//! Threads that work side by side for a moment, or wait for an errand.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

/// The stack of a thread that judges specs: these nest, and so do the functions that read them. It is
/// taken when it is used.
pub const STACK_BYTES: usize = 256 << 20;
/// That of a thread aside, whose functions nest with the number of decisions.
const ASIDE_BYTES: usize = 16 << 20;

/// The system has no room for the stack that specs need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system has no {} MiB of addresses for a stack: raise `ulimit -v`", STACK_BYTES >> 20)]
pub(crate) struct NoStack;

/// Runs something on this thread, with a stack of [`STACK_BYTES`]; a panic in it comes back. Another thread
/// would have to be started, and touch memory of its own. Until it begins panics are not told, of no thread:
/// it is for a program's beginning.
///
/// # Errors
/// Where there is no room for that stack. Nothing has run then.
pub(crate) fn with_deep_stack<T>(
    run: impl FnOnce() -> T,
) -> Result<std::thread::Result<T>, NoStack> {
    // Until it has begun all that can go wrong is that there is no room, which is told otherwise.
    let usual = Cell::new(Some(std::panic::take_hook()));
    std::panic::set_hook(Box::new(|_| ()));
    let begin = || usual.take().map(std::panic::set_hook);
    let run = || {
        begin();
        run()
    };
    let result = catch_unwind(AssertUnwindSafe(|| stacker::grow(STACK_BYTES, run)));
    match begin() {
        None => Ok(result),
        Some(()) => Err(NoStack),
    }
}

/// Begins something on a thread of its own.
///
/// # Errors
/// Where the system starts no more threads.
fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    Builder::new().stack_size(ASIDE_BYTES).spawn_scoped(scope, run)
}

/// Something that nobody has to wait for.
type Errand = Box<dyn FnOnce() + Send>;

/// A thread that waits for something to do. From asking the system for one to its first step may take
/// milliseconds: who knows that there will be something asks in advance.
pub struct Spare {
    queue: Sender<Errand>,
    thread: JoinHandle<()>,
}

impl Spare {
    /// One that waits.
    ///
    /// # Errors
    /// Where the system starts no more threads.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (sender, receiver) = mpsc::channel();
    /// let thread = segc::threads::Spare::new()?.begin(move || drop(sender.send(2)));
    /// assert_eq!(receiver.recv(), Ok(2));
    /// thread.join().expect("it ends");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<Spare> {
        let (queue, errand) = mpsc::channel::<Errand>();
        // Nothing comes where nobody needed it.
        let run = move || errand.recv().into_iter().for_each(|errand| errand());
        let thread = Builder::new().stack_size(ASIDE_BYTES).spawn(run)?;
        Ok(Spare { queue, thread })
    }

    /// Gives it something to do, after which it ends.
    pub fn begin(self, errand: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        // It is received: the thread waits until then.
        drop(self.queue.send(Box::new(errand)));
        self.thread
    }
}

/// What came of it; a panic goes on here.
fn done<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Two things side by side, the first on a thread of its own; one after the other where the system
/// starts no more threads.
///
/// ```
/// assert_eq!(segc::threads::both(|| 1 + 1, || 2 + 2), (2, 4));
/// ```
pub fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    // What a thread that does not start was given is lost.
    let left = Mutex::new(Some(one));
    let take = || left.lock().unwrap_or_else(PoisonError::into_inner).take();
    let begun = || take().map(|one| one());
    std::thread::scope(|scope| {
        let thread = spawn(scope, begun);
        let other = other();
        let one = thread.map_or_else(|_| begun(), done);
        (one.expect("it is taken once"), other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test: two at once would take each other's way of telling panics.
    #[test]
    fn functions_nest_deep_there_and_a_panic_comes_back() {
        fn down(n: u32) -> u32 {
            if n == 0 { 0 } else { std::hint::black_box(down(n - 1) + 1) }
        }
        assert!(matches!(with_deep_stack(|| down(1 << 20)), Ok(Ok(n)) if n == 1 << 20));
        let panic = with_deep_stack(|| -> u32 { panic!("told as always") });
        let panic = panic.expect("there is room").expect_err("it panics");
        assert_eq!(panic.downcast_ref(), Some(&"told as always"));
    }
}
