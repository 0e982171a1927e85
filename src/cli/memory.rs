//! Whether there is memory for what a command is about to do, and what to do where there is not.

use super::compute::{Device, Machine};
use super::failure::Failure;
use super::number::bytes;
use crate::forecast::machine::{self, Bound, Room};
use crate::forecast::need::{Need, largest_batch};
use std::process::Command;

/// What a process holds before it begins differs by less from one to the next: what is said to fit is
/// to fit when it is tried.
const SLACK: u64 = 2 << 20;

/// What a machine has for a command.
#[derive(Clone, Copy, Debug)]
pub struct Rooms {
    /// Where it computes; nothing where nobody knows.
    device: Option<Room>,
    /// In the process itself, where it computes elsewhere.
    host: Option<Room>,
    on_card: bool,
}

impl Rooms {
    /// What is free, or what the user says there is.
    pub fn of(args: &Machine) -> Rooms {
        let told = args.memory.map(|bytes| Room { bytes, bound: Bound::Told });
        match args.device() {
            Device::Cpu => Rooms { device: told.or_else(own), host: None, on_card: false },
            Device::Cuda(index) => {
                Rooms { device: told.or_else(|| card(index)), host: own(), on_card: true }
            }
        }
    }

    /// What may be taken where it computes.
    pub fn bytes(&self) -> Option<u64> {
        self.device.map(|room| room.bytes)
    }

    /// A little less.
    fn tighter(self) -> Rooms {
        let less = |room: Room| Room { bytes: room.bytes.saturating_sub(SLACK), ..room };
        Rooms { device: self.device.map(less), host: self.host.map(less), ..self }
    }

    /// Why something that needs so much cannot be done: what it takes, and what there is.
    fn shortage(&self, need: &Need) -> Option<(u64, Room)> {
        let (taken, beside) = match self.on_card {
            false => (need.resident(), 0),
            true => (need.tensors(), need.host()),
        };
        let lacks = |taken: u64, room: Option<Room>| room.filter(|room| taken > room.bytes);
        let here = lacks(taken, self.device).map(|room| (taken, room));
        here.or_else(|| lacks(beside, self.host).map(|room| (beside, room)))
    }
}

/// What this process may hold: what it holds already, and what is free.
fn own() -> Option<Room> {
    let room = machine::room()?;
    Some(Room { bytes: room.bytes + machine::resident(), ..room })
}

/// What a graphics card has free, as its driver says.
fn card(index: u32) -> Option<Room> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    let own = index.to_string();
    let id = visible.split(',').map(str::trim).nth(index as usize).filter(|id| !id.is_empty());
    let query = ["--query-gpu=memory.free", "--format=csv,noheader,nounits", "-i"];
    let output = Command::new("nvidia-smi").args(query).arg(id.unwrap_or(&own)).output().ok()?;
    let mib: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().ok()?;
    Some(Room { bytes: mib << 20, bound: Bound::Card })
}

/// How a command's need depends on its batch, and which flag sets that.
pub struct Batched<'b, E> {
    /// Images in a batch, as asked for.
    pub batch: u32,
    /// How it is made smaller: `--batch 4`.
    pub flag: &'b dyn Fn(u32) -> String,
    /// What a batch of so many takes.
    pub need: &'b dyn Fn(u32) -> Result<Need, E>,
    /// What helps where not even one image fits.
    pub smaller: &'b str,
}

/// Refuses `what` where it takes more memory than there is, and names the largest batch that fits.
/// What nobody can predict or measure is left to be seen.
///
/// # Errors
/// Where it does not fit.
pub fn enough<E>(what: &str, rooms: &Rooms, batched: &Batched<'_, E>) -> Result<(), Failure> {
    let need = |batch| (batched.need)(batch).ok();
    let Some((taken, room)) = need(batched.batch).and_then(|need| rooms.shortage(&need)) else {
        return Ok(());
    };
    let tighter = rooms.tighter();
    let fits = |batch| need(batch).is_some_and(|need| tighter.shortage(&need).is_none());
    let remedy = match largest_batch(batched.batch, fits) {
        Some(batch) => {
            format!("the largest batch that fits is {batch}: `{}`", (batched.flag)(batch))
        }
        None if batched.batch > 1 => format!("not even a batch of one fits: {}", batched.smaller),
        None => batched.smaller.to_owned(),
    };
    let override_ = format!("`--memory {}`", rounded_up(taken + SLACK));
    let message = format!(
        "{what} takes {} of memory, and {} {}",
        bytes(taken),
        bytes(room.bytes),
        room.bound
    );
    Err(Failure::with_help(message, format!("{remedy}; if you know better, try {override_}")))
}

/// A size that is no less, as `--memory` takes it.
fn rounded_up(bytes: u64) -> String {
    match bytes.div_ceil(1 << 20) {
        mib if mib < 10 << 10 => format!("{mib}MiB"),
        mib => format!("{}GiB", mib.div_ceil(1 << 10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::need::Moment;

    const MIB: u64 = 1 << 20;

    /// 100 MiB, and 16 for each image.
    fn need(batch: u32) -> Result<Need, ()> {
        let moment = Moment { batches_bytes: u64::from(batch) * 16 * MIB, ..Moment::default() };
        Ok(Need { program_bytes: 100 * MIB, moments: vec![moment], ..Need::default() })
    }

    fn said(bytes: u64) -> Option<(String, String)> {
        let room = Room { bytes, bound: Bound::Told };
        let rooms = Rooms { device: Some(room), host: None, on_card: false };
        let flag = |batch| format!("--batch {batch}");
        let batched = Batched { batch: 8, flag: &flag, need: &need, smaller: "take smaller crops" };
        match enough("this search", &rooms, &batched) {
            Err(Failure::Machine { message, help }) => Some((message, help.expect("a remedy"))),
            _ => None,
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_largest_batch_that_does() {
        assert_eq!(said(228 * MIB), None);
        let (message, help) = said(227 * MIB).expect("a mebibyte too little");
        assert_eq!(
            message,
            "this search takes 228.00 MiB of memory, and 227.00 MiB may be taken (`--memory`)"
        );
        assert_eq!(
            help,
            "the largest batch that fits is 7: `--batch 7`; if you know better, try \
             `--memory 230MiB`"
        );
        let (_, help) = said(213 * MIB).expect("a mebibyte more than a batch of 7 takes");
        assert!(help.starts_with("the largest batch that fits is 6: "), "{help}");
        let (_, help) = said(110 * MIB).expect("far too little");
        assert!(help.starts_with("not even a batch of one fits: take smaller crops"), "{help}");
    }

    #[test]
    fn a_card_holds_tensors_and_the_process_the_rest() {
        let room = |mib: u64| Some(Room { bytes: mib * MIB, bound: Bound::Free });
        let shortage = |device, host| {
            let rooms = Rooms { device: room(device), host: room(host), on_card: true };
            let moment = Moment { step_bytes: 50 * MIB, ..Moment::default() };
            let need = Need { program_bytes: 100 * MIB, moments: vec![moment], ..Need::default() };
            rooms.shortage(&need).map(|(taken, _)| taken / MIB)
        };
        assert_eq!(shortage(49, 1000), Some(50));
        assert_eq!(shortage(50, 99), Some(100));
        assert_eq!(shortage(50, 100), None);
    }
}
