//! Which thread goes first where several want the same core.

/// Lowers this thread's nice value, where the process may do so (RLIMIT_NICE, CAP_SYS_NICE);
/// otherwise nothing changes. Threads that this one starts inherit it.
pub(crate) fn lower_nice(by: libc::c_int) {
    // On Linux a nice value is a thread's, and 0 is the thread that calls.
    // SAFETY: neither call takes a pointer.
    unsafe {
        let nice = libc::getpriority(libc::PRIO_PROCESS as _, 0);
        libc::setpriority(libc::PRIO_PROCESS as _, 0, nice - by);
    }
}
