//! Resource usage of processes, from `/proc`.

use super::sample::Usage;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A process that leads its own process group, identified by its pid file.
#[derive(Debug, Clone)]
pub(crate) struct WatchedProcess {
    pub(crate) name: String,
    pub(crate) pid_file: PathBuf,
}

/// Current usage of each process including its process group. A process that does not run is omitted.
pub(crate) fn measure(watched: &[WatchedProcess]) -> BTreeMap<String, Usage> {
    let members = process_groups();
    let mut found = BTreeMap::new();
    for process in watched {
        let Some(leader) = fs::read_to_string(&process.pid_file).ok().and_then(|text| text.trim().parse().ok()) else {
            continue;
        };
        let Some(pids) = members.get(&leader) else { continue };
        let mut total = Usage::default();
        for usage in pids.iter().filter_map(|pid| usage_of(*pid)) {
            total.resident_kib += usage.resident_kib;
            total.descriptors += usage.descriptors;
            total.threads += usage.threads;
            total.cpu_ticks += usage.cpu_ticks;
            total.blocks_read += usage.blocks_read;
        }
        found.insert(process.name.clone(), total);
    }
    found
}

/// Process ids by process group.
fn process_groups() -> BTreeMap<u32, Vec<u32>> {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let Ok(entries) = fs::read_dir("/proc") else { return groups };
    for pid in entries.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok())) {
        let group = stat_fields(pid).and_then(|fields| fields.get(2)?.parse().ok());
        if let Some(group) = group {
            groups.entry(group).or_default().push(pid);
        }
    }
    groups
}

/// Fields of `/proc/PID/stat` after the command name, which may contain spaces.
fn stat_fields(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn usage_of(pid: u32) -> Option<Usage> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let fields = stat_fields(pid)?;
    let field = |n: usize| fields.get(n).and_then(|f| f.parse::<u64>().ok()).unwrap_or_default();
    Some(Usage {
        resident_kib: labelled_number(&folder.join("status"), "VmRSS:"),
        descriptors: fs::read_dir(folder.join("fd"))
            .map(Iterator::count)
            .unwrap_or_default()
            .try_into()
            .unwrap_or(u64::MAX),
        // Indexes count from the process state, the first field after the name.
        threads: field(17),
        cpu_ticks: field(11).saturating_add(field(12)),
        blocks_read: labelled_number(&folder.join("io"), "rchar:") / 4096,
    })
}

/// Number after a label at the beginning of a line.
fn labelled_number(file: &Path, label: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(label)?.split_whitespace().next()?.parse().ok());
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn usage_includes_children_and_omits_dead_processes() {
        let folder = std::env::temp_dir().join(format!("ev-soak-process-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new("sh").args(["-c", "sleep 60 & sleep 60 & wait"]).process_group(0).spawn().unwrap();
        let watched = [WatchedProcess { name: "shell".into(), pid_file: folder.join("pid") }];
        assert!(measure(&watched).is_empty());
        fs::write(folder.join("pid"), format!("{}\n", child.id())).unwrap();
        let started = std::time::Instant::now();
        while measure(&watched)["shell"].threads < 3 {
            assert!(started.elapsed().as_secs() < 20, "{:?}", measure(&watched));
        }
        let usage = measure(&watched)["shell"];
        assert!(usage.descriptors >= 9 && usage.resident_kib > 0, "{usage:?}");
        Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status().unwrap();
        child.wait().unwrap();
        while measure(&watched).contains_key("shell") {
            assert!(started.elapsed().as_secs() < 20, "{:?}", measure(&watched));
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
