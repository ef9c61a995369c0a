//! Where log lines go: whoever logs adds to what waits, and a thread writes all of it a moment later. With
//! the audit log on there is a line for each client operation; tracing-appender's
//! thread looks for each next one before it sleeps, which was 19% of all CPU under WebHDFS reads.

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// For so long lines gather before they are written.
const GATHER: Duration = Duration::from_millis(5);

/// Bytes that may wait for the output to take them; past it, who logs waits.
const MOST: usize = 16 << 20;

/// A buffer that grew beyond this is let go.
const KEEP: usize = 1 << 20;

/// Takes lines; clones share what waits.
#[derive(Clone, Debug)]
pub struct Lines(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// There is something to write, or the end has come.
    filled: Condvar,
    /// There is room again.
    room: Condvar,
    /// See [`MOST`].
    most: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    ended: bool,
}

/// Writes what still waits when it is dropped; what is logged later goes nowhere.
#[derive(Debug)]
pub struct Guard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    /// Begins to write to `output`.
    ///
    /// # Errors
    /// There can be no thread.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<(Self, Guard)> {
        Self::bounded(output, MOST)
    }

    fn bounded(output: impl Write + Send + 'static, most: usize) -> io::Result<(Self, Guard)> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            filled: Condvar::new(),
            room: Condvar::new(),
            most,
        });
        let writing = shared.clone();
        let thread = std::thread::Builder::new()
            .name("log-lines".into())
            .spawn(move || writing.write(output))?;
        Ok((Self(shared.clone()), Guard { shared, thread: Some(thread) }))
    }
}

impl Shared {
    fn write(&self, mut output: impl Write) {
        let mut lines = Vec::new();
        loop {
            let mut state = self.state.lock();
            while state.waiting.is_empty() && !state.ended {
                self.filled.wait(&mut state);
            }
            if !state.ended {
                drop(state);
                std::thread::sleep(GATHER);
                state = self.state.lock();
            }
            mem::swap(&mut lines, &mut state.waiting);
            let ended = state.ended;
            drop(state);
            self.room.notify_all();
            // There is nobody whom a failure could be told.
            let _ = output.write_all(&lines).and_then(|()| output.flush());
            if ended {
                return;
            }
            if lines.capacity() > KEEP {
                lines = Vec::new();
            }
            lines.clear();
        }
    }
}

impl Write for Lines {
    /// Takes all of it, a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Shared { state, filled, room, most } = &*self.0;
        let mut state = state.lock();
        while state.waiting.len() >= *most && !state.ended {
            room.wait(&mut state);
        }
        if !state.ended {
            if state.waiting.is_empty() {
                filled.notify_one();
            }
            state.waiting.extend_from_slice(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.filled.notify_one();
        self.shared.room.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, there would be nothing to do about it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Hands on what is written, and goes on when it is told to.
    struct Slow {
        written: Sender<Vec<u8>>,
        go_on: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.send(bytes.to_vec()).unwrap();
            let _ = self.go_on.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Slow, Receiver<Vec<u8>>, Sender<()>) {
        let ((written, writes), (go, go_on)) = (channel(), channel());
        (Slow { written, go_on }, writes, go)
    }

    #[test]
    fn lines_are_written_together_whole_and_in_order() {
        let (output, writes, go) = slow();
        let (lines, guard) = Lines::start(output).unwrap();
        let mut all = Vec::new();
        for number in 0..1000 {
            let line = format!("line {number}\n");
            lines.clone().write_all(line.as_bytes()).unwrap();
            all.extend_from_slice(line.as_bytes());
        }
        // Nobody stops it any more.
        drop(go);
        drop(guard);
        let writes: Vec<Vec<u8>> = writes.iter().collect();
        assert_eq!(writes.concat(), all);
        assert!(writes.len() < 500, "{} writes", writes.len());
        // After the end nobody waits, and nothing is written.
        lines.clone().write_all(b"late\n").unwrap();
    }

    #[test]
    fn who_logs_waits_for_an_output_that_takes_nothing() {
        let (output, writes, go) = slow();
        let (mut lines, guard) = Lines::bounded(output, 10).unwrap();
        lines.write_all(b"0123456789").unwrap();
        assert_eq!(writes.recv().unwrap(), b"0123456789");
        // The output is busy with the first; these fill what may wait.
        lines.write_all(b"abcdefghij").unwrap();
        let (waits, done) = channel();
        let other = std::thread::spawn(move || {
            lines.write_all(b"late").unwrap();
            waits.send(()).unwrap();
        });
        assert!(done.recv_timeout(Duration::from_millis(50)).is_err(), "did not wait");
        go.send(()).unwrap();
        done.recv_timeout(Duration::from_secs(10)).unwrap();
        drop(go);
        drop(guard);
        other.join().unwrap();
        assert_eq!(writes.iter().collect::<Vec<_>>().concat(), b"abcdefghijlate");
    }
}
