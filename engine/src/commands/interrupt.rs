//! Ctrl-C: a run ends at its next step, its state saved; what has no state ends at its next picture.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From now on Ctrl-C is for the command to see; a second press ends the process as usual.
pub(super) fn listen() {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Where no handler can be set, the signal just ends the process.
        let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&ASKED));
        let _ = signal_hook::flag::register(signal, Arc::clone(&ASKED));
    }
}

/// Whether to go on: until Ctrl-C was pressed.
pub(super) fn go_on() -> ControlFlow<()> {
    match ASKED.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}
