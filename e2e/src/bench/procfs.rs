//! CPU time and memory of processes, from /proc.

use anyhow::Context as _;

/// User and system CPU time of a process so far, microseconds (in steps of the kernel's tick).
///
/// # Errors
/// It is gone.
pub fn cpu_us(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid}"))?;
    let ticks = parse_ticks(&stat).with_context(|| format!("/proc/{pid}/stat"))?;
    Ok(ticks * 1_000_000 / rustix::param::clock_ticks_per_second())
}

/// Fields 14 and 15 of proc(5)'s stat; the command (field 2) may hold anything.
fn parse_ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Resident memory of a process, bytes.
///
/// # Errors
/// It is gone.
pub fn resident(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    Ok(kib.with_context(|| format!("/proc/{pid}/status has no VmRSS"))? << 10)
}

/// The load average of the last minute; 0 where it cannot be read.
pub fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split_whitespace().next();
    first.and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

/// What kind of machine this is, in one line.
pub fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split(':').nth(1));
    format!("{cpus} CPUs, {}", model.unwrap_or("unknown model").trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_brackets_does_not_shift_the_fields() {
        assert_eq!(
            parse_ticks("42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7"),
            Some(300)
        );
        assert_eq!(parse_ticks("nonsense"), None);
    }

    #[test]
    fn the_own_process_has_memory_and_time() {
        let own = std::process::id();
        assert!(resident(own).expect("runs") > 100_000);
        assert!(cpu_us(own).is_ok());
    }
}
