//! How much memory this process may still take: what is free, or what the limit of its control group
//! leaves, whichever is less.

use std::fmt;
use std::path::{Path, PathBuf};

/// Memory that may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes.
    pub bytes: u64,
    /// What sets the bound.
    pub bound: Bound,
}

/// What bounds the memory that may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// What the machine has free.
    Free,
    /// The limit of the control group that the process is in, such as a container's.
    Group,
    /// What the user says there is.
    Told,
    /// What a graphics card has free.
    Card,
}

impl fmt::Display for Bound {
    /// Continues "3 GiB …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Bound::Free => "are free",
            Bound::Group => "are left of the limit of this control group",
            Bound::Told => "may be taken (`--memory`)",
            Bound::Card => "are free on the device",
        })
    }
}

/// The memory that this process may still take; nothing where the system does not say.
pub fn room() -> Option<Room> {
    room_of(Path::new("/"))
}

/// The same of the system whose files lie below `root`.
pub fn room_of(root: &Path) -> Option<Room> {
    let free = free(root).map(|bytes| Room { bytes, bound: Bound::Free });
    let group = group(root).map(|bytes| Room { bytes, bound: Bound::Group });
    [free, group].into_iter().flatten().min_by_key(|room| room.bytes)
}

/// What the machine has free, with what the kernel gives back when asked.
fn free(root: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// What the control group's limits leave, its own and those of the groups around it.
fn group(root: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let path_of = |line: &str| -> Option<(&'static Files, PathBuf)> {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let files = match controllers {
            "" => &UNIFIED,
            _ if controllers.split(',').any(|name| name == "memory") => &SEPARATE,
            _ => return None,
        };
        Some((files, PathBuf::from(path.trim_start_matches('/'))))
    };
    let paths = text.lines().filter_map(path_of);
    // A container may not see the path that it is said to be in, but always the top.
    let around = |(files, path): (&'static Files, PathBuf)| {
        let top = root.join(files.top);
        path.ancestors().map(|at| files.left(&top.join(at))).collect::<Vec<_>>()
    };
    paths.flat_map(around).flatten().min()
}

/// The files of a control group.
struct Files {
    /// Where groups are, from the root of all files.
    top: &'static str,
    limit: &'static str,
    taken: &'static str,
    /// The line of `memory.stat` with what is given back when asked.
    spare: &'static str,
}

/// Of version 2.
const UNIFIED: Files = Files {
    top: "sys/fs/cgroup",
    limit: "memory.max",
    taken: "memory.current",
    spare: "inactive_file",
};

/// Of version 1.
const SEPARATE: Files = Files {
    top: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    taken: "memory.usage_in_bytes",
    spare: "total_inactive_file",
};

impl Files {
    /// What the limit of the group in a folder leaves; nothing where it has none.
    fn left(&self, folder: &Path) -> Option<u64> {
        let number = |name: &str| -> Option<u64> {
            std::fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
        };
        let (limit, taken) = (number(self.limit)?, number(self.taken).unwrap_or(0));
        let stat = std::fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let spare = stat.lines().find_map(|line| {
            let (name, value) = line.split_once(' ')?;
            (name == self.spare).then(|| value.trim().parse::<u64>().ok())?
        });
        let taken = taken.saturating_sub(spare.unwrap_or(0));
        Some(limit.saturating_sub(taken))
    }
}

/// The most that this process has held in memory so far, in bytes; 0 where the system does not say.
pub fn most_resident() -> u64 {
    status("VmHWM")
}

/// What this process holds in memory, in bytes; 0 where the system does not say.
pub fn resident() -> u64 {
    status("VmRSS")
}

/// A line of what the system knows of this process.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = found.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

/// Seconds since this process began, to a hundredth; nothing where the system does not say.
pub fn age_s() -> Option<f64> {
    let up = std::fs::read_to_string("/proc/uptime").ok()?;
    let own = std::fs::read_to_string("/proc/self/stat").ok()?;
    let up: f64 = up.split_whitespace().next()?.parse().ok()?;
    let begun: f64 = after_name(&own)?.nth(19)?.parse().ok()?;
    Some((up - begun / TICKS_PER_S).max(0.0))
}

/// Ticks of a second, as Linux tells them to everyone.
const TICKS_PER_S: f64 = 100.0;

