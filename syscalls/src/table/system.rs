//! Rows about the machine as a whole, mounts, keys, security, and calls of the past.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_system {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        uname                   {  63, 160 } full        (out: UserOut<Utsname>) ["own:misc"];
        sysinfo                 {  99, 179 } partial("the load is the momentary one")        (out: UserOut<Sysinfo>) [];
        getrandom               { 318, 278 } full        (buf: UserAddr, len: usize, flags: GetrandomFlags) ["own:misc"];
        sethostname             { 170, 161 } partial("no test compares it with Linux yet")        (name: UserIn<[u8]>, len: i32) [];
        setdomainname           { 171, 162 } partial("no test compares it with Linux yet")        (name: UserIn<[u8]>, len: i32) [];
        reboot                  { 169, 142 } partial("ends the machine, whichever way is asked for")        (magic1: u32, magic2: u32, cmd: RebootCmd, arg: UserAddr) [];
        syslog                  { 103, 116 } stub("not built yet")        (kind: i32, buf: UserAddr, len: i32) [];
        mount                   { 165,  40 } partial("tmpfs, proc, sysfs and MS_BIND only")        (source: UserStr, target: UserStr, fstype: UserStr, flags: MountFlags, data: UserAddr) ["own:files"];
        umount2                 { 166,  39 } partial("no lazy unmounting")        (target: UserStr, flags: UmountFlags) ["own:files"];
        pivot_root              { 155,  41 } stub("container tools only; the machine is the container") (new_root: UserStr, put_old: UserStr) [];
        fsopen                  { 430, 430 } stub("mount tools fall back to mount") (fstype: UserStr, flags: u32) [];
        fsconfig                { 431, 431 } stub("mount tools fall back to mount") (fd: Fd, cmd: u32, key: UserStr, value: UserAddr, aux: i32) [];
        fsmount                 { 432, 432 } stub("mount tools fall back to mount") (fd: Fd, flags: u32, attrs: u32) [];
        fspick                  { 433, 433 } stub("mount tools fall back to mount") (dir: Fd, path: UserStr, flags: u32) [];
        move_mount              { 429, 429 } stub("mount tools fall back to mount") (from_dir: Fd, from: UserStr, to_dir: Fd, to: UserStr, flags: u32) [];
        open_tree               { 428, 428 } stub("mount tools fall back to mount") (dir: Fd, path: UserStr, flags: u32) [];
        open_tree_attr          { 467, 467 } stub("mount tools fall back to mount") (dir: Fd, path: UserStr, flags: u32, attr: UserAddr, size: usize) [];
        mount_setattr           { 442, 442 } stub("mount tools fall back to mount") (dir: Fd, path: UserStr, flags: AtFlags, attr: UserAddr, size: usize) [];
        statmount               { 457, 457 } stub("callers read /proc/self/mountinfo") (request: UserAddr, buf: UserAddr, size: usize, flags: u32) [];
        listmount               { 458, 458 } stub("callers read /proc/self/mountinfo") (request: UserAddr, ids: UserAddr, count: usize, flags: u32) [];
        listns                  { 470, 470 } stub("the machine is the only namespace") (request: UserAddr, ids: UserAddr, count: usize, flags: u32) [];
        quotactl                { 179,  60 } stub("disk quotas are off")  (cmd: u32, special: UserStr, id: u32, addr: UserAddr) [];
        quotactl_fd             { 443, 443 } stub("disk quotas are off")  (fd: Fd, cmd: u32, id: u32, addr: UserAddr) [];
        init_module             { 175, 105 } stub("there are no modules: everything is built in") (image: UserAddr, len: usize, params: UserStr) [];
        finit_module            { 313, 273 } stub("there are no modules: everything is built in") (fd: Fd, params: UserStr, flags: i32) [];
        delete_module           { 176, 106 } stub("there are no modules: everything is built in") (name: UserStr, flags: u32) [];
        kexec_load              { 246, 104 } stub("the hypervisor restarts the machine") (entry: usize, count: usize, segments: UserAddr, flags: usize) [];
        kexec_file_load         { 320, 294 } stub("the hypervisor restarts the machine") (kernel: Fd, initrd: Fd, len: usize, cmdline: UserStr, flags: usize) [];
        bpf                     { 321, 280 } stub("tracers and filters report that BPF is missing") (cmd: i32, attr: UserAddr, size: u32) [];
        perf_event_open         { 298, 241 } stub("profilers report that counters are missing") (attr: UserAddr, pid: Pid, cpu: i32, group: Fd, flags: usize) [];
        lookup_dcookie          { 212,  18 } stub("removed from Linux 6.7") (cookie: u64, buf: UserAddr, len: usize) [];
        add_key                 { 248, 217 } stub("callers keep keys in memory") (kind: UserStr, desc: UserStr, payload: UserAddr, len: usize, keyring: i32) [];
        request_key             { 249, 218 } stub("callers keep keys in memory") (kind: UserStr, desc: UserStr, info: UserStr, keyring: i32) [];
        keyctl                  { 250, 219 } stub("callers keep keys in memory") (op: i32, a1: usize, a2: usize, a3: usize, a4: usize) [];
        landlock_create_ruleset { 444, 444 } stub("callers take ENOSYS as an older Linux and run unconfined") (attr: UserAddr, size: usize, flags: u32) [];
        landlock_add_rule       { 445, 445 } stub("no ruleset can exist") (ruleset: Fd, kind: u32, attr: UserAddr, flags: u32) [];
        landlock_restrict_self  { 446, 446 } stub("no ruleset can exist") (ruleset: Fd, flags: u32) [];
        lsm_get_self_attr       { 459, 459 } stub("there are no security modules") (attr: u32, ctx: UserAddr, size: UserInOut<u32>, flags: u32) [];
        lsm_set_self_attr       { 460, 460 } stub("there are no security modules") (attr: u32, ctx: UserAddr, size: u32, flags: u32) [];
        lsm_list_modules        { 461, 461 } stub("there are no security modules") (ids: UserAddr, size: UserInOut<u32>, flags: u32) [];
        uretprobe               { 335,   _ } stub("only a kernel's own trampoline calls it") () [];
        uprobe                  { 336,   _ } stub("only a kernel's own trampoline calls it") () [];
        _sysctl                 { 156,   _ } stub("removed from Linux 5.5: callers read /proc/sys") (args: UserAddr) [];
        sysfs                   { 139,   _ } stub("obsolete: callers read /proc/filesystems") (option: i32, a1: usize, a2: usize) [];
        uselib                  { 134,   _ } stub("obsolete: a.out libraries") (path: UserStr) [];
        nfsservctl              { 180,  42 } stub("removed from Linux 3.1") (cmd: i32, arg: UserAddr, res: UserAddr) [];
        afs_syscall             { 183,   _ } stub("never implemented in Linux") () [];
        tuxcall                 { 184,   _ } stub("never implemented in Linux") () [];
        security                { 185,   _ } stub("never implemented in Linux") () [];
        vserver                 { 236,   _ } stub("never implemented in Linux") () [];
        getpmsg                 { 181,   _ } stub("never implemented in Linux") () [];
        putpmsg                 { 182,   _ } stub("never implemented in Linux") () [];
        create_module           { 174,   _ } stub("removed from Linux 2.6") () [];
        get_kernel_syms         { 177,   _ } stub("removed from Linux 2.6") () [];
        query_module            { 178,   _ } stub("removed from Linux 2.6") () [];
        epoll_ctl_old           { 214,   _ } stub("never implemented in Linux") () [];
        epoll_wait_old          { 215,   _ } stub("never implemented in Linux") () [];
    } };
}
