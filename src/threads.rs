//! Threads that work side by side for a moment, or wait for an errand.

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

/// The stack of a thread that judges specs: these nest, and so do the functions that read them. It is
/// taken when it is used.
pub const STACK_BYTES: usize = 256 << 20;
/// That of a thread aside, whose functions nest with the number of decisions.
const ASIDE_BYTES: usize = 16 << 20;

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