/// The fields of a process's `stat` that follow its name in brackets, which may hold anything.
fn after_name(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace())
}

/// What all processors have done since the system started, in its ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks {
    /// Idle or not.
    all: u64,
    /// Not idle.
    busy: u64,
    /// For this process.
    own: u64,
}

impl Ticks {
    /// Until now; nothing where the system does not say.
    pub fn now() -> Option<Ticks> {
        Ticks::of(
            &std::fs::read_to_string("/proc/stat").ok()?,
            &std::fs::read_to_string("/proc/self/stat").ok()?,
        )
    }

    /// From what the system says of all processors, and of one process.
    fn of(all: &str, own: &str) -> Option<Ticks> {
        let line = all.lines().next()?.strip_prefix("cpu ")?;
        // user, nice, system, idle, waiting for the disk, interrupts of two kinds, stolen; guests are
        // among the users.
        let spent: Vec<u64> =
            line.split_whitespace().take(8).map(|n| n.parse().unwrap_or(0)).collect();
        let [.., idle, waiting, _, _, _] = spent.as_slice() else { return None };
        let all = spent.iter().sum::<u64>();
        let mut fields = after_name(own)?.skip(11);
        let (user, system) = (fields.next()?.parse::<u64>(), fields.next()?.parse::<u64>());
        Some(Ticks { all, busy: all - idle - waiting, own: user.ok()? + system.ok()? })
    }

    /// The share of the processors that others took since then, from 0 to 1.
    pub fn others_since(&self, then: &Ticks) -> f64 {
        let since = |now: u64, then: u64| now.saturating_sub(then);
        let busy = since(self.busy, then.busy).saturating_sub(since(self.own, then.own));
        busy as f64 / since(self.all, then.all).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const GIB: u64 = 1 << 30;

    /// A system of these files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, text).expect("written");
        }
        root
    }

    const MEMINFO: (&str, &str) =
        ("proc/meminfo", "MemTotal:  33554432 kB\nMemAvailable:   8388608 kB\n");

    #[test]
    fn what_is_free_counts_where_nothing_limits() {
        let files =
            [MEMINFO, ("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "max\n")];
        let room = room_of(system(&files).path());
        assert_eq!(room, Some(Room { bytes: 8 * GIB, bound: Bound::Free }));
        assert_eq!(room_of(system(&[]).path()), None);
    }

    #[test]
    fn the_tightest_of_all_groups_around_counts_without_what_is_cached() {
        let files = [
            MEMINFO,
            ("proc/self/cgroup", "0::/jobs/mine\n"),
            ("sys/fs/cgroup/jobs/memory.max", "3221225472\n"),
            ("sys/fs/cgroup/jobs/memory.current", "2147483648\n"),
            ("sys/fs/cgroup/jobs/memory.stat", "anon 5\ninactive_file 1073741824\n"),
            ("sys/fs/cgroup/jobs/mine/memory.max", "max\n"),
        ];
        let room = room_of(system(&files).path());
        assert_eq!(room, Some(Room { bytes: 2 * GIB, bound: Bound::Group }));
    }

    #[test]
    fn a_container_of_the_older_kind_is_seen_at_the_top() {
        let files = [
            MEMINFO,
            ("proc/self/cgroup", "4:cpu:/a\n3:memory:/docker/x\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "2147483648\n"),
        ];
        let room = room_of(system(&files).path());
        assert_eq!(room, Some(Room { bytes: 0, bound: Bound::Group }));
    }

    #[test]
    fn what_others_take_is_what_is_busy_and_not_ours() {
        let own =
            |ticks: u64| format!("7 (a) b) S 1 7 7 0 -1 4 1 0 0 0 {ticks} 5 0 0 20 0 9 0 100");
        let then = Ticks::of("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1\n", &own(20));
        let now = Ticks::of("cpu  160 0 70 810 60 0 0 0 0 0\n", &own(70));
        let (then, now) = (then.expect("known"), now.expect("known"));
        // 100 ticks passed, 80 of them busy, 50 of these ours.
        assert!((now.others_since(&then) - 0.3).abs() < 1e-12);
        assert!(Ticks::now().is_some() && age_s().is_some_and(|age| age < 1e6));
    }

    #[test]
    fn this_process_holds_something() {
        assert!(most_resident() >= resident() && resident() > 0);
    }
}
