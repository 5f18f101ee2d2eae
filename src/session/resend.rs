//! What is sent again to a guest after it was reloaded because its file changed.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::SystemTime;

use super::{GuestOp, Request, Resend};

/// Maximum number of requests per run kept for resending, and maximum total bytes of their lines.
const KEPT: usize = 10_000;
const KEPT_BYTES: usize = 64 << 20;

/// A reload because a file changed, or because the guest was compiled again, and the run that it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    /// The file: the guest's, or its recipe's; `None` if the guest was compiled again so that it can be stopped.
    pub file: Option<PathBuf>,
    /// When the guest was reloaded.
    pub at: SystemTime,
    /// The number of the run.
    pub run: usize,
    /// How many lines are sent again.
    pub lines: usize,
    /// How many commands are run again.
    pub commands: usize,
    /// How many older requests were dropped, and so are not sent again.
    pub forgotten: usize,
}

/// The lines and commands of a run, with their numbers.
#[derive(Default)]
pub(super) struct RunRequests {
    kept: VecDeque<(u64, Request)>,
    bytes: usize,
    forgotten: usize,
}

impl RunRequests {
    /// Adds a request, and drops the oldest if there are too many.
    pub(super) fn push(&mut self, number: u64, request: &Request) {
        self.bytes += request.size();
        self.kept.push_back((number, request.clone()));
        while self.kept.len() > KEPT || self.bytes > KEPT_BYTES {
            self.pop();
            self.forgotten += 1;
        }
    }

    /// Begins a new run after the request of this number: it and earlier ones are dropped.
    pub(super) fn begin(&mut self, number: u64) {
        while self.kept.front().is_some_and(|(other, _)| *other <= number) {
            self.pop();
        }
        self.forgotten = 0;
    }

    /// The requests to send again from before this number, and how many were dropped.
    pub(super) fn again(&self, number: u64, resend: Resend) -> (Vec<Request>, usize) {
        let earlier = self.kept.iter().take_while(|(other, _)| *other < number).map(|(_, request)| request);
        match resend {
            Resend::All => (earlier.filter(|request| !request.begins_a_run()).cloned().collect(), self.forgotten),
            Resend::Last => {
                let lines = earlier.filter(|request| request.is_line());
                (lines.last().cloned().into_iter().collect(), 0)
            }
        }
    }

    fn pop(&mut self) {
        if let Some((_, request)) = self.kept.pop_front() {
            self.bytes -= request.size();
        }
    }
}

impl Request {
    fn size(&self) -> usize {
        match self {
            Request::Line(line) => line.len(),
            Request::Command(_, GuestOp::Poke(_, _, bytes)) => bytes.len(),
            Request::Command(..) => 0,
        }
    }

    /// Whether it is a line.
    pub(super) fn is_line(&self) -> bool {
        matches!(self, Request::Line(_))
    }

    /// Whether it creates a fresh guest, which begins a new run unless it fails.
    fn begins_a_run(&self) -> bool {
        matches!(
            self,
            Request::Command(
                _,
                GuestOp::Reset
                    | GuestOp::Reload(_)
                    | GuestOp::Adopt(_)
                    | GuestOp::AdoptRecipe(_)
                    | GuestOp::Recompile(_)
            )
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64) -> Request {
        Request::Line(number.to_string().into_bytes())
    }

    #[test]
    fn the_requests_of_a_run_are_kept_in_order_and_within_bounds() {
        let mut requests = RunRequests::default();
        (1..=KEPT as u64 + 5).for_each(|number| requests.push(number, &line(number)));
        let (again, forgotten) = requests.again(u64::MAX, Resend::All);
        assert_eq!((again.len(), forgotten), (KEPT, 5));
        assert!(matches!(&again[0], Request::Line(line) if line == b"6"));
        requests.push(KEPT as u64 + 6, &Request::Line(vec![0; KEPT_BYTES]));
        let (again, forgotten) = requests.again(u64::MAX, Resend::All);
        assert_eq!((again.len(), forgotten), (1, KEPT + 5));
    }

    #[test]
    fn a_run_begins_with_its_first_request_and_the_last_line_can_be_had_alone() {
        let mut requests = RunRequests::default();
        requests.push(1, &line(1));
        requests.push(2, &Request::Command("reset".to_owned(), GuestOp::Reset));
        requests.push(3, &line(3));
        requests.push(4, &Request::Command("grow".to_owned(), GuestOp::Grow(0, 1)));
        requests.push(5, &line(5));
        let told = |number: u64, resend| {
            let (again, _) = requests.again(number, resend);
            again.into_iter().map(|request| format!("{request:?}")).collect::<Vec<_>>()
        };
        assert_eq!(told(5, Resend::All).len(), 3, "but not the reset, and not the line behind it");
        assert_eq!(told(5, Resend::Last), [format!("{:?}", line(3))]);
        requests.begin(2);
        assert_eq!(requests.again(5, Resend::All).0.len(), 2);
    }
}
