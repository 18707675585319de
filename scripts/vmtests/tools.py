"""Smaller programs: lua, busybox alone, the micro-benchmarks."""

import re
import subprocess

from .harness import check, folder, lab, output_is, status_is, test

PROGRAMS = ("lua", "busybox", "ubench")


@test("lua-as-host")
def _():
    script = ("local t = {} for i = 1, 20000 do t[i] = (i * 7919) % 10007 .. '' end table.sort(t) local f = io.open('/tmp/elfin-lua', 'w') "
              "f:write(table.concat(t, ' ')) f:close() local s = io.open('/tmp/elfin-lua'):read('a') os.remove('/tmp/elfin-lua') "
              "print(#s, s:sub(1, 60), string.format('%.17g', math.sin(1e6)), os.getenv('LUA_TEST'), ...)")
    program = folder("lua") / "lua"
    host = subprocess.run([program, "-e", script], env={"LUA_TEST": "here"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
    result = lab.run(program, "-e", script, options=["-e", "LUA_TEST=here"], timeout=100)
    output_is(result, host)
    status_is(result, 0)


@test("busybox")
def _():
    program = folder("busybox") / "busybox"
    script = ("cd /tmp; i=0; while [ $i -lt 200 ]; do echo line $i >>f; i=$((i+1)); done; read first <f; echo $first; "
              "test -f f && echo is; x=abc; echo ${x#a}; set -- 1 2 3; echo $#; pwd; exit 5")
    result = lab.run(program, "sh", "-c", script, timeout=100)
    output_is(result, b"line 0\nis\nbc\n3\n/tmp\n")
    status_is(result, 5)
    result = lab.run(program, "ls", "--color=never", "/", timeout=60)
    check({"bin", "dev", "etc", "proc", "tmp"} <= set(result.text.split()), "ls / lacks a folder", result)
    result = lab.run(program, "wget", "-q", "-O-", "http://127.0.0.1:1/", timeout=60)
    check(result.status == 1, f"wget to a closed port of loopback: status {result.status}", result)


@test("ubench", on_linux=False)
def _():
    names = ["empty_loop", "getpid", "read_zero_1", "open_close", "clock_gettime_libc", "mmap_touch_munmap_4k", "mprotect_4k", "pipe_pingpong_thr",
             "futex_pingpong_thr", "thread_create_join", "epoll_wait_read_write", "socketpair_64"]
    result = lab.run(folder("ubench") / "ubench", *names, options=["-e", "UBENCH_MS=20", "-m", "64M"], timeout=240)
    check(all(re.search(rf"^{name} .* ops ", result.text, re.M) for name in names), "a benchmark did not come to its end", result)
    status_is(result, 0)
