//! Resources of processes, as the kernel counts them in `/proc`.

use super::sample::Usage;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A process that was started as the leader of a group of its own, by the file that holds its id.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) pid_file: PathBuf,
}

/// What each process and its group use now; a process that does not run is left out.
pub(crate) fn usages(watched: &[Watched]) -> BTreeMap<String, Usage> {
    let members = groups();
    let mut found = BTreeMap::new();
    for process in watched {
        let Some(leader) = fs::read_to_string(&process.pid_file).ok().and_then(|text| text.trim().parse().ok()) else {
            continue;
        };
        let Some(pids) = members.get(&leader) else { continue };
        let mut total = Usage::default();
        for usage in pids.iter().filter_map(|pid| of_one(*pid)) {
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

/// The processes of every process group.
fn groups() -> BTreeMap<u32, Vec<u32>> {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let Ok(entries) = fs::read_dir("/proc") else { return groups };
    for pid in entries.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok())) {
        let group = stat(pid).and_then(|fields| fields.get(2)?.parse().ok());
        if let Some(group) = group {
            groups.entry(group).or_default().push(pid);
        }
    }
    groups
}

/// The fields of `/proc/PID/stat` after the command's name, which may hold spaces.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn of_one(pid: u32) -> Option<Usage> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let fields = stat(pid)?;
    let field = |n: usize| fields.get(n).and_then(|f| f.parse::<u64>().ok()).unwrap_or_default();
    Some(Usage {
        resident_kib: labelled(&folder.join("status"), "VmRSS:"),
        descriptors: fs::read_dir(folder.join("fd"))
            .map(Iterator::count)
            .unwrap_or_default()
            .try_into()
            .unwrap_or(u64::MAX),
        // Numbered from the process's state, the first field after its name.
        threads: field(17),
        cpu_ticks: field(11).saturating_add(field(12)),
        blocks_read: labelled(&folder.join("io"), "rchar:") / 4096,
    })
}

/// The number after a label at the start of a line.
fn labelled(file: &Path, label: &str) -> u64 {
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
    fn a_process_and_its_children_are_counted_together_and_a_dead_one_not_at_all() {
        let folder = std::env::temp_dir().join(format!("ev-soak-process-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new("sh").args(["-c", "sleep 60 & sleep 60 & wait"]).process_group(0).spawn().unwrap();
        let watched = [Watched { name: "shell".into(), pid_file: folder.join("pid") }];
        assert!(usages(&watched).is_empty());
        fs::write(folder.join("pid"), format!("{}\n", child.id())).unwrap();
        let started = std::time::Instant::now();
        while usages(&watched)["shell"].threads < 3 {
            assert!(started.elapsed().as_secs() < 20, "{:?}", usages(&watched));
        }
        let usage = usages(&watched)["shell"];
        assert!(usage.descriptors >= 9 && usage.resident_kib > 0, "{usage:?}");
        Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status().unwrap();
        child.wait().unwrap();
        while usages(&watched).contains_key("shell") {
            assert!(started.elapsed().as_secs() < 20, "{:?}", usages(&watched));
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
