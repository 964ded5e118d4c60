//! A waker in front of the waker of a task. While the task drives a connection itself, what the parts of the connection
//! say to each other would wake it once more for nothing: shut, the gate only remembers that somebody knocked.

use futures_util::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Gate {
    task: AtomicWaker,
    shut: AtomicBool,
    knocked: AtomicBool,
}

impl Gate {
    /// From here on this task is woken.
    pub(super) fn lead_to(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
    }

    pub(super) fn shut(&self) {
        self.shut.store(true, SeqCst);
    }

    /// Whether somebody knocked since this was asked last.
    pub(super) fn take_knock(&self) -> bool {
        self.knocked.swap(false, SeqCst)
    }

    /// Opens again; the task is woken when it `waits` and somebody knocked.
    pub(super) fn open(&self, waits: bool) {
        self.shut.store(false, SeqCst);
        if self.take_knock() && waits {
            self.task.wake();
        }
    }
}

impl Wake for Gate {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.shut.load(SeqCst) {
            self.knocked.store(true, SeqCst);
            // It may have been opened in between, by a task on another thread.
            if self.shut.load(SeqCst) {
                return;
            }
        }
        self.task.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Waker;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn a_knock_is_passed_on_only_to_a_task_that_waits() {
        let (gate, count) = (Arc::new(Gate::default()), Arc::new(Count::default()));
        let (outer, inner) = (Waker::from(count.clone()), Waker::from(gate.clone()));
        gate.lead_to(&Context::from_waker(&outer));
        gate.shut();
        inner.wake_by_ref();
        gate.open(false);
        assert_eq!(count.0.load(SeqCst), 0);
        gate.lead_to(&Context::from_waker(&outer));
        gate.shut();
        inner.wake_by_ref();
        gate.open(true);
        assert_eq!(count.0.load(SeqCst), 1);
        gate.lead_to(&Context::from_waker(&outer));
        inner.wake();
        assert_eq!(count.0.load(SeqCst), 2);
    }
}
